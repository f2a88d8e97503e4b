/*
 * guard.h - watches the promise that nobody at or below his guarantee ever
 * loses a task to a revocation.
 *
 * It counts anew, from the slices that lie on the nodes, and does not ask the
 * ledger or a policy whether they were right.  Slow; for checked runs.
 */
#ifndef SIM_GUARD_H
#define SIM_GUARD_H

#include "base/error.h"
#include "base/idmap.h"
#include "ledger/ledger.h"

struct guard {
	const struct ledger *ledger;
	struct idmap slices; /* that were told to be given back … */
	struct idmap jobs;   /* … and the jobs with ranks that ran in them */
};

void guard_init(struct guard *g, const struct ledger *l);
void guard_finish(struct guard *g);
/* From the ledger's listener, for every event.  -1: the promise was broken. */
int guard_event(struct guard *g, const struct event *ev,
		struct berth_error *err);

#endif
