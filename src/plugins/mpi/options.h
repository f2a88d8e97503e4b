/* options.h - the options of an mpi job (doc/api.md), read and checked. */
#ifndef MPI_OPTIONS_H
#define MPI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <berth/error.h>

#include "plugins/mpi/map.h"

/* More ranks than this are refused. */
enum { MPI_MAX_RANKS = 1 << 20, MPI_MAX_APPS = 1024 };

/* One program of an MPMD job. */
struct mpi_app {
	char **argv, **env; /* env: NULL: the job's */
	size_t n_argv, n_env;
	char *cwd; /* NULL: the job's */
	unsigned ranks;
};

struct mpi_options {
	unsigned ranks;		 /* of all apps */
	unsigned ranks_per_node; /* 0: any */
	enum map_by map_by;
	const char *bind_to; /* a literal */
	bool oversubscribe;
	bool report_bindings;
	bool ft; /* goes on when ranks die */
	struct mpi_app *apps; /* none: the job's argv */
	size_t n_apps;
};

/* text is a JSON object.  -1: the text of err names the option. */
int mpi_options_read(struct mpi_options *o, const char *text,
		     struct berth_error *err);
void mpi_options_finish(struct mpi_options *o);

/* "core", "numa", … as a launch's map_by. */
const char *mpi_map_name(enum map_by by);

#endif
