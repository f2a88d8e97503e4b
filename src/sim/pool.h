/*
 * pool.h - nodes under one ledger, and the frameworks that share them: what
 * the broker, its agents and launchers are to a real cluster, in virtual time.
 *
 * Tasks take the time that their run says.  Messages take latency_us each way,
 * a task's start takes start_us; the broker looks at what changed round_us
 * after it changed.
 */
#ifndef SIM_POOL_H
#define SIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ledger/ledger.h"
#include "sim/app.h"
#include "sim/clock.h"
#include "sim/guard.h"

struct pool_options {
	const struct policy *policy;
	const struct topology *topology; /* of each node … */
	const struct topology *const *topologies; /* … or, not NULL, by number */
	unsigned nodes;
	unsigned first;	  /* of the cluster's nodes, by number … */
	unsigned cluster; /* … of so many, on which data lies */
	uint64_t seed;
	uint64_t latency_us, start_us, round_us;
	uint64_t stop_us; /* a task that is told to leave needs so long */
	bool check; /* the ledger's invariants after every alarm, and that
		       nobody loses what is guaranteed to him at every event */
};

/* A job ended; called by the pool's owner. */
typedef void (*pool_done_f)(void *arg, struct app *a, struct work *w);

struct pool {
	struct pool_options options;
	struct clock *clock;
	struct ledger *ledger;
	struct rand_state rand;
	struct app **app;
	size_t napps;
	struct idmap runs;
	struct guard guard;
	uint64_t revoked; /* slices that were told to be given back */
	struct map *by_name;
	struct alarm round;
	uint64_t round_spent_us; /* processor time */
	bool failed;		 /* error says why; nothing more happens */
	struct berth_error error;
	pool_done_f done;
	void *arg;
	struct post *posts; /* under way */
};

int pool_init(struct pool *p, const struct pool_options *options,
	      struct clock *clock, pool_done_f done, void *arg,
	      struct berth_error *err);
void pool_finish(struct pool *p);
/* a is the caller's and has index, conf set; registers it. */
int pool_add(struct pool *p, struct app *a, struct berth_error *err);
/* Call after each alarm: sees to it that rounds are made in time. */
void pool_settle(struct pool *p);
static inline uint64_t pool_now(const struct pool *p)
{
	return p->clock->now_us;
}

/* A node fails, with all that runs on it; or it is back. */
void pool_node(struct pool *p, unsigned node, bool up);

/* ---- for the models ---- */

void pool_submit(struct pool *p, struct app *a, struct work *w);
void pool_demand(struct pool *p, struct app *a, struct demand *d);
/* Start a task in a slice that is held, after those that are there. */
void pool_launch(struct pool *p, struct app *a, const struct run *what);
/* Is it held, and not on its way back? */
bool pool_usable(const struct pool *p, uint64_t slice);
/* End all tasks of the job. */
void pool_kill(struct pool *p, struct app *a, uint64_t job);
void pool_release(struct pool *p, struct app *a, const uint64_t *slices,
		  size_t n);
/* All tasks have ended and all slices are given back. */
void pool_finished(struct pool *p, struct app *a, struct work *w, uint64_t id);

/* ---- between pool.c and pool_tasks.c ---- */

/* The slice is taken back: what runs in it leaves, and of a job with ranks all
 * that it runs. */
void pool_tasks_revoke(struct pool *p, const struct event *ev);
/* The ledger heard of a task's end: its framework will. */
void pool_tasks_over(struct pool *p, const struct event *ev);
/* All of them, at the end of the pool. */
void pool_tasks_free(struct pool *p);

/* Nothing more happens; err says why. */
void pool_fail(struct pool *p, const struct berth_error *err);
/* Tell its framework of the end, and then free it. */
void pool_post_end(struct pool *p, struct run *r);

#endif
