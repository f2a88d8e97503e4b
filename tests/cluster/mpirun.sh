#!/bin/bash
# modes: mpirun
# Berth started by mpirun, for a site that wants nothing else.
. "$TOP/tests/cluster/lib.sh"
cluster_up
equal "MPI in slices of it" "ring of 4 ok: 40" \
	"$(berth mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1)"
equal "batch in slices of it" "0 1 2 3" \
	"$(berth run batch --array 0-3 -- sh -c 'echo $BERTH_ARRAY_INDEX' 2>&1 |
		sort | paste -sd' ')"
cluster_down
finish
