# Short runs of the simulator; the long ones: tests/sim/run
TESTS += tests/sim/sim.sh
dist_check_SCRIPTS += tests/sim/sim.sh
EXTRA_DIST += tests/sim/run tests/sim/real tests/sim/small.conf
