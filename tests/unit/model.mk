# model
UNIT_TESTS += tests/unit/fit_test
tests_unit_fit_test_SOURCES = tests/unit/fit_test.c tests/unit/unit.h
tests_unit_fit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_fit_test_LDADD = $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)
