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
