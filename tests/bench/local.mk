# Figures beside peers; run by hand: tests/bench/run
EXTRA_DIST += tests/bench/run tests/bench/doze.c tests/bench/mpi_start.c \
	tests/bench/pingpong.c tests/bench/spawn_loop.c

# The ledger alone: make tests/bench/bench_ledger && tests/bench/bench_ledger
EXTRA_PROGRAMS += tests/bench/bench_ledger
tests_bench_bench_ledger_SOURCES = tests/bench/bench_ledger.c
tests_bench_bench_ledger_LDADD = $(LEDGER_LIBS)
