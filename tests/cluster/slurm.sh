#!/bin/bash
# modes: hosts
# Berth in the allocations of a real Slurm: brought up by one srun, beside
# other steps; a node that loses its step; an allocation that is cancelled.
. "$TOP/tests/cluster/lib.sh"
. "$TOP/tests/cluster/lib_slurm.sh"

missing=$(slurm_missing)
if [ -n "$missing" ]; then
	skip "Slurm: no $missing"
	finish
fi
hosts_make $NODES
if ! slurm_start 2; then
	not_ok "Slurm starts"
	slurm_logs
	slurm_end
	exit 1
fi

# batch NAME OPTION... <SCRIPT: its job's number
batch() {
	local name=$1
	shift
	{
		echo '#!/bin/bash'
		cat
	} >"$name.sh"
	sbatch --parsable --open-mode=truncate -o "$name.out" "$@" "$name.sh"
}

done_with() {
	[ -z "$(squeue -h -j "$1" 2>/dev/null)" ]
}

# ---- one job from up to down: its wishes for programs are not Berth's
job=$(batch work -N 4 --ntasks=7 --cpus-per-task=1 --mem-per-cpu=10 <<'END'
export SLURM_LABELIO=1 SRUN_CPUS_PER_TASK=1
berth up || exit 3
unset SLURM_LABELIO SRUN_CPUS_PER_TASK
berth nodes --json >nodes.json
berth mpirun -n 7 "$PROGRAMS/hello" >hello
srun -N 4 -n 4 hostname >beside
array=$(berth submit batch --array 0-13 --cores 1 -- \
	sh -c 'echo $BERTH_NODE; sleep 0.2' | awk '{ print $NF }')
berth wait "$array" && berth logs "$array" >array
env PATH="$PATH" berth up >again
berth down
echo down $?
squeue -h -s -j "$SLURM_JOB_ID" -o %j >steps
END
)
succeeds "the job ends" within 40 done_with "$job"
matches "berth up says whose nodes they are" "4 nodes of Slurm job $job" \
	"$(cat work.out)"
matches "berth down" "^down 0" "$(cat work.out)"
equal "the nodes have Slurm's names" "n1 n2 n3 n4" "$(json \
	'" ".join(sorted(n["name"] for n in d["nodes"]))' <nodes.json)"
equal "and the CPUs that Slurm allocated" "1 2 2 2" "$(json \
	'" ".join(str(c) for c in sorted(n["cores"] for n in d["nodes"]))' <nodes.json)"
equal "an MPI job on all of them, each rank on its core" \
	"7 of 7" \
	"$(grep -o 'host n[1-4] cpus [01]$' hello | sort -u | wc -l) of $(
		wc -l <hello)"
equal "another step beside Berth's" "n1 n2 n3 n4" "$(sort beside | xargs)"
equal "a batch array on all of them" "14 n1 n2 n3 n4" \
	"$(wc -l <array) $(sort -u array | xargs)"
matches "a second berth up" "launchers run already" "$(cat again)"
equal "the step is over when Berth is down" "" "$(grep berth steps)"
equal "no word of srun's but the one on binding" "" \
	"$(grep -v 'support for cpu binding' "$BERTH_DIR/start.log")"
nothing_left

# ---- a node loses what Slurm started there; seen from the login node
job=$(batch hold -N 4 --export=NONE <<END
export PATH=$PATH BERTH_DIR=$BERTH_DIR SLURM_CONF=$SLURM_CONF
berth up
sleep 100
END
)
succeeds "berth up, in a job without its user's environment" \
	within 20 nodes_up 4
within 10 frameworks_there
berth submit batch --nodelist n1,n2 --array 0-1 --cores 1 -- sleep 300 \
	>/dev/null
on_host n3 "pkill -9 -f '[s]lurmstepd: .$job.0'"
succeeds "a node without its step's daemon ends, the others stay" \
	within 20 nodes_up 3
within 10 eval '! on_host n3 "pgrep -x berth-launcher"'
succeeds "berth up in the job brings it back" \
	srun --jobid="$job" --overlap -N 1 -n 1 "$BERTH" up
equal "and it is used" n3 \
	"$(timeout 30 "$BERTH" run batch --nodelist n3 -- hostname 2>&1)"

# ---- scancel: a task that does not mind SIGTERM as well
berth submit batch --nodelist n4 -- sh -c 'trap "" TERM; sleep 300' >/dev/null
within 10 eval "[ \"\$(pgrep -xc sleep)\" -ge 4 ]"
scancel "$job"
succeeds "the job is cancelled" within 20 done_with "$job"
equal "no task is left" "" "$(within 10 eval '! pgrep -f "sleep 300"' ||
	pgrep -af 'sleep 300')"
succeeds "nor a process of Berth" within 15 none_of_ours

# ---- where it was cancelled a new one comes up, from salloc
equal "berth up where another was cancelled" 4 "$(salloc -N 4 bash -c \
	'berth up -q && berth nodes --json; berth down' 2>"$WORK/salloc.log" |
	json 'sum(n["state"] == "up" for n in d["nodes"])')"
nothing_left
[ $status -eq 0 ] || slurm_logs
slurm_end
hosts_end
finish
