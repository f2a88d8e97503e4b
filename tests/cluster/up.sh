#!/bin/bash
# modes: emulate
# berth up and down: what goes wrong on the way, one srun for all nodes, a
# second up, ranks that no longer have a leader, tasks that outlive a Berth.
. "$TOP/tests/cluster/lib.sh"

# fails DESCRIPTION REGEX COMMAND...: not zero, says so, leaves nothing
fails() {
	local what=$1 regex=$2 out rc=0
	shift 2
	out=$("$@" 2>&1 </dev/null) || rc=$?
	if [ $rc -ne 0 ] && grep -Eq -- "$regex" <<<"$out"; then
		ok "$what"
	else
		not_ok "$what"
		printf '# exit %s of: %s\n%s\n' "$rc" "$*" "$out" | head -n 12
	fi
	within 5 none_of_ours || not_ok "$what: processes are left"
}

# A remote shell with one host that cannot be reached and one that hangs.
cat >"$WORK/badrsh" <<'EOF'
#!/bin/sh
case $1 in
gone) echo "connect to host gone: No route to host" >&2; exit 255 ;;
stuck) exec sleep 20 ;;
esac
shift
exec "$@"
EOF
chmod +x "$WORK/badrsh"
small='core:2 pu:1'

fails "an unreachable host is named, with its remote shell's words" \
	"^berth: node gone: connect to host gone: No route" \
	berth up --hosts one,gone --rsh "$WORK/badrsh" --topology "$small"
fails "a silent host is named" "^berth: node stuck: no word within 2 s" \
	berth up --hosts one,stuck --rsh "$WORK/badrsh" --timeout 2
fails "a missing remote shell" "cannot run /nonexistent/rsh" \
	berth up --hosts one --rsh /nonexistent/rsh
printf 'broker = {\n\tpolicy = 7;\n};\n' >"$WORK/bad.conf"
fails "a wrong setting is found where it stands" \
	"berth.conf:2: broker.policy must be a string" \
	berth up --emulate 2 --conf "$WORK/bad.conf"
fails "a topology that is none" "does not start: topology .nonsense:3" \
	berth up --emulate 1 --topology nonsense:3
printf 'broker = {\n' >"$WORK/bad.conf"
refused "a broken configuration" "bad.conf:[12]: syntax error" \
	berth up --emulate 2 --conf "$WORK/bad.conf"
refused "a host twice" "host a is named twice" berth up --hosts a,a
refused "a host file that is not there" "No such file" \
	berth up --hosts /nonexistent/hosts
refused "too long a folder for sockets" "choose a shorter --dir" \
	berth up --emulate 1 --dir "$WORK/$(printf 'x%.0s' {1..70})"
mkdir -m 755 "$WORK/open"
refused "a folder that others can enter" "chmod 700" \
	berth up --dir "$WORK/open"

# ---- one command for all nodes, as srun does it
mkdir "$WORK/slurm"
cat >"$WORK/slurm/srun" <<'EOF'
#!/bin/bash
# one process a node, standard input to all, their outputs mixed
while [[ $1 == -* ]]; do shift; done
dir=$(mktemp -d)
for n in s1 s2 s3; do
	mkfifo "$dir/$n"
	SLURMD_NODENAME=$n "$@" <"$dir/$n" &
done
tee "$dir/s1" "$dir/s2" >"$dir/s3"
rm -r "$dir"
wait
EOF
printf '#!/bin/sh\nprintf "s1\\ns2\\ns3\\n"\n' >"$WORK/slurm/scontrol"
chmod +x "$WORK/slurm/srun" "$WORK/slurm/scontrol"
succeeds "berth up in a Slurm allocation" \
	env PATH="$WORK/slurm:$PATH" SLURM_JOB_ID=7 \
	SLURM_JOB_NODELIST='s[1-3]' "$BERTH" up --topology "$TOPOLOGY"
equal "its nodes have Slurm's names" "s1 s2 s3" "$(berth nodes --json |
	json '" ".join(sorted(n["name"] for n in d["nodes"]))')"
equal "and are used" "s2" \
	"$(timeout 30 "$BERTH" run batch --nodelist s2 -- \
		sh -c 'echo $BERTH_NODE' 2>&1)"
succeeds "berth down" berth down
nothing_left

# ---- a second up
cluster_up
succeeds "a second berth up finds all as it is" berth up --emulate $NODES \
	--topology "$TOPOLOGY"
refused "other nodes than it has" "is up already" berth up --emulate 2
succeeds "one more node is added" berth up --emulate $((NODES + 1)) \
	--topology "$TOPOLOGY"
equal "and used" "n$NODES" "$(timeout 30 "$BERTH" run batch \
	--nodelist "n$NODES" -- sh -c 'echo $BERTH_NODE' 2>&1)"
refused "fewer nodes again" "is up already" berth up --emulate $NODES \
	--topology "$TOPOLOGY"
NODES=$((NODES + 1))
node_dir=$BERTH_DIR/n2
kill -9 "$(cat "$node_dir/launcher.pid")"
succeeds "berth up starts the launcher that is missing" \
	berth up --emulate $NODES --topology "$TOPOLOGY"
succeeds "which holds its folder" \
	eval "! flock -n $node_dir/launcher.pid true"

# ---- tasks that outlive the Berth
job=$(submit batch --nodelist n3 -- sh -c 'sleep 30')
within 10 eval "berth show $job --json | grep -q running"
succeeds "berth down --keep-tasks" berth down --keep-tasks
equal "the task runs on" 1 "$(pgrep -cx -f 'sleep 30')"
succeeds "berth up again" berth up --emulate $NODES --topology "$TOPOLOGY"
within 30 frameworks_there

# ---- a launcher dies with the rank and its shepherd: nobody starts it again
folder=$(printf 'berth-default-n1-*-%x' "$(stat -c %i "$BERTH_DIR/n1")")
kill -9 $(pgrep -f 'berth-shepherd --key broker' | while read -r p; do
	tr '\0' '\n' <"/proc/$p/environ" | grep -qx BERTH_NODE=n1 && echo "$p"
done) $(pgrep -f "bin/berthd" | while read -r p; do
	tr '\0' '\n' <"/proc/$p/environ" | grep -qx BERTH_NODE=n1 && echo "$p"
done) "$(cat "$BERTH_DIR/n1/launcher.pid")"

# ---- the leader's rank dies: no broker, but all can be ended
kill -9 "$(pgrep -f "bin/berthd" | while read -r p; do
	tr '\0' '\n' <"/proc/$p/environ" | grep -qx BERTH_NODE=n0 && echo "$p"
done)"
sleep 1
succeeds "berth down without a broker" berth down
nothing_left
equal "no cgroup is left" "" \
	"$(find /sys/fs/cgroup -maxdepth 3 -name "$folder" 2>/dev/null)"
finish
