# shepherd
SHEPHERD_RIG = tests/unit/shepherd_rig.c tests/unit/shepherd_rig.h
SHEPHERD_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	-I$(top_srcdir)/tests/unit
SHEPHERD_TEST_LDADD = $(LIBRPC) $(LIBIO) $(LIBWIRE) $(LIBBASE) $(WIRE_LIBS) \
	$(IO_LIBS) $(RPC_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/shepherd_test
tests_unit_shepherd_test_SOURCES = tests/unit/shepherd_test.c $(SHEPHERD_RIG)
tests_unit_shepherd_test_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS)
tests_unit_shepherd_test_LDADD = $(SHEPHERD_TEST_LDADD)
