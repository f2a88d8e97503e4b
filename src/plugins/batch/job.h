/*
 * job.h - one batch job: its tasks and what became of them.  State alone.
 */
#ifndef BATCH_JOB_H
#define BATCH_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <berth/plugin.h>

#include "plugins/batch/array.h"
#include "plugins/common/idmap.h"
#include "plugins/common/verdict.h"
#include "plugins/common/want.h"

struct pool;
struct runner;

/* A revoked or restarted task runs again under a number of its own, so task numbers are
 * array indices except for those. */

/* An array index that was started more than once. */
struct batch_retry {
	unsigned restarts; /* because it failed */
};

/* A task on its way or running. */
struct batch_task {
	unsigned index;	      /* "job.index" */
	int64_t array_index;
	struct runner *runner; /* NULL: its slice is gone */
};

struct batch_job {
	TAILQ_ENTRY(batch_job) link;	/* all, in the order of submission */
	TAILQ_ENTRY(batch_job) in_turn; /* its pool's, with pending tasks */
	uint64_t id;
	struct pool *pool;
	bool is_array;
	bool no_requeue; /* revoked tasks have failed */
	struct array array; /* what has yet to start */
	struct idmap tasks; /* by index: struct batch_task */
	struct idmap used;  /* struct batch_retry of array indices that run
			       once more */
	unsigned restarts;  /* after failures, of each task */
	unsigned n_restarts;
	unsigned retry_index; /* of the next such task: each has its own */
	bool queued;	      /* is in its pool's list */
	unsigned n_runners;   /* that work for it */
	bool running;	      /* the broker was told */
	bool cancelled;
	unsigned refusals; /* launches, one after the other */

	double task_ms; /* how long a task takes, about; < 0: not known */

	/* What became of the others. */
	size_t done, failed, lost, timed_out;
	int exit_code;		 /* the highest */
	struct verdict verdict; /* of the only task, or the first failure */
	char first[160]; /* the first failures of an array */
	size_t n_first;
	char *refusal; /* why it can't run at all; NULL: it can */
};
TAILQ_HEAD(batch_job_list, batch_job);

/* NULL: its options are wrong, err names the one. */
struct batch_job *batch_job_create(const struct berth_job *from,
				   struct berth_error *err);
void batch_job_destroy(struct batch_job *j); /* tasks too */

/* How many tasks may start now. */
size_t batch_job_ready(const struct batch_job *j);
/* Its next task, NULL when it is not ready. */
struct batch_task *batch_job_next(struct batch_job *j);
/* A task that the broker knows (state): not to be started again. */
struct batch_task *batch_job_adopt(struct batch_job *j,
				   const struct berth_task *t);
struct batch_task *batch_job_task(const struct batch_job *j, unsigned index);
/* It never started: it still has to.  The task is gone after. */
void batch_job_return(struct batch_job *j, struct batch_task *t);
/* Count a task's end, or, when it was revoked, have it run again.  The task
 * is gone after. */
void batch_job_ended(struct batch_job *j, const struct berth_task *t);

/* Nothing runs and nothing will. */
bool batch_job_over(const struct batch_job *j);
void batch_job_result(const struct batch_job *j, struct verdict *out);

#endif
