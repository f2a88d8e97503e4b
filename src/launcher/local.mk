# Floor 4: the node's daemon, and its part that has no main.
noinst_LIBRARIES += src/launcher/liblauncher.a
src_launcher_liblauncher_a_SOURCES = \
	src/launcher/bootstrap.c src/launcher/bootstrap.h \
	src/launcher/attendance.c src/launcher/attendance.h \
	src/launcher/broker_job.c src/launcher/broker_job.h \
	src/launcher/cgroup.c src/launcher/cgroup.h \
	src/launcher/closing.c src/launcher/closing.h \
	src/launcher/child.c src/launcher/child.h \
	src/launcher/coll.c src/launcher/coll.h \
	src/launcher/coll_table.c src/launcher/coll_table.h \
	src/launcher/context.c src/launcher/context.h \
	src/launcher/dir_table.c src/launcher/dir_table.h \
	src/launcher/directory.c src/launcher/directory.h \
	src/launcher/fence.c src/launcher/fence.h \
	src/launcher/joins.c src/launcher/joins.h \
	src/launcher/launcher.c src/launcher/launcher.h \
	src/launcher/life.c src/launcher/life.h \
	src/launcher/mesh.c src/launcher/mesh.h \
	src/launcher/network.c src/launcher/network.h \
	src/launcher/nodedir.c src/launcher/nodedir.h \
	src/launcher/post.h \
	src/launcher/rank.c src/launcher/rank.h \
	src/launcher/roster.c src/launcher/roster.h \
	src/launcher/route.c src/launcher/route.h \
	src/launcher/settings.c src/launcher/settings.h \
	src/launcher/shepherds.c src/launcher/shepherds.h \
	src/launcher/status.h \
	src/launcher/spare.c src/launcher/spare.h \
	src/launcher/strays.c src/launcher/strays.h \
	src/launcher/tasks.c src/launcher/tasks.h \
	src/launcher/tidy.c src/launcher/tidy.h \
	src/launcher/work.c src/launcher/work.h
src_launcher_liblauncher_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
LIBLAUNCHER = src/launcher/liblauncher.a

pkglibexec_PROGRAMS += bin/berth-launcher
bin_berth_launcher_SOURCES = src/launcher/main.c
bin_berth_launcher_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
bin_berth_launcher_LDADD = $(LIBLAUNCHER) $(LIBRPC) $(LIBWIRE) $(LIBIO) \
	$(LIBBASE) $(RPC_LIBS) $(WIRE_LIBS) $(IO_LIBS)
# Of io it uses no HTTP: libcurl and all that it drags along stay out.
bin_berth_launcher_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
