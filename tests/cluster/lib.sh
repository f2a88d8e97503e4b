# lib.sh - what the cluster tests share.  Sourced by tests/cluster/*.sh, which
# tests/cluster/run starts, each in namespaces of its own where that is
# allowed: whatever a test leaves behind is seen, and dies with it.
#
# Given by run: TOP, BUILD, PROGRAMS (the test programs), WORK (a folder of
# this test, on every host), CLUSTER (emulate, hosts, or mpirun: hosts where
# mpirun starts the ranks), ISOLATED (yes or no).
# shellcheck shell=bash
BERTH=$BUILD/bin/berth
PATH=$BUILD/bin:$PATH
export BERTH_DIR=$WORK/b
export BERTH_TEST_HOSTS=$WORK/hosts
export HOME=$WORK/home
mkdir -p "$HOME" "$BERTH_TEST_HOSTS"
cd "$HOME" || exit 1
NODES=4
TOPOLOGY='package:1 l3:2 core:2 pu:1'
status=0

# ---- asserts: a line each ---------------------------------------------------

ok() {
	echo "ok $*"
}

not_ok() {
	echo "not ok $*"
	status=1
}

skip() {
	echo "skip $*"
}

# say DESCRIPTION COMMAND...: it succeeds
succeeds() {
	local what=$1 out rc=0
	shift
	out=$("$@" 2>&1) || rc=$?
	if [ $rc -eq 0 ]; then
		ok "$what"
	else
		not_ok "$what"
		echo "# exit $rc of: $*"
		printf '%s\n' "$out" | head -n 20 | sed 's/^/# /'
	fi
}

equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '# wanted: %s\n# got:    %s\n' "$(head -c 600 <<<"$2")" \
			"$(head -c 600 <<<"$3")"
	fi
}

# matches DESCRIPTION EXTENDED-REGEX TEXT
matches() {
	if grep -Eq -- "$2" <<<"$3"; then
		ok "$1"
	else
		not_ok "$1"
		printf '# no match for: %s\n' "$2"
		printf '%s\n' "$3" | head -n 10 | sed 's/^/# /'
	fi
}

# refused DESCRIPTION REGEX COMMAND...: exit 2 and one line that fits
refused() {
	local what=$1 regex=$2 out rc=0
	shift 2
	out=$("$@" 2>&1 >/dev/null </dev/null) || rc=$?
	if [ $rc -eq 2 ] && [ "$(wc -l <<<"$out")" -eq 1 ] &&
	   grep -Eq -- "$regex" <<<"$out"; then
		ok "$what"
	else
		not_ok "$what"
		echo "# exit $rc of: $*"
		printf '%s\n' "$out" | head -n 10 | sed 's/^/# /'
	fi
}

# within SECONDS COMMAND...: until it succeeds
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

finish() {
	exit $status
}

# ---- Berth ------------------------------------------------------------------

berth() {
	"$BERTH" "$@"
}

# The number that submit prints last.
submit() {
	berth submit "$@" | awk 'END { print $NF }'
}

json() {
	/usr/bin/python3 -c '
import json, sys
data = json.load(sys.stdin)
print(eval(sys.argv[1], {"d": data}))' "$1"
}

nodes_up() {
	[ "$(berth nodes --json | json \
		'sum(n["state"] == "up" for n in d["nodes"])')" = "$1" ]
}

frameworks_there() {
	local list
	list=$(berth frameworks --json) || return 1
	grep -q '"mpi"' <<<"$list" && grep -q '"batch"' <<<"$list"
}

# cluster_up [ARGUMENT...]: $NODES nodes, the way that $CLUSTER says
cluster_up() {
	local rc=0
	if [ "$CLUSTER" = mpirun ]; then
		hosts_make $NODES
		mpirun_up
	elif [ "$CLUSTER" = hosts ]; then
		hosts_make $NODES
		berth up --hosts "$WORK/hostfile" --rsh "$WORK/rsh" \
			--topology "$TOPOLOGY" "$@" || rc=$?
	else
		berth up --emulate $NODES --topology "$TOPOLOGY" "$@" || rc=$?
	fi
	if [ $rc -ne 0 ] || ! within 30 nodes_up $NODES ||
	   ! within 15 frameworks_there; then
		not_ok "berth up ($CLUSTER)"
		logs
		exit 1
	fi
	ok "berth up: $NODES nodes ($CLUSTER)"
}

mpirun_up() {
	local flags="--allow-run-as-root --bind-to none -N 1"
	case $(mpirun --version | head -n 1) in
	*" 4."*) flags="$flags --mca plm_rsh_agent $WORK/rsh" ;;
	*) flags="$flags --prtemca plm_ssh_agent $WORK/rsh" ;;
	esac
	# shellcheck disable=SC2086 # words
	mpirun $flags --hostfile "$WORK/hostfile" -x HOME "$BUILD/bin/berthd" \
		--dir "$BERTH_DIR" --topology "$TOPOLOGY" \
		>"$WORK/mpirun.log" 2>&1 </dev/null &
}

