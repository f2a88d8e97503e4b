#!/bin/bash
# modes: emulate hosts
# MPI programs over several nodes, as mpirun would run them.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

# rank_lines OUTPUT: "rank node" of hello's lines, by rank
rank_lines() {
	sed -n 's/^hello rank \([0-9]*\) of [0-9]* node \([^ ]*\) .*/\1 \2/p' \
		<<<"$1" | sort -n
}

free_cores() {
	berth nodes --json | json 'sum(n["free"]["cores"] for n in d["nodes"])'
}

all_free() {
	[ "$(free_cores)" = $((NODES * 4)) ]
}

cluster_up

out=$(berth mpirun -n 8 -N 2 "$P/hello" 2>&1)
equal "8 ranks said hello" "0 1 2 3 4 5 6 7" \
	"$(rank_lines "$out" | awk '{ print $1 }' | paste -sd' ')"
equal "two on each of four nodes" "2 2 2 2" \
	"$(rank_lines "$out" | awk '{ n[$2]++ } END { for (i in n) print n[i] }' |
		paste -sd' ')"
matches "they are one job" "of 8 node" "$out"
equal "and said nothing else" "" "$(grep -v '^hello rank' <<<"$out")"
if [ "$CLUSTER" = hosts ]; then
	equal "each on its own host" "n1 n2 n3 n4" \
		"$(sed -n 's/.* host \([^ ]*\) .*/\1/p' <<<"$out" | sort -u |
			paste -sd' ')"
fi

out=$(berth mpirun -n 4 -N 1 "$P/ring" 20 200000 2>&1)
equal "ring over 4 nodes" "ring of 4 ok: 80" "$out"
out=$(berth mpirun -n 8 -N 2 "$P/collectives" 2>&1)
equal "collectives over 4 nodes" "collectives over 8 ok" "$out"
out=$(berth mpirun -n 6 "$P/halo" 2>&1)
matches "halo exchange equals the serial run" \
	"^halo 120x120 over 3x2 ranks ok" "$out"
if /usr/bin/python3 -c 'import mpi4py' 2>/dev/null; then
	out=$(berth mpirun -n 4 -N 1 /usr/bin/python3 "$P/py_ring.py" 2>&1)
	equal "mpi4py" "mpi4py ring of 4 ok" "$out"
else
	skip "mpi4py is not installed"
fi

out=$(berth mpirun -n 1 "$P/hello" : -n 2 "$P/hello" 2>&1)
equal "two programs, one job" "0 1 2" \
	"$(rank_lines "$out" | awk '{ print $1 }' | paste -sd' ')"

# dynamic processes
out=$(berth mpirun -n 2 "$P/spawn" 2 2>&1)
equal "Comm_spawn" "spawned 2: 201" "$out"
berth mpirun -n 2 "$P/connect" accept meeting >"$WORK/accept" 2>&1 &
out=$(berth mpirun -n 2 "$P/connect" connect meeting 2>&1)
wait $!
equal "connect" "connect: 2 and 2 make 4" "$out"
equal "accept" "accept: 2 and 2 make 4" "$(cat "$WORK/accept")"
out=$(berth mpirun -n 4 -N 1 "$P/sessions" 2>&1)
case $out in
*"no sessions"*) skip "sessions: this MPI has none" ;;
*) equal "sessions" "session of 4 ok" "$out" ;;
esac

# how jobs end
berth mpirun -n 4 -N 1 "$P/ring" >/dev/null 2>&1
equal "exit code of a good job" 0 $?
berth mpirun -n 4 -N 1 "$P/die" exit 3 2 >/dev/null 2>&1
equal "exit code of a rank" 3 $?
berth mpirun -n 4 -N 1 "$P/die" signal 9 1 >/dev/null 2>&1
equal "signal of a rank" 137 $?
berth mpirun -n 4 -N 1 "$P/abort" 7 3 >/dev/null 2>&1
equal "code of MPI_Abort" 7 $?
berth mpirun -n 2 -N 1 "$P/die" leave 0 1 >/dev/null 2>&1
rc=$?
succeeds "leaving without MPI_Finalize is a failure" test $rc -ne 0
out=$(berth mpirun -n 2 /no/such/program 2>&1)
rc=$?
succeeds "a missing program is a failure" test $rc -ne 0
matches "and is named" "/no/such/program" "$out"

# flags
out=$(berth mpirun -n 1 -x GREETING=hi sh -c 'echo $GREETING' 2>&1)
equal "-x" hi "$out"
out=$(berth mpirun -n 1 --wdir / pwd 2>&1)
equal "--wdir" / "$out"
from=$SECONDS
berth mpirun --timeout 2 -n 2 "$P/hello" 60000 >/dev/null 2>&1
rc=$?
succeeds "--timeout ends the job" test $rc -ne 0 -a $((SECONDS - from)) -lt 20
out=$(berth mpirun --tag-output -n 2 "$P/hello" 2>&1)
equal "--tag-output marks each line with its rank" 2 \
	"$(grep -Ec '[^0-9a-z][01][^0-9a-z].*hello rank [01] of 2' <<<"$out")"

succeeds "all cores are free again" within 10 all_free
cluster_down
finish
