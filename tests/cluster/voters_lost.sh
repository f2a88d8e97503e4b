#!/bin/bash
# modes: emulate
# Everything ends, and of the voters too few come back with what they knew: the
# ranks wait and say so, and go on when a person has said with what.
. "$TOP/tests/cluster/lib.sh"
NODES=3

voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = 3 ]
}

cluster_up
within 20 voters_there
job=$(submit batch -- true)
timeout 60 "$BERTH" wait "$job"
succeeds "a share is set" berth share set blue --weight 7
succeeds "berth down" berth down
rm -rf "$BERTH_DIR/n1/agree" "$BERTH_DIR/n2/agree"
out=$(berth up --emulate $NODES --topology "$TOPOLOGY" --timeout 15s 2>&1)
equal "berth up fails" 1 $?
matches "and says why, and what to do" "nobody can lead: 2 of 3 voters are \
needed, and n1 has lost what it knew, n2 has lost .* berth up \
--forget-voters n0" "$out"
refused "not while they run" "berth down --keep-tasks" \
	"$BERTH" up --emulate $NODES --topology "$TOPOLOGY" --forget-voters n0
succeeds "berth down without a leader" berth down --keep-tasks
refused "a node that is none" "no node is called so" \
	"$BERTH" up --emulate $NODES --topology "$TOPOLOGY" --forget-voters n9
succeeds "the others are given up" berth up --emulate $NODES \
	--topology "$TOPOLOGY" --forget-voters n0
within 15 frameworks_there
later=$(submit batch -- true)
succeeds "numbers go on" test "$later" -gt "$job"
equal "the share is there" 7.0 "$(berth shares --json | json \
	'[s["weight"] for s in d["shares"] if s["role"] == "blue"][0]')"
timeout 60 "$BERTH" wait "$later"
equal "and the accounting" "$job $later" "$(berth history --json | json \
	'" ".join(str(j["id"]) for j in d["jobs"])')"
succeeds "there are three voters again" within 20 voters_there
cluster_down
finish
