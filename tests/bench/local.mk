# Figures beside peers; run by hand: tests/bench/run
EXTRA_DIST += tests/bench/run tests/bench/churn.py tests/bench/compare \
	tests/bench/doze.c tests/bench/durability.py tests/bench/mpi_start.c \
	tests/bench/pingpong.c tests/bench/spawn_loop.c \
	tests/bench/takeover.py tests/bench/takeover.sh

# The ledger alone: make tests/bench/bench_ledger && tests/bench/bench_ledger
EXTRA_PROGRAMS += tests/bench/bench_ledger
tests_bench_bench_ledger_SOURCES = tests/bench/bench_ledger.c
tests_bench_bench_ledger_LDADD = $(LEDGER_LIBS)

# Agreement alone: make tests/bench/bench_agree && tests/bench/bench_agree DIR
EXTRA_PROGRAMS += tests/bench/bench_agree
tests_bench_bench_agree_SOURCES = tests/bench/bench_agree.c
tests_bench_bench_agree_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_bench_bench_agree_LDADD = $(LIBAGREE) $(LIBNET) $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(AGREE_LIBS) $(IO_LIBS) $(WIRE_LIBS)
