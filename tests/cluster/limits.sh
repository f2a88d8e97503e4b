#!/bin/bash
# modes: emulate
# Frameworks that hang, flood, die again and again or stay away: they are
# limited and named, others go on.
. "$TOP/tests/cluster/lib.sh"
NODES=2

for name in hang flood; do
	cc -shared -fPIC -I"$TOP/include" -o "$WORK/$name.so" \
		"$TOP/tests/cluster/plugins/$name.c" || exit 1
done
export BERTH_PLUGIN_PATH=$WORK:$BUILD/lib
mkdir -m 700 -p "$BERTH_DIR"
cat >"$WORK/berth.conf" <<'END'
broker = {
	frameworks = ["mpi", "batch", "hang", "flood", "nowhere"];
	framework_timeout_ms = 3000;
	failover_ms = 4000;
	offer_expiry_ms = 1000;
};
END

# framework MEMBER NAME
framework() {
	berth frameworks --json | json \
		"[f[\"$1\"] for f in d[\"frameworks\"] if f[\"name\"] == \"$2\"][0]"
}

log_says() {
	grep -qhE -- "$1" "$BERTH_DIR"/n*/log/berthd.log
}

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

is() {
	[ "$(state "$1")" = "$2" ]
}

host_of() {
	pgrep -f "bin/berth-framework.* $1\$"
}

cluster_up --conf "$WORK/berth.conf"

# ---- one that floods, one that hangs, beside a job that must not notice
long=$(submit batch --array 0-19 -- sh -c \
	"sleep 0.5; echo \$0 >>$WORK/lines" {})
succeeds "a framework floods, and is named in the log" within 30 \
	log_says 'framework flood: its calls take more than'
succeeds "and its calls are put off" \
	test "$(framework requests_put_off flood)" -gt 0
matches "the metrics name it" 'put_off_total.framework="flood"} [1-9]' \
	"$(curl -s --unix-socket "$BERTH_DIR/n0/api.sock" -H \
	"Authorization: Bearer $(cat "$BERTH_DIR/token")" \
	http://localhost/v1/metrics)"
hung=$(submit hang -- true)
succeeds "one hangs, and is named" within 30 \
	log_says 'framework hang: it does not answer'
succeeds "its host is replaced" within 30 \
	log_says 'framework hang: its host has hung and is killed'
succeeds "the reason is in the log" within 10 \
	log_says 'framework hang: its host has ended \(signal 9'
succeeds "one that lets its offers run out is named" within 30 \
	log_says 'framework flood: it lets its offers run out'
succeeds "one whose program is not there is named" within 10 \
	log_says 'framework nowhere: its host has ended'
succeeds "the job beside them ends well" within 60 is "$long" "ended done"
equal "each of its tasks ran once" "$(seq 0 19)" "$(sort -n "$WORK/lines")"
rss=$(curl -s --unix-socket "$BERTH_DIR/n0/api.sock" -H \
	"Authorization: Bearer $(cat "$BERTH_DIR/token")" \
	http://localhost/v1/metrics | awk '/^berth_resident_kib/ { print $2 }')
succeeds "the leader's memory is bounded ($rss KiB)" test "$rss" -lt 500000
berth frameworks

# ---- a host that is stopped is silent, too
kill -STOP "$(host_of batch)"
succeeds "a stopped host is named" within 30 \
	log_says 'framework batch: it does not answer'
succeeds "and replaced" within 30 log_says \
	'framework batch: its host has hung and is killed'
equal "then it works again" again \
	"$(timeout 60 "$BERTH" run batch -- echo again 2>&1)"

# ---- its host dies again and again: the pause grows, the task lives
task=$(submit batch -- sh -c "echo x >>$WORK/once; sleep 6")
within 20 is "$task" "running "
for round in 1 2 3; do
	within 20 host_of batch
	kill -9 "$(host_of batch)"
	sleep 0.3
done
succeeds "the pause grows and is named" within 10 log_says \
	'framework batch: its host has ended \(signal 9.*next start in (400|800|1600) ms'
succeeds "the task ends well" within 40 is "$task" "ended done"
equal "and ran once" 1 "$(wc -l <"$WORK/once")"

# ---- one that stays away for longer than its failover time
curl -s --unix-socket "$BERTH_DIR/n0/api.sock" -H \
	"Authorization: Bearer $(cat "$BERTH_DIR/token")" \
	-d '{"name": "brief", "failover_ms": 1000}' \
	http://localhost/v1/frameworks >/dev/null
lost=$(submit brief -- true)
succeeds "it stays away: its job is lost" within 30 is "$lost" "ended lost"
matches "and its job says why" "its framework is gone" \
	"$(berth show "$lost" --json | json 'd["text"]')"
cluster_down
finish
