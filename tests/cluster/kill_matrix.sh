#!/bin/bash
# modes: hosts
# The kill matrix: each kind of process, and each node, dies at each step of a
# job's life, under a load of MPI and batch jobs.  tests/cluster/kill_matrix
# says how to choose; its settings come as KILL_CELLS, KILL_OPEN, KILL_SEED,
# KILL_FOR, KILL_REPORT.  The cells are in kill_cells.py.
. "$TOP/tests/cluster/lib.sh"
TOPOLOGY='package:1 l3:2 core:4 pu:1'
# A node that is lost is to be lost soon.
cat >"$WORK/berth.conf" <<END
broker = {
	heartbeat_ms = 500;
	heartbeat_timeout_ms = 2500;
	node_timeout_ms = 6000;
};
END
cluster_up --conf "$WORK/berth.conf"
KILL_UP=$(printf '%s\t' "$BERTH" up --hosts "$WORK/hostfile" --rsh \
	"$WORK/rsh" --conf "$WORK/berth.conf" --timeout 60)
export KILL_UP="${KILL_UP}--topology	$TOPOLOGY"
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$TOP/tests/cluster/kill_cells.py"
cluster_down
finish
