/*
 * history.h - accounting: what every ended job used, when and how it ended,
 * in an SQLite file of this rank's.
 *
 * What is put is written a little later, many jobs in one transaction; reads
 * see what is written (history_flush first).  A file that can't be written (a
 * full disk, a broken file) is named in one log line, work goes on, and what
 * waits is written when it can be again; when too much waits the oldest is
 * dropped, and its number is logged.
 *
 * On the loop's thread; history_flush and reads wait for the disk.
 */
#ifndef BROKER_HISTORY_H
#define BROKER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"
#include "model/job.h"

/* One ended job.  Texts may be NULL, which is "". */
struct history_job {
	uint64_t id;
	const char *name, *user, *role, *framework;
	const char *nodes;	/* "n1,n2": where tasks of it ran */
	uint32_t nnodes, slices; /* how many different ones it had */
	uint32_t tasks, failed;	/* launched, and not ended with 0 */
	/* The most that its running tasks had at one time. */
	uint64_t cores, memory_mib, gpus;
	uint64_t core_us;	/* cores times how long a task had them */
	uint64_t gpu_us;
	uint64_t cpu_us;	/* that its tasks computed */
	uint64_t max_rss_kib;	/* of the largest task */
	uint64_t submitted_us, started_us, ended_us; /* started 0: never */
	enum job_outcome outcome;
	int32_t exit_code, signal;
	uint32_t requeues;	/* tasks that were started again */
	uint32_t revocations;	/* tasks that ended because of one */
	const char *text;	/* why it ended so, one line */
};

struct history;

/* path NULL: nothing is kept and nothing found.  A file that can't be opened
 * is no reason to fail: see above. */
struct history *history_create(struct loop *loop, const char *path);
/* Writes what waits. */
void history_destroy(struct history *h);

/* Keep job, which is copied.  The same job (id and time of its submission) a
 * second time changes nothing. */
void history_put(struct history *h, const struct history_job *job);
/* Write what waits; -1 with what stands in the way. */
int history_flush(struct history *h, struct berth_error *err);

/* NULL, JOB_NONE and 0: any. */
struct history_query {
	const char *user, *role, *framework, *name;
	enum job_outcome outcome;
	uint64_t id;
	uint64_t since_us, until_us;  /* of the end: since <= ended < until */
	uint64_t before_us, before_id; /* only what ended before this job, in
					  the order of (end, id) */
	size_t limit;		      /* needed */
};

/* Call each for the newest jobs that fit, newest first; what it is shown lives
 * until it returns.  *more: there are older ones that fit. */
typedef void (*history_f)(void *arg, const struct history_job *job);
int history_find(struct history *h, const struct history_query *q,
		 history_f each, void *arg, bool *more,
		 struct berth_error *err);

#endif
