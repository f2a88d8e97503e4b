# shepherd
SHEPHERD_RIG = tests/unit/shepherd_rig.c tests/unit/shepherd_rig.h \
	tests/unit/shepherd_rig_impl.h tests/unit/shepherd_rig_vm.c \
	tests/unit/shepherd_rig_job.c
SHEPHERD_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) $(PROTOBUF_C_CFLAGS) \
	-I$(top_srcdir)/tests/unit
SHEPHERD_TEST_LDADD = $(LIBRPC) $(LIBIO) $(LIBWIRE) $(LIBBASE) $(WIRE_LIBS) \
	$(IO_LIBS) $(RPC_LIBS) $(CUNIT_LIBS)

UNIT_TESTS += tests/unit/shepherd_test
tests_unit_shepherd_test_SOURCES = tests/unit/shepherd_test.c $(SHEPHERD_RIG)
tests_unit_shepherd_test_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS)
tests_unit_shepherd_test_LDADD = $(SHEPHERD_TEST_LDADD)

check_PROGRAMS += tests/unit/shepherd_mpi
tests_unit_shepherd_mpi_SOURCES = tests/unit/shepherd_mpi.c
tests_unit_shepherd_mpi_CPPFLAGS = $(MPI_CFLAGS)
# Never with sanitizers: it stands for a user's program, and what Open MPI
# leaks is not ours to report.
tests_unit_shepherd_mpi_CFLAGS = $(WARN_CFLAGS)
tests_unit_shepherd_mpi_LDFLAGS =
tests_unit_shepherd_mpi_LDADD = $(MPI_LIBS)

UNIT_TESTS += tests/unit/shepherd_mpi_test
tests_unit_shepherd_mpi_test_SOURCES = tests/unit/shepherd_mpi_test.c $(SHEPHERD_RIG)
tests_unit_shepherd_mpi_test_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS) $(MPI_CFLAGS)
tests_unit_shepherd_mpi_test_LDADD = $(SHEPHERD_TEST_LDADD)

check_PROGRAMS += tests/unit/shepherd_drive
tests_unit_shepherd_drive_SOURCES = tests/unit/shepherd_drive.c $(SHEPHERD_RIG)
tests_unit_shepherd_drive_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS)
tests_unit_shepherd_drive_LDADD = $(SHEPHERD_TEST_LDADD)

UNIT_TESTS += tests/unit/gpu_test
tests_unit_gpu_test_SOURCES = tests/unit/gpu_test.c
tests_unit_gpu_test_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS)
tests_unit_gpu_test_LDADD = $(LIBSHEPHERD) $(SHEPHERD_TEST_LDADD)

UNIT_TESTS += tests/unit/shepherd_parts_test
tests_unit_shepherd_parts_test_SOURCES = tests/unit/shepherd_parts_test.c
tests_unit_shepherd_parts_test_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS)
tests_unit_shepherd_parts_test_LDADD = $(LIBSHEPHERD) $(LIBTOPO) $(LIBMODEL) \
	$(LIBIO) $(LIBWIRE) $(LIBBASE) $(WIRE_LIBS) $(TOPO_LIBS) $(LIBEVENT_LIBS) \
	$(CUNIT_LIBS)

UNIT_TESTS += tests/unit/orphan_test
tests_unit_orphan_test_SOURCES = tests/unit/orphan_test.c
tests_unit_orphan_test_CPPFLAGS = $(SHEPHERD_TEST_CPPFLAGS)
tests_unit_orphan_test_LDADD = src/shepherd/libshepherd.a $(LIBIO) $(LIBWIRE) \
	$(LIBBASE) $(WIRE_LIBS) $(IO_LIBS) $(CUNIT_LIBS)
