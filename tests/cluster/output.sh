#!/bin/bash
# modes: emulate
# Standard output, error and input: all of it, in order, whatever its size.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS
MIB=${BERTH_TEST_OUTPUT_MIB:-256}

# Number of the lines that are not the ones that flood writes, in order.
flood_errors() {
	awk -v rank="$1" -v want="$2" '
	{
		if (length($0) != 63 ||
		    substr($0, 1, 18) != sprintf("%d:%015d:", rank, NR - 1))
			bad++
	}
	END { print bad + 0, NR - want }'
}

cluster_up

bytes=$((MIB << 20))
got=$(berth run batch -- "$P/flood" $bytes 2>"$WORK/err" |
	flood_errors 0 $((bytes / 64)))
equal "$MIB MiB arrive whole and in order" "0 0" "$got"
matches "standard error apart" "^flood 0: $((bytes / 64)) lines" \
	"$(cat "$WORK/err")"

got=$(berth mpirun -n 2 -N 1 "$P/flood" $((8 << 20)) mpi 2>/dev/null |
	grep '^1:' | flood_errors 1 $((131072)))
equal "each rank's lines whole, from two nodes" "0 0" "$got"

job=$(submit batch -- sh -c 'echo out; echo err >&2')
berth wait "$job" >/dev/null 2>&1
equal "logs keep both" "err out" "$(berth logs "$job" 2>&1 | sort |
	paste -sd' ')"
job=$(submit batch -- sh -c 'for i in 1 2 3; do echo $i; sleep 0.3; done')
equal "logs -f follows to the end" "1 2 3" \
	"$(berth logs -f "$job" 2>/dev/null | paste -sd' ')"

# a file of the user's
job=$(submit batch --output "$WORK/out.%j" -- echo filed)
berth wait "$job" >/dev/null 2>&1
equal "--output" filed "$(cat "$WORK/out.$job" 2>&1)"

# a reader that stalls holds nobody up
job=$(submit batch -- sh -c "'$P/flood' 20000000 && touch '$WORK/flooded'")
(berth logs -f "$job" 2>/dev/null | { read -r _; sleep 8; }) &
stalled=$!
succeeds "a stalled reader does not stall the task" \
	within 6 test -e "$WORK/flooded"
wait $stalled

# input
sum() {
	/usr/bin/python3 -c '
import sys
data, s = sys.stdin.buffer.read(), 0
for b in data:
    s = (s * 31 + b) % (1 << 64)
print("%d bytes, sum %x" % (len(data), s))'
}
head -c 1000000 /dev/urandom >"$WORK/input"
want=$(sum <"$WORK/input")
equal "input reaches rank 0, all others its end" \
	"rank 0: $want rank 1: $want" \
	"$(berth mpirun -n 2 -N 1 "$P/reader" <"$WORK/input" 2>&1 | sort |
		paste -sd' ')"
equal "input of a plain task" "$(sha256sum <"$WORK/input")" \
	"$(berth run batch -- sha256sum <"$WORK/input" 2>&1)"
cluster_down
finish
