/*
 * spec.h - a job's spec (doc/api.md) from what users of srun, sbatch and
 * mpirun write on the command line: `berth submit`, `run` and `mpirun`.
 */
#ifndef CLI_SPEC_H
#define CLI_SPEC_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/api.h"
#include "cli/opts.h"

/* How output is marked with where it comes from. */
enum spec_tag { TAG_NONE, TAG_LABEL, TAG_MPIRUN };

/* The options; which of them are known depends on the framework. */
struct spec_opts {
	struct api api;
	/* What is asked for. */
	long long cores, mem_mib, gpus, drive_mib, time_ms, grace_ms;
	const char *gpu_vendor, *name, *role, *priority, *stop_signal,
		*checkpoint_signal;
	bool requeue, no_requeue;
	long long restart;
	bool exclusive;
	/* Where. */
	struct opt_list nodes, exclude, labels;
	struct opt_list prefer_nodes, prefer_labels, datasets_in, datasets_out;
	long long wait_ms;
	const char *prefer;
	/* What it takes along. */
	const char *output, *error, *chdir, *export;
	struct opt_list env, set;
	/* batch */
	const char *array;
	long long tasks;
	/* mpi: all programs */
	long long per_node, nnodes;
	const char *map_by, *bind_to, *stdin_to;
	bool oversubscribe, report_bindings, tag_output, ft;
	const char *with_ft;
	struct opt_list mca; /* name, value, name, value … */
	/* run */
	bool label, quiet;
};

/* What came of the command line. */
struct spec {
	json_t *job; /* the body of POST /v1/jobs */
	bool json, quiet;
	enum spec_tag tag;
	bool want_stdin;
};

enum spec_command { SPEC_SUBMIT, SPEC_RUN, SPEC_MPIRUN };

/*
 * Parse argv[1...]: [FRAMEWORK] OPTIONS [--] PROGRAM [ARGS].  0, -1, or -2
 * after --help.  api is set up (not opened) with --dir.
 */
int spec_parse(enum spec_command command, int argc, char **argv,
	       struct api *api, struct spec *out, struct berth_error *err);
void spec_finish(struct spec *s);

/* Submit it; the job's number, or -1. */
long long spec_submit(const struct spec *s, struct api *api,
		      struct berth_error *err);

/* ---- between spec.c and spec_mpi.c ---- */

/* Room for a table of options that is put together from parts. */
struct opt_table {
	struct opt row[96];
	size_t n;
};

/* Options and programs of an MPI job, argv[0] being the command; shared holds
 * the options that all programs have in common, table its rows. */
int spec_mpi(struct spec_opts *o, const struct opt_table *shared,
	     const struct opts_doc *doc, enum spec_command command, int argc,
	     char **argv, json_t *job, json_t *env, struct berth_error *err);

#endif
