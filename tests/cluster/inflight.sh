#!/bin/bash
# modes: hosts
# A fence over nodes, a spawn, output and input are on their way while
# launchers die and ranks are away, the leader's too: all go on.
# For a person: BERTH_TEST_INFLIGHT_MB says how much output there is (100, say),
# and half of it input; without it nothing is done.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS
MB=${BERTH_TEST_INFLIGHT_MB:-0}
if [ "$MB" = 0 ]; then
	skip "set BERTH_TEST_INFLIGHT_MB"
	finish
fi

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

other_pid() {
	local now
	now=$(pid_of "$1" "$2") && [ "$now" != "$3" ]
}

leader() {
	berth status --json | json 'd["leader"]'
}

processes() {
	[ "$(pgrep -c -f "$1")" -ge "$2" ]
}

# What the job has printed and its exit code, once it has ended.
end_of() {
	local rc=0
	timeout 90 "$BERTH" wait "$1" >/dev/null 2>&1 || rc=$?
	echo "$rc $(berth logs "$1" 2>/dev/null)"
}

cat >"$WORK/late" <<EOF
#!/bin/sh
# late FILE PROGRAM...: when the file is there
while [ ! -e "\$1" ]; do sleep 0.05; done
shift
exec "\$@"
EOF
cat >"$WORK/child" <<EOF
#!/bin/sh
exec $WORK/late $WORK/go $P/spawn "\$@"
EOF
chmod +x "$WORK/late" "$WORK/child"
cluster_up
# voters: five of four nodes make three
within 20 eval '[ "$(berth status --json |
	json "len(d.get(\"voters\", []))")" = 3 ]'

# three ranks are in MPI_Init, which ends when the last one comes
fence=$(submit mpi -n 4 -N 1 -- sh -c \
	"[ \$BERTH_RANK != 3 ] || exec $WORK/late $WORK/go $P/ring
	 exec $P/ring")
# the children are started and not yet in MPI_Init
spawn=$(submit mpi -n 4 -N 1 -- bash -c "exec -a $WORK/child $P/spawn 4")
within 30 processes "^$P/ring" 3
within 30 processes "late $WORK/go $P/spawn" 4

# output of two ranks, whose lines carry their numbers; and input
half=$((MB * 500000 / 64 * 64))
head -c $((MB * 500000)) /dev/urandom >"$WORK/in"
timeout 150 "$BERTH" mpirun -n 4 -N 1 sh -c \
	"[ \$BERTH_RANK -lt 2 ] || exec $P/noop; exec $P/flood $half mpi" \
	2>/dev/null >"$WORK/out" &
output=$!
timeout 150 "$BERTH" mpirun -n 4 -N 1 "$P/reader" <"$WORK/in" \
	>"$WORK/read" 2>"$WORK/read.err" &
input=$!
within 30 test -s "$WORK/out"
within 30 processes "^$P/reader" 4

# the launchers of n1, where collectives are gathered, and n2 are started again
# by their ranks
first=$(pid_of berth-launcher n1)
second=$(pid_of berth-launcher n2)
kill -9 "$first" "$second"
succeeds "two launchers die and are started again" eval \
	"within 30 other_pid berth-launcher n1 $first &&
	 within 30 other_pid berth-launcher n2 $second"
now=$(leader)
other=n3
[ "$now" != n3 ] || other=n4
succeeds "the leader's rank dies, and an agent's" kill -9 \
	"$(pid_of berthd $other)" "$(pid_of berthd "$now")"
touch "$WORK/go"

equal "a fence is taken up again" "0 ring of 4 ok: 40" "$(end_of "$fence")"
equal "a spawn goes on" "0 spawned 4: 406" "$(end_of "$spawn")"
wait $output
equal "output: it ends well" 0 $?
equal "output: nothing is missing or twice" "$half $half" \
	"$(grep -a '^0:' "$WORK/out" | sort -u | wc -c) $(
	   grep -a '^1:' "$WORK/out" | sort -u | wc -c)"
equal "output: nothing else" $((2 * half)) "$(wc -c <"$WORK/out")"
wait $input
equal "input: it ends well" 0 $?
matches "input: all of it is read" "^rank 3: $((MB * 500000)) bytes" \
	"$(cat "$WORK/read" "$WORK/read.err")"
succeeds "all nodes are up" within 60 nodes_up $NODES
cluster_down
finish
