# io, rpc
UNIT_TESTS += tests/unit/http_test
tests_unit_http_test_SOURCES = tests/unit/http_test.c tests/unit/unit.h
tests_unit_http_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_http_test_LDADD = $(LIBIO) $(LIBBASE) $(CUNIT_LIBS) $(IO_LIBS)
