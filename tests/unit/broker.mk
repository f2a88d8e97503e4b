# broker

# The leader.
UNIT_TESTS += tests/unit/json_test
tests_unit_json_test_SOURCES = tests/unit/json_test.c tests/unit/unit.h
tests_unit_json_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_json_test_LDADD = $(LIBLEADER) $(LIBBASE) $(CUNIT_LIBS) \
	$(LEADER_LIBS)

UNIT_TESTS += tests/unit/leader_test
tests_unit_leader_test_SOURCES = tests/unit/leader_test.c \
	tests/unit/leader_rig.c tests/unit/leader_rig.h tests/unit/unit.h
tests_unit_leader_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS) \
	$(PROTOBUF_C_CFLAGS)
tests_unit_leader_test_LDADD = $(LIBLEADER) $(LIBNET) $(LIBLEDGER) \
	$(LIBPOLICY) $(LIBTOPO) $(LIBMODEL) $(LIBIO) $(LIBWIRE) $(LIBBASE) \
	$(CUNIT_LIBS) $(LEADER_LIBS) $(TOPO_LIBS) $(IO_LIBS) $(WIRE_LIBS)
