#!/bin/bash
# modes: hosts emulate
# The leader's rank dies, is stopped, is cut off: another one leads, and all
# find it.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

rank_of() {
	local p
	for p in $(pgrep -f "bin/berthd( |\$)"); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$1" && echo "$p" && return
	done
	return 1
}

leader() {
	berth status --json | json 'd["leader"]'
}

other_leads() {
	local now
	now=$(leader) && [ "$now" != "$1" ]
}

run_one() {
	timeout 60 "$BERTH" run batch -- echo "$1" 2>&1
}

all_well() {
	succeeds "$1: all nodes are up" within 40 nodes_up $NODES
	equal "$1: a batch job" again "$(run_one again)"
	equal "$1: MPI over all nodes" "ring of 4 ok: 40" \
		"$(timeout 60 "$BERTH" mpirun -n 4 -N 1 "$P/ring" 2>&1)"
}

# voters: five of four nodes make three
voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = 3 ]
}

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

# Its tasks, those that failed; a second of a core each.
used() {
	berth history --json | json '[" ".join(map(str, [j["tasks"], j["failed"],
		60000 <= j["core_ms"] < 90000])) for j in d["jobs"]
		if j["id"] == '"$1"'][0]'
}

lines() {
	[ "$(cat "$WORK/lines" 2>/dev/null | wc -l)" -ge "$1" ]
}

cluster_up
within 20 voters_there

# ---- killed while an MPI job runs and an array is half done: nothing is run
# twice, nothing is left out, no number is given twice
mpi=$(submit mpi -n 2 -N 1 -- sh -c \
	"echo x >>$WORK/mpi; exec $P/hello 15000")
array=$(submit batch --array 0-59 -- sh -c \
	"sleep 1; echo line-\$0 >>$WORK/lines" {})
within 20 eval '[ "$(state $mpi)" = "running " ]'
within 40 lines 20
old=$(leader)
succeeds "the leader's rank is killed under work" \
	kill -9 "$(rank_of "$old")"
succeeds "another one leads" within 20 other_leads "$old"
later=$(submit batch -- true)
succeeds "ids go on ($array, $later)" test "$later" -gt "$array"
equal "the job is known" "running " "$(state "$mpi")"
timeout 90 "$BERTH" wait "$array" >/dev/null 2>&1
equal "the array ends well" "ended done" "$(state "$array")"
equal "each of its lines is there once" "$(seq -f line-%.0f 0 59 | sort)" \
	"$(sort "$WORK/lines")"
equal "what it used is counted whole, under both leaders" "60 0 True" \
	"$(used "$array")"
timeout 60 "$BERTH" wait "$mpi" >/dev/null 2>&1
equal "so does the MPI job" "ended done" "$(state "$mpi")"
equal "whose ranks ran once" 2 "$(wc -l <"$WORK/mpi")"
within 20 voters_there

# ---- killed while hundreds of short tasks end: none is lost or run twice
# (BERTH_TEST_ROUNDS: so many leaders)
ends() {
	[ "$(cat "$WORK/ends.$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

for round in $(seq "${BERTH_TEST_ROUNDS:-1}"); do
	old=$(leader)
	array=$(submit batch --array 0-799 -- sh -c \
		"echo \$0 >>$WORK/ends.$round; sleep 0.01" {})
	within 30 ends "$round" $((50 + RANDOM % 400))
	kill -9 "$(rank_of "$old")"
	timeout 90 "$BERTH" wait "$array" >/dev/null 2>&1
	equal "short tasks and a leader's death ($round)" "ended done" \
		"$(state "$array")"
	equal "each of them ran once" "$(seq 0 799)" \
		"$(sort -n "$WORK/ends.$round")"
	succeeds "another one leads" within 20 other_leads "$old"
	within 20 nodes_up $NODES
	within 20 voters_there
done

# ---- killed, twice: the second time another one
for round in 1 2; do
	old=$(leader)
	succeeds "the leader's rank is killed ($round)" \
		kill -9 "$(rank_of "$old")"
	succeeds "another one leads" within 20 other_leads "$old"
	all_well "killed $round"
	within 20 voters_there
done

# ---- stopped, and resumed when another one leads
old=$(leader)
stopped=$(rank_of "$old")
kill -STOP "$stopped"
succeeds "a leader that is stopped is replaced" within 30 other_leads "$old"
new=$(leader)
kill -CONT "$stopped"
all_well "resumed"
equal "and does not lead" "$new" "$(leader)"
cluster_down
finish
