#!/bin/bash
# modes: hosts
# A leader that is cut off, in both directions or in one, stopped, or whose
# clock is set; a follower that is cut off; and all of them back again.
#
# CUT: which of CUT_ALL, or all; default: CUT_SHORT.  CUT_ROUNDS: how often (1).
# CUT_JOINS: rounds of the joiner cases (10).  CUT_BUSY: seconds of busy (120).
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS
NODES=${CUT_NODES:-5}
CUT_SHORT="leader_cut leader_deaf leader_stopped clock"
CUT_ALL="leader_cut leader_deaf leader_mute follower_cut minority
	leader_stopped node_stopped clock joiner_killed joiner_stopped busy"
CUT=${CUT:-$CUT_SHORT}
[ "$CUT" != all ] || CUT=$CUT_ALL
export BERTH

TOOL="/usr/bin/python3 $TOP/tests/cluster/cut.py"

tool() {
	$TOOL "$@"
}

leader() {
	berth status --json | json 'd["leader"]'
}

term() {
	berth status --json | json 'd["term"]'
}

other_leads() {
	local now
	now=$(leader) && [ "$now" != "$1" ]
}

# An odd number of voters.
voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = \
		$((NODES - 1 + NODES % 2)) ]
}

rank_of() {
	local p
	for p in $(pgrep -f "bin/berthd( |\$)"); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$1" && echo "$p" && return
	done
	return 1
}

others() {
	local i
	for i in $(seq $NODES); do
		[ "n$i" = "$1" ] || echo "n$i"
	done
}

# ---- the network --------------------------------------------------------------
# Nobody is told that it is cut: no packet comes back for one that is dropped.

mac() {
	nsenter -t "$(cat "$BERTH_TEST_HOSTS/$1.pid")" -n ip link show eth0 |
		awk '/ether/ { print $2 }'
}

# Nobody has to ask for an address.
neighbours() {
	local a b
	for a in $(others -); do
		for b in $(others "$a"); do
			nsenter -t "$(cat "$BERTH_TEST_HOSTS/$a.pid")" -n \
				ip neigh replace "10.77.0.${b#n}" lladdr \
				"${MAC[${b#n}]}" dev eth0 nud permanent
		done
	done
}

port() {
	bridge link set dev "v${1#n}" "${@:2}"
}

forget_port() {
	bridge fdb del "${MAC[${1#n}]}" dev "v${1#n}" master 2>/dev/null
	return 0
}

cut_both() {
	ip link set "v${1#n}" down
}

# What is sent to it is dropped.
cut_to() {
	port "$1" flood off mcast_flood off bcast_flood off learning off
	forget_port "$1"
}

# What it sends is dropped.
cut_from() {
	port "$1" locked on learning off
	forget_port "$1"
}

# With others, on a bridge of their own.
cut_together() {
	local n
	ip link show br1 >/dev/null 2>&1 || ip link add br1 type bridge
	ip link set br1 up
	for n; do
		ip link set "v${n#n}" master br1
	done
}

heal() {
	local n
	for n in $(others -); do
		ip link set "v${n#n}" master br0 up
		port "$n" flood on mcast_flood on bcast_flood on learning on \
			locked off
	done
}

# ---- stopped ------------------------------------------------------------------

# All processes of a node but its first.
signal_node() {
	local ns p
	ns=$(readlink "/proc/$(cat "$BERTH_TEST_HOSTS/$2.pid")/ns/pid")
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/ns/pid" 2>/dev/null)" = "$ns" ] || continue
		grep -q nsinit "$p/comm" || kill "-$1" "${p#/proc/}"
	done
}

# ---- a case -------------------------------------------------------------------

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

running() {
	[ "$(state "$1")" = "running " ]
}

