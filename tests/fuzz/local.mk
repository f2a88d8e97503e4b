# Fuzz targets, one a decoder.  They run in make check with standalone.c, two
# seconds each; with --enable-fuzzers and CC=clang they are libFuzzer's.
FUZZ_TARGETS = \
	tests/fuzz/fuzz_chunk \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_events \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_topo
check_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_CPPFLAGS = $(AM_CPPFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)/tests"'
if FUZZERS
FUZZ_MAIN =
FUZZ_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/standalone.c
FUZZ_LDFLAGS = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif
CLEANFILES += fuzz_chunk.last fuzz_conf.last fuzz_events.last fuzz_frame.last \
	fuzz_http.last fuzz_json.last fuzz_topo.last

tests_fuzz_fuzz_chunk_SOURCES = tests/fuzz/fuzz_chunk.c $(FUZZ_MAIN)
tests_fuzz_fuzz_chunk_CPPFLAGS = $(FUZZ_CPPFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_chunk_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_chunk_LDADD = $(LIBCLI) $(LIBIO) $(LIBBASE) $(IO_LIBS) \
	$(JANSSON_LIBS)

tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_conf_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_conf_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_conf_LDADD = $(LIBIO) $(LIBBASE) $(IO_LIBS)

tests_fuzz_fuzz_events_SOURCES = tests/fuzz/fuzz_events.c $(FUZZ_MAIN)
tests_fuzz_fuzz_events_CPPFLAGS = $(FUZZ_CPPFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_events_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_events_LDADD = $(FRAMEWORK_LIBS)

tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_MAIN)
tests_fuzz_fuzz_frame_CPPFLAGS = $(FUZZ_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_fuzz_fuzz_frame_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_frame_LDADD = $(LIBWIRE) $(LIBBASE) $(WIRE_LIBS)

tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_http_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_http_LDADD = $(LIBIO) $(LIBBASE) $(IO_LIBS)

tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_CPPFLAGS = $(FUZZ_CPPFLAGS) $(JANSSON_CFLAGS) \
	$(PROTOBUF_C_CFLAGS)
tests_fuzz_fuzz_json_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_json_LDADD = $(LIBLEADER) $(LIBNET) $(LIBLEDGER) \
	$(LIBPOLICY) $(LIBTOPO) $(LIBIO) $(LIBWIRE) $(LIBMODEL) $(LIBBASE) \
	$(LEADER_LIBS) $(TOPO_LIBS) $(IO_LIBS) $(WIRE_LIBS)

tests_fuzz_fuzz_topo_SOURCES = tests/fuzz/fuzz_topo.c $(FUZZ_MAIN)
tests_fuzz_fuzz_topo_CPPFLAGS = $(FUZZ_CPPFLAGS)
tests_fuzz_fuzz_topo_LDFLAGS = $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_topo_LDADD = $(LIBTOPO) $(LIBMODEL) $(LIBBASE) $(TOPO_LIBS)

EXTRA_DIST += tests/fuzz/seeds
