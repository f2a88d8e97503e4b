#!/bin/bash
# modes: hosts
# The kill matrix: each kind of process dies at each step of a job's life,
# under a load of MPI and batch jobs.  tests/cluster/kill_matrix says how to
# choose; its settings come as KILL_CELLS, KILL_OPEN, KILL_SEED, KILL_FOR.
. "$TOP/tests/cluster/lib.sh"
P=$PROGRAMS
VICTIMS="rank launcher shepherd host cli task"
STEPS="submitting offered launching init running printing finishing revoking"
# A cell of each victim and of each step, that takes little time.
SHORT="rank:submitting launcher:launching shepherd:running host:offered
	cli:printing task:init rank:revoking host:finishing"
RAN=$WORK/ran
REPORT=$WORK/report
mkdir -p "$RAN"

# Each start of a task leaves a file of its own: RAN/JOB.ELEMENT.xxxxxx
cat >"$WORK/once" <<END
#!/bin/sh
mktemp "$RAN/\$1.\${BERTH_ARRAY_INDEX:-0}.XXXXXX" >/dev/null
shift
exec "\$@"
END
chmod +x "$WORK/once"

leader() {
	berth nodes --json |
		json '[n["name"] for n in d["nodes"] if n["leader"]][0]'
}

others() {
	berth nodes --json |
		json '" ".join(n["name"] for n in d["nodes"] if not n["leader"])'
}

# pid PROGRAM NODE: of Berth's program there
pid_of() {
	local p
	for p in $(pgrep -f "bin/$1( |\$)"); do
		if tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$2" ||
		   tr '\0' ' ' <"/proc/$p/cmdline" | grep -qw -- "$2"; then
			echo "$p"
			return
		fi
	done
	return 1
}

# Pid of a shepherd on the node that has a user's task.
shepherd_of() {
	local p
	for p in $(pgrep -f 'bin/berth-shepherd '); do
		tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null |
			grep -qx "BERTH_NODE=$1" || continue
		[ "$(tr '\0' ' ' <"/proc/$p/cmdline" |
			grep -cE -- '--key (0|f\.)')" = 0 ] || continue
		pgrep -P "$p" -f "$WORK/once|$P|victim" >/dev/null || continue
		echo "$p"
		return
	done
	return 1
}

# victim_pid KIND NODE: who is to die
victim_pid() {
	case $1 in
	rank) pid_of berthd "$2" ;;
	launcher) pid_of berth-launcher "$2" ;;
	leader_rank) pid_of berthd "$(leader)" ;;
	leader_launcher) pid_of berth-launcher "$(leader)" ;;
	shepherd) shepherd_of "$2" ;;
	host) pgrep -f 'bin/berth-framework.*mpi' | head -n 1 ;;
	cli) pgrep -f "bin/berth mpirun.*victim" | head -n 1 ;;
	task) pgrep -f "^$P/(hello|flood|ring).*victim" | head -n 1 ;;
	esac
}

state_of() {
	berth show "$1" --json | json 'd["state"] + " " + d["outcome"]'
}

all_ended() {
	local list
	list=$(berth jobs --json) || return 1
	json 'all(j["state"] == "ended" or j["name"] == "bystander"
		for j in d["jobs"])' <<<"$list" | grep -q True
}

# No task of the victim's job runs.
victim_stopped() {
	local id
	id=$(berth jobs --json | json '[j["id"] for j in d["jobs"]
		if j["name"] == "victim" and j["state"] != "ended"][0]') ||
		return 0
	[ -z "$id" ] || berth show "$id" --json | json 'not any(t["state"]
		!= "ended" for t in d["task_list"])' | grep -q True
}

# The job the victim dies with, followed by a command line, brought to a step.
bring_to() {
	local ms=3000
	case $1 in
	init | launching | offered | submitting) ms=1500 ;;
	finishing) ms=300 ;;
	esac
	case $1 in
	printing) timeout 60 "$BERTH" mpirun -J victim -n 4 -N 1 -- \
		"$P/flood" 40000000 victim >/dev/null 2>&1 & ;;
	*) timeout 60 "$BERTH" mpirun -J victim --grace 1s -n 4 -N 1 -- \
		"$P/hello" $ms victim >/dev/null 2>&1 & ;;
	esac
	follower=$!
	case $1 in
	submitting) ;;
	offered) sleep 0.03 ;;
	launching) sleep 0.06 ;;
	init) within 10 pgrep -f "^$P/(hello|flood).*victim" ;;
	printing) within 10 pgrep -f "^$P/flood.*victim" ;;
	running) within 10 pgrep -f "^$P/(hello|flood).*victim"
		sleep 0.5 ;;
	finishing) within 10 pgrep -f "^$P/hello.*victim"
		sleep 0.4 ;;
	revoking) within 10 pgrep -f "^$P/hello.*victim"
		sleep 0.4
		berth drain "$2" --deadline 1s ;;
	esac
}

