# Floor 4: berth-framework, the host of one plugin.
noinst_LIBRARIES += src/framework/libframework.a
src_framework_libframework_a_SOURCES = \
	src/framework/arena.c src/framework/arena.h \
	src/framework/call.c src/framework/call.h \
	src/framework/codec.c src/framework/codec.h \
	src/framework/codec_list.c src/framework/codec_scalar.c \
	src/framework/codec_types.h \
	src/framework/event.c src/framework/event.h \
	src/framework/host.c src/framework/host.h \
	src/framework/host_ops.c src/framework/host_ops.h \
	src/framework/outbox.c src/framework/outbox.h \
	src/framework/plugin_file.c src/framework/plugin_file.h \
	src/framework/session.c src/framework/session.h \
	src/framework/shapes.c src/framework/shapes.h \
	src/framework/watchdog.c src/framework/watchdog.h
src_framework_libframework_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
LIBFRAMEWORK = src/framework/libframework.a
FRAMEWORK_LIBS = $(LIBFRAMEWORK) $(LIBIO) $(LIBBASE) $(IO_LIBS) $(JANSSON_LIBS)

pkglibexec_PROGRAMS += bin/berth-framework
bin_berth_framework_SOURCES = src/framework/main.c
bin_berth_framework_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
bin_berth_framework_LDADD = $(FRAMEWORK_LIBS)
