# Tests over several nodes: not part of make check, which needs no cluster;
# tests/run runs them, and so does make check-cluster.
.PHONY: check-cluster
check-cluster: all
	BUILD='$(abs_top_builddir)' '$(top_srcdir)/tests/cluster/run' $(TESTS_CLUSTER)

EXTRA_DIST += tests/run tests/cluster/run tests/cluster/lib.sh tests/cluster/lib_slurm.sh tests/cluster/nsrsh \
	tests/cluster/alone.sh \
	tests/cluster/bad_input.sh \
	tests/cluster/batch.sh \
	tests/cluster/disk.sh \
	tests/cluster/cut.py tests/cluster/cut.sh tests/cluster/cut_clock.c \
	tests/cluster/drain.sh \
	tests/cluster/failure.sh \
	tests/cluster/ft.sh \
	tests/cluster/grow.sh \
	tests/cluster/harness.sh \
	tests/cluster/inflight.sh \
	tests/cluster/leader.sh \
	tests/cluster/leftovers.sh \
	tests/cluster/kill.sh \
	tests/cluster/limits.sh tests/cluster/plugins/hang.c \
	tests/cluster/plugins/flood.c \
	tests/cluster/locality.sh \
	tests/cluster/kill_matrix tests/cluster/kill_matrix.sh \
	tests/cluster/kill_cells.py tests/cluster/kill_hosts.py \
	tests/cluster/mpi.sh \
	tests/cluster/mpirun.sh \
	tests/cluster/output.sh \
	tests/cluster/slurm.sh \
	tests/cluster/ssh.sh \
	tests/cluster/up.sh tests/cluster/upgrade.sh \
	tests/cluster/replay.sh \
	tests/cluster/restart.sh \
	tests/cluster/restart_all.sh \
	tests/cluster/revoke.sh \
	tests/cluster/shares.sh \
	tests/cluster/programs/check.h \
	tests/cluster/programs/abort.c \
	tests/cluster/programs/collectives.c \
	tests/cluster/programs/connect.c \
	tests/cluster/programs/die.c \
	tests/cluster/programs/flood.c \
	tests/cluster/programs/halo.c \
	tests/cluster/programs/hello.c \
	tests/cluster/programs/keeper.py \
	tests/cluster/programs/noop.c \
	tests/cluster/programs/nsinit.c \
	tests/cluster/programs/py_ring.py \
	tests/cluster/programs/reader.c \
	tests/cluster/programs/ring.c \
	tests/cluster/programs/shrink.c \
	tests/cluster/programs/sessions.c \
	tests/cluster/programs/spawn.c \
	tests/cluster/programs/stray.c
