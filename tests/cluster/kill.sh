#!/bin/bash
# modes: emulate hosts
# Ending jobs: everything of a task goes with it.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

# The stray runs: seen by its command line, whatever namespace it is in.
stray_runs() {
	pgrep -f "^$P/stray $1" >/dev/null
}

no_stray() {
	! stray_runs "$1"
}

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

cluster_up

job=$(submit batch -- "$P/stray" "$WORK/stray.1")
succeeds "a task with a stray" within 10 test -s "$WORK/stray.1"
succeeds "which runs" stray_runs "$WORK/stray.1"
succeeds "berth cancel" berth cancel "$job"
succeeds "ends it and its double-forked child" within 15 \
	no_stray "$WORK/stray.1"
berth wait "$job" >/dev/null 2>&1
equal "and the job is cancelled" "ended cancelled" "$(state "$job")"

berth run batch -- "$P/stray" "$WORK/stray.2" 1 >/dev/null 2>&1
succeeds "a task that ends leaves no child" within 10 \
	no_stray "$WORK/stray.2"

job=$(submit mpi -n 4 -N 1 -- "$P/hello" 60000)
within 10 eval '[ "$(state '"$job"')" = "running " ]'
berth cancel "$job" >/dev/null 2>&1
succeeds "cancel ends all ranks" within 15 \
	eval '! pgrep -f "^$P/hello 60000"'
berth wait "$job" >/dev/null 2>&1
rc=$?
succeeds "its exit code tells" test $rc -ne 0

job=$(submit batch -t 1s -- sleep 60)
berth wait "$job" >/dev/null 2>&1
equal "walltime" "ended timeout" "$(state "$job")"

# while it is still starting
job=$(submit mpi -n 24 --oversubscribe -- "$P/hello" 60000)
berth cancel "$job" >/dev/null 2>&1
succeeds "a job is cancelled at once" within 20 \
	eval '[ "$(state '"$job"')" = "ended cancelled" ]'

job=$(submit batch --array 0-999 -- sleep 30)
berth cancel "$job" >/dev/null 2>&1
succeeds "a long array is cancelled at once" within 20 \
	eval '[ "$(state '"$job"')" = "ended cancelled" ]'
cluster_down
finish
