/*
 * drf.c - dominant-resource fairness (Ghodsi et al., NSDI 2011) over a tree of
 * roles with frameworks as leaves; whose turn it is says turns.h.
 *
 *  1. What is guaranteed, as below, but only for those who have less, and for
 *     demands inside it.  Then slices are taken back for what they still lack
 *     (policy_reclaim), and what is there of that stays for them.
 *  2. Sharing out, in numbers only: whoever's turn it is is given a portion for
 *     its first demand, until what is free is given away.  A gang is given all
 *     that it needs; whoever has less than is guaranteed to him, no more than
 *     that in a turn.
 *  3. Placing: each demand that was given something gets it, as far as nodes
 *     can be found, in the order in which it was first given something, but
 *     demands for GPUs first.  For the first that lacks something nodes are
 *     held (policy_hold).
 *  4. Again from 2 without those that found no room, until nobody gets more.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/turns.h"

struct scratch {
	struct claim *claim;
	size_t nclaims, claim_room;
	struct turns turns;
	struct claim **order; /* in which they were first given something */
	size_t norder;
	struct amount left; /* to share out */
	bool owed; /* only what is guaranteed is shared out */
};

static void *drf_create(void)
{
	struct scratch *s = mem_alloc(sizeof(*s));

	turns_init(&s->turns);
	return s;
}

static void drf_destroy(void *scratch)
{
	struct scratch *s = scratch;

	turns_finish(&s->turns);
	free(s->claim);
	free(s->order);
	free(s);
}

static void *grow(void *p, size_t *room, size_t need, size_t size)
{
	if (need <= *room)
		return p;
	while (*room < need)
		*room = *room > 0 ? *room * 2 : 64;
	return mem_resize(p, *room, size);
}

/* ---- sharing out ---- */

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How much the leaf's first claim is given in its turn: a portion, so that
 * some thousand turns share out any cluster; 0: it can have no more. */
static unsigned portion(const struct scratch *s, const struct view *v,
			const struct turns_node *leaf,
			const struct amount *left)
{
	const struct claim *c = leaf->first;
	const struct demand *d = c->demand;
	uint64_t open = demand_open(d) - c->given;
	uint64_t most = least_of(open, request_units(&d->unit, left));
	unsigned least = c->given > 0 ? 1 : demand_least(d);
	uint64_t n, mine;

	if (d->per_node > 0)
		most -= most % d->per_node;
	if (most < least)
		return 0;
	n = most / (8 * turns_leaves(&s->turns));
	mine = turns_owed(leaf) ? policy_claim(v, d) : 0;
	if (s->owed && mine < c->given + least)
		return 0;
	if (mine > c->given && mine - c->given < n)
		n = mine - c->given;
	n = n > least ? n : least;
	if (d->per_node > 0)
		n = (n + d->per_node - 1) / d->per_node * d->per_node;
	return (unsigned)least_of(n, most);
}

static void begin_sharing(struct scratch *s, const struct view *v)
{
	s->left = v->free;
	s->norder = 0;
	turns_make(&s->turns, v, s->claim, s->nclaims);
}

/* While something is left; all: the rest have their turns as well. */
static void share_out(struct scratch *s, const struct view *v, bool all)
{
	struct turns_node *leaf;

	for (leaf = turns_next(&s->turns);
	     leaf != NULL && (all || s->left.cores > 0) &&
	     (!s->owed || turns_owed(leaf));
	     leaf = turns_next(&s->turns)) {
		struct claim *c = leaf->first;
		unsigned units = portion(s, v, leaf, &s->left);
		struct amount part = request_amount(&c->demand->unit);

		part = amount_times(&part, units);
		amount_sub(&s->left, &part);
		/* Who is given nothing has its place in the order all the
		 * same: others may not find room for what they were given, and
		 * nodes may be held for it. */
		if (c->given == 0 && (units > 0 || !s->owed))
			s->order[s->norder++] = c;
		c->given += units;
		if (units == 0)
			leaf->first = c->next;
		turns_gave(&s->turns, leaf, &part);
	}
}

/* ---- placing ---- */

/* Whether it got something. */
static bool place(struct view *v, struct claim *c, struct holds *holds,
		  struct decision *dec)
{
	struct demand *d = c->demand;
	unsigned least = demand_least(d), got = 0;
	unsigned most = c->given > least ? c->given : least;

	if (view_place(v, d, least, most, dec) > 0)
		got = view_decide(v, dec);
	c->stuck = got < most;
	if (c->stuck && holds != NULL)
		policy_hold(v, d, holds);
	return got > 0;
}

/* Those from there on in the order; whether anybody got something. */
static bool place_from(struct scratch *s, struct view *v, size_t from,
		       struct holds *holds)
{
	struct decision dec;
	bool any = false;

	decision_init(&dec);
	/* What each is given stands; those who need GPUs come first, lest
	 * others take the cores that are near them. */
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = from; i < s->norder && view_more(v); i++) {
			struct claim *c = s->order[i];
			bool first = c->given > 0 &&
				     c->demand->unit.gpus > 0;

			if (first == (turn == 0))
				any |= place(v, c, holds, &dec);
		}
	}
	decision_finish(&dec);
	return any;
}

/* Sharing out and placing.  Most often all that is free is taken before all
 * have had their turns, and the rest of these need not be found. */
static bool one_turn(struct scratch *s, struct view *v, struct holds *holds)
{
	size_t placed;
	bool any;

	begin_sharing(s, v);
	share_out(s, v, false);
	any = place_from(s, v, 0, holds);
	placed = s->norder;
	if (s->owed || !view_more(v))
		return any;
	share_out(s, v, true);
	return place_from(s, v, placed, holds) || any;
}

static void everybody(struct scratch *s, struct view *v, struct holds *holds)
{
	bool any = true;

	for (size_t i = 0; i < s->nclaims; i++)
		s->claim[i].stuck = false;
	while (any && view_more(v))
		any = one_turn(s, v, holds);
}

/* Before anybody gets more: what comes back for one of them, slice by slice,
 * would be gone before all of it is there. */
static void guaranteed(struct scratch *s, struct view *v, struct holds *holds)
{
	bool any = false;

	for (size_t i = 0; i < v->ndemands && !any; i++)
		any = policy_claim(v, v->demand[i]) > 0;
	if (!any)
		return;
	s->owed = true;
	everybody(s, v, NULL);
	s->owed = false;
	for (size_t i = 0; i < v->ndemands; i++) {
		struct demand *d = v->demand[i];

		if (!policy_awaits(d) && policy_claim(v, d) > 0 &&
		    !policy_reclaim(v, d))
			policy_hold(v, d, holds);
	}
}

static void drf_decide(void *scratch, struct view *v)
{
	struct scratch *s = scratch;
	struct holds holds = {false, false};

	s->claim = grow(s->claim, &s->claim_room, v->ndemands,
			sizeof(*s->claim));
	s->order = mem_resize(s->order, v->ndemands + 1, sizeof(*s->order));
	s->nclaims = v->ndemands;
	for (size_t i = 0; i < v->ndemands; i++)
		s->claim[i] = (struct claim){.demand = v->demand[i]};
	policy_keep(v);
	policy_awaited(v, &holds);
	guaranteed(s, v, &holds);
	everybody(s, v, &holds);
}

const struct policy policy_drf = {
	.abi = POLICY_ABI,
	.name = "drf",
	.doc = "the smallest dominant share first, by role, then by framework",
	.create = drf_create,
	.destroy = drf_destroy,
	.decide = drf_decide,
};
