#!/bin/bash
# modes: hosts
# Jobs that outlive their ranks: berth mpirun --ft (Open MPI 5 with ULFM).
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

# Whether the MPI library here knows of it.
has_ulfm() {
	ompi_info | grep -Eq 'Fault Tolerance support: *yes' &&
		grep -q MPIX_Comm_shrink "$P/shrink"
}

run_ft() {
	timeout 90 "$BERTH" mpirun --ft "$@" 2>&1
	echo "code $?"
}

runs() {
	berth logs "$1" 2>/dev/null | grep -q "all are there"
}

# The last line that it printed and its exit code, once it has ended.
end_of() {
	local rc=0
	timeout 60 "$BERTH" wait "$1" >/dev/null 2>&1 || rc=$?
	berth logs "$1" 2>/dev/null | tail -n 1
	echo "code $rc"
}

# Pid of the job's shepherd on a node, seen from here.
shepherd_of() {
	pgrep -f "bin/berth-shepherd --(key j$1|spare)" | while read -r p; do
		grep -qzx "BERTH_NODE=$2" "/proc/$p/environ" 2>/dev/null &&
			pgrep -P "$p" -f "$P/shrink" >/dev/null && echo "$p"
	done
}

held_on() {
	berth nodes --json | json \
		"[n['tasks'] for n in d['nodes'] if n['name'] == '$1'][0]"
}

echo 'broker = { node_timeout_ms = 3000; };' >"$WORK/conf"
cluster_up --conf "$WORK/conf"
if ! has_ulfm; then
	matches "Open MPI 4.1 cannot: one line says so" \
		'Open MPI 5 with ULFM' "$(run_ft -n 4 -N 1 "$P/shrink" 3 1)"
	cluster_down
	finish
fi

equal "a rank is killed, the others go on" \
	"$(printf 'all are there\n7 are left, sum 25\ncode 0')" \
	"$(run_ft -n 8 -N 2 "$P/shrink" 7 3)"
equal "a rank leaves without MPI_Finalize" \
	"$(printf 'all are there\n7 are left, sum 28\ncode 0')" \
	"$(run_ft -n 8 -N 2 "$P/shrink" 7 0 5)"

# all of a node's ranks, with their shepherd
job=$(submit mpi --ft -n 8 -N 2 "$P/shrink" 6)
within 20 runs "$job"
kill -9 "$(shepherd_of "$job" n2)"
equal "a shepherd dies" "$(printf '6 are left, sum 23\ncode 0')" \
	"$(end_of "$job")"

# the slice of a task whose ranks are gone is given back at once
job=$(submit mpi --ft -n 4 -N 1 "$P/shrink" 2)
within 20 runs "$job"
kill -9 "$(pgrep -P "$(shepherd_of "$job" n3)" -f "$P/shrink")"
succeeds "a dead rank's slice is given back" within 10 \
	eval '[ "$(held_on n3)" = 0 ]'
matches "while its job runs on" 'running' "$(berth show "$job" --json)"
kill -9 "$(pgrep -P "$(shepherd_of "$job" n4)" -f "$P/shrink")"
equal "to its end" "$(printf '2 are left, sum 1\ncode 0')" "$(end_of "$job")"
matches "berth show tells who died" "rank 2 on n3.*signal 9" \
	"$(berth show "$job" --json)"

timeout 60 "$BERTH" mpirun -n 4 -N 1 "$P/shrink" 3 1 >/dev/null 2>&1
equal "without --ft such a job ends" 137 $?

# a node
job=$(submit mpi --ft -n 8 -N 2 "$P/shrink" 6)
within 20 runs "$job"
first=$(berth nodes --json | json '[n["name"] for n in d["nodes"] if n["leader"]][0]')
victim=n4
[ "$first" != n4 ] || victim=n3
host_kill "${victim#n}"
rm -rf "$WORK/tmp.$victim" # gone with the node
matches "a node dies" '6 are left, sum (15|19)' "$(end_of "$job")"
cluster_down
finish
