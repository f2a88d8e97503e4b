# Floor 2: the internal messages and the frame around them.
noinst_LIBRARIES += src/wire/libwire.a
src_wire_libwire_a_SOURCES = src/wire/frame.c src/wire/frame.h
nodist_src_wire_libwire_a_SOURCES = src/wire/berth.pb-c.c src/wire/berth.pb-c.h \
	src/wire/record.pb-c.c src/wire/record.pb-c.h
src_wire_libwire_a_CPPFLAGS = $(AM_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
src_wire_libwire_a_CFLAGS = $(AM_CFLAGS)
LIBWIRE = src/wire/libwire.a
WIRE_LIBS = $(PROTOBUF_C_LIBS)

BUILT_SOURCES += src/wire/berth.pb-c.h src/wire/record.pb-c.h
CLEANFILES += src/wire/berth.pb-c.c src/wire/berth.pb-c.h \
	src/wire/record.pb-c.c src/wire/record.pb-c.h
EXTRA_DIST += src/wire/berth.proto src/wire/record.proto
src/wire/berth.pb-c.h: src/wire/berth.proto
	$(AM_V_GEN)$(MKDIR_P) src/wire && $(PROTOC_C) --proto_path=$(top_srcdir)/src/wire \
		--c_out=src/wire $(top_srcdir)/src/wire/berth.proto
src/wire/berth.pb-c.c: src/wire/berth.pb-c.h
src/wire/record.pb-c.h: src/wire/record.proto
	$(AM_V_GEN)$(MKDIR_P) src/wire && $(PROTOC_C) --proto_path=$(top_srcdir)/src/wire \
		--c_out=src/wire $(top_srcdir)/src/wire/record.proto
src/wire/record.pb-c.c: src/wire/record.pb-c.h
