#!/bin/bash
# modes: mpirun
# Berth started by mpirun, for a site that wants nothing else.
. "$TOP/tests/cluster/lib.sh"
cluster_up
mpirun=$! # it was the last to be started
equal "MPI in slices of it" "ring of 4 ok: 40" \
	"$(berth mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1)"
equal "batch in slices of it" "0 1 2 3" \
	"$(berth run batch --array 0-3 -- sh -c 'echo $BERTH_ARRAY_INDEX' 2>&1 |
		sort | paste -sd' ')"

# ---- mpirun is killed: the broker goes with it, tasks and launchers stay
job=$(submit batch -w n2 -- sh -c "touch $WORK/runs
	while [ ! -e $WORK/go ]; do sleep 0.2; done; echo survived")
within 15 test -e "$WORK/runs"
launchers=$(pgrep -f bin/berth-launcher | sort | xargs)
no_rank() {
	! pgrep -f 'bin/berthd( |$)'
}
kill -9 "$mpirun"
succeeds "the ranks end with a mpirun that is killed" within 30 no_rank
equal "launchers stay" "$launchers" \
	"$(pgrep -f bin/berth-launcher | sort | xargs)"
mpirun_up
succeeds "the next mpirun brings the broker back" within 60 nodes_up $NODES
equal "by the same launchers" "$launchers" \
	"$(pgrep -f bin/berth-launcher | sort | xargs)"
within 15 frameworks_there
equal "which knows the job that runs" running \
	"$(berth show "$job" --json | json 'd["state"]')"
touch "$WORK/go"
timeout 30 "$BERTH" wait "$job" >/dev/null 2>&1
equal "whose task did not notice" "0 survived" \
	"$? $(berth logs "$job" 2>/dev/null)"
equal "numbers of jobs go on" yes \
	"$([ "$(submit batch -- true)" -gt "$job" ] && echo yes)"
equal "MPI once more" "ring of 4 ok: 40" \
	"$(berth mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1)"
cluster_down
finish
