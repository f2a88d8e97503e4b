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

cluster_up

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
finish
