#!/bin/bash
# modes: hosts
# A rank, a shepherd, a shepherd with its launcher are killed: the job ends, and
# nothing of it stays on its node: processes, shared memory, folders, cgroups.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

# Pid of a program of the node's, seen from here.
pid_of() {
	local p
	for p in $(pgrep -f "bin/$1( |\$)"); do
		if grep -qzx "BERTH_NODE=$2" "/proc/$p/environ" 2>/dev/null ||
		   tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline" |
			grep -qw -- "$2"; then
			echo "$p"
			return
		fi
	done
	return 1
}

# Pid of the job's shepherd on a node: the parent of its ranks there.
shepherd_of() {
	local p
	for p in $(pgrep -f "^$P/hello 6000$1"); do
		if grep -qzx "BERTH_NODE=$2" "/proc/$p/environ" 2>/dev/null; then
			ps -o ppid= -p "$p"
			return
		fi
	done
	return 1
}

running() {
	[ "$(pgrep -c -f "^$P/hello 6000$1")" = 8 ] && stray_runs "$1" &&
		berth show "$2" --json | grep -q '"state": "running"'
}

stray_runs() {
	pgrep -f "^$P/stray $WORK/stray.$1" >/dev/null
}

none_runs() {
	! stray_runs "$1" && ! pgrep -f "^$P/hello 6000$1" >/dev/null
}

# Folders on the node that nobody holds a lock on.
left_on() {
	on_host "$1" sh -c 'for d in /tmp/berth-session.* /dev/shm/*; do
		[ ! -d "$d" ] || ! flock -n "$d" true || echo "$d"
		[ ! -f "$d" ] || echo "$d"
	done'
}

# Cgroups of the node's for this job.
cgroups_of() {
	local path
	path=$(sed -n 's/.*cgroups: //p' \
		"$WORK/tmp.$1/berth-0/default/$1/log/launcher.log" | tail -n 1)
	[ ! -d "$path" ] || ls -d "$path"/j"$2" 2>/dev/null
}

# job NUMBER: two ranks a node, one with a child that has left its session
start() {
	job=$(submit mpi -n 8 -N 2 -- sh -c "
		[ \$BERTH_RANK != 2 ] || $P/stray $WORK/stray.$1 1
		exec $P/hello 6000$1")
	succeeds "$1: a job runs" within 30 running "$1" "$job"
}

# ended NUMBER "CODE OUTCOME": what comes of it
ended() {
	local rc=0
	timeout 60 "$BERTH" wait "$job" >/dev/null 2>&1 || rc=$?
	equal "$1: the job is over" "$2" "$rc $(berth show "$job" --json |
		json 'd["outcome"]')"
	succeeds "$1: none of its processes is left" within 20 none_runs "$1"
	succeeds "$1: no folder, no shared memory" within 20 \
		eval '[ -z "$(left_on n2)$(left_on n1)" ]'
	succeeds "$1: no cgroup" within 10 eval '[ -z "$(cgroups_of n2 $job)" ]'
}

other_pid() {
	local now
	now=$(pid_of "$1" "$2") && [ "$now" != "$3" ]
}

cluster_up
start 0
kill -9 "$(pgrep -f "^$P/hello 60000" | tail -n 1)"
ended 0 "137 failed"

start 1
kill -9 "$(shepherd_of 1 n2)"
ended 1 "1 lost"

start 2
old=$(pid_of berth-launcher n2)
kill -9 "$(shepherd_of 2 n2)" "$old"
succeeds "2: the launcher is started again" within 30 other_pid \
	berth-launcher n2 "$old"
ended 2 "1 lost"
cluster_down
finish