# begin CASE VICTIM: a task on the victim, and an MPI job on two other nodes
begin() {
	local pair
	what=$1 victim=$2
	pair=$(others "$victim" | shuf -n 2 | paste -sd,)
	echo "# $what: $victim; MPI on $pair"
	there=$(submit batch -w "$victim" -- sh -c \
		"echo x >>$WORK/there.$what; sleep 4; echo end")
	mpi=$(submit mpi -n 2 -N 1 -w "$pair" -- sh -c \
		"echo x >>$WORK/mpi.$what; exec $P/hello 4000")
	within 20 running "$there"
	within 20 running "$mpi"
}

# After the cut: another leads, and the old one acknowledges nothing.
replaced() {
	succeeds "$what: another one leads" within 20 other_leads "$victim"
	equal "$what: the old one acknowledges nothing" no \
		"$(tool ask "$victim" POST /v1/jobs \
		'{"framework":"batch","argv":["true"],"cwd":"/"}' |
		sed 's/^201$/yes/; s/^[0-9]*$/no/')"
}

# After it is healed: all are up, what ran has run once, and the victim works.
recovered() {
	succeeds "$what: all nodes are up again" within 40 nodes_up $NODES
	equal "$what: it is used" "$victim" "$(timeout 60 "$BERTH" run batch \
		-w "$victim" -- sh -c 'echo $BERTH_NODE' 2>&1)"
	timeout 60 "$BERTH" wait "$there" >/dev/null 2>&1
	equal "$what: its task ran once, to its end" "ended done 1 end" \
		"$(state "$there") $(wc -l <"$WORK/there.$what") $(berth logs \
			"$there")"
	timeout 60 "$BERTH" wait "$mpi" >/dev/null 2>&1
	equal "$what: the MPI job elsewhere did not notice" "ended done 2" \
		"$(state "$mpi") $(wc -l <"$WORK/mpi.$what")"
	succeeds "$what: all vote" within 30 voters_there
	rm -f "$WORK/there.$what" "$WORK/mpi.$what"
}

leader_cut() {
	begin leader_cut "$(leader)"
	cut_both "$victim"
	replaced
	heal
	recovered
}

leader_deaf() {
	begin leader_deaf "$(leader)"
	cut_to "$victim"
	replaced
	heal
	recovered
}

leader_mute() {
	begin leader_mute "$(leader)"
	cut_from "$victim"
	replaced
	heal
	recovered
}

follower_cut() {
	begin follower_cut "$(others "$(leader)" | shuf -n 1)"
	local term
	term=$(term)
	cut_both "$victim"
	succeeds "follower_cut: it is suspected" within 20 nodes_up $((NODES - 1))
	heal
	recovered
	equal "follower_cut: the leader is the same" "$term" "$(term)"
}

# The leader and another node, of five.
minority() {
	begin minority "$(leader)"
	local with
	with=$(others "$victim" | shuf -n 1)
	cut_together "$victim" "$with"
	replaced
	heal
	recovered
}

leader_stopped() {
	local pid
	begin leader_stopped "$(leader)"
	pid=$(rank_of "$victim")
	kill -STOP "$pid"
	succeeds "$what: another one leads" within 20 other_leads "$victim"
	# It lies in the socket of the one that is stopped.
	tool ask "$victim" POST /v1/jobs \
		'{"framework":"batch","argv":["true"],"cwd":"/"}' \
		>"$WORK/asked" &
	sleep 0.3
	kill -CONT "$pid"
	wait $!
	equal "$what: what came to it meanwhile is not acknowledged" no \
		"$(sed 's/^201$/yes/; s/^[0-9]*$/no/' "$WORK/asked")"
	recovered
}

node_stopped() {
	begin node_stopped "$(leader)"
	signal_node STOP "$victim"
	replaced
	signal_node CONT "$victim"
	recovered
}

# ---- the wall clock -------------------------------------------------------------

clock_set() {
	/usr/bin/python3 -c 'import struct, sys
sys.stdout.buffer.write(struct.pack("q", int(sys.argv[1])))' "$2" \
		1<>"$WORK/clock.$1"
}

