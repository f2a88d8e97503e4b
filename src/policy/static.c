/*
 * static.c - the partitioned cluster, as the baseline to beat.
 *
 *  1. Nodes are dealt out once and for all: the roles right below the cluster
 *     that somebody set (all of them, if nobody set any), in their order, each
 *     a run of nodes in the order of their arrival, as long as its part of the
 *     weights.
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
	const struct role *role;
	size_t from, to; /* places in the list of nodes */
	bool blocked;
};

struct parts {
	struct part *part;
	size_t nparts;
	struct node **node;
	size_t nnodes, room;
};

static bool add_node(void *arg, struct node *n)
{
	struct parts *p = arg;

	if (p->nnodes == p->room) {
		p->room = p->room > 0 ? p->room * 2 : 64;
		p->node = mem_resize(p->node, p->room, sizeof(struct node *));
	}
	p->node[p->nnodes++] = n;
	return true;
}

static bool has_part(const struct role *r, bool any_set)
{
	return r->parent == NULL && (r->set || !any_set);
}

static void deal(struct parts *p, const struct view *v)
{
	bool any_set = false;
	double sum = 0, before = 0;

	for (size_t i = 0; i < v->nroles; i++)
		any_set |= v->role[i]->set;
	p->part = mem_array(v->nroles + 1, sizeof(*p->part));
	for (size_t i = 0; i < v->nroles; i++)
		sum += has_part(v->role[i], any_set) ? v->role[i]->weight : 0;
	for (size_t i = 0; i < v->nroles; i++) {
		struct part *part = &p->part[p->nparts];

		if (!has_part(v->role[i], any_set))
			continue;
		part->role = v->role[i];
		part->from = (size_t)(before / sum * (double)p->nnodes + 0.5);
		before += v->role[i]->weight;
		part->to = (size_t)(before / sum * (double)p->nnodes + 0.5);
		p->nparts++;
	}
}

static struct part *part_of(const struct parts *p, const struct role *r)
{
	while (r->parent != NULL)
		r = r->parent;
	for (size_t i = 0; i < p->nparts; i++) {
		if (p->part[i].role == r)
			return &p->part[i];
	}
	return NULL;
}

/* Whether it has all that it needs. */
static bool serve(struct view *v, struct demand *d, const struct parts *p,
		  const struct part *part, struct decision *dec)
{
	unsigned open = demand_open(d), least = demand_least(d);

	decision_clear(dec);
	dec->demand = d;
	for (size_t i = part->from; i < part->to && dec->units < open; i++) {
		unsigned n = view_units(v, d, p->node[i], open - dec->units);

		if (n > 0)
			decision_add(dec, p->node[i], n);
	}
	return dec->units >= least && view_decide(v, dec) >= least;
}

static void static_decide(void *scratch, struct view *v)
{
	struct parts p = {.part = NULL};
	struct decision dec;

	(void)scratch;
	decision_init(&dec);
	v->ops->nodes(v, add_node, &p);
	deal(&p, v);
	for (size_t i = 0; i < v->ndemands && view_more(v); i++) {
		struct demand *d = v->demand[i];
		struct part *part = part_of(&p, d->charged);

		if (part == NULL || part->blocked)
			continue;
		if (!serve(v, d, &p, part, &dec) && demand_gathers(d))
			part->blocked = true;
	}
	free(p.part);
	free(p.node);
	decision_finish(&dec);
}

const struct policy policy_static = {
	.abi = POLICY_ABI,
	.name = "static",
	.doc = "nodes divided among the roles by their weights, for good",
	.decide = static_decide,
};