# What the parts said, when something went wrong.
logs() {
	local f
	find "$WORK" /tmp -maxdepth 6 -name '*.log' -size +0 2>/dev/null |
		while read -r f; do
			echo "# ---- $f"
			tail -n 6 "$f" | cut -c1-300 | sed 's/^/#   /'
		done | head -n 80
}

cluster_down() {
	succeeds "berth down" berth down
	nothing_left
	[ "$CLUSTER" = emulate ] || hosts_end
}

# Processes of Berth, of this test.
ours() {
	local p
	for p in /proc/[0-9]*; do
		[ "${p#/proc/}" != $$ ] || continue
		if [ "$ISOLATED" = no ] && ! tr '\0' '\n' 2>/dev/null \
			<"$p/environ" | grep -q "$WORK"; then
			continue
		fi
		case $(tr '\0' ' ' 2>/dev/null <"$p/cmdline") in
		*"$PROGRAMS/nsinit "*) ;;
		*bin/berth* | *"$PROGRAMS"*) echo "${p#/proc/}" ;;
		esac
	done
}

none_of_ours() {
	[ -z "$(ours)" ]
}

nothing_left() {
	local left
	if within 5 none_of_ours; then
		ok "no process is left"
	else
		not_ok "no process is left"
		for left in $(ours); do
			echo "# $left $(tr '\0' ' ' <"/proc/$left/cmdline" |
				cut -c1-200)"
		done
	fi
	equal "no socket is left" "" \
		"$(find "$WORK" $([ "$PRIVATE_TMP" = no ] || echo /tmp) -path "$WORK/slurm" -prune -o -type s \
			-print 2>/dev/null | head -n 5)"
	[ "$ISOLATED" = yes ] || return 0
	equal "/dev/shm is empty" "" "$(shm_files)"
}

shm_files() {
	local pid
	find /dev/shm -type f | head -n 5
	for pid in $(cat "$BERTH_TEST_HOSTS"/*.pid 2>/dev/null); do
		nsenter -t "$pid" -m find /dev/shm -type f | head -n 5
	done
}

# ---- hosts: network namespaces ----------------------------------------------
# Each has a name, an address, processes, /dev/shm and /tmp of its own; they
# share $WORK, the build and the rest, as nodes of a cluster share a home.
# This shell is the login node, 10.77.0.254.

host_boot() {
	local i=$1 name=n$1 holder pid
	unshare --net --uts --ipc --pid --mount --fork --kill-child \
		--mount-proc -- "$PROGRAMS/nsinit" </dev/null >/dev/null 2>&1 &
	holder=$!
	disown
	within 5 pgrep -P "$holder" || return 1
	pid=$(pgrep -P "$holder")
	within 5 host_ready "$pid" || return 1
	echo "$pid" >"$BERTH_TEST_HOSTS/$name.pid"
	ip link add "v$i" type veth peer name eth0 netns "$pid" &&
		ip link set "v$i" master br0 up || return 1
	mkdir -p "$WORK/tmp.$name"
	nsenter -t "$pid" -u -n -m -- sh -e -c "
		hostname $name
		ip link set lo up
		ip addr add 10.77.0.$i/24 dev eth0
		ip link set eth0 up
		mount --bind '$WORK/etc_hosts' /etc/hosts
		mount -t tmpfs -o mode=1777 tmpfs /dev/shm
		$([ "$PRIVATE_TMP" = no ] ||
			echo "mount --bind '$WORK/tmp.$name' /tmp")
	"
}

# nsinit runs, so the namespaces are there.
host_ready() {
	grep -q nsinit "/proc/$1/comm"
}

host_kill() {
	local pid
	pid=$(cat "$BERTH_TEST_HOSTS/n$1.pid")
	kill -9 "$pid"
	rm -f "$BERTH_TEST_HOSTS/n$1.pid"
	within 5 test ! -e "/sys/class/net/v$1" || ip link del "v$1"
}

on_host() {
	local host=$1
	shift
	"$TOP/tests/cluster/nsrsh" "$host" "$@"
}

hosts_make() {
	local i
	ip link add br0 type bridge && ip addr add 10.77.0.254/24 dev br0 &&
		ip link set br0 up || return 1
	{
		echo "127.0.0.1 localhost"
		for i in $(seq "$1"); do
			echo "10.77.0.$i n$i"
		done
		echo "10.77.0.254 login"
	} >"$WORK/etc_hosts"
	mount --bind "$WORK/etc_hosts" /etc/hosts
	hostname login
	: >"$WORK/hostfile"
	for i in $(seq "$1"); do
		echo "n$i" >>"$WORK/hostfile"
		host_boot "$i" || return 1
	done
	printf '#!/bin/sh\nBERTH_TEST_HOSTS=%s HOME=%s exec %s "$@"\n' \
		"$BERTH_TEST_HOSTS" "$HOME" "$TOP/tests/cluster/nsrsh" \
		>"$WORK/rsh"
	chmod +x "$WORK/rsh"
}

hosts_end() {
	local f
	for f in "$BERTH_TEST_HOSTS"/*.pid; do
		[ -e "$f" ] || continue
		f=${f##*/n}
		host_kill "${f%.pid}"
	done
	umount /etc/hosts
	ip link del br0
}
