#!/bin/bash
# modes: emulate
# Nodes out of use and back: what runs there, what comes after.
. "$TOP/tests/cluster/lib.sh"

state_of() {
	berth nodes --json |
		json "[n['state'] for n in d['nodes'] if n['name'] == '$1'][0]"
}

runs_on() {
	berth show "$1" --json | json '" ".join(t["node"] for t in \
		d["task_list"] if t["state"] == "running")'
}

cluster_up
job=$(submit batch -w n3 -- sh -c 'sleep 3; echo whole')
within 10 eval '[ "$(runs_on '"$job"')" = n3 ]'
succeeds "berth drain" berth drain n3 --reason "new disk"
equal "it is drained" drained "$(state_of n3)"
matches "and why" "drained .*new disk" "$(berth nodes)"
waits=$(submit batch -w n3 -- echo later)
berth wait "$job" >/dev/null 2>&1
equal "what runs runs to its end" whole "$(berth logs "$job")"
equal "nothing new starts there" "queued" \
	"$(berth show "$waits" --json | json 'd["state"]')"
succeeds "berth undrain" berth undrain n3
berth wait "$waits" >/dev/null 2>&1
equal "what waited for it runs" later "$(berth logs "$waits")"
refused "twice is refused" "not drained" "$BERTH" undrain n3

# with a deadline: notice, signals, the queue
job=$(submit batch --grace 1s -- sleep 1000)
within 10 eval '[ -n "$(runs_on '"$job"')" ]'
node=$(runs_on "$job")
mpi=$(submit mpi -n 4 -N 1 --grace 1s -- "$PROGRAMS/hello" 600000)
within 20 eval '[ "$(runs_on '"$mpi"' | wc -w)" = 4 ]'
succeeds "with a deadline" berth drain "$node" --deadline 2s
succeeds "its task runs again elsewhere" within 20 eval \
	'n=$(runs_on '"$job"'); [ -n "$n" ] && [ "$n" != '"$node"' ]'
succeeds "its MPI job waits for it" within 20 eval \
	'[ -z "$(runs_on '"$mpi"')" ]'
equal "and nothing is left there" 0 "$(berth nodes --json | json \
	"[n['tasks'] for n in d['nodes'] if n['name'] == '$node'][0]")"
berth undrain "$node"
succeeds "until the node is back" within 30 eval \
	'[ "$(runs_on '"$mpi"' | wc -w)" = 4 ]'
berth cancel "$job" "$mpi" >/dev/null 2>&1
refused "a node that is none" "there is none" "$BERTH" drain nowhere
cluster_down
finish
