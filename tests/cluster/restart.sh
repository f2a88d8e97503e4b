#!/bin/bash
# modes: emulate
# Jobs that are started again when they fail.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

# A program that fails until it was started so often.
cat >"$WORK/nth" <<'END'
#!/bin/sh
# nth FOLDER N: each start leaves a file; the N-th succeeds
mkdir -p "$1"
mktemp "$1/XXXXXX" >/dev/null
[ "$(ls "$1" | wc -l)" -ge "$2" ] || exit 3
END
chmod +x "$WORK/nth"

result() {
	berth show "$1" --json | json '"%s %d" % (d["outcome"], d["exit_code"])'
}

cluster_up
job=$(submit batch --restart 3 -- "$WORK/nth" "$WORK/first" 3)
berth wait "$job" >/dev/null 2>&1
equal "a task succeeds the third time" "done 0 3" \
	"$(result "$job") $(ls "$WORK/first" | wc -l)"
matches "which is said" "after 2 restarts" "$(berth show "$job" --json)"
equal "and counted" 2 "$(berth history --json | json \
	"[j[\"requeues\"] for j in d[\"jobs\"] if j[\"id\"] == $job][0]")"
job=$(submit batch --restart 2 -- "$WORK/nth" "$WORK/second" 9)
berth wait "$job" >/dev/null 2>&1
equal "three times are enough" "failed 3 3" \
	"$(result "$job") $(ls "$WORK/second" | wc -l)"
job=$(submit batch --restart 5 -- /nonexistent/program)
berth wait "$job" >/dev/null 2>&1
equal "what can't start is not tried again" 1 \
	"$(berth show "$job" --json | json 'len(d["task_list"])')"
job=$(submit batch --restart 1 --array 0-3 -- \
	sh -c "exec $WORK/nth $WORK/c.\$BERTH_ARRAY_INDEX 2")
berth wait "$job" >/dev/null 2>&1
equal "each task of an array" "done 0 2 2 2 2" "$(result "$job") $(
	for i in 0 1 2 3; do ls "$WORK/c.$i" | wc -l; done | xargs)"
job=$(submit mpi --restart 1 -n 4 -N 1 -- "$P/abort")
berth wait "$job" >/dev/null 2>&1
equal "an MPI job as a whole" "failed 8" "$(berth show "$job" --json |
	json '"%s %d" % (d["outcome"], len(d["task_list"]))')"

# ---- the count goes on when another rank leads
leader() {
	berth status --json | json 'd["leader"]'
}

rank_of() {
	local p
	for p in $(pgrep -f "bin/berthd( |\$)"); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$1" && echo "$p" && return
	done
	return 1
}

other_leads() {
	local now
	now=$(leader) && [ "$now" != "$1" ]
}

starts() {
	[ "$(ls "$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = 3 ]
}

within 30 voters_there
single=$(submit batch --restart 3 -- \
	sh -c "$WORK/nth $WORK/d 99; sleep 1; exit 3")
whole=$(submit mpi --restart 3 -n 2 -N 1 -- \
	sh -c "[ \$PMIX_RANK != 0 ] || { $WORK/nth $WORK/e 99; sleep 1; exit 3; }
	       sleep 20")
within 30 starts "$WORK/d" 2 && within 30 starts "$WORK/e" 2
old=$(leader)
kill -9 "$(rank_of "$old")"
succeeds "another one leads" within 30 other_leads "$old"
timeout 60 "$BERTH" wait "$single" >/dev/null 2>&1
equal "the count goes on: a task" "failed 3 4" \
	"$(result "$single") $(ls "$WORK/d" | wc -l)"
timeout 60 "$BERTH" wait "$whole" >/dev/null 2>&1
equal "and an MPI job" "failed 3 4" \
	"$(result "$whole") $(ls "$WORK/e" | wc -l)"
cluster_down
finish
