# Floor 5: framework plugins; they know include/berth and nothing of src.
PLUGIN_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-export-symbols-regex '^berth_plugin$$'
PLUGIN_COMMON = \
	src/plugins/common/idmap.c src/plugins/common/idmap.h \
	src/plugins/common/keep.c src/plugins/common/keep.h \
	src/plugins/common/verdict.c src/plugins/common/verdict.h \
	src/plugins/common/want.c src/plugins/common/want.h

MPI_SOURCES = \
	src/plugins/mpi/job.c src/plugins/mpi/job.h \
	src/plugins/mpi/map.c src/plugins/mpi/map.h \
	src/plugins/mpi/mpi.h src/plugins/mpi/rebuild.c src/plugins/mpi/run.c \
	src/plugins/mpi/options.c src/plugins/mpi/options.h
plugin_LTLIBRARIES += plugins/mpi.la
plugins_mpi_la_SOURCES = src/plugins/mpi/mpi.c $(MPI_SOURCES) $(PLUGIN_COMMON)
plugins_mpi_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_mpi_la_LIBADD = $(JANSSON_LIBS)
plugins_mpi_la_LDFLAGS = $(PLUGIN_LDFLAGS)

BATCH_SOURCES = \
	src/plugins/batch/array.c src/plugins/batch/array.h \
	src/plugins/batch/batch.h src/plugins/batch/fill.c \
	src/plugins/batch/job.c src/plugins/batch/job.h \
	src/plugins/batch/jobs.c \
	src/plugins/batch/pool.c src/plugins/batch/pool.h
plugin_LTLIBRARIES += plugins/batch.la
plugins_batch_la_SOURCES = src/plugins/batch/batch.c $(BATCH_SOURCES) \
	$(PLUGIN_COMMON)
plugins_batch_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
plugins_batch_la_LIBADD = $(JANSSON_LIBS)
plugins_batch_la_LDFLAGS = $(PLUGIN_LDFLAGS)
