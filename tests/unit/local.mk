# Unit tests, one file a floor: a test links its own floor and those below.
include tests/unit/base.mk
include tests/unit/model.mk
include tests/unit/topo.mk
include tests/unit/io.mk
include tests/unit/ledger.mk
include tests/unit/sim.mk
include tests/unit/broker.mk
include tests/unit/launcher.mk
include tests/unit/shepherd.mk
include tests/unit/framework.mk
include tests/unit/cli.mk
