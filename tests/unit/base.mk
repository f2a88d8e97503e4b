# base, wire
UNIT_TESTS += tests/unit/bitset_test
tests_unit_bitset_test_SOURCES = tests/unit/bitset_test.c tests/unit/unit.h
tests_unit_bitset_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_bitset_test_LDADD = $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/map_test
tests_unit_map_test_SOURCES = tests/unit/map_test.c tests/unit/unit.h
tests_unit_map_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_map_test_LDADD = $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/buf_test
tests_unit_buf_test_SOURCES = tests/unit/buf_test.c tests/unit/unit.h
tests_unit_buf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_buf_test_LDADD = $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/frame_test
tests_unit_frame_test_SOURCES = tests/unit/frame_test.c tests/unit/unit.h
tests_unit_frame_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_frame_test_LDADD = $(LIBWIRE) $(LIBBASE) $(CUNIT_LIBS) $(WIRE_LIBS)
