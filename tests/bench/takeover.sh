#!/bin/bash
# modes: hosts
# The time without a scheduler: tests/bench/run takeover starts it, by way of
# tests/cluster/run.  TAKEOVER: which of killed, cut and restart, and how often
# (--quick: 5).
. "$TOP/tests/cluster/lib.sh"

NODES=${TAKEOVER_NODES:-4}
cluster_up
/usr/bin/python3 "$TOP/tests/bench/takeover.py" ${TAKEOVER:-} &&
	ok "the time without a scheduler was measured" ||
	not_ok "the time without a scheduler was not measured"
cluster_down
finish
