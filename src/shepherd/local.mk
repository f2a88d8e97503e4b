# Floor 4: the shepherd; PMIx only here.
noinst_LIBRARIES += src/shepherd/libshepherd.a
src_shepherd_libshepherd_a_SOURCES = \
	src/shepherd/abort.c \
	src/shepherd/bind.c src/shepherd/bind.h \
	src/shepherd/client.c \
	src/shepherd/coll.c \
	src/shepherd/connect.c \
	src/shepherd/control.c \
	src/shepherd/deaths.c \
	src/shepherd/dmodex.c \
	src/shepherd/ending.c \
	src/shepherd/env.c src/shepherd/env.h \
	src/shepherd/event.c \
	src/shepherd/fabric.c src/shepherd/fabric.h \
	src/shepherd/feed.c src/shepherd/feed.h \
	src/shepherd/fence.c \
	src/shepherd/gpu.c src/shepherd/gpu.h \
	src/shepherd/group.c \
	src/shepherd/handover.c src/shepherd/handover.h \
	src/shepherd/infos.c src/shepherd/infos.h \
	src/shepherd/launch.c src/shepherd/launch.h \
	src/shepherd/log.c \
	src/shepherd/nodetopo.c src/shepherd/nodetopo.h \
	src/shepherd/nspace.c src/shepherd/nspace.h \
	src/shepherd/orphan.c src/shepherd/orphan.h \
	src/shepherd/output.c src/shepherd/output.h \
	src/shepherd/proc.c src/shepherd/proc.h \
	src/shepherd/prompt.c src/shepherd/prompt.h \
	src/shepherd/publish.c \
	src/shepherd/query.c \
	src/shepherd/register.c \
	src/shepherd/report.c src/shepherd/report.h \
	src/shepherd/runner.c src/shepherd/runner.h src/shepherd/runner_impl.h \
	src/shepherd/server.c src/shepherd/server.h src/shepherd/server_impl.h \
	src/shepherd/session.c src/shepherd/session.h \
	src/shepherd/shepherd.c src/shepherd/shepherd.h \
	src/shepherd/spawn.c \
	src/shepherd/start.c src/shepherd/start.h \
	src/shepherd/stdin.c \
	src/shepherd/task.c src/shepherd/task.h \
	src/shepherd/tree.c src/shepherd/tree.h \
	src/shepherd/ulfm.c src/shepherd/ulfm.h \
	src/shepherd/upcalls.h \
	src/shepherd/uplink.c src/shepherd/uplink.h \
	src/shepherd/user.c src/shepherd/user.h \
	src/shepherd/vigil.c src/shepherd/vigil.h
src_shepherd_libshepherd_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	$(PMIX_CFLAGS)
LIBSHEPHERD = src/shepherd/libshepherd.a

pkglibexec_PROGRAMS += bin/berth-shepherd
bin_berth_shepherd_SOURCES = src/shepherd/main.c
bin_berth_shepherd_CPPFLAGS = $(src_shepherd_libshepherd_a_CPPFLAGS)
bin_berth_shepherd_LDADD = $(LIBSHEPHERD) $(LIBRPC) $(LIBIO) $(LIBTOPO) \
	src/model/libmodel.a $(LIBWIRE) $(LIBBASE) \
	$(WIRE_LIBS) $(IO_LIBS) $(RPC_LIBS) $(TOPO_LIBS) $(PMIX_LIBS)
