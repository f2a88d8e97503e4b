/* guard.c - see guard.h. */
#include "sim/guard.h"

#include "model/role.h"

void guard_init(struct guard *g, const struct ledger *l)
{
	g->ledger = l;
	idmap_init(&g->slices);
	idmap_init(&g->jobs);
}

void guard_finish(struct guard *g)
{
	idmap_finish(&g->slices);
	idmap_finish(&g->jobs);
}

/* What r and those below it have, but for what is on its way back; the slice
 * counts still. */
static struct amount kept(const struct guard *g, const struct role *r,
			  const struct slice *with)
{
	struct amount sum = {0, 0, 0, 0};
	const struct node *n;
	const struct slice *s;
	size_t pos = 0;

	while ((n = ledger_next_node(g->ledger, &pos)) != NULL) {
		TAILQ_FOREACH (s, &n->slices, of_node) {
			if (role_below(s->role, r) &&
			    (!s->revoking || s == with))
				amount_add(&sum, &s->amount);
		}
	}
	return sum;
}

static bool above(const struct amount *has, const struct role *r)
{
	for (int k = 0; k < RESOURCES; k++) {
		if ((r->floor_mask & 1u << k) != 0 &&
		    amount_get(has, k) > amount_get(&r->floor, k))
			return true;
	}
	return false;
}

static int check_notice(const struct guard *g, const struct event *ev,
			struct berth_error *err)
{
	const struct slice *s = ledger_slice(g->ledger, ev->revoking.slice);
	const struct demand *d = ledger_find_demand(
		g->ledger, ev->revoking.claimant, ev->revoking.demand);

	if (s == NULL || d == NULL)
		return error_set(err, BERTH_ESYS,
				 "slice %llu is taken back for nobody",
				 (unsigned long long)ev->revoking.slice);
	if (!s->revocable)
		return error_set(err, BERTH_ESYS,
				 "slice %llu is taken back and is firm",
				 (unsigned long long)s->id);
	for (const struct role *r = s->role;
	     r != NULL && !role_below(d->charged, r); r = r->parent) {
		struct amount has = kept(g, r, s);

		if (!above(&has, r))
			return error_set(
				err, BERTH_ESYS,
				"slice %llu is taken from role %s, which has "
				"no more than its guarantee: %llu cores, "
				"%llu MiB",
				(unsigned long long)s->id, r->name,
				(unsigned long long)has.cores,
				(unsigned long long)has.memory_mib);
	}
	return 0;
}

static void note(struct guard *g, const struct event *ev)
{
	const struct slice *s = ledger_slice(g->ledger, ev->revoking.slice);
	const struct task *t;

	idmap_put(&g->slices, s->id, g);
	TAILQ_FOREACH (t, &s->tasks, of_slice) {
		if (t->nranks > 0)
			idmap_put(&g->jobs, t->job->id, g);
	}
}

/* A task that ended as revoked was in a slice that is taken back, or has ranks
 * beside one that was. */
static int check_end(const struct guard *g, const struct event *ev,
		     struct berth_error *err)
{
	const struct task *t =
		ledger_task(g->ledger, ev->task.job, ev->task.index);

	if (ev->task.status.end != TASK_END_REVOKED || t == NULL)
		return 0;
	if (idmap_get(&g->slices, t->slice_id) != NULL ||
	    (t->nranks > 0 && idmap_get(&g->jobs, ev->task.job) != NULL))
		return 0;
	return error_set(err, BERTH_ESYS,
			 "task %llu.%u was revoked, but nobody took its slice "
			 "back",
			 (unsigned long long)ev->task.job, ev->task.index);
}

int guard_event(struct guard *g, const struct event *ev,
		struct berth_error *err)
{
	switch (ev->type) {
	case EVENT_SLICE_REVOKING:
		if (check_notice(g, ev, err) != 0)
			return -1;
		note(g, ev);
		return 0;
	case EVENT_SLICE_SPARED:
		idmap_remove(&g->slices, ev->slice.slice);
		return 0;
	case EVENT_TASK_FINISHED:
		return check_end(g, ev, err);
	default:
		return 0;
	}
}
