#!/bin/bash
# modes: hosts
# Nodes are added to a Berth that is up; one is lost, boots again and returns.
. "$TOP/tests/cluster/lib.sh"

up_with() {
	berth up --hosts "$1" --rsh "$WORK/rsh" --topology "$TOPOLOGY"
}

run_on() {
	timeout 30 "$BERTH" run batch -w "$1" -- hostname 2>&1
}

ring() {
	timeout 60 "$BERTH" mpirun -n 4 -N 1 "$PROGRAMS/ring" 2>&1
}

hosts_make 4
succeeds "berth up over two hosts" up_with n1,n2
within 15 frameworks_there
job=$(submit batch -w n1 -- sh -c "touch $WORK/runs; while [ ! -e $WORK/go ]; do
	sleep 0.2; done; echo survived")
within 15 test -e "$WORK/runs"
ranks=$(pgrep -f 'bin/berthd' | sort | xargs)
succeeds "two more are added" up_with n1,n2,n3,n4
equal "without a touch of those that there are" "$ranks" \
	"$(pgrep -f 'bin/berthd' | sort | grep -Fxf <(tr ' ' '\n' <<<"$ranks") |
		xargs)"
equal "a new one is used" n4 "$(run_on n4)"
equal "MPI over old and new ones" "ring of 4 ok: 40" "$(ring)"
refused "other nodes than those that there are" "to add some, name all" \
	up_with n3,n4

# ---- lost, and back from nothing
host_kill 4
rm -rf "$WORK/tmp.n4"
succeeds "a node is lost" within 60 nodes_up 3
succeeds "its host boots again" host_boot 4
succeeds "berth up brings it back" up_with n1,n2,n3,n4
equal "and it is used" n4 "$(run_on n4)"
equal "MPI over all of them" "ring of 4 ok: 40" "$(ring)"
touch "$WORK/go"
timeout 30 "$BERTH" wait "$job" >/dev/null 2>&1
equal "a task did not notice any of it" "0 survived" \
	"$? $(berth logs "$job" 2>/dev/null)"
cluster_down
finish
