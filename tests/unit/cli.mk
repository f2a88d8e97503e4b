# cli
UNIT_TESTS += tests/unit/cli_test
tests_unit_cli_test_SOURCES = tests/unit/cli_test.c tests/unit/unit.h
tests_unit_cli_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_cli_test_LDADD = $(LIBCLI) $(LIBRPC) $(LIBWIRE) $(LIBIO) $(LIBMODEL) $(LIBBASE) \
	$(CUNIT_LIBS) $(RPC_LIBS) $(WIRE_LIBS) $(IO_LIBS) $(JANSSON_LIBS)
