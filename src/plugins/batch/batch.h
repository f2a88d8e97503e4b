/* batch.h - the batch framework's state, shared by its files. */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include <berth/plugin.h>

#include "plugins/batch/pool.h"
#include "plugins/common/idmap.h"

/* A task that this pass starts. */
struct batch_start {
	struct batch_job *job;
	struct batch_task *task;
	size_t order;
};

struct batch {
	struct berth_host *host;
	const struct berth_host_ops *ops;
	struct batch_job_list jobs; /* in the order of submission */
	struct idmap by_id;
	struct idmap by_slice; /* struct runner */
	struct pool_list pools;
	unsigned n_pools; /* ever made */
	struct batch_start *starts; /* of this pass */
	size_t n_starts, room;
};

/* ---- jobs.c: jobs and slices come and go ---- */

/* NULL: its options were wrong and it has ended. */
struct batch_job *batch_add(struct batch *b, const struct berth_job *job);
/* Report it, if it is over; it is gone then. */
void batch_check_over(struct batch *b, struct batch_job *j);
/* End what the queue still has of it for this reason. */
void batch_refuse(struct batch *b, struct batch_job *j, const char *why);
struct runner *batch_add_runner(struct batch *b, struct pool *p,
				uint64_t slice);
/* Release its slice, unless it is gone, and forget it. */
void batch_drop_runner(struct batch *b, struct runner *r);
void batch_forget(struct batch *b);
void batch_rebuild(struct batch *b, const struct berth_state *state);

/* ---- fill.c: the decisions of one pass ---- */

void batch_fill(struct batch *b);

#endif
