# Tests.  Each area adds its own file here.
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/style/local.mk
include tests/cluster/local.mk
include tests/bench/local.mk
include tests/sim/local.mk
