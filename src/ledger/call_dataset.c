/* call_dataset.c - datasets on the nodes' own storage: what leaves and loses
 * them, as checked events, and what these do. */
#include "ledger/state.h"

#include <string.h>

/* More than so many names, and somebody makes one up for each run. */
#define MOST_DATASETS 100000

/* ---- events ---- */

/* Those who look for it look at every node again. */
static void wake(struct ledger *l, const struct dataset *s)
{
	for (size_t i = 0; i < l->nactive; i++) {
		struct demand *d = l->active[i];
		struct dataset **list[2] = {d->needs, d->likes};

		for (int k = 0; k < 2; k++) {
			for (size_t j = 0; list[k] != NULL && list[k][j] != NULL;
			     j++) {
				if (list[k][j] == s)
					state_dirty_demand(l, d);
			}
		}
	}
}

int apply_dataset_stored(struct ledger *l, const struct event *ev,
			 struct berth_error *err)
{
	struct node *n = state_node(l, ev->dataset.node, err);
	struct dataset_copy copy = {
		.node = n,
		.mib = ev->dataset.mib,
		.job = ev->dataset.job,
		.at_us = ev->at_us,
	};
	struct dataset *s;

	if (n == NULL)
		return -1;
	if (n->state == NODE_DOWN)
		return error_set(err, BERTH_ECONFLICT,
				 "node %s is down and holds no datasets",
				 n->name);
	if (map_get(l->datasets, ev->dataset.dataset) == NULL &&
	    map_count(l->datasets) >= MOST_DATASETS)
		return error_set(err, BERTH_ECONFLICT,
				 "dataset %.64s: there are %d of them already",
				 ev->dataset.dataset, MOST_DATASETS);
	s = state_dataset(l, ev->dataset.dataset);
	dataset_put(s, &copy);
	wake(l, s);
	return 0;
}

int apply_dataset_removed(struct ledger *l, const struct event *ev,
			  struct berth_error *err)
{
	struct dataset *s = map_get(l->datasets, ev->dataset.dataset);
	struct node *n = state_node(l, ev->dataset.node, err);

	if (n == NULL)
		return -1;
	if (s == NULL || dataset_on(s, n) == NULL)
		return error_set(err, BERTH_ENOTFOUND,
				 "node %s holds no dataset \"%.64s\"", n->name,
				 ev->dataset.dataset);
	dataset_remove(s, n);
	wake(l, s);
	return 0;
}

/* ---- calls ---- */

int ledger_dataset_store(struct ledger *l, const char *dataset,
			 const char *node, uint64_t mib, uint64_t job,
			 uint64_t now_us, struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_DATASET_STORED,
		.dataset = {
			.dataset = dataset,
			.node = node,
			.mib = mib,
			.job = job,
		},
	};

	if (call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

static bool needs(const struct demand *d, const char *dataset)
{
	struct dataset **s = d != NULL ? d->needs : NULL;

	for (; s != NULL && *s != NULL; s++) {
		if (strcmp((*s)->name, dataset) == 0)
			return true;
	}
	return false;
}

/* Offers of n to those who need what it no longer holds. */
static void rescind(struct ledger *l, const char *dataset, const char *node)
{
	struct offer *o = TAILQ_FIRST(&l->open), *next;

	for (; o != NULL; o = next) {
		const struct slice *s = NULL;

		next = TAILQ_NEXT(o, of_ledger);
		if (needs(o->demand, dataset))
			s = TAILQ_FIRST(&o->slices);
		while (s != NULL && strcmp(s->node->name, node) != 0)
			s = TAILQ_NEXT(s, of_owner);
		if (s != NULL)
			call_end_offer(l, o, EVENT_OFFER_RESCINDED, 0,
				       "a dataset that it needs is gone");
	}
}

static int removed(struct ledger *l, const char *dataset, const char *node,
		   const char *why, struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_DATASET_REMOVED,
		.at_us = l->now_us,
		.dataset = {.dataset = dataset, .node = node, .text = why},
	};

	if (ledger_apply(l, &ev, err) != 0)
		return -1;
	rescind(l, dataset, node);
	return 0;
}

int ledger_dataset_remove(struct ledger *l, const char *dataset,
			  const char *node, uint64_t now_us,
			  struct berth_error *err)
{
	struct dataset *s = map_get(l->datasets, dataset);

	if (call_begin(l, now_us, err) != 0)
		return -1;
	if (node != NULL)
		return removed(l, dataset, node, NULL, err);
	if (s == NULL || s->ncopies == 0)
		return error_set(err, BERTH_ENOTFOUND, "no dataset \"%.64s\"",
				 dataset);
	while (s->ncopies > 0)
		removed(l, s->name, s->copy[0].node->name, NULL, NULL);
	return 0;
}

void call_left(struct ledger *l, const struct task *t)
{
	char *const *name = t->job->leaves;
	bool well = t->status.state == TASK_ENDED &&
		    t->status.end == TASK_END_EXITED &&
		    t->status.exit_code == 0;

	for (; well && name != NULL && *name != NULL; name++)
		ledger_dataset_store(l, *name, t->where, 0, t->job->id,
				     l->now_us, NULL);
}

void call_lose_datasets(struct ledger *l, const struct node *n,
			const char *why)
{
	struct dataset *s;

	map_foreach (l->datasets, s) {
		if (dataset_on(s, n) != NULL)
			removed(l, s->name, n->name, why, NULL);
	}
}

const struct dataset *ledger_next_dataset(const struct ledger *l, size_t *pos)
{
	struct dataset *s;

	do {
		s = map_next(l->datasets, pos, NULL);
	} while (s != NULL && s->ncopies == 0);
	return s;
}
