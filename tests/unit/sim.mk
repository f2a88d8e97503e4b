# sim
UNIT_TESTS += tests/unit/sim_test
tests_unit_sim_test_SOURCES = tests/unit/sim_test.c tests/unit/unit.h
tests_unit_sim_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_sim_test_LDADD = $(SIM_LIBS) $(CUNIT_LIBS)
