/*
 * output.h - the files that tasks write their standard output and error to.
 *
 * A task writes to its files itself; the shepherd only opens them.  The
 * node's own files lie in jobs/JOB/ under a folder that was opened before the
 * shepherd became the job's user, so that it needs no way through the node's
 * folder, which is its owner's alone.
 */
#ifndef SHEPHERD_OUTPUT_H
#define SHEPHERD_OUTPUT_H

#include <stdint.h>

#include "base/error.h"
#include "wire/berth.pb-c.h"

struct output;

/* jobs_fd is the open folder NODE_DIR/jobs; stays the caller's. */
struct output *output_create(int jobs_fd, const char *node);
void output_destroy(struct output *o);

struct output_name {
	uint64_t job;
	uint32_t index;
	int32_t rank;	      /* -1: plain task */
	int64_t array_index;  /* -1: none */
	const char *nspace;   /* spawned namespace, else NULL */
	const char *cwd;      /* relative patterns count from here */
};

/* Open both, for appending; fd[1] may be a copy of fd[0].  Descriptors above
 * 2, close-on-exec. */
int output_open(struct output *o, const Berth__Spec *spec,
		const struct output_name *n, int fd[2],
		struct berth_error *err);

/* %j %J %t %a %n %N %x %% filled in; the caller frees.  Unknown letters stay
 * as they are. */
char *output_expand(const struct output *o, const char *pattern,
		    const Berth__Spec *spec, const struct output_name *n);

#endif
