/*
 * lottery.c - who gets a node that several want is drawn by lot.
 *
 *  1. What is guaranteed comes first (policy_guaranteed).
 *  2. Nodes that demands name as preferred, in the order of the nodes: as long
 *     as one has room, one of the demands that name it is drawn, and gets one
 *     portion of it.  Gangs take no part in that, as they need all at once.
 *  3. Then demands are drawn one after the other; each gets a portion, until
 *     all have what they want or nothing fits.
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

struct ticket {
	struct demand *demand;
	double weight;
	bool out; /* nothing more fits */
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

/* One of n tickets, by weight, without those that are out; NULL: all are. */
static struct ticket *draw(struct lottery *lot, struct ticket *const *list,
			   size_t n)
{
	struct ticket *last = NULL;
	double sum = 0, at;

	for (size_t i = 0; i < n; i++)
		sum += list[i]->out ? 0 : list[i]->weight;
	at = rand_double(lot->view->rand) * sum;
	for (size_t i = 0; i < n; i++) {
		if (list[i]->out)
			continue;
		last = list[i];
		at -= last->weight;
		if (at < 0)
			break;
	}
	return last;
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

static bool names(char *const *list, const char *name)
{
	for (; list != NULL && *list != NULL; list++) {
		if (strcmp(*list, name) == 0)
			return true;
	}
	return false;
}

/* Who names n? */
static bool collect(void *arg, struct node *n)
{
	struct wishes *w = arg;

	for (size_t i = 0; i < w->lot->ntickets; i++) {
		struct ticket *t = &w->lot->ticket[i];

		if (!demand_gathers(t->demand) &&
		    names(t->demand->prefer_nodes, n->name))
			add_wish(w, t, n);
	}
	return true;
}

/* The n wishes for one node. */
static void draw_node(struct lottery *lot, struct wish *wish, size_t n)
{
	struct ticket **list = mem_array(n, sizeof(*list));
	struct ticket *t;

	for (size_t i = 0; i < n; i++)
		list[i] = wish[i].ticket;
	for (t = draw(lot, list, n); t != NULL && view_more(lot->view);
	     t = draw(lot, list, n)) {
		struct demand *d = t->demand;
		unsigned least = demand_least(d), open = demand_open(d);
		unsigned want = d->per_node > least ? d->per_node : least;
		unsigned got = 0;

		if (open >= want)
			got = view_units(lot->view, d, wish->at, want);
		decision_clear(&lot->dec);
		lot->dec.demand = d;
		if (got >= want)
			decision_add(&lot->dec, wish->at, want);
		if (got < want || view_decide(lot->view, &lot->dec) == 0)
			t->out = true;
	}
	for (size_t i = 0; i < n; i++)
		list[i]->out = false;
	free(list);
}

static void preferred(struct lottery *lot)
{
	struct wishes w = {.lot = lot};
	bool any = false;

	for (size_t i = 0; i < lot->ntickets && !any; i++)
		any = lot->ticket[i].demand->prefer_nodes != NULL;
	if (!any)
		return;
	lot->view->ops->nodes(lot->view, collect, &w);
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

/* ---- the rest ---- */

/* A portion: all of a gang, else an eighth of what is open. */
static void serve(struct lottery *lot, struct ticket *t)
{
	struct demand *d = t->demand;
	unsigned least = demand_least(d), open = demand_open(d);
	unsigned want = open / 8 > least ? open / 8 : least;

	if (d->per_node > 0)
		want = (want + d->per_node - 1) / d->per_node * d->per_node;
	want = want < open ? want : open;
	if (open < least ||
	    view_place(lot->view, d, least, want, &lot->dec) == 0 ||
	    view_decide(lot->view, &lot->dec) == 0) {
		t->out = true;
		policy_hold(lot->view, d, &lot->holds);
	} else if (demand_open(d) == 0) {
		t->out = true;
	}
}

static void everybody(struct lottery *lot)
{
	size_t n = lot->ntickets;
	struct ticket **list = mem_array(n + 1, sizeof(*list)), *t;

	for (size_t i = 0; i < n; i++)
		list[i] = &lot->ticket[i];
	for (t = draw(lot, list, n); t != NULL && view_more(lot->view);
	     t = draw(lot, list, n))
		serve(lot, t);
	free(list);
}

static void lottery_decide(void *scratch, struct view *v)
{
	struct lottery lot = {.view = v};

	(void)scratch;
	decision_init(&lot.dec);
	policy_guaranteed(v, &lot.holds);
	make_tickets(&lot);
	preferred(&lot);
	everybody(&lot);
	free(lot.ticket);
	decision_finish(&lot.dec);
}

const struct policy policy_lottery = {
	.abi = POLICY_ABI,
	.name = "lottery",
	.doc = "what several want is drawn by lot, weighted by their shares",
	.decide = lottery_decide,
};
