# lib_slurm.sh - a Slurm of this test's own over the hosts that lib.sh makes:
# the controller and munged on the login node, a slurmd on each host, all files
# in $WORK/slurm.  Debian's slurmctld, slurmd, slurm-client and munge.
# shellcheck shell=bash
SLURM=$WORK/slurm
export SLURM_CONF=$SLURM/slurm.conf

slurm_missing() {
	local p
	for p in slurmctld slurmd munged srun sbatch salloc scontrol; do
		PATH=$PATH:/usr/sbin command -v "$p" >/dev/null || echo "$p"
	done | xargs
}

# Nodes of two CPUs, whatever they really have.
slurm_conf() {
	cat <<-END
		ClusterName=test
		SlurmctldHost=login
		SlurmUser=root
		SlurmdUser=root
		AuthType=auth/munge
		AuthInfo=socket=$SLURM/munge.sock
		CryptoType=crypto/munge
		StateSaveLocation=$SLURM/state
		SlurmctldPidFile=$SLURM/slurmctld.pid
		SlurmctldLogFile=$SLURM/slurmctld.log
		SlurmdPidFile=$SLURM/%n/slurmd.pid
		SlurmdLogFile=$SLURM/%n/slurmd.log
		SlurmdSpoolDir=$SLURM/%n/spool
		SlurmdParameters=config_overrides
		SelectType=select/cons_tres
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/affinity
		JobAcctGatherType=jobacct_gather/none
		SchedulerParameters=batch_sched_delay=0
		MpiDefault=pmix
		ReturnToService=2
		KillWait=5
		NodeName=n[1-$NODES] Sockets=1 CoresPerSocket=$1 \\
			RealMemory=1000 State=UNKNOWN
		PartitionName=all Nodes=ALL Default=YES MaxTime=10 State=UP
	END
}

# slurm_start CPUS: of each node
slurm_start() {
	local i
	export PATH=$PATH:/usr/sbin
	mkdir -p "$SLURM/state"
	chmod 755 "$WORK" "$SLURM"
	slurm_conf "$1" >"$SLURM_CONF"
	# No cgroups: this plugin makes none before it is asked to.
	echo 'CgroupPlugin=cgroup/v1' >"$SLURM/cgroup.conf"
	head -c 1024 /dev/urandom >"$SLURM/munge.key"
	chmod 600 "$SLURM/munge.key"
	munged --force --key-file="$SLURM/munge.key" \
		--socket="$SLURM/munge.sock" --pid-file="$SLURM/munge.pid" \
		--log-file="$SLURM/munge.log" --seed-file="$SLURM/munge.seed" \
		>"$SLURM/munge.out" 2>&1 || return 1
	slurmctld -f "$SLURM_CONF" >"$SLURM/slurmctld.out" 2>&1 || return 1
	for i in $(seq $NODES); do
		mkdir -p "$SLURM/n$i/spool"
		on_host "n$i" "slurmd -N n$i -f $SLURM_CONF" \
			>"$SLURM/n$i/slurmd.out" 2>&1 || return 1
	done
	within 20 slurm_idle $NODES
}

slurm_idle() {
	[ "$(sinfo -h -N -t idle -o %N | wc -l)" = "$1" ]
}

slurm_end() {
	local i
	for i in $(seq $NODES); do
		on_host "n$i" "kill \$(cat $SLURM/n$i/slurmd.pid)"
	done
	kill "$(cat "$SLURM/slurmctld.pid")" "$(cat "$SLURM/munge.pid")"
	within 10 eval "! pgrep -x 'slurmd|slurmctld|munged'"
}

slurm_logs() {
	tail -n 15 "$SLURM"/*.log "$SLURM"/*.out "$SLURM"/n*/*.log \
		"$SLURM"/n*/*.out 2>/dev/null | cut -c1-200 | sed 's/^/# /'
}
