/*
 * pool.h - the slices of one size that are held, and the jobs that want such
 * slices.  State alone.
 *
 * A slice is a runner: it works for one job at a time, a few tasks ahead when
 * they are short, and changes to the next job in turn when it is empty.
 */
#ifndef BATCH_POOL_H
#define BATCH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "plugins/batch/job.h"

/* How far ahead a slice's queue may reach, in time and in tasks. */
enum { POOL_AHEAD_MS = 100, POOL_AHEAD_TASKS = 64 };

struct runner {
	TAILQ_ENTRY(runner) link;	/* of the pool's runners */
	TAILQ_ENTRY(runner) hungry_link;
	uint64_t slice;
	struct pool *pool;
	struct batch_job *job; /* NULL: none yet */
	unsigned in_flight;    /* tasks launched and not ended */
	uint64_t since_ms;     /* held since */
	uint64_t started_ms;   /* its last task; 0: none has yet */
	bool hungry;	       /* is in the pool's list */
	bool wanted_back;      /* revoked: no more tasks in it */
	bool noticed;	       /* … and the broker waits for our answer */
	bool gone;	       /* not ours (any more): nothing to release */
};
TAILQ_HEAD(runner_list, runner);

struct pool {
	TAILQ_ENTRY(pool) link;
	struct want *want;
	unsigned number, round; /* name its demand */
	char demand[32];
	struct runner_list runners, hungry; /* hungry: something changed */
	unsigned n_runners;
	struct batch_job_list turn; /* jobs with pending tasks */
	size_t n_turn;
	size_t n_jobs;
	uint64_t outstanding; /* units the broker still has to offer */
	uint64_t stated_ms;   /* since when it has had to */
};
TAILQ_HEAD(pool_list, pool);

/* Takes want over. */
struct pool *pool_create(struct want *want, unsigned number);
void pool_destroy(struct pool *p); /* runners too; NULL is fine */

/* Name the next demand: it stands behind all that were stated before. */
void pool_new_demand(struct pool *p);

struct runner *pool_add_runner(struct pool *p, uint64_t slice, uint64_t now_ms);
void pool_remove_runner(struct runner *r);
/* Look at it in the next pass. */
void runner_hungry(struct runner *r);
/* The next that is to be looked at, taken off the list; NULL: none. */
struct runner *pool_next_hungry(struct pool *p);
/* Work for this job from now on (NULL: for none). */
void runner_serve(struct runner *r, struct batch_job *j);

/* In the list of those who have their turn as long as tasks are pending. */
void pool_queue_job(struct pool *p, struct batch_job *j);
void pool_unqueue_job(struct pool *p, struct batch_job *j);
/* Whose turn it is; it goes to the end of the list.  NULL: nobody's. */
struct batch_job *pool_next_job(struct pool *p);

/* One whose end would cost least, by at least so much less than r's: idle, or
 * its task has just started.  NULL: none. */
struct runner *pool_cheaper(const struct runner *r, uint64_t least_ms);

/* Tasks that could start now, had it slices for them. */
size_t pool_need(const struct pool *p);
/* How many tasks this runner should have in flight for its job. */
unsigned runner_depth(const struct runner *r);
/* Has its job more runners than its part, while others wait? */
bool runner_should_change(const struct runner *r);

#endif
