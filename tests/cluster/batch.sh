#!/bin/bash
# modes: emulate
# Batch jobs: single ones, arrays, and an MPI job beside an array.
. "$TOP/tests/cluster/lib.sh"
cluster_up

equal "a single command" "hello there" \
	"$(berth run batch -- echo "hello there" 2>&1)"
berth run batch -- sh -c 'exit 5' >/dev/null 2>&1
equal "its exit code" 5 $?
berth run batch -- sh -c 'kill -TERM $$' >/dev/null 2>&1
equal "its signal" 143 $?

array=$(submit batch --array 0-99 --cores 1 -- \
	sh -c 'echo "index $BERTH_ARRAY_INDEX arg $1"' sh '{}')
berth wait "$array" >/dev/null 2>&1
equal "an array of 100" 0 $?
equal "each index once, as {} and in the environment" \
	"$(seq 0 99 | sed 's/.*/index & arg &/' | sort)" \
	"$(berth logs "$array" | sort)"
equal "all done" "100 0" "$(berth show "$array" --json |
	json '"%d %d" % (d["tasks"]["done"], d["tasks"]["failed"])')"

array=$(submit batch --array 1-9 -- sh -c 'test $1 -ne 7' sh '{}')
berth wait "$array" >/dev/null 2>&1
rc=$?
succeeds "an array with a failure fails" test $rc -ne 0
equal "one task of it" "8 1" "$(berth show "$array" --json |
	json '"%d %d" % (d["tasks"]["done"], d["tasks"]["failed"])')"

# both kinds share the nodes
array=$(submit batch --array 0-11 --cores 1 -- sleep 1)
out=$(berth mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1)
equal "MPI beside an array" "ring of 4 ok: 40" "$out"
berth wait "$array" >/dev/null 2>&1
equal "the array beside MPI" 0 $?

# a job's surroundings
equal "working directory" "$WORK" \
	"$(cd "$WORK" && berth run batch -- pwd 2>&1)"
equal "environment" "v a l" \
	"$(VALUE='v a l' berth run batch -- sh -c 'echo "$VALUE"' 2>&1)"
equal "name" "sweep" "$(berth show "$(submit batch -J sweep -- true)" \
	--json | json 'd["name"]')"
# ---- accounting
job=$(submit batch -J accounted --array 0-3 -- sh -c 'sleep 0.2; exit 3')
berth wait "$job" >/dev/null 2>&1
equal "berth history: what an ended job used" "failed 3 4 4 True True" \
	"$(berth history -J accounted --json | json '" ".join(map(str, [
		d["jobs"][0][k] for k in ("outcome", "exit_code", "tasks",
		"failed")] + [d["jobs"][0]["core_ms"] >= 800,
		d["jobs"][0]["nodes"] != ""]))')"
equal "as CSV" "$job,accounted" "$(berth history --csv -s failed --since 1h |
	cut -d , -f 1,2 | tail -n 1)"
refused "a state that is none" "cancelled" "$BERTH" history -s bad

cluster_down
finish
