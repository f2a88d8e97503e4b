# io, rpc
UNIT_TESTS += tests/unit/loop_test
tests_unit_loop_test_SOURCES = tests/unit/loop_test.c tests/unit/unit.h
tests_unit_loop_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_loop_test_LDADD = $(LIBIO) $(LIBBASE) $(CUNIT_LIBS) $(IO_LIBS)

UNIT_TESTS += tests/unit/stream_test
tests_unit_stream_test_SOURCES = tests/unit/stream_test.c tests/unit/unit.h
tests_unit_stream_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_stream_test_LDADD = $(LIBIO) $(LIBBASE) $(CUNIT_LIBS) $(IO_LIBS)

UNIT_TESTS += tests/unit/servers_test
tests_unit_servers_test_SOURCES = tests/unit/servers_test.c tests/unit/unit.h
tests_unit_servers_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_servers_test_LDADD = $(LIBIO) $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/http_test
tests_unit_http_test_SOURCES = tests/unit/http_test.c tests/unit/unit.h
tests_unit_http_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_LDADD = $(LIBIO) $(LIBBASE) $(CUNIT_LIBS) $(IO_LIBS)

UNIT_TESTS += tests/unit/conf_test
tests_unit_conf_test_SOURCES = tests/unit/conf_test.c tests/unit/unit.h
tests_unit_conf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_conf_test_LDADD = $(LIBIO) $(LIBBASE) $(CUNIT_LIBS) $(IO_LIBS)

UNIT_TESTS += tests/unit/link_test
tests_unit_link_test_SOURCES = tests/unit/link_test.c tests/unit/unit.h
tests_unit_link_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
tests_unit_link_test_LDADD = $(LIBRPC) $(LIBIO) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(RPC_LIBS) $(IO_LIBS) $(WIRE_LIBS)
