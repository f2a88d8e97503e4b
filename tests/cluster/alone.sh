#!/bin/bash
# modes: hosts
# A node on its own: rank and launcher die together, with all that looks after
# them; a node that no broker reaches ends its tasks in the end.
. "$TOP/tests/cluster/lib.sh"

# Pids of a program of that host, as this shell sees them.
pids_on() {
	local p
	for p in $(pgrep -f "$2"); do
		[ "$(nsenter -t "$p" -u hostname)" = "$1" ] && echo "$p"
	done
}

state_of() {
	berth nodes --json | json \
		"[n[\"state\"] for n in d[\"nodes\"] if n[\"name\"] == \"$1\"][0]"
}

# All ranks and launchers but those of one host.
others_of() {
	local n
	for n in n1 n2 n3 n4; do
		[ "$n" = "$1" ] || pids_on "$n" 'bin/(berthd|berth-launcher)'
	done | sort | xargs
}

has_none() {
	[ -z "$(pids_on "$1" "$2")" ]
}

mkdir -p "$BERTH_DIR"
chmod 700 "$BERTH_DIR"
cat >"$BERTH_DIR/berth.conf" <<'EOF2'
broker = { node_timeout_ms = 60000; };
launcher = { orphan_after_ms = 7000; };
EOF2
cluster_up
leader=$(berth status --json | json 'd["leader"]')
set -- $(seq -f n%.0f $NODES | grep -vx "$leader")
node=$1 second=$2

# ---- rank and launcher at once: the rank's shepherd is left
job=$(submit batch -w "$node" -- sh -c "sleep 9; echo survived")
within 10 eval "berth show $job --json | grep -q running"
task=$(pids_on "$node" '^sleep 9')
rest=$(others_of "$node")
succeeds "rank and launcher of a node die together" kill -9 \
	$(pids_on "$node" 'bin/(berthd|berth-launcher)')
succeeds "the node goes" within 20 eval '[ "$(state_of $node)" != up ]'
succeeds "and comes back by itself" within 40 nodes_up $NODES
berth wait "$job" >/dev/null 2>&1
equal "its task did not notice" "0 survived" \
	"$? $(berth logs "$job" 2>/dev/null)"
equal "nor did the other nodes" "$rest" "$(others_of "$node")"

# ---- with the rank's shepherd: nobody is left but the task's
job=$(submit batch -w "$node" -- sleep 100)
within 10 eval "berth show $job --json | grep -q running"
kill -9 $(pids_on "$node" 'berth-shepherd --key broker') \
	$(pids_on "$node" 'bin/(berthd|berth-launcher)')
succeeds "a node loses all that is Berth's but a task" \
	within 20 eval '[ "$(state_of $node)" != up ]'
matches "berth nodes says what is missing" \
	"^$node +away .*; berth up starts what is missing" "$(berth nodes)"
succeeds "without a broker its task is ended" \
	within 20 has_none "$node" '^sleep 100'
out=$(berth up --hosts "$WORK/hostfile" --rsh "$WORK/rsh" \
	--topology "$TOPOLOGY" 2>&1)
equal "berth up brings it back" "0 yes" \
	"$? $(nodes_up $NODES && echo yes || echo no)"
equal "and touches nothing else" "$rest" "$(others_of "$node")"
berth wait "$job" >/dev/null 2>&1
matches "the end is reported then" "lost .*without a broker" \
	"$(berth show "$job" --json | json '"%s %s" % (d["outcome"],
		d["task_list"][0]["text"])')"

# ---- cut off: launcher and rank live, no broker is heard
job=$(submit batch -w "$second" -- sleep 100)
kept=$(submit batch -w "$leader" -- sh -c 'sleep 12; echo kept')
within 10 eval "berth show $job --json | grep -q running"
ip link set "v${second#n}" down
succeeds "a node is cut off: its task is ended" \
	within 40 has_none "$second" '^sleep 100'
ip link set "v${second#n}" up
succeeds "it joins again" within 60 nodes_up $NODES
berth wait "$job" >/dev/null 2>&1
matches "and says how its task ended" "lost .*without a broker" \
	"$(berth show "$job" --json | json '"%s %s" % (d["outcome"],
		d["task_list"][0]["text"])')"
berth wait "$kept" >/dev/null 2>&1
equal "others are untouched" "0 kept" \
	"$? $(berth logs "$kept" 2>/dev/null)"
cluster_down
finish
