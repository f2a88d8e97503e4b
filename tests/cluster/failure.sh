#!/bin/bash
# modes: hosts emulate
# A rank, a launcher, a shepherd dies: what runs runs on.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

# Pid of a program of the node's, seen from here.
pid_of() {
	local p
	for p in $(pgrep -f "bin/$1( |\$)"); do
		if tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$2"; then
			echo "$p"
			return
		fi
		# the launcher gives the variable, it does not have it
		if tr '\0' ' ' <"/proc/$p/cmdline" | grep -qw -- "$2"; then
			echo "$p"
			return
		fi
	done
	return 1
}

leader() {
	berth nodes --json |
		json '[n["name"] for n in d["nodes"] if n["leader"]][0]'
}

others() {
	berth nodes --json |
		json '" ".join(n["name"] for n in d["nodes"] if not n["leader"])'
}

other_pid() {
	local now
	now=$(pid_of "$1" "$2") && [ "$now" != "$3" ]
}

run_on() {
	timeout 30 "$BERTH" run batch -w "$1" -- sh -c 'echo $BERTH_NODE' \
		2>&1
}

cluster_up
first=$(leader)
set -- $(others)
node=$1 second=$2
echo "# leader $first, victims $node and $second"

# ---- an agent's rank
job=$(submit batch -w "$node" -- sh -c 'sleep 12; echo survived')
within 10 eval "berth show $job --json | grep -q running"
old=$(pid_of berthd "$node")
succeeds "a rank is killed" kill -9 "$old"
succeeds "its launcher starts it again" within 20 other_pid berthd "$node" \
	"$old"
succeeds "all nodes are up again" within 30 nodes_up $NODES
equal "and the node is used" "$node" "$(run_on "$node")"
berth wait "$job" >/dev/null 2>&1
equal "its task did not notice" "0 survived" \
	"$? $(berth logs "$job" 2>/dev/null)"
equal "MPI over all nodes after it" "ring of 4 ok: 40" \
	"$(timeout 60 "$BERTH" mpirun -n 4 -N 1 "$P/ring" 2>&1)"

# ---- a launcher
job=$(submit batch -w "$second" -- sh -c 'sleep 12; echo survived')
within 10 eval "berth show $job --json | grep -q running"
old=$(pid_of berth-launcher "$second")
succeeds "a launcher is killed" kill -9 "$old"
succeeds "it is started again" within 30 other_pid berth-launcher "$second" \
	"$old"
succeeds "all nodes are up" within 30 nodes_up $NODES
berth wait "$job" >/dev/null 2>&1
equal "the task of its node runs to its end" "0 survived" \
	"$? $(berth logs "$job" 2>/dev/null)"
equal "the node is used" "$second" "$(run_on "$second")"

# ---- a framework's host
job=$(submit batch -- sh -c 'sleep 6; echo survived')
within 10 eval "berth show $job --json | grep -q running"
kill -9 $(pgrep -f 'bin/berth-framework.*batch')
berth wait "$job" >/dev/null 2>&1
equal "a framework's host dies, its task does not" "0 survived" \
	"$? $(berth logs "$job" 2>/dev/null)"
equal "and it comes back" "again" "$(timeout 60 "$BERTH" run batch -- \
	echo again 2>&1)"

# ---- a node
if [ "$CLUSTER" = hosts ]; then
	node=$(others | awk '{ print $NF }')
	lost=$(submit batch -w "$node" -- sleep 100)
	kept=$(submit batch -w "$first" -- sh -c 'sleep 8; echo kept')
	within 10 eval "berth show $lost --json | grep -q running"
	host_kill "${node#n}"
	rm -rf "$WORK/tmp.$node" # gone with the node
	succeeds "a node is lost" within 60 nodes_up $((NODES - 1))
	# a node that is only away may come back: 30 seconds
	succeeds "its task is not running any more" within 60 \
		eval "! berth show $lost --json | grep -q '\"running\": 1'"
	berth cancel "$lost" >/dev/null 2>&1
	berth wait "$kept" >/dev/null 2>&1
	equal "others are untouched" "0 kept" \
		"$? $(berth logs "$kept" 2>/dev/null)"
fi
cluster_down
finish