# What is wrong after a cell of this victim and step; nothing when all is well.
faults() {
	local marks wrong
	# What was revoked is queued again and needs the node.
	if [ "$2" = revoking ]; then
		within 30 victim_stopped || echo "revoked, and yet it runs"
		within 30 berth undrain "$node" || echo "$node stays drained"
	fi
	within 60 all_ended || echo "jobs that do not end:" $(berth jobs \
		--json | json '" ".join("%d:%s" % (j["id"], j["name"])
		for j in d["jobs"] if j["state"] != "ended"
		and j["name"] != "bystander")')
	[ "$(berth jobs --json -n 1000 | json 'len(d["jobs"])')" -ge \
		"$accepted" ] || echo "accepted jobs are not known any more"
	marks=$(ls "$RAN" | sed 's/\.[^.]*$//' | sort | uniq -d | tr '\n' ' ')
	[ -z "$marks" ] || echo "ran twice: $marks"
	wrong=$(berth show "$load" --json | json 'd["outcome"]')
	case $wrong,$1 in
	done,* | *,shepherd) ;;
	*) echo "the load ended as $wrong" ;;
	esac
	kill -0 "$bystander" 2>/dev/null || echo "a bystander was hurt"
	within 10 eval '! pgrep -f "^$P/(hello|flood).*victim"' ||
		echo "a rank of an ended job runs"
	within 60 nodes_up $NODES || echo "not all nodes are up"
}

# cell VICTIM STEP
cell() {
	local pid rc=0 what node
	node=$(others | awk '{ print $1 }')
	rm -f "$RAN"/*
	load=$(submit batch -J load --array 0-11 -- "$WORK/once" load sleep 0.2)
	bring_to "$2" "$node" >/dev/null 2>&1
	accepted=$(berth jobs --json -n 1000 | json 'len(d["jobs"])')
	pid=$(victim_pid "$1" "$node")
	if [ -z "$pid" ] || ! kill -9 "$pid" 2>/dev/null; then
		what="nobody to kill"
	else
		what=$(faults "$1" "$2")
	fi
	wait $follower 2>/dev/null
	within 20 all_ended
	within 15 frameworks_there
	printf '%-16s %-11s %s\n' "$1" "$2" "${what:-well}" >>"$REPORT"
	if [ -z "$what" ]; then
		ok "$1 dies, $2"
	elif [ "$what" = "nobody to kill" ]; then
		skip "$1 dies, $2: it is not there at this step"
	elif grep -qw -- "$1:$2\|$1:\*" <<<"${KILL_OPEN:-}"; then
		skip "$1 dies, $2: known as open: $what"
	else
		not_ok "$1 dies, $2"
		sed 's/^/# /' <<<"$what"
	fi
}

cells() {
	local v s
	case ${KILL_CELLS:-short} in
	short) echo $SHORT ;;
	all) for v in $VICTIMS leader_rank leader_launcher; do
			for s in $STEPS; do echo "$v:$s"; done
		done ;;
	*) echo "$KILL_CELLS" ;;
	esac
}

cluster_up
quiet=$(leader)
submit batch -J bystander -w "$quiet" -- sh -c \
	"echo \$\$ >$WORK/bystander; exec sleep 100000" >/dev/null
within 10 test -s "$WORK/bystander"
# the pid there is of the host's namespace: find ours
bystander=$(pgrep -f '^sleep 100000$' | head -n 1)
if [ -n "${KILL_SEED:-}" ]; then
	RANDOM=$KILL_SEED
	end=$((SECONDS + ${KILL_FOR:-60}))
	set -- $(KILL_CELLS=all cells)
	echo "# seed $KILL_SEED"
	while [ $SECONDS -lt $end ]; do
		n=$((RANDOM % $# + 1))
		cell "$(cut -d : -f 1 <<<"${!n}")" "$(cut -d : -f 2 <<<"${!n}")"
	done
else
	for c in $(cells); do
		cell "${c%:*}" "${c#*:}"
	done
fi
sed 's/^/# /' "$REPORT"
berth cancel "$(berth jobs --json | json '[j["id"] for j in d["jobs"] if
	j["name"] == "bystander"][0]')" >/dev/null 2>&1
cluster_down
finish
