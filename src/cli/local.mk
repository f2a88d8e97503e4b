# Floor 4: the command line.  All but main.c is a library, so that unit tests
# can link it.
noinst_LIBRARIES += src/cli/libcli.a
src_cli_libcli_a_SOURCES = \
	src/cli/api.c src/cli/api.h \
	src/cli/attach.c \
	src/cli/cancel.c \
	src/cli/census.c src/cli/census.h \
	src/cli/chunk.c src/cli/chunk.h \
	src/cli/cli.h \
	src/cli/contact.c src/cli/contact.h \
	src/cli/down.c \
	src/cli/drain.c \
	src/cli/env.c src/cli/env.h \
	src/cli/events.c \
	src/cli/feed.c src/cli/feed.h \
	src/cli/follow.c src/cli/follow.h \
	src/cli/dataset.c \
	src/cli/history.c \
	src/cli/leftover.c src/cli/leftover.h \
	src/cli/lists.c \
	src/cli/logs.c \
	src/cli/mark.c src/cli/mark.h \
	src/cli/mpirun.c \
	src/cli/opts.c src/cli/opts.h \
	src/cli/parse.c src/cli/parse.h \
	src/cli/plan.c src/cli/plan.h \
	src/cli/program.c src/cli/program.h \
	src/cli/renewal.c src/cli/renewal.h \
	src/cli/run.c src/cli/run.h \
	src/cli/share.c \
	src/cli/show.c \
	src/cli/silence.c src/cli/silence.h \
	src/cli/sink.c src/cli/sink.h \
	src/cli/spec.c src/cli/spec.h \
	src/cli/spec_mpi.c \
	src/cli/statedir.c src/cli/statedir.h \
	src/cli/submit.c \
	src/cli/table.c src/cli/table.h \
	src/cli/top.c \
	src/cli/topo.c \
	src/cli/up.c \
	src/cli/wait.c
src_cli_libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) \
	$(PROTOBUF_C_CFLAGS)
src_cli_libcli_a_CFLAGS = $(AM_CFLAGS)
LIBCLI = src/cli/libcli.a

bin_PROGRAMS += bin/berth
bin_berth_SOURCES = src/cli/main.c
bin_berth_LDADD = $(LIBCLI) $(LIBRPC) $(LIBWIRE) $(LIBIO) $(LIBMODEL) $(LIBBASE) \
	$(RPC_LIBS) $(WIRE_LIBS) $(IO_LIBS) $(JANSSON_LIBS)
