#!/bin/bash
# modes: hosts
# The emulated hosts themselves: names, addresses, processes, and their end.
. "$TOP/tests/cluster/lib.sh"

hosts_make 4
equal "a host has its own name" n3 "$(on_host n3 hostname)"
succeeds "hosts reach each other" on_host n1 \
	"timeout 5 bash -c 'exec 3<>/dev/tcp/n4/1' 2>&1 | grep -q refused"
equal "the words are read anew" "a b" "$(on_host n2 'echo "a b"')"
equal "the environment is fresh" "" "$(on_host n2 'echo $BERTH_DIR')"
on_host n2 'sleep 500 </dev/null >/dev/null 2>&1 & echo $!' >/dev/null
equal "processes are apart" 0 "$(on_host n1 'pgrep -c sleep' || true)"
equal "and seen at home" 1 "$(on_host n2 'pgrep -c sleep' || true)"
if [ "$PRIVATE_TMP" = yes ]; then
	on_host n2 'touch /tmp/mine'
	succeeds "/tmp is a host's own" test ! -e /tmp/mine
fi
succeeds "the home is shared" on_host n4 "test -d '$WORK'"
host_kill 2
matches "a host that is gone does not answer" "No route" \
	"$(on_host n2 true 2>&1)"
equal "its processes are gone" 0 "$(pgrep -c -f 'sleep 500' || true)"
host_boot 2
equal "it comes back" n2 "$(on_host n2 hostname)"
hosts_end
succeeds "no bridge is left" test ! -e /sys/class/net/br0
finish
