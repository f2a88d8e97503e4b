UNIT_TESTS += tests/unit/topology_test tests/unit/topo_test
tests_unit_topology_test_SOURCES = tests/unit/topology_test.c
tests_unit_topology_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_topology_test_LDADD = $(LIBMODEL) $(LIBBASE) $(CUNIT_LIBS)

tests_unit_topo_test_SOURCES = tests/unit/topo_test.c
tests_unit_topo_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(HWLOC_CFLAGS)
tests_unit_topo_test_LDADD = $(LIBTOPO) $(LIBMODEL) $(LIBBASE) $(TOPO_LIBS) \
	$(CUNIT_LIBS)
EXTRA_DIST += tests/unit/topologies/traps.xml \
	tests/unit/topologies/part.xml tests/unit/topologies/second.xml
