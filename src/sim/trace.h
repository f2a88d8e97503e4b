/*
 * trace.h - recorded workloads: the job traces of SWIM and logs in the Standard
 * Workload Format.
 *
 * Parsers of text, without files: a wrong line gives "name:line: …" and
 * nothing is kept of the trace.  What a trace does not say is made up by rules
 * that trace_made_up puts in words.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "sim/work.h"

struct trace_options {
	const char *name; /* of the file, for errors */
	unsigned app;
	uint64_t seed;
	double from_s, until_s; /* of its own time; until 0: to the end */
	uint64_t jobs;		/* at most so many; 0: all */
	double speed;		/* its time runs so much faster; 1 */

	/* SWIM: from bytes to tasks and seconds. */
	double scale;	   /* of all bytes; 1 */
	double block_mib;  /* input of a map: 128 */
	double reduce_mib; /* shuffle of a reduce: 512 */
	double mib_s;	   /* what a task reads, shuffles or writes: 20 */
	double task_s;	   /* of each task besides: 2 */
	double setup_s;	   /* of each job: 3 */
	double spread;	   /* of task lengths: 0.3 */

	/* SWF: processors to tasks. */
	uint64_t largest; /* tasks that the cluster holds; 0: any */
};

struct trace_counts {
	size_t lines, taken;
	size_t outside; /* not in the window */
	size_t empty;	/* cancelled before they began */
};

void trace_defaults(struct trace_options *o);

/* Columns: id, submission (s), gap (s), bytes of map input, shuffle, output. */
int trace_swim(const char *text, size_t len, const struct trace_options *o,
	       struct worklist *out, struct trace_counts *counts,
	       struct berth_error *err);
/* Eighteen columns; ';' begins a comment. */
int trace_swf(const char *text, size_t len, const struct trace_options *o,
	      struct worklist *out, struct trace_counts *counts,
	      struct berth_error *err);

/* What was made up, and what was left out, in lines of text. */
void trace_made_up_swim(const struct trace_options *o,
			const struct trace_counts *counts, struct buf *out);
void trace_made_up_swf(const struct trace_options *o,
		       const struct trace_counts *counts, struct buf *out);

#endif
