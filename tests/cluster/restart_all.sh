#!/bin/bash
# modes: hosts
# Everything dies at once, the nodes with all that they run: started again from
# the same state directory, every accepted job ends; what had begun runs again
# where that was asked for, and nothing else does.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

lines() {
	[ "$(cat "$WORK/lines" 2>/dev/null | wc -l)" -ge "$1" ]
}

# voters: five of four nodes make three
voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = 3 ]
}

pids_of() {
	pgrep -f "bin/$1( |\$)"
}

# All of Berth, and all that it runs, at once: nobody is left who could tell of
# the others' ends.
kill_all() {
	local i
	if [ "$CLUSTER" = hosts ]; then
		for i in $(seq $NODES); do
			host_kill "$i"
		done
	fi
	for i in 1 2 3; do
		# shellcheck disable=SC2046 # words
		kill -9 $(pids_of berth-launcher) $(pids_of berthd) \
			$(ours) 2>/dev/null
		within 5 none_of_ours && break
	done
}

come_again() {
	local i
	if [ "$CLUSTER" = hosts ]; then
		for i in $(seq $NODES); do
			host_boot "$i" || return 1
		done
		berth up --hosts "$WORK/hostfile" --rsh "$WORK/rsh" \
			--topology "$TOPOLOGY"
	else
		berth up --emulate $NODES --topology "$TOPOLOGY"
	fi
}

cluster_up
within 20 voters_there
succeeds "a share is set" berth share set blue --weight 7 --guarantee cores=2
succeeds "a node is drained" berth drain n2 --reason "its fan"
succeeds "a dataset is declared" berth dataset add grid --node n1 \
	--size 10M
array=$(submit batch --restart 1 --array 0-199 -- sh -c \
	"sleep 0.1; echo line-\$0 >>$WORK/lines" {})
mpi=$(submit mpi --restart 1 -n 3 -N 1 -- sh -c \
	"echo x >>$WORK/mpi; exec $P/hello 3000")
firm=$(submit batch -- sh -c \
	"echo x >>$WORK/firm; sleep 60")
within 20 eval '[ "$(state $mpi)" = "running " ]'
within 20 test -s "$WORK/firm"
within 40 lines 20
kill_all
none_of_ours && ok "everything is dead" || not_ok "everything is dead"
succeeds "berth up on the same state directory" come_again
succeeds "the framework hosts are there" within 30 frameworks_there
later=$(submit batch -- true)
succeeds "ids go on ($firm, $later)" test "$later" -gt "$firm"
timeout 120 "$BERTH" wait "$array" >/dev/null 2>&1
equal "the array ends well" "ended done" "$(state "$array")"
timeout 60 "$BERTH" wait "$mpi" >/dev/null 2>&1
equal "so does the MPI job" "ended done" "$(state "$mpi")"
timeout 60 "$BERTH" wait "$firm" >/dev/null 2>&1
matches "what may not run twice has ended" "^ended lost" \
	"$(state "$firm")"
matches "which is explained" "its node does not know it any more" \
	"$(berth show "$firm" --json | json 'd["text"]')"
equal "it ran once" 1 "$(wc -l <"$WORK/firm")"
equal "the share is there" 7.0 "$(berth shares --json | json \
	'[s["weight"] for s in d["shares"] if s["role"] == "blue"][0]')"
matches "the node is drained" "drained .*its fan" "$(berth nodes)"
equal "the dataset is where it was" "n1" "$(berth dataset list --json | json \
	'" ".join(c["node"] for c in d["datasets"])')"
equal "the accounting has all" "200 True" "$(berth history --json | json \
	'[" ".join(map(str, [j["tasks"] - j["requeues"], j["core_ms"] >= 20000]))
	for j in d["jobs"] if j["id"] == '"$array"'][0]')"
equal "every line of the array is there" "$(seq -f line-%.0f 0 199 | sort)" \
	"$(sort -u "$WORK/lines")"
# What ran at the end, on 16 cores, may have written its line already.
succeeds "and not more than ran at the end is there twice" \
	test "$(sort "$WORK/lines" | uniq -d | wc -l)" -le 16
cluster_down
finish
