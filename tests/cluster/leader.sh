#!/bin/bash
# modes: hosts emulate
# The leader's rank dies, is stopped, is cut off: another one leads, and all
# find it.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS

rank_of() {
	local p
	for p in $(pgrep -f "bin/berthd( |\$)"); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$1" && echo "$p" && return
	done
	return 1
}

leader() {
	berth status --json | json 'd["leader"]'
}

other_leads() {
	local now
	now=$(leader) && [ "$now" != "$1" ]
}

run_one() {
	timeout 60 "$BERTH" run batch -- echo "$1" 2>&1
}

all_well() {
	succeeds "$1: all nodes are up" within 40 nodes_up $NODES
	equal "$1: a batch job" again "$(run_one again)"
	equal "$1: MPI over all nodes" "ring of 4 ok: 40" \
		"$(timeout 60 "$BERTH" mpirun -n 4 -N 1 "$P/ring" 2>&1)"
}

# voters: five of four nodes make three
voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = 3 ]
}

cluster_up
within 20 voters_there

# ---- killed, twice: the second time another one
for round in 1 2; do
	old=$(leader)
	succeeds "the leader's rank is killed ($round)" \
		kill -9 "$(rank_of "$old")"
	succeeds "another one leads" within 20 other_leads "$old"
	all_well "killed $round"
	within 20 voters_there
done

# ---- stopped, and resumed when another one leads
old=$(leader)
stopped=$(rank_of "$old")
kill -STOP "$stopped"
succeeds "a leader that is stopped is replaced" within 30 other_leads "$old"
new=$(leader)
kill -CONT "$stopped"
all_well "resumed"
equal "and does not lead" "$new" "$(leader)"
cluster_down
finish
