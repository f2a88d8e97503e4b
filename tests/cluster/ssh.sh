#!/bin/bash
# modes: hosts
# Berth over real ssh: a daemon on each host, with keys made for this test.
# (ssh reads the home folder of the password file, not $HOME; so what belongs
# into ~/.ssh/config is given with -F.)
. "$TOP/tests/cluster/lib.sh"

sshd=$(PATH=$PATH:/usr/sbin command -v sshd)
if [ -z "$sshd" ] || ! command -v ssh >/dev/null ||
   ! command -v ssh-keygen >/dev/null; then
	skip "ssh: no OpenSSH here"
	finish
fi
PORT=2222
S=$WORK/ssh
mkdir "$S"
chmod 755 "$WORK"
chmod 700 "$S"
ssh-keygen -q -t ed25519 -N '' -f "$S/host"
ssh-keygen -q -t ed25519 -N '' -f "$S/user"
cat >"$S/config" <<END
Port $PORT
IdentityFile $S/user
IdentitiesOnly yes
UserKnownHostsFile $S/known
GlobalKnownHostsFile none
StrictHostKeyChecking yes
END
cat >"$S/sshd_config" <<END
Port $PORT
HostKey $S/host
AuthorizedKeysFile $S/user.pub
PidFile none
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
UsePAM no
END

hosts_make $NODES
for i in $(seq $NODES); do
	echo "[n$i]:$PORT $(cut -d ' ' -f 1,2 "$S/host.pub")"
	on_host "n$i" "mount -t tmpfs tmpfs /run && mkdir -p /run/sshd &&
		$sshd -f $S/sshd_config -E $S/n$i.log" >&2
done >"$S/known"
rsh="ssh -F $S/config -o BatchMode=yes -o ConnectTimeout=5"
within 10 $rsh n1 true
equal "ssh reaches the hosts" n2 "$($rsh n2 hostname 2>&1)"

# sessions of ssh: daemons without those that listen
sessions() {
	pgrep -fc 'sshd: ' | awk -v n=$NODES '{ print $1 - n }'
}

succeeds "berth up over ssh" berth up --hosts "root@n1,n2,n3,n4" --rsh "$rsh"
equal "with a node for each host" "n1 n2 n3 n4" "$(berth nodes --json |
	json '" ".join(sorted(n["name"] for n in d["nodes"]
		if n["state"] == "up"))')"
equal "no session of ssh stays" 0 "$(within 5 eval \
	'[ "$(sessions)" = 0 ]'; sessions)"
within 15 frameworks_there
equal "an MPI job over the hosts" 4 "$(berth mpirun -n 4 --map-by node \
	"$PROGRAMS/hello" 2>&1 | grep -o 'host n[1-4]' | sort -u | wc -l)"
equal "a batch array over the hosts" "n1 n2 n3 n4" "$(timeout 30 \
	"$BERTH" run batch --array 0-7 --cores 1 -- \
	sh -c 'sleep 0.3; hostname' 2>/dev/null | sort -u | xargs)"
berth down >"$WORK/down" 2>&1
equal "berth down" 0 $?
nothing_left

# ---- what ssh complains of
ssh-keygen -q -t ed25519 -N '' -f "$S/stranger"
sed "s|^IdentityFile .*|IdentityFile $S/stranger|" "$S/config" >"$S/config2"
matches "a key that is refused is said, for each host" \
	"node n2: .*Permission denied" "$(berth up --hosts n1,n2 \
		--rsh "${rsh/config/config2}" 2>&1)"
sed -i '/n3/d' "$S/known"
matches "so is a host whose key is not known" \
	"node n3: Host key verification failed" \
	"$(berth up --hosts n1,n3 --rsh "$rsh" 2>&1)"
nothing_left
hosts_end
finish
