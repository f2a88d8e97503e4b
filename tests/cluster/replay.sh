#!/bin/bash
# modes: emulate
# The event log of a Berth, and what berth-sim makes of it.
. "$TOP/tests/cluster/lib.sh"
SIM=$BUILD/bin/berth-sim
LOG=$WORK/events.log

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

cat >"$WORK/berth.conf" <<-END
	broker = { policy = "drf"; event_log = "$LOG"; };
END
cluster_up --conf "$WORK/berth.conf"
berth mpirun -n 4 -N 1 "$PROGRAMS/ring" 20 1000 >"$WORK/out" 2>&1
equal "an MPI job" "ring of 4 ok: 80" "$(cat "$WORK/out")"
job=$(submit batch --array 0-3 -- sleep 0.2)
succeeds "a batch job" berth wait "$job"
berth run -n 1 -- false
job=$(submit batch -n 1 -- sleep 60)
berth cancel "$job" >/dev/null
berth wait "$job" >/dev/null 2>&1

# ---- another rank leads: a log of its own, which begins with what it took over
old=$(leader)
long=$(submit batch --array 0-3 -- sleep 4)
one_runs() {
	[ "$(berth show "$long" --json | json 'd["tasks"]["running"]')" = 4 ]
}
within 20 one_runs
kill -9 "$(rank_of "$old")"
succeeds "another one leads" within 20 other_leads "$old"
timeout 60 "$BERTH" wait "$long"
cluster_down
mv "$LOG" "$LOG.second"
mv "$LOG.1" "$LOG"
matches "it says what was adopted" '"type":"task_adopted"' \
	"$(grep -m1 task_adopted "$LOG.second")"
out=$("$SIM" --replay "$LOG.second" --check 2>&1)
equal "it can be replayed, too" 0 $?
matches "with the jobs of both" '^recorded: 5 jobs' "$out"

equal "the log is its owner's" 600 "$(stat -c %a "$LOG")"
equal "each line is JSON" ok "$(/usr/bin/python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
print("ok" if events[0]["format"] == "berth-events" else events[0])
' "$LOG")"
out=$("$SIM" --replay "$LOG" --check 2>&1)
equal "it can be replayed" 0 $?
matches "with all jobs" '^recorded: 4 jobs, ' "$out"
matches "those of MPI" '^  mpi +1 ' "$out"
matches "those of batch" '^  batch +3 ' "$out"
out=$("$SIM" --replay "$LOG" --check --policy fifo --against drf \
	--out "$WORK/csv" 2>&1)
equal "its jobs run under other policies" 0 $?
matches "which are compared" '^fifo against recorded' "$out"
succeeds "CSV of what was recorded" test -s "$WORK/csv/jobs-recorded.csv"

sed '5s/.$//' "$LOG" >"$WORK/cut"
refused "a line that was cut" 'cut:5: column [0-9]+: .*cut' \
	"$SIM" --replay "$WORK/cut"
sed '1s/"version":2/"version":1/' "$LOG" >"$WORK/old"
succeeds "a log of version 1" "$SIM" --replay "$WORK/old" --check
sed '1s/"version":2/"version":99/' "$LOG" >"$WORK/new"
refused "a log of another version" 'new:1: .*version 99' \
	"$SIM" --replay "$WORK/new"
sed 5,20d "$LOG" >"$WORK/gap"
refused "a log with a gap" 'gap:[0-9]+: .*missing' "$SIM" --replay "$WORK/gap"
finish
