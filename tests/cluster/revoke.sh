#!/bin/bash
# modes: emulate
# What is guaranteed is taken back from whoever has more than his part.
. "$TOP/tests/cluster/lib.sh"

running() { # JOB
	berth show "$1" --json | json 'd["tasks"]["running"]'
}

runs() { # JOB N
	[ "$(running "$1")" = "$2" ]
}

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

# Milliseconds from a job's submission to the start of its first task.
first_start() { # JOB
	berth show "$1" --json | json 'min(t["started_at"] for t in
		d["task_list"] if t["started_at"] > 0) - d["submitted_at"]'
}

cluster_up
succeeds "a guarantee" berth share set owner --guarantee cores=4

# a guest has all; what leaves at once
guest=$(submit batch --array 0-15 --role guest -- sleep 300)
succeeds "a guest has all" within 15 runs "$guest" 16
mine=$(submit batch --array 0-3 --role owner -- sleep 2)
succeeds "the owner gets his part" within 10 runs "$mine" 4
equal "the guest keeps the rest" 12 "$(running "$guest")"
echo "# a guest that leaves at once: $(first_start "$mine") ms"
succeeds "soon" test "$(first_start "$mine")" -lt 1000
berth wait "$mine" >/dev/null 2>&1
equal "it ran" 0 $?
succeeds "the guest's tasks come again" within 15 runs "$guest" 16
berth cancel "$guest" >/dev/null

# what does not want to leave
guest=$(submit batch --array 0-15 --role guest --grace 1s -- \
	sh -c 'trap "" TERM; while :; do sleep 0.1; done')
succeeds "a guest that ignores SIGTERM" within 15 runs "$guest" 16
sleep 0.3
mine=$(submit batch --array 0-3 --role owner -- sleep 1)
succeeds "goes at the deadline" within 10 runs "$mine" 4
ms=$(first_start "$mine")
echo "# a guest that ignores SIGTERM: grace 1000 ms, start after $ms ms"
succeeds "not before" test "$ms" -ge 990
succeeds "and soon after it" test "$ms" -lt 2500
berth wait "$mine" >/dev/null 2>&1
berth cancel "$guest" >/dev/null
within 10 eval '[ "$(state '"$guest"')" = "ended cancelled" ]'

# MPI: all of it goes, and comes again
guest=$(submit mpi -n 14 --role guest --checkpoint-signal USR1 -- \
	sh -c 'trap "echo \$PMIX_RANK >>'"$WORK"'/warned" USR1
		trap "exit 0" TERM; while :; do sleep 0.05; done')
succeeds "an MPI guest" within 15 eval 'runs '"$guest"' 4'
sleep 0.5
mine=$(submit mpi -n 4 --role owner -- sleep 2)
succeeds "goes for an MPI job of the owner" within 10 \
	eval '[ "$(state '"$mine"')" = "running " ]'
succeeds "after a warning" test -s "$WORK/warned"
berth wait "$mine" >/dev/null 2>&1
equal "which runs" 0 $?
succeeds "and the guest runs again" within 15 \
	eval '[ "$(running '"$guest"')" -ge 1 ]'
berth cancel "$guest" >/dev/null
berth wait "$guest" >/dev/null 2>&1

# one that does not want to come again
guest=$(submit batch --array 0-15 --role guest --no-requeue -- sleep 300)
within 15 runs "$guest" 16
mine=$(submit batch --role owner -- true)
berth wait "$mine" >/dev/null 2>&1
equal "the owner again" 0 $?
equal "one task of the guest is lost" 1 "$(berth show "$guest" --json |
	json 'd["tasks"]["failed"]')"
berth cancel "$guest" >/dev/null

# a framework says what it can do without: the first four of its sixteen tasks
contact=$(find "$WORK" -name contact | head -n 1)
BERTH_URI=$(grep -o 'http://[^" ;]*' "$contact" | head -n 1) \
BERTH_TOKEN=$(sed -n 's/.*token[^A-Za-z0-9]*\([A-Za-z0-9]\{16,\}\).*/\1/p' \
	"$contact" | head -n 1) \
	/usr/bin/python3 "$TOP/tests/cluster/programs/keeper.py" 16 4 \
	>"$WORK/keeper" 2>&1 &
keeper=$!
succeeds "a framework of one's own" within 15 grep -q state "$WORK/keeper"
guest=$(submit keeper -- sleep 300)
succeeds "has all" within 15 runs "$guest" 16
mine=$(submit batch --array 0-3 --role owner -- sleep 1)
berth wait "$mine" >/dev/null 2>&1
equal "what it names is taken back" 0 $?
equal "and nothing else" "0 1 2 3" "$(berth show "$guest" --json |
	json '" ".join(str(t["index"]) for t in
		sorted(d["task_list"], key=lambda t: t["index"])
		if t["end"] == "revoked")')"
kill "$keeper"
wait "$keeper" 2>/dev/null
berth cancel "$guest" >/dev/null

# an owner is never touched by others
berth share set other --guarantee cores=12 >/dev/null
mine=$(submit batch --array 0-3 --role owner -- sleep 300)
within 10 runs "$mine" 4
other=$(submit batch --array 0-39 --role other -- sleep 1)
berth wait "$other" >/dev/null 2>&1
equal "nobody inside his guarantee loses a task" "4 0" \
	"$(berth show "$mine" --json |
	json '"%d %d" % (d["tasks"]["running"], d["tasks"]["failed"])')"
berth cancel "$mine" >/dev/null
equal "revocations are counted" yes "$(berth events 2>/dev/null |
	grep -q '"slice_revoking"\|slice_revoking' && echo yes)"
cluster_down
finish
