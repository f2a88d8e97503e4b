/*
 * static.c - the partitioned cluster, as the baseline to beat.
 *
 *  1. Nodes are dealt out once and for all: the roles right below the cluster
 *     that somebody set (all of them, if nobody set any), in their order, each
 *     a run of nodes in the order of their arrival, as long as its part of the
 *     weights.  A node that is away keeps its place.
 *  2. A demand gets nodes of its role's part alone (those of roles below it
 *     stand in the same part), by priority, then age; a gang all or nothing.
 *  3. Behind a gang that has to wait nobody in its part gets more.
 *
 * Guarantees mean nothing here, nothing is lent and nothing is taken back.
 */
#include "policy/policy.h"

#include <stdlib.h>

#include "base/mem.h"

struct part {
	const struct role *role; /* NULL: it has none */
	size_t from, to;	 /* ids of nodes */
	struct node **node;	 /* in which something is free */
	size_t nnodes, room;
	size_t at; /* the first of them that may still be free */
	bool blocked;
};

struct parts {
	struct part *part; /* by role's id */
	size_t nparts;
	struct part **run; /* that of each node, by id */
};

static bool has_part(const struct role *r, bool any_set)
{
	return r->parent == NULL && (r->set || !any_set);
}

static void deal(struct parts *p, const struct view *v)
{
	bool any_set = false;
	double sum = 0, before = 0;
	double nodes = (double)v->nnodes;

	p->part = mem_array(v->nroles + 1, sizeof(*p->part));
	p->run = mem_array(v->nnodes + 1, sizeof(*p->run));
	p->nparts = v->nroles;
	for (size_t i = 0; i < v->nroles; i++)
		any_set |= v->role[i]->set;
	for (size_t i = 0; i < v->nroles; i++)
		sum += has_part(v->role[i], any_set) ? v->role[i]->weight : 0;
	for (size_t i = 0; i < v->nroles; i++) {
		struct part *part = &p->part[i];

		if (!has_part(v->role[i], any_set))
			continue;
		part->role = v->role[i];
		part->from = (size_t)(before / sum * nodes + 0.5);
		before += v->role[i]->weight;
		part->to = (size_t)(before / sum * nodes + 0.5);
		for (size_t k = part->from; k < part->to && k < v->nnodes; k++)
			p->run[k] = part;
	}
}

static bool add_node(void *arg, struct node *n)
{
	struct part *part = ((struct parts *)arg)->run[n->id];

	if (part == NULL)
		return true;
	if (part->nnodes == part->room) {
		part->room = part->room > 0 ? part->room * 2 : 16;
		part->node = mem_resize(part->node, part->room,
					sizeof(struct node *));
	}
	part->node[part->nnodes++] = n;
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static void find_free(struct parts *p, struct view *v)
{
	v->ops->nodes_free(v, add_node, p);
	for (size_t i = 0; i < p->nparts; i++) {
		struct part *part = &p->part[i];

		if (part->nnodes > 0)
			qsort(part->node, part->nnodes,
			      sizeof(struct node *), by_id);
	}
}

static void finish(struct parts *p)
{
	for (size_t i = 0; i < p->nparts; i++)
		free(p->part[i].node);
	free(p->part);
	free(p->run);
}

static struct part *part_of(const struct parts *p, const struct role *r)
{
	while (r->parent != NULL)
		r = r->parent;
	return p->part[r->id].role != NULL ? &p->part[r->id] : NULL;
}

/* Whether it has all that it needs. */
static bool serve(struct view *v, struct demand *d, struct part *part,
		  struct decision *dec)
{
	unsigned open = demand_open(d), least = demand_least(d);

	decision_clear(dec);
	dec->demand = d;
	while (part->at < part->nnodes &&
	       part->node[part->at]->free.cores == 0)
		part->at++;
	for (size_t i = part->at; i < part->nnodes && dec->units < open; i++) {
		struct node *n = part->node[i];
		unsigned units = 0;

		if (n->free.cores >= d->unit.cores)
			units = view_units(v, d, n, open - dec->units);
		if (units > 0)
			decision_add(dec, n, units);
	}
	return dec->units >= least && view_decide(v, dec) >= least;
}

static void static_decide(void *scratch, struct view *v)
{
	struct parts p = {.part = NULL};
	struct decision dec;

	(void)scratch;
	if (!view_more(v))
		return;
	decision_init(&dec);
	deal(&p, v);
	find_free(&p, v);
	for (size_t i = 0; i < v->ndemands && view_more(v); i++) {
		struct demand *d = v->demand[i];
		struct part *part = part_of(&p, d->charged);

		if (part == NULL || part->blocked)
			continue;
		if (!serve(v, d, part, &dec) && demand_gathers(d))
			part->blocked = true;
	}
	finish(&p);
	decision_finish(&dec);
}

const struct policy policy_static = {
	.abi = POLICY_ABI,
	.name = "static",
	.doc = "nodes divided among the roles by their weights, for good",
	.decide = static_decide,
};
