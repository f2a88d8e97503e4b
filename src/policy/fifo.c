/*
 * fifo.c - priorities, then age; what a waiting gang can't use is filled with
 * what comes behind it.
 *
 *  1. What is guaranteed comes first (policy_guaranteed).
 *  2. Demands in order: the role of the higher priority first, then the
 *     higher priority, then the older.
 *  3. Each gets all that it wants and that fits; a gang all or nothing.
 *  4. For the first that has to wait, the nodes where it will be met soonest
 *     are held (policy_hold).  Whoever comes behind it gets the rest.
 */
#include "policy/policy.h"

#include <limits.h>
#include <stdlib.h>

/* The greatest priority of a role below this; INT64_MIN: there is none. */
static int64_t next_priority(const struct view *v, int64_t below)
{
	int64_t next = INT64_MIN;

	for (size_t i = 0; i < v->ndemands; i++) {
		int64_t p = v->demand[i]->charged->priority;

		if (p < below && p > next)
			next = p;
	}
	return next;
}

static void serve(struct view *v, struct demand *d, struct holds *holds,
		  struct decision *dec)
{
	unsigned least = demand_least(d);

	if (demand_open(d) < least)
		return;
	if (view_place(v, d, least, demand_open(d), dec) > 0)
		view_decide(v, dec);
	policy_hold(v, d, holds);
}

static void fifo_decide(void *scratch, struct view *v)
{
	struct holds holds = {false, false};
	int64_t p = next_priority(v, INT64_MAX);
	struct decision dec;

	(void)scratch;
	decision_init(&dec);
	policy_guaranteed(v, &holds);
	for (; p != INT64_MIN; p = next_priority(v, p)) {
		for (size_t i = 0; i < v->ndemands && view_more(v); i++) {
			if (v->demand[i]->charged->priority == p)
				serve(v, v->demand[i], &holds, &dec);
		}
	}
	decision_finish(&dec);
}

const struct policy policy_fifo = {
	.abi = POLICY_ABI,
	.name = "fifo",
	.doc = "by priority, then age, with backfill behind a waiting gang",
	.decide = fifo_decide,
};
