#!/bin/bash
# modes: hosts
# Berth started by mpirun, for a site that wants nothing else.
. "$TOP/tests/cluster/lib.sh"

hosts_make $NODES
flags="--allow-run-as-root --bind-to none"
case $(mpirun --version | head -n 1) in
*" 4."*) flags="$flags --mca plm_rsh_agent $WORK/rsh -N 1" ;;
*) flags="$flags --prtemca plm_ssh_agent $WORK/rsh -N 1" ;;
esac
# shellcheck disable=SC2086 # words
mpirun $flags --hostfile "$WORK/hostfile" -x BERTH_DIR -x HOME \
	"$BUILD/bin/berthd" --topology "$TOPOLOGY" \
	>"$WORK/mpirun.log" 2>&1 </dev/null &
mpirun=$!
if ! within 40 nodes_up $NODES || ! within 15 frameworks_there; then
	not_ok "mpirun -N 1 berthd"
	sed 's/^/# /' "$WORK/mpirun.log" | head -n 30
	logs
	exit 1
fi
ok "mpirun -N 1 berthd: $NODES nodes"
equal "MPI in slices of it" "ring of 4 ok: 40" \
	"$(berth mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1)"
equal "batch in slices of it" "0 1 2 3" \
	"$(berth run batch --array 0-3 -- sh -c 'echo $BERTH_ARRAY_INDEX' 2>&1 |
		sort | paste -sd' ')"
succeeds "berth down" berth down
wait $mpirun
nothing_left
hosts_end
finish
