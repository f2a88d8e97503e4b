# ledger
LEDGER_RIG = tests/unit/ledger_rig.c tests/unit/ledger_rig.h tests/unit/unit.h

UNIT_TESTS += tests/unit/shares_test
tests_unit_shares_test_SOURCES = tests/unit/shares_test.c $(LEDGER_RIG)
tests_unit_shares_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_shares_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/ledger_random_test
tests_unit_ledger_random_test_SOURCES = tests/unit/ledger_random_test.c tests/unit/unit.h
tests_unit_ledger_random_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_ledger_random_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/ledger_test
tests_unit_ledger_test_SOURCES = tests/unit/ledger_test.c $(LEDGER_RIG)
tests_unit_ledger_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_ledger_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/urn_test
tests_unit_urn_test_SOURCES = tests/unit/urn_test.c tests/unit/unit.h
tests_unit_urn_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_urn_test_LDADD = $(LIBPOLICY) $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/gang_test
tests_unit_gang_test_SOURCES = tests/unit/gang_test.c $(LEDGER_RIG)
tests_unit_gang_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_gang_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/locality_test
tests_unit_locality_test_SOURCES = tests/unit/locality_test.c $(LEDGER_RIG)
tests_unit_locality_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_locality_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/layout_test
tests_unit_layout_test_SOURCES = tests/unit/layout_test.c $(LEDGER_RIG)
tests_unit_layout_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_layout_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/round_test
tests_unit_round_test_SOURCES = tests/unit/round_test.c tests/unit/unit.h
tests_unit_round_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_round_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/yield_test
tests_unit_yield_test_SOURCES = tests/unit/yield_test.c $(LEDGER_RIG)
tests_unit_yield_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_yield_test_LDADD = $(LEDGER_LIBS) $(CUNIT_LIBS)
