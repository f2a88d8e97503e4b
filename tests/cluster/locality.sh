#!/bin/bash
# modes: emulate
# Data stays where it was written, and what reads it goes there.
. "$TOP/tests/cluster/lib.sh"

nodes_of() { # JOB
	berth show "$1" --json | json \
		'" ".join(sorted(t["node"] for t in d["task_list"]))'
}

holders() {
	berth dataset list --json | json '" ".join(sorted(
		x["dataset"] + "@" + x["node"] for x in d["datasets"]))'
}

cat >"$WORK/topology.conf" <<-END
	# two leaves
	SwitchName=leaf0 Nodes=n[0-1]
	SwitchName=leaf1 Nodes=n[2-3]
	SwitchName=top Switches=leaf[0-1]
END
echo "broker = { topology_conf = \"$WORK/topology.conf\"; };" \
	>"$WORK/berth.conf"
cluster_up --conf "$WORK/berth.conf"

# Below one switch, though n0 and n2 are the emptiest.
busy=$(submit batch --array 0 -w n1 -- sleep 300)
busy="$busy $(submit batch --array 0 -w n3 -- sleep 300)"
# shellcheck disable=SC2086 # two jobs
for job in $busy; do
	within 10 eval '[ "$(berth show '"$job"' --json |
		json "d[\"tasks\"][\"running\"]")" = 1 ]'
done
job=$(submit mpi -n 2 -N 1 -- true)
berth wait "$job" >/dev/null 2>&1
matches "two nodes of one switch" '^(n0 n1|n2 n3)$' "$(nodes_of "$job")"
job=$(submit mpi -n 2 -N 1 --prefer nodes -- true)
berth wait "$job" >/dev/null 2>&1
equal "or the emptiest ones" "n0 n2" "$(nodes_of "$job")"
job=$(submit mpi -n 6 --prefer equal -- true)
berth wait "$job" >/dev/null 2>&1
equal "six ranks in equal parts" "3 3" "$(berth show "$job" --json | json \
	'" ".join(str(len(t["ranks"])) for t in d["task_list"])')"
refused "no such layout" "--prefer: 'leaves' is none of switches" \
	berth submit mpi -n 2 --prefer leaves -- true
# shellcheck disable=SC2086
berth cancel $busy >/dev/null
for job in $busy; do
	berth wait "$job" >/dev/null 2>&1
done

# From a batch job to an MPI job, by a file on the node's own storage.
# shellcheck disable=SC2016 # for the task's shell
writer=$(submit batch -w n2 --dataset-out part -- sh -c \
	'echo written on "$BERTH_NODE" >"$BERTH_NODE_DIR/part"')
berth wait "$writer" >/dev/null 2>&1
equal "a job writes" 0 $?
equal "its node holds the dataset" "part@n2" "$(holders)"
# shellcheck disable=SC2016 # for the task's shell
reader=$(submit mpi -n 2 --dataset-in part -- sh -c \
	'cat "$BERTH_NODE_DIR/part"')
berth wait "$reader" >/dev/null 2>&1
equal "an MPI job reads it" 0 $?
equal "on that node" n2 "$(nodes_of "$reader")"
equal "what was written" "written on n2" "$(berth logs "$reader" | sort -u)"

# One that failed leaves nothing.
berth run --dataset-out never -- false >/dev/null 2>&1
equal "a task that fails leaves nothing" "part@n2" "$(holders)"

# Hard: it waits until somebody has it.
reader=$(submit batch --dataset-in late:hard -- true)
sleep 0.5
equal "what needs a dataset waits" queued \
	"$(berth show "$reader" --json | json 'd["state"]')"
succeeds "somebody declares it" berth dataset add late --node n3 --size 1G
berth wait "$reader" >/dev/null 2>&1
equal "and it runs" "0 n3" "$? $(nodes_of "$reader")"

# Soft: a while only there, then anywhere.
busy=$(submit batch --array 0-3 -w n2 -- sleep 300)
within 10 eval '[ "$(berth show '"$busy"' --json |
	json "d[\"tasks\"][\"running\"]")" = 4 ]'
reader=$(submit batch --dataset-in part --prefer-wait 1s -- true)
berth wait "$reader" >/dev/null 2>&1
equal "what prefers a full node ends up elsewhere" 0 $?
succeeds "on another node" test "$(nodes_of "$reader")" != n2
succeeds "after it has waited" test "$(berth show "$reader" --json |
	json 'd["started_at"] - d["submitted_at"]')" -ge 990
berth cancel "$busy" >/dev/null
berth wait "$busy" >/dev/null 2>&1

# A task says so itself.
berth run -w n1 -- "$BERTH" dataset add mine >/dev/null 2>&1
equal "a task declares what it has" "late@n3 mine@n1 part@n2" "$(holders)"
succeeds "the drive is cleaned" berth dataset remove part --node n2
equal "and nothing is found there" "late@n3 mine@n1" "$(holders)"

refused "no such node" 'no node is called "n9"' \
	berth dataset add x --node n9
refused "a name that is none" 'dataset "a b": a name is' \
	berth dataset add "a b" --node n1
refused "too long a wait" 'wait_ms' \
	berth submit batch --dataset-in part --prefer-wait 6s -- true
refused "a wait for nothing" '--prefer-wait: for what' \
	berth submit batch --prefer-wait 1s -- true
refused "neither soft nor hard" "neither NAME nor NAME:hard" \
	berth submit batch --dataset-in part:firm -- true
refused "no such command" 'dataset wants list' berth dataset clean
cluster_down

# Switches that are none.
echo "SwitchName=leaf0 Node=n0" >"$WORK/topology.conf"
refused "a wrong line of topology.conf" 'topology.conf:1: "Node" is not known' \
	berth up --emulate 2 --conf "$WORK/berth.conf"
rm "$WORK/topology.conf"
refused "no topology.conf" 'berth.conf:1: .*topology.conf: No such file' \
	berth up --emulate 2 --conf "$WORK/berth.conf"
finish
