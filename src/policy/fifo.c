/*
 * fifo.c - priorities, then age; what a waiting gang can't use is filled with
 * what comes behind it.
 *
 *  1. Demands in order: the higher priority first, then the older.
 *  2. Each gets all that it wants and that fits; a gang all or nothing.
 *  3. For the first that has to wait, the nodes where it will be met soonest
 *     are held (policy_hold).  Whoever comes behind it gets the rest.
 */
#include "policy/policy.h"

static void fifo_decide(void *scratch, struct view *v)
{
	struct decision dec;
	struct holds holds = {false, false};

	decision_init(&dec);
	for (size_t i = 0; i < v->ndemands && view_more(v); i++) {
		struct demand *d = v->demand[i];
		unsigned least = demand_least(d);

		if (demand_open(d) < least)
			continue;
		if (view_place(v, d, least, demand_open(d), &dec) > 0)
			view_decide(v, &dec);
		policy_hold(v, d, &holds);
	}
	decision_finish(&dec);
}

const struct policy policy_fifo = {
	.abi = POLICY_ABI,
	.name = "fifo",
	.doc = "by priority, then age, with backfill behind a waiting gang",
	.decide = fifo_decide,
};
