# broker

# The leader.
UNIT_TESTS += tests/unit/json_test
tests_unit_json_test_SOURCES = tests/unit/json_test.c tests/unit/unit.h
tests_unit_json_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_json_test_LDADD = $(LIBLEADER) $(LIBBASE) $(CUNIT_LIBS) \
	$(LEADER_LIBS)
