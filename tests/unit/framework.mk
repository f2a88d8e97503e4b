# framework and plugins
TESTS_PLUGIN_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
TESTS_PLUGIN_LDADD = $(LIBBASE) $(JANSSON_LIBS) $(CUNIT_LIBS)
FAKE_HOST = tests/unit/fake_host.c tests/unit/fake_host.h tests/unit/unit.h

UNIT_TESTS += tests/unit/mpi_test
tests_unit_mpi_test_SOURCES = tests/unit/mpi_test.c $(FAKE_HOST) \
	src/plugins/mpi/mpi.c $(MPI_SOURCES) $(PLUGIN_COMMON)
tests_unit_mpi_test_CPPFLAGS = $(TESTS_PLUGIN_CPPFLAGS)
tests_unit_mpi_test_LDADD = $(TESTS_PLUGIN_LDADD)

UNIT_TESTS += tests/unit/batch_test
tests_unit_batch_test_SOURCES = tests/unit/batch_test.c $(FAKE_HOST) \
	src/plugins/batch/batch.c $(BATCH_SOURCES) $(PLUGIN_COMMON)
tests_unit_batch_test_CPPFLAGS = $(TESTS_PLUGIN_CPPFLAGS)
tests_unit_batch_test_LDADD = $(TESTS_PLUGIN_LDADD)

# -rpath makes libtool build shared objects of what is never installed.
BAD_PLUGIN_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-rpath /nowhere
check_LTLIBRARIES += tests/unit/bad_abi.la tests/unit/bad_symbol.la
tests_unit_bad_abi_la_SOURCES = tests/unit/bad_plugin.c
tests_unit_bad_abi_la_CPPFLAGS = $(AM_CPPFLAGS) -DBAD_ABI
tests_unit_bad_abi_la_LDFLAGS = $(BAD_PLUGIN_LDFLAGS)
tests_unit_bad_symbol_la_SOURCES = tests/unit/bad_plugin.c
tests_unit_bad_symbol_la_CPPFLAGS = $(AM_CPPFLAGS)
tests_unit_bad_symbol_la_LDFLAGS = $(BAD_PLUGIN_LDFLAGS)

UNIT_TESTS += tests/unit/framework_test
tests_unit_framework_test_SOURCES = tests/unit/framework_test.c \
	tests/unit/fake_broker.c tests/unit/fake_broker.h tests/unit/unit.h
tests_unit_framework_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_framework_test_LDADD = $(FRAMEWORK_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/example_test
tests_unit_example_test_SOURCES = tests/unit/example_test.c $(FAKE_HOST) \
	examples/plugin/once.c
tests_unit_example_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_example_test_LDADD = $(LIBBASE) $(CUNIT_LIBS)
