/*
 * lottery.c - who gets a node that several want is drawn by lot.
 *
 *  1. What is guaranteed comes first (policy_guaranteed).
 *  2. Nodes that demands name as preferred, in the order of the nodes: as long
 *     as one has room, one of the demands that name it is drawn, and gets one
 *     portion of it.  Gangs take no part in that, as they need all at once.
 *  3. Those that nodes were held for in the round before get what they lack, or
 *     nodes are held for them again.
 *  4. Sharing out, in numbers only: demands are drawn one after the other, and
 *     each is given a portion, until what is free is given away.
 *  5. Placing: each demand gets what it was given, as far as nodes can be found,
 *     in the order in which they were drawn first.
 *  6. Again from 4 without those that found no room, until nobody gets more.
 *
 * A ticket weighs as much as what its framework ought to have: the weights of
 * its role and the roles above that, each as a part of those beside it that
 * want something, shared among the role's demands.  (Waldspurger and Weihl,
 * Lottery Scheduling, OSDI 1994; for preferred nodes: Hindman et al., Mesos,
 * NSDI 2011.)
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/urn.h"

struct ticket {
	struct demand *demand;
	double weight;
	unsigned given; /* units, in numbers */
	bool drawn;
	bool stuck; /* there is no room for more of it */
};

/* Somebody who wants this node. */
struct wish {
	uint32_t node;
	size_t order;
	struct ticket *ticket;
	struct node *at;
};

struct lottery {
	struct view *view;
	struct ticket *ticket;
	size_t ntickets;
	struct ticket **order; /* in which they were drawn first */
	size_t norder;
	struct holds holds;
	struct decision dec;
};

/* ---- tickets ---- */

/* For each role, by id: how many demands count for it or below it. */
static size_t *count_demands(const struct view *v)
{
	size_t *count = mem_array(v->nroles + 1, sizeof(*count));

	for (size_t i = 0; i < v->ndemands; i++) {
		const struct role *r = v->demand[i]->charged;

		for (; r != NULL; r = r->parent)
			count[r->id]++;
	}
	return count;
}

/* The weights of all roles below each that want something; the cluster's is
 * the last. */
static double *sum_weights(const struct view *v, const size_t *count)
{
	double *sum = mem_array(v->nroles + 1, sizeof(*sum));

	for (size_t i = 0; i < v->nroles; i++) {
		const struct role *r = v->role[i];

		if (count[r->id] > 0)
			sum[r->parent != NULL ? r->parent->id : v->nroles] +=
				r->weight;
	}
	return sum;
}

/* Demands of the role itself, as one beside the roles below it. */
static double part_of(const struct view *v, const struct role *r,
		      const size_t *count, const double *sum)
{
	size_t own = count[r->id];
	const struct role *c;
	double part = 1;

	TAILQ_FOREACH(c, &r->children, sibling)
		own -= count[c->id];
	if (sum[r->id] > 0)
		part /= sum[r->id] + 1;
	for (c = r; c != NULL; c = c->parent)
		part *= c->weight /
			sum[c->parent != NULL ? c->parent->id : v->nroles];
	return part / (double)(own > 0 ? own : 1);
}

static void make_tickets(struct lottery *lot)
{
	struct view *v = lot->view;
	size_t *count = count_demands(v);
	double *sum = sum_weights(v, count);

	lot->ticket = mem_array(v->ndemands + 1, sizeof(*lot->ticket));
	lot->ntickets = v->ndemands;
	for (size_t i = 0; i < v->ndemands; i++) {
		struct demand *d = v->demand[i];

		lot->ticket[i].demand = d;
		lot->ticket[i].weight = part_of(v, d->charged, count, sum) *
					d->framework->weight;
	}
	free(count);
	free(sum);
}

/* ---- preferred nodes ---- */

