/*
 * prefer.c - the nodes that demands prefer, and how long they wait for them.
 *
 * Delay scheduling: M. Zaharia, D. Borthakur, J. Sen Sarma, K. Elmeleegy,
 * S. Shenker, I. Stoica, Delay Scheduling: A Simple Technique for Achieving
 * Locality and Fairness in Cluster Scheduling, EuroSys 2010.
 *
 *  1. A demand with a wait gets nodes that it prefers, and no others.
 *  2. When it lets another node pass that could have served it, its time
 *     begins to run: not before, for where nothing is free it loses nothing.
 *  3. When that is over, any node will do.
 *  4. With the next preferred node that it takes, it begins anew.
 *
 * It does not wait where that would be in vain: where the preferred nodes that
 * are up, empty, could not hold a unit, or of a gang all of it.
 */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/fit.h"

/* ---- which ---- */

struct dataset *state_dataset(struct ledger *l, const char *name)
{
	struct dataset *s = map_get(l->datasets, name);

	if (s == NULL) {
		s = dataset_create(name);
		map_put(l->datasets, name, s);
	}
	return s;
}

static struct dataset **datasets_of(struct ledger *l, char *const *names)
{
	struct dataset **list;
	size_t n = 0;

	if (names == NULL || names[0] == NULL)
		return NULL;
	while (names[n] != NULL)
		n++;
	list = mem_array(n + 1, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = state_dataset(l, names[i]);
	return list;
}

void prefer_resolve(struct ledger *l, struct demand *d)
{
	char **name = d->prefer_nodes;

	d->needs = datasets_of(l, d->datasets);
	d->likes = datasets_of(l, d->prefer_datasets);
	if (name == NULL || *name == NULL)
		return;
	d->liked = map_create();
	for (; *name != NULL; name++)
		map_put(d->liked, *name, d->liked);
}

static bool has_labels(const struct demand *d, const struct node *n)
{
	for (size_t i = 0; i < d->nprefer_labels; i++) {
		const char *v = node_label(n, d->prefer_label[i].name);

		if (v == NULL || strcmp(v, d->prefer_label[i].value) != 0)
			return false;
	}
	return d->nprefer_labels > 0;
}

static unsigned held_datasets(const struct demand *d, const struct node *n)
{
	unsigned held = 0;

	for (struct dataset **s = d->likes; s != NULL && *s != NULL; s++)
		held += dataset_on(*s, n) != NULL;
	return held;
}

bool prefer_likes(const struct demand *d, const struct node *n)
{
	return (d->liked != NULL && map_get(d->liked, n->name) != NULL) ||
	       held_datasets(d, n) > 0 || has_labels(d, n);
}

bool prefer_allows(const struct demand *d, const struct node *n)
{
	for (struct dataset **s = d->needs; s != NULL && *s != NULL; s++) {
		if (dataset_on(*s, n) == NULL)
			return false;
	}
	return !d->waiting || prefer_likes(d, n);
}

/* ---- one after the other ---- */

struct holder {
	struct node *node;
	unsigned held;
	uint64_t mib;
};

static int by_most(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->held != y->held)
		return x->held > y->held ? -1 : 1;
	if (x->mib != y->mib)
		return x->mib > y->mib ? -1 : 1;
	return (x->node->id > y->node->id) - (x->node->id < y->node->id);
}

/* The nodes that hold most of them first. */
static bool each_holder(const struct demand *d, prefer_node_f cb, void *arg)
{
	struct holder *list = NULL;
	size_t n = 0, room = 0;
	bool on = true;

	for (struct dataset **s = d->likes; s != NULL && *s != NULL; s++)
		room += (*s)->ncopies;
	list = mem_array(room + 1, sizeof(*list));
	for (struct dataset **s = d->likes; s != NULL && *s != NULL; s++) {
		for (size_t i = 0; i < (*s)->ncopies; i++) {
			const struct dataset_copy *c = &(*s)->copy[i];

			list[n++] = (struct holder){
				.node = c->node,
				.held = held_datasets(d, c->node),
				.mib = c->mib,
			};
		}
	}
	qsort(list, n, sizeof(*list), by_most);
	for (size_t i = 0; i < n && on; i++)
		on = cb(arg, list[i].node);
	free(list);
	return on;
}