clock() {
	begin clock "$(leader)"
	local term old=$victim n
	term=$(term)
	succeeds "clock: a rank has its own" grep -q clock.so \
		"/proc/$(rank_of "$old")/maps"
	clock_set "$old" 7200
	equal "clock: two hours ahead, work goes on" well \
		"$(timeout 30 "$BERTH" run batch -- echo well 2>&1)"
	clock_set "$old" -7200
	for n in $(others "$old"); do
		clock_set "$n" 7200
	done
	equal "clock: two hours behind, too" well \
		"$(timeout 30 "$BERTH" run batch -- echo well 2>&1)"
	equal "clock: nobody else leads" "$term" "$(term)"
	recovered
	# The next leader's clock is another.
	kill -9 "$(rank_of "$old")"
	succeeds "clock: another one leads" within 20 other_leads "$old"
	clock_set "$(leader)" 0
	equal "clock: work goes on under it" well \
		"$(timeout 30 "$BERTH" run batch -- echo well 2>&1)"
	for n in $(others -); do
		clock_set "$n" 0
	done
	succeeds "clock: all nodes are up" within 40 nodes_up $NODES
	succeeds "clock: all vote" within 30 voters_there
}

# ---- a rank that comes back ends, or stops, in the middle of joining -------------

joiner() {
	local out
	out=$(tool join "$1" "${CUT_JOINS:-10}" 2>&1)
	grep '^#' <<<"$out"
	equal "joiner ($1): one leads at a time" "one at a time" \
		"$(tail -n 1 <<<"$out")"
	succeeds "joiner ($1): all vote" within 30 voters_there
}

joiner_killed() {
	joiner KILL
}

joiner_stopped() {
	joiner STOP
}

# ---- a machine that is busy ------------------------------------------------------

busy() {
	local term busy=()
	term=$(term)
	for _ in $(seq $((2 * $(nproc)))); do
		sh -c 'while :; do :; done' &
		busy+=($!)
	done
	sleep "${CUT_BUSY:-120}"
	kill "${busy[@]}"
	equal "busy: the leader is the same" "$term" "$(term)"
}

# ---- all ------------------------------------------------------------------------

${CC:-cc} -O2 -shared -fPIC -o "$WORK/clock.so" \
	"$TOP/tests/cluster/cut_clock.c" || exit 1
for i in $(seq $NODES); do
	clock_set "n$i" 0
done
cat >"$WORK/rsh.clock" <<EOF
#!/bin/sh
host=\$1
shift
exec "$WORK/rsh" "\$host" LD_PRELOAD=$WORK/clock.so \
	BERTH_TEST_CLOCK=$WORK/clock.\$host "\$@"
EOF
chmod +x "$WORK/rsh.clock"
cluster_up --rsh "$WORK/rsh.clock"
for i in $(seq $NODES); do
	MAC[i]=$(mac "n$i")
done
neighbours
within 30 voters_there

$TOOL watch "$WORK/watch" &
watch=$!
$TOOL load "$WORK/ran" &
load=$!
for round in $(seq "${CUT_ROUNDS:-1}"); do
	for one in $CUT; do
		"$one"
	done
done
kill $load && wait $load
kill $watch && wait $watch
equal "never did two lead" "one at a time" "$(head -n 1 "$WORK/watch")"
tail -n 1 "$WORK/watch" | sed 's/^/# /'

all_ran() {
	[ -z "$(comm -23 <(sort "$WORK/ran.told") <(sort -u "$WORK/ran"))" ]
}
within 30 all_ran
equal "each job that was acknowledged ran" "" \
	"$(comm -23 <(sort "$WORK/ran.told") <(sort -u "$WORK/ran"))"
equal "and ran once" "" "$(sort "$WORK/ran" | uniq -d)"
echo "# $(wc -l <"$WORK/ran.told") acknowledged, $(wc -l <"$WORK/ran") ran"
cluster_down
finish
