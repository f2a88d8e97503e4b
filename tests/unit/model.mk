# model
UNIT_TESTS += tests/unit/role_test
tests_unit_role_test_SOURCES = tests/unit/role_test.c tests/unit/unit.h
tests_unit_role_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_role_test_LDADD = $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/fit_test
tests_unit_fit_test_SOURCES = tests/unit/fit_test.c tests/unit/unit.h
tests_unit_fit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_fit_test_LDADD = $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/idmap_test
tests_unit_idmap_test_SOURCES = tests/unit/idmap_test.c tests/unit/unit.h
tests_unit_idmap_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_idmap_test_LDADD = $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/hostlist_test
tests_unit_hostlist_test_SOURCES = tests/unit/hostlist_test.c tests/unit/unit.h
tests_unit_hostlist_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_hostlist_test_LDADD = $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/switch_test
tests_unit_switch_test_SOURCES = tests/unit/switch_test.c tests/unit/unit.h
tests_unit_switch_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_switch_test_LDADD = $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)