/* A node may come more than once. */
bool prefer_each(struct ledger *l, const struct demand *d, prefer_node_f cb,
		 void *arg)
{
	for (char **name = d->prefer_nodes; name != NULL && *name != NULL;
	     name++) {
		struct node *n = map_get(l->nodes, *name);

		if (n != NULL && !cb(arg, n))
			return false;
	}
	if (d->likes != NULL && !each_holder(d, cb, arg))
		return false;
	for (size_t i = 0; d->nprefer_labels > 0 && i < l->nnodes; i++) {
		if (has_labels(d, l->node[i]) && !cb(arg, l->node[i]))
			return false;
	}
	return true;
}

/* ---- for how long ---- */

struct count {
	struct ledger *l;
	struct demand *d;
	unsigned left;
};

static bool count_room(void *arg, struct node *n)
{
	struct count *c = arg;
	unsigned limit = c->left, units;

	if (n->state != NODE_UP || n->index.seen == c->l->search)
		return true;
	n->index.seen = c->l->search;
	if (c->d->per_node > 0 && limit > c->d->per_node)
		limit = c->d->per_node;
	units = fit_capacity(n, &c->d->unit, c->d->fit, limit);
	units = place_fits(c->d, n, units);
	c->left -= units < c->left ? units : c->left;
	return c->left > 0;
}

static void begin_one(struct ledger *l, struct demand *d)
{
	struct count c = {l, d, demand_least(d)};
	bool waited = d->waiting;

	d->waiting = false;
	if (d->wait_us == 0 || d->patience == PATIENCE_OVER)
		return;
	l->search++;
	prefer_each(l, d, count_room, &c);
	d->waiting = c.left == 0;
	/* It has not looked at the nodes that it does not prefer. */
	if (waited && !d->waiting)
		state_dirty_demand(l, d);
}

void prefer_begin_round(struct ledger *l)
{
	for (size_t i = 0; i < l->nactive; i++)
		begin_one(l, l->active[i]);
}

void prefer_passed(struct ledger *l, struct demand *d)
{
	if (d->patience != PATIENCE_FRESH)
		return;
	d->patience = PATIENCE_RUNS;
	d->wait_until_us = l->now_us + d->wait_us;
	d->wait_due.kind = DUE_WAIT;
	heap_put(&l->due, &d->wait_due, d->wait_until_us);
}

void prefer_over(struct ledger *l, struct demand *d)
{
	heap_remove(&l->due, &d->wait_due);
	d->patience = PATIENCE_OVER;
	state_dirty_demand(l, d);
}

void prefer_got(struct ledger *l, struct demand *d, const struct node *n)
{
	if (d->wait_us == 0 || d->patience == PATIENCE_FRESH ||
	    !prefer_likes(d, n))
		return;
	heap_remove(&l->due, &d->wait_due);
	d->patience = PATIENCE_FRESH;
}

void prefer_inherit(struct ledger *l, struct demand *d, struct demand *old)
{
	bool runs = old->patience == PATIENCE_RUNS;

	heap_remove(&l->due, &old->wait_due);
	if (d->wait_us == 0 || old->wait_us == 0)
		return;
	d->patience = old->patience;
	d->wait_until_us = old->wait_until_us;
	d->wait_due.kind = DUE_WAIT;
	if (runs)
		heap_put(&l->due, &d->wait_due, d->wait_until_us);
}

void prefer_end(struct ledger *l, struct demand *d)
{
	heap_remove(&l->due, &d->wait_due);
}
