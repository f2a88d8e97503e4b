# launcher: its services without sockets, its tables, its links over loopback
LAUNCHER_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS)
LAUNCHER_TEST_LIBS = $(LIBLAUNCHER) $(LIBRPC) $(LIBWIRE) $(LIBIO) $(LIBBASE) \
	$(CUNIT_LIBS) $(RPC_LIBS) $(WIRE_LIBS) $(IO_LIBS)
LAUNCHER_RIG = tests/unit/launcher_rig.c tests/unit/launcher_rig.h \
	tests/unit/unit.h

UNIT_TESTS += tests/unit/coll_test
tests_unit_coll_test_SOURCES = tests/unit/coll_test.c $(LAUNCHER_RIG)
tests_unit_coll_test_CPPFLAGS = $(LAUNCHER_TEST_CPPFLAGS)
tests_unit_coll_test_LDADD = $(LAUNCHER_TEST_LIBS)

UNIT_TESTS += tests/unit/directory_test
tests_unit_directory_test_SOURCES = tests/unit/directory_test.c \
	$(LAUNCHER_RIG)
tests_unit_directory_test_CPPFLAGS = $(LAUNCHER_TEST_CPPFLAGS)
tests_unit_directory_test_LDADD = $(LAUNCHER_TEST_LIBS)

UNIT_TESTS += tests/unit/route_test
tests_unit_route_test_SOURCES = tests/unit/route_test.c $(LAUNCHER_RIG)
tests_unit_route_test_CPPFLAGS = $(LAUNCHER_TEST_CPPFLAGS)
tests_unit_route_test_LDADD = $(LAUNCHER_TEST_LIBS)

UNIT_TESTS += tests/unit/launcher_tables_test
tests_unit_launcher_tables_test_SOURCES = \
	tests/unit/launcher_tables_test.c tests/unit/unit.h
tests_unit_launcher_tables_test_CPPFLAGS = $(LAUNCHER_TEST_CPPFLAGS)
tests_unit_launcher_tables_test_LDADD = $(LAUNCHER_TEST_LIBS)

UNIT_TESTS += tests/unit/mesh_test
tests_unit_mesh_test_SOURCES = tests/unit/mesh_test.c tests/unit/unit.h
tests_unit_mesh_test_CPPFLAGS = $(LAUNCHER_TEST_CPPFLAGS)
tests_unit_mesh_test_LDADD = $(LAUNCHER_TEST_LIBS)
