# Figures beside peers; run by hand: tests/bench/run
EXTRA_DIST += tests/bench/run tests/bench/mpi_start.c \
	tests/bench/pingpong.c tests/bench/spawn_loop.c
