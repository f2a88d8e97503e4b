# Floor 4: the ledger and the policies under a virtual clock.
noinst_LIBRARIES += src/sim/libsim.a
src_sim_libsim_a_SOURCES = \
	src/sim/app.c src/sim/app.h \
	src/sim/blocks.c src/sim/blocks.h \
	src/sim/clock.c src/sim/clock.h \
	src/sim/failures.c src/sim/failures.h \
	src/sim/figures.c src/sim/figures.h \
	src/sim/files.c \
	src/sim/gang.c \
	src/sim/guard.c src/sim/guard.h \
	src/sim/hadoop.c \
	src/sim/input.c src/sim/input.h \
	src/sim/pool.c src/sim/pool.h \
	src/sim/pool_tasks.c \
	src/sim/reader.c src/sim/reader.h \
	src/sim/replay.c src/sim/replay.h \
	src/sim/report.c src/sim/report.h \
	src/sim/scenario.c src/sim/scenario.h \
	src/sim/scenario_roles.c \
	src/sim/sim.c src/sim/sim.h \
	src/sim/svg.c src/sim/svg.h \
	src/sim/tally.c src/sim/tally.h \
	src/sim/trace.c src/sim/trace.h \
	src/sim/watch.c src/sim/watch.h \
	src/sim/work.c src/sim/work.h \
	src/sim/workers.c
LIBSIM = src/sim/libsim.a
# In the order of linking.
SIM_LIBS = $(LIBSIM) $(LEDGER_LIBS) $(LIBIO) $(LIBBASE) $(IO_LIBS)

bin_PROGRAMS += bin/berth-sim
bin_berth_sim_SOURCES = src/sim/main.c
bin_berth_sim_LDADD = $(SIM_LIBS)
