#!/bin/bash
# modes: emulate
# Shares of roles: from berth.conf, at run time, over a restart.
. "$TOP/tests/cluster/lib.sh"

share() { # ROLE MEMBER
	berth shares --json | json \
		'[s for s in d["shares"] if s["role"] == "'"$1"'"][0]["'"$2"'"]'
}

cat >"$WORK/berth.conf" <<-END
	broker = { policy = "drf"; };
	roles = (
	  { name = "ada"; parent = "physics"; guarantee = "cores=2"; },
	  { name = "physics"; guarantee = "25%"; weight = 2.0; priority = 1; }
	);
END
cluster_up --conf "$WORK/berth.conf"

equal "a share of berth.conf" "25% 2.0 1" \
	"$(share physics guarantee) $(share physics weight) $(
	share physics priority)"
equal "in numbers" "4 2" "$(berth shares --json | json '" ".join(str(
	s["guaranteed"]["cores"]) for s in sorted(d["shares"],
	key=lambda s: s["role"], reverse=True) if s["set"])')"
refused "guarantees that do not fit" \
	'sum to 17 cores \(.*physics 4.*greedy 13.*\), but the cluster has 16' \
	berth share set greedy --guarantee cores=13
refused "children above their parent" 'sum to 5 cores .* role physics above' \
	berth share set bob --parent physics --guarantee cores=3
refused "a cycle" 'a cycle' berth share set physics --parent ada
refused "an unknown parent" 'not known' berth share set bob --parent nobody
refused "a guarantee that is none" 'cores=x: a number' \
	berth share set bob --guarantee cores=x
refused "a weight of 0" 'weight' berth share set bob --weight 0
refused "a name with a slash" 'name|such call' \
	berth share set a/b --weight 1
refused "removing what is not set" 'nothing is set' berth share remove nobody
succeeds "a share at run time" berth share set math \
	--guarantee cores=4,gpus=0 --limit cores=50% --weight 1.5 --priority 3
succeeds "what is not named stays" berth share set math --weight 3
equal "of it" "cores=4,gpus=0 cores=50% 3.0 3" "$(share math guarantee) $(
	share math limit) $(share math weight) $(share math priority)"
succeeds "removing one of berth.conf" berth share remove ada
matches "berth shares" '^math +cores=4,gpus=0 +cores=50%' "$(berth shares)"

# a limit is kept
succeeds "a limit" berth share set small --limit cores=3
job=$(submit batch --array 0-7 --role small -- sleep 30)
three_run() {
	[ "$(berth show "$job" --json | json 'd["tasks"]["running"]')" = 3 ]
}
succeeds "lets so much run" within 10 three_run
sleep 0.5
succeeds "and no more" three_run
equal "and is counted" 3 "$(berth shares --json | json \
	'[s["used"]["cores"] for s in d["shares"] if s["role"] == "small"][0]')"
berth cancel "$job" >/dev/null

# they survive a restart
cluster_down
cluster_up --conf "$WORK/berth.conf"
equal "after a restart" "cores=4,gpus=0 cores=50% 3.0 3" \
	"$(share math guarantee) $(share math limit) $(share math weight) $(
	share math priority)"
equal "what was removed stays so" "" "$(berth shares --json | json \
	'"".join(s["role"] for s in d["shares"]
		if s["set"] and s["role"] == "ada")')"
cluster_down

# wrong shares in berth.conf
cat >"$WORK/berth.conf" <<-END
	roles = (
	  { name = "ada"; guarantee = "60%"; },
	  { name = "bob"; guarantee = "50%"; }
	);
END
export BERTH_DIR=$WORK/b2
out=$(berth up --emulate 2 --topology "$TOPOLOGY" --conf "$WORK/berth.conf" \
	2>&1)
matches "shares of berth.conf that do not fit, with file and line" \
	'berth.conf:3: the guarantees sum to 110% of cores' "$out"
berth down >/dev/null 2>&1
finish
