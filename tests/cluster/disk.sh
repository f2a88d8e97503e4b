#!/bin/bash
# modes: emulate
# Disks that fill up, and journals that are torn or damaged.
. "$TOP/tests/cluster/lib.sh"
NODES=1

AGREE=$BERTH_DIR/n0/agree

state() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

ended_well() {
	[ "$(state "$1")" = "ended done" ]
}

up() {
	timeout 60 "$BERTH" up --emulate $NODES --topology "$TOPOLOGY" 2>&1
}

# The file of the log that was written last, and where its records end: each
# has 40 bytes, the length of its data at 12, and that, padded to 8.
newest() {
	python3 - "$1" <<'END'
import glob, struct, sys
for name in reversed(sorted(glob.glob(sys.argv[1] + "/log-*"))):
    data, at = open(name, "rb").read(), 0
    while data[at:at + 4] == b"BRL2":
        at += 40 + (struct.unpack_from("<I", data, at + 12)[0] + 7) // 8 * 8
    if at > 0:
        print(name, at)
        break
END
}

# damage FILE OFFSET
damage() {
	printf '\245\132\245' |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# submit as often as it takes to fill what is there; says how often it went
# well, and the first refusal
fill() {
	local out n=0
	while [ $n -lt 400 ]; do
		out=$(berth submit batch --env "PAD=$1" -- true 2>&1) || break
		last=${out##* }
		n=$((n + 1))
	done
	refusal=$out accepted=$n
}

rank_of() {
	local p
	for p in $(pgrep -f "bin/berthd( |\$)"); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$1" && echo "$p" && return
	done
	return 1
}

log_says() {
	grep -hE -- "$1" "$BERTH_DIR"/n*/log/berthd.log
}

# ---- a disk that is full
if [ "$ISOLATED" = yes ]; then
	mkdir -p "$BERTH_DIR"
	mount -t tmpfs -o size=40m,mode=700 tmpfs "$BERTH_DIR"
	cluster_up
	before=$(submit batch -o /dev/null -- sh -c \
		"while [ ! -e $WORK/go ]; do sleep 0.1; done")
	within 20 eval '[ "$(state $before)" = "running " ]'
	dd if=/dev/zero of="$BERTH_DIR/ballast" bs=1M 2>/dev/null
	fill "$(head -c 100000 /dev/zero | tr '\0' x)"
	matches "a full disk refuses work with one line that says so" \
		'^berth: .*No space left on device$' "$refusal"
	equal "which is one line" 1 "$(wc -l <<<"$refusal")"
	code=$(curl -s -o "$WORK/answer" -w '%{http_code}' \
		--unix-socket "$BERTH_DIR/n0/api.sock" \
		-H "Authorization: Bearer $(cat "$BERTH_DIR/token")" \
		-d '{"framework": "batch", "argv": ["x"], "env": {"P": "'"$(
			head -c 100000 /dev/zero | tr '\0' x)"'"}}' \
		http://localhost/v1/jobs)
	equal "the answer's status" 507 "$code"
	succeeds "the leader answers others" berth nodes
	matches "a running job runs on" running "$(state "$before")"
	touch "$WORK/go"
	sleep 1
	rm "$BERTH_DIR/ballast"
	succeeds "it ends when there is room again" within 20 \
		ended_well "$before"
	after=$(submit batch -- true)
	succeeds "new work is accepted and ends" within 20 ended_well "$after"
	equal "nothing that was refused is there, nothing that was accepted \
is missing" $((accepted + 2)) \
		"$(berth jobs -n 1000 --json | json 'len(d["jobs"])')"
	matches "the log says when it was full" 'No space left' \
		"$(log_says cannot)"
	cluster_down
	matches "and it starts again" "is up" "$(up)"
	equal "with the job" "ended done" "$(state "$before")"
	equal "and the last one before it was full" "ended done" \
		"$(state "$last")"
	cluster_down
	umount "$BERTH_DIR"
	rmdir "$BERTH_DIR"
else
	skip "a full disk: needs namespaces"
fi

# ---- what was confirmed is damaged: nothing is forgotten in silence
cluster_up
kept=$(submit batch -- true)
succeeds "a job ends" within 20 ended_well "$kept"
cluster_down
read -r file used <<<"$(newest "$AGREE")"
damage "$file" $((used - 6))
out=$(up)
matches "damage in what was confirmed: it does not start, and says where" \
	"${file##*/} is damaged at offset [0-9]+, in what was confirmed" "$out"
berth down >/dev/null 2>&1
truncate -s "$(sed -n 's/.*"truncate -s \([0-9]*\)".*/\1/p' <<<"$out")" "$file"
matches "it starts when the rest is given up by hand" "is up" "$(up)"
matches "and says that" 'that were confirmed are gone' \
	"$(log_says 'cut by somebody')"
succeeds "the job is there" berth show "$kept"
kept=$(submit batch -- true)
succeeds "work goes on" within 20 ended_well "$kept"
cluster_down

# ---- damage before the tail: nothing is forgotten in silence
damage "$AGREE/log-0000000000000001" 20
out=$(up)
matches "damage that is no torn tail: it does not start" \
	'log-0000000000000001 is damaged at offset [0-9]+' "$out"
berth down >/dev/null 2>&1
rm -rf "$BERTH_DIR"

# ---- damage at one of three voters
NODES=3
cluster_up
voters_there() {
	[ "$(berth status --json | json 'len(d.get("voters", []))')" = 3 ]
}
succeeds "three voters" within 20 voters_there
kept=$(submit batch -- true)
succeeds "a job ends" within 20 ended_well "$kept"
# its rank dies, and finds what the others have damaged in its own log
victim=n2
[ "$(berth status --json | json 'd["leader"]')" != n2 ] || victim=n1
launcher=$(cat "$BERTH_DIR/$victim/launcher.pid")
kill -STOP "$launcher"
kill -9 "$(rank_of "$victim")"
damage "$BERTH_DIR/$victim/agree/log-0000000000000001" 20
kill -CONT "$launcher"
succeeds "a damaged voter says what to do" within 30 \
	log_says 'is damaged at offset 0.*move the folder away'
equal "the others go on" going \
	"$(timeout 60 "$BERTH" run batch -- echo going 2>&1)"
mv "$BERTH_DIR/$victim/agree" "$WORK/away"
succeeds "without its folder it comes back" within 60 nodes_up 3
succeeds "as a voter" within 30 voters_there
kept=$(submit batch -w "$victim" -- true)
succeeds "and works" within 20 ended_well "$kept"
cluster_down
finish
