# Fuzz targets, one a decoder.  They run in make check with standalone.c, two
# seconds each; with --enable-fuzzers and CC=clang they are libFuzzer's.
FUZZ_TARGETS = \
	tests/fuzz/fuzz_agree \
	tests/fuzz/fuzz_chunk \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_events \
	tests/fuzz/fuzz_frame \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_records \
	tests/fuzz/fuzz_replay \
	tests/fuzz/fuzz_switch \
	tests/fuzz/fuzz_topo \
	tests/fuzz/fuzz_trace
check_PROGRAMS += $(FUZZ_TARGETS)
CPPFLAGS_OF_FUZZ = $(AM_CPPFLAGS) -DTEST_SRCDIR='"$(abs_top_srcdir)/tests"'
if FUZZERS
FUZZ_MAIN =
LDFLAGS_OF_FUZZ = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = tests/fuzz/standalone.c
LDFLAGS_OF_FUZZ = $(AM_LDFLAGS)
TESTS += $(FUZZ_TARGETS)
endif
CLEANFILES += fuzz_agree.last fuzz_chunk.last fuzz_conf.last fuzz_events.last fuzz_frame.last \
	fuzz_http.last fuzz_json.last fuzz_records.last \
	fuzz_replay.last fuzz_switch.last fuzz_topo.last fuzz_trace.last

tests_fuzz_fuzz_agree_SOURCES = tests/fuzz/fuzz_agree.c $(FUZZ_MAIN)
tests_fuzz_fuzz_agree_CPPFLAGS = $(CPPFLAGS_OF_FUZZ) $(RAFT_CFLAGS)
tests_fuzz_fuzz_agree_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_agree_LDADD = $(LIBAGREE) $(LIBNET) $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(AGREE_LIBS) $(IO_LIBS) $(WIRE_LIBS)

tests_fuzz_fuzz_chunk_SOURCES = tests/fuzz/fuzz_chunk.c $(FUZZ_MAIN)
tests_fuzz_fuzz_chunk_CPPFLAGS = $(CPPFLAGS_OF_FUZZ) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_chunk_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_chunk_LDADD = $(LIBCLI) $(LIBIO) $(LIBBASE) $(IO_LIBS) \
	$(JANSSON_LIBS)

tests_fuzz_fuzz_conf_SOURCES = tests/fuzz/fuzz_conf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_conf_CPPFLAGS = $(CPPFLAGS_OF_FUZZ)
tests_fuzz_fuzz_conf_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_conf_LDADD = $(LIBIO) $(LIBBASE) $(IO_LIBS)

tests_fuzz_fuzz_events_SOURCES = tests/fuzz/fuzz_events.c $(FUZZ_MAIN)
tests_fuzz_fuzz_events_CPPFLAGS = $(CPPFLAGS_OF_FUZZ) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_events_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_events_LDADD = $(FRAMEWORK_LIBS)

tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_MAIN)
tests_fuzz_fuzz_frame_CPPFLAGS = $(CPPFLAGS_OF_FUZZ) $(PROTOBUF_C_CFLAGS)
tests_fuzz_fuzz_frame_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_frame_LDADD = $(LIBWIRE) $(LIBBASE) $(WIRE_LIBS)

tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_CPPFLAGS = $(CPPFLAGS_OF_FUZZ)
tests_fuzz_fuzz_http_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_http_LDADD = $(LIBIO) $(LIBBASE) $(IO_LIBS)

tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_CPPFLAGS = $(CPPFLAGS_OF_FUZZ) $(JANSSON_CFLAGS) \
	$(PROTOBUF_C_CFLAGS)
tests_fuzz_fuzz_json_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_json_LDADD = $(LIBLEADER) $(LIBNET) $(LIBLEDGER) \
	$(LIBPOLICY) $(LIBTOPO) $(LIBIO) $(LIBWIRE) $(LIBMODEL) $(LIBBASE) \
	$(LEADER_LIBS) $(TOPO_LIBS) $(IO_LIBS) $(WIRE_LIBS)

tests_fuzz_fuzz_records_SOURCES = tests/fuzz/fuzz_records.c $(FUZZ_MAIN)
tests_fuzz_fuzz_records_CPPFLAGS = $(CPPFLAGS_OF_FUZZ) $(PROTOBUF_C_CFLAGS)
tests_fuzz_fuzz_records_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_records_LDADD = $(LIBLEADER) $(LIBWIRE) $(LIBBASE) $(WIRE_LIBS)

tests_fuzz_fuzz_replay_SOURCES = tests/fuzz/fuzz_replay.c $(FUZZ_MAIN)
tests_fuzz_fuzz_replay_CPPFLAGS = $(CPPFLAGS_OF_FUZZ)
tests_fuzz_fuzz_replay_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_replay_LDADD = $(SIM_LIBS)

tests_fuzz_fuzz_switch_SOURCES = tests/fuzz/fuzz_switch.c $(FUZZ_MAIN)
tests_fuzz_fuzz_switch_CPPFLAGS = $(CPPFLAGS_OF_FUZZ)
tests_fuzz_fuzz_switch_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_switch_LDADD = $(LIBMODEL) $(LIBBASE)

tests_fuzz_fuzz_topo_SOURCES = tests/fuzz/fuzz_topo.c $(FUZZ_MAIN)
tests_fuzz_fuzz_topo_CPPFLAGS = $(CPPFLAGS_OF_FUZZ)
tests_fuzz_fuzz_topo_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_topo_LDADD = $(LIBTOPO) $(LIBMODEL) $(LIBBASE) $(TOPO_LIBS)

tests_fuzz_fuzz_trace_SOURCES = tests/fuzz/fuzz_trace.c $(FUZZ_MAIN)
tests_fuzz_fuzz_trace_CPPFLAGS = $(CPPFLAGS_OF_FUZZ)
tests_fuzz_fuzz_trace_LDFLAGS = $(LDFLAGS_OF_FUZZ)
tests_fuzz_fuzz_trace_LDADD = $(SIM_LIBS)

EXTRA_DIST += tests/fuzz/seeds