static int by_node(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

struct wishes {
	struct lottery *lot;
	struct wish *at;
	size_t count, room;
};

static void add_wish(struct wishes *w, struct ticket *t, struct node *n)
{
	if (w->count == w->room) {
		w->room = w->room > 0 ? w->room * 2 : 64;
		w->at = mem_resize(w->at, w->room, sizeof(*w->at));
	}
	w->at[w->count] = (struct wish){
		.node = n->id, .order = w->count, .ticket = t, .at = n};
	w->count++;
}

static void collect(struct wishes *w, struct ticket *t)
{
	char *const *name = t->demand->prefer_nodes;

	for (; *name != NULL; name++) {
		struct node *n = w->lot->view->ops->find(w->lot->view, *name);

		if (n != NULL && n->free.cores >= t->demand->unit.cores)
			add_wish(w, t, n);
	}
}

/* Whether it got a portion of n. */
static bool give(struct lottery *lot, struct demand *d, struct node *n)
{
	unsigned least = demand_least(d);
	unsigned want = d->per_node > least ? d->per_node : least;

	if (demand_open(d) < want || view_units(lot->view, d, n, want) < want)
		return false;
	decision_clear(&lot->dec);
	lot->dec.demand = d;
	decision_add(&lot->dec, n, want);
	return view_decide(lot->view, &lot->dec) > 0;
}

/* The n wishes for one node. */
static void draw_node(struct lottery *lot, const struct wish *wish, size_t n)
{
	struct urn urn;
	long i;

	urn_init(&urn, n);
	for (size_t k = 0; k < n; k++)
		urn_put(&urn, k, wish[k].ticket->weight);
	for (i = urn_draw(&urn, lot->view->rand); i >= 0;
	     i = urn_draw(&urn, lot->view->rand)) {
		if (!view_more(lot->view))
			break;
		if (!give(lot, wish[i].ticket->demand, wish[i].at))
			urn_put(&urn, (size_t)i, 0);
	}
	urn_finish(&urn);
}

static void preferred(struct lottery *lot)
{
	struct wishes w = {.lot = lot};

	for (size_t i = 0; i < lot->ntickets; i++) {
		struct ticket *t = &lot->ticket[i];

		if (t->demand->prefer_nodes != NULL &&
		    !demand_gathers(t->demand))
			collect(&w, t);
	}
	if (w.count > 0)
		qsort(w.at, w.count, sizeof(*w.at), by_node);
	for (size_t i = 0, from = 0; i < w.count; i++) {
		if (i + 1 < w.count && w.at[i + 1].node == w.at[from].node)
			continue;
		draw_node(lot, w.at + from, i + 1 - from);
		from = i + 1;
	}
	free(w.at);
}

/* ---- sharing out ---- */

/* All of a gang, else an eighth of what is open, as far as there is so much;
 * 0: it can have no more. */
static unsigned portion(const struct ticket *t, const struct amount *left)
{
	const struct demand *d = t->demand;
	unsigned open = demand_open(d) - t->given;
	unsigned least = t->given > 0 ? 1 : demand_least(d);
	uint64_t most = request_units(&d->unit, left);
	uint64_t want = demand_open(d) / 8;

	most = most < open ? most : open;
	if (d->per_node > 0)
		most -= most % d->per_node;
	if (most == 0 || most < least)
		return 0;
	want = want > least ? want : least;
	if (d->per_node > 0)
		want = (want + d->per_node - 1) / d->per_node * d->per_node;
	return (unsigned)(want < most ? want : most);
}

static void fill_urn(struct lottery *lot, struct urn *urn)
{
	urn_init(urn, lot->ntickets);
	for (size_t i = 0; i < lot->ntickets; i++) {
		struct ticket *t = &lot->ticket[i];

		t->given = 0;
		t->drawn = false;
		if (!t->stuck && demand_open(t->demand) > 0)
			urn_put(urn, i, t->weight);
	}
}

static void share_out(struct lottery *lot)
{
	struct amount left = lot->view->free;
	struct urn urn;
	long i;

	fill_urn(lot, &urn);
	lot->norder = 0;
	for (i = urn_draw(&urn, lot->view->rand); i >= 0;
	     i = urn_draw(&urn, lot->view->rand)) {
		struct ticket *t = &lot->ticket[i];
		unsigned units = portion(t, &left);
		struct amount part = request_amount(&t->demand->unit);

		part = amount_times(&part, units);
		amount_sub(&left, &part);
		/* Who is given nothing has its place all the same: others may
		 * not find room for what they were given. */
		if (!t->drawn)
			lot->order[lot->norder++] = t;
		t->drawn = true;
		t->given += units;
		if (units == 0 || t->given == demand_open(t->demand))
			urn_put(&urn, (size_t)i, 0);
	}
	urn_finish(&urn);
}

/* ---- placing ---- */

/* Whether it got something. */
static bool place(struct lottery *lot, struct ticket *t)
{
	struct demand *d = t->demand;
	unsigned least = demand_least(d), got = 0;
	unsigned most = t->given > least ? t->given : least;

	if (view_place(lot->view, d, least, most, &lot->dec) > 0)
		got = view_decide(lot->view, &lot->dec);
	t->stuck = got < most;
	if (t->stuck)
		policy_hold(lot->view, d, &lot->holds);
	return got > 0;
}

/* Who was drawn to be waited for stays so until it has what it needs. */
static void awaited(struct lottery *lot)
{
	for (size_t i = 0; i < lot->ntickets && view_more(lot->view); i++) {
		struct ticket *t = &lot->ticket[i];
		const struct demand *d = t->demand;

		if (!policy_holds(lot->view, d) || d->count <= d->offered)
			continue;
		t->given = d->count - d->offered;
		place(lot, t);
	}
}

static void everybody(struct lottery *lot)
{
	bool any = true;

	awaited(lot);
	while (any && view_more(lot->view)) {
		share_out(lot);
		any = false;
		for (size_t i = 0; i < lot->norder && view_more(lot->view); i++)
			any |= place(lot, lot->order[i]);
	}
}

static void lottery_decide(void *scratch, struct view *v)
{
	struct lottery lot = {.view = v};

	(void)scratch;
	decision_init(&lot.dec);
	policy_guaranteed(v, &lot.holds);
	make_tickets(&lot);
	lot.order = mem_array(v->ndemands + 1, sizeof(*lot.order));
	preferred(&lot);
	everybody(&lot);
	free(lot.ticket);
	free(lot.order);
	decision_finish(&lot.dec);
}

const struct policy policy_lottery = {
	.abi = POLICY_ABI,
	.name = "lottery",
	.doc = "what several want is drawn by lot, weighted by their shares",
	.decide = lottery_decide,
};
