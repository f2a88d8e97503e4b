/*
 * drf.c - dominant-resource fairness (Ghodsi et al., NSDI 2011) over roles,
 * and inside a role over frameworks.
 *
 *  1. Demands are grouped by the role they count for and their framework.
 *  2. Sharing out, in numbers only: the group with the smallest share goes
 *     next, smallest role first, then the smallest framework in it; its first
 *     demand is given a portion, until what is free is given away.  A gang is
 *     given all that it needs.
 *  3. Placing: each demand that was given something gets it, as far as nodes
 *     can be found, in the order in which it was first given something, but
 *     demands for GPUs first.  For the first that lacks something nodes are
 *     held (policy_hold).
 *  4. Again from 2 without those that found no room, until nobody gets more.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/mem.h"

/* A demand in this round. */
struct claim {
	struct demand *demand;
	unsigned given; /* units, in numbers */
	bool stuck;	/* there is no room for more of it */
	struct claim *next; /* of its group */
};

struct group {
	struct role_part *role;
	struct framework *framework;
	struct claim *first, *last; /* what still wants something */
	struct amount given;
	double share;
	size_t role_index;
};

/* A role in this round: what it was given beyond what it has, and its groups
 * as a heap, the smallest share first. */
struct role_part {
	struct role *role;
	struct amount given;
	double share;
	struct group **heap; /* into scratch.heap */
	size_t ngroups;
};

struct scratch {
	struct claim *claim;
	size_t nclaims, claim_room;
	struct group *group;
	size_t ngroups, group_room;
	struct group **heap; /* of all roles, one after the other */
	struct role_part *role;
	size_t nroles, role_room;
	struct role_part **roles_heap;
	size_t nheap;
	struct claim **order; /* in which they were first given something */
	size_t norder;
	struct idmap groups, roles; /* to index + 1 */
};

static void *drf_create(void)
{
	return mem_alloc(sizeof(struct scratch));
}

static void drf_destroy(void *scratch)
{
	struct scratch *s = scratch;

	idmap_finish(&s->groups);
	idmap_finish(&s->roles);
	free(s->claim);
	free(s->group);
	free(s->heap);
	free(s->role);
	free(s->roles_heap);
	free(s->order);
	free(s);
}

/* ---- groups ---- */

static void *grow(void *p, size_t *room, size_t need, size_t size)
{
	if (need <= *room)
		return p;
	while (*room < need)
		*room = *room > 0 ? *room * 2 : 64;
	return mem_resize(p, *room, size);
}

static size_t role_index(struct scratch *s, struct role *role)
{
	size_t i = (size_t)(uintptr_t)idmap_get(&s->roles, role->id);

	if (i > 0)
		return i - 1;
	s->role = grow(s->role, &s->role_room, s->nroles + 1,
		       sizeof(*s->role));
	s->role[s->nroles++] = (struct role_part){.role = role};
	idmap_put(&s->roles, role->id, (void *)(uintptr_t)s->nroles);
	return s->nroles - 1;
}

static struct group *group_of(struct scratch *s, const struct demand *d)
{
	uint64_t key = (uint64_t)d->charged->id << 32 | d->framework->id;
	size_t i = (size_t)(uintptr_t)idmap_get(&s->groups, key);
	struct group *g;

	if (i > 0)
		return &s->group[i - 1];
	s->group = grow(s->group, &s->group_room, s->ngroups + 1,
			sizeof(*s->group));
	g = &s->group[s->ngroups++];
	memset(g, 0, sizeof(*g));
	g->framework = d->framework;
	g->role_index = role_index(s, d->charged);
	idmap_put(&s->groups, key, (void *)(uintptr_t)s->ngroups);
	return g;
}

/* The claims, without the stuck ones, by groups. */
static void make_groups(struct scratch *s)
{
	s->ngroups = 0;
	s->nroles = 0;
	idmap_finish(&s->groups);
	idmap_finish(&s->roles);
	for (size_t i = 0; i < s->nclaims; i++) {
		struct claim *c = &s->claim[i];
		struct group *g;

		c->given = 0;
		c->next = NULL;
		if (c->stuck || demand_open(c->demand) == 0)
			continue;
		g = group_of(s, c->demand);
		if (g->last != NULL)
			g->last->next = c;
		else
			g->first = c;
		g->last = c;
	}
}

/* ---- the order of groups ---- */

static double share_of(const struct amount *used, const struct amount *given,
		       double weight, const struct amount *total)
{
	struct amount sum = *used;

	amount_add(&sum, given);
	return amount_dominant(&sum, total) / weight;
}

static void weigh_group(struct group *g, const struct amount *total)
{
	g->share = share_of(&g->framework->used, &g->given,
			    g->framework->weight, total);
}

static void weigh_role(struct role_part *r, const struct amount *total)
{
	r->share = share_of(&r->role->used, &r->given, r->role->weight, total);
}

static bool group_before(const struct group *a, const struct group *b)
{
	if (a->share != b->share)
		return a->share < b->share;
	return a->first->demand->seq < b->first->demand->seq;
}

static bool role_before(const struct role_part *a, const struct role_part *b)
{
	if (a->share != b->share)
		return a->share < b->share;
	return group_before(a->heap[0], b->heap[0]);
}

static void sink_group(struct group **heap, size_t n, size_t pos)
{
	struct group *g = heap[pos];

	for (size_t child = 2 * pos + 1; child < n; child = 2 * pos + 1) {
		if (child + 1 < n && group_before(heap[child + 1], heap[child]))
			child++;
		if (!group_before(heap[child], g))
			break;
		heap[pos] = heap[child];
		pos = child;
	}
	heap[pos] = g;
}

static void sink_role(struct scratch *s, size_t pos)
{
	struct role_part **heap = s->roles_heap, *r = heap[pos];

	for (size_t child = 2 * pos + 1; child < s->nheap;
	     child = 2 * pos + 1) {
		if (child + 1 < s->nheap &&
		    role_before(heap[child + 1], heap[child]))
			child++;
		if (!role_before(heap[child], r))
			break;
		heap[pos] = heap[child];
		pos = child;
	}
	heap[pos] = r;
}

static void make_heaps(struct scratch *s, const struct amount *total)
{
	struct group **heap;

	s->heap = mem_resize(s->heap, s->ngroups + 1, sizeof(*s->heap));
	s->roles_heap = mem_resize(s->roles_heap, s->nroles + 1,
				   sizeof(*s->roles_heap));
	for (size_t i = 0; i < s->ngroups; i++) {
		s->group[i].role = &s->role[s->group[i].role_index];
		s->group[i].role->ngroups++;
		weigh_group(&s->group[i], total);
	}
	heap = s->heap;
	for (size_t i = 0; i < s->nroles; i++) {
		s->role[i].heap = heap;
		heap += s->role[i].ngroups;
		s->role[i].ngroups = 0;
	}
	for (size_t i = 0; i < s->ngroups; i++) {
		struct role_part *r = s->group[i].role;

		r->heap[r->ngroups++] = &s->group[i];
	}
	s->nheap = s->nroles;
	for (size_t i = 0; i < s->nroles; i++) {
		struct role_part *r = &s->role[i];

		for (size_t k = r->ngroups / 2; k-- > 0;)
			sink_group(r->heap, r->ngroups, k);
		weigh_role(r, total);
		s->roles_heap[i] = r;
	}
	for (size_t i = s->nheap / 2; i-- > 0;)
		sink_role(s, i);
}

/* The group whose turn it is; NULL when all have had theirs. */
static struct group *next_group(const struct scratch *s)
{
	return s->nheap > 0 ? s->roles_heap[0]->heap[0] : NULL;
}

/* The first group, and with it the first role, has another share now, or no
 * claim any more. */
static void reorder(struct scratch *s, const struct amount *total)
{
	struct role_part *r = s->roles_heap[0];
	struct group *g = r->heap[0];

	if (g->first == NULL)
		r->heap[0] = r->heap[--r->ngroups];
	else
		weigh_group(g, total);
	if (r->ngroups > 0)
		sink_group(r->heap, r->ngroups, 0);
	weigh_role(r, total);
	if (r->ngroups == 0)
		s->roles_heap[0] = s->roles_heap[--s->nheap];
	if (s->nheap > 0)
		sink_role(s, 0);
}

/* ---- sharing out ---- */

static uint64_t times(uint64_t have, uint64_t unit)
{
	return unit > 0 ? have / unit : UINT64_MAX;
}

static uint64_t least_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Units that are in the amount. */
static uint64_t units_in(const struct amount *a, const struct request *unit)
{
	uint64_t n = times(a->cores, unit->cores);

	n = least_of(n, times(a->memory_mib, unit->memory_mib));
	n = least_of(n, times(a->gpus, unit->gpus));
	return least_of(n, times(a->drive_mib, unit->drive_mib));
}

/* How much the claim is given in its turn: a portion, so that some thousand
 * turns share out any cluster; 0: it can have no more. */
static unsigned portion(const struct claim *c, const struct amount *left,
			size_t ngroups)
{
	const struct demand *d = c->demand;
	uint64_t open = demand_open(d) - c->given;
	uint64_t most = least_of(open, units_in(left, &d->unit));
	unsigned least = c->given > 0 ? 1 : demand_least(d);
	uint64_t n;

	if (d->per_node > 0)
		most -= most % d->per_node;
	if (most < least)
		return 0;
	n = most / (8 * ngroups);
	n = n > least ? n : least;
	if (d->per_node > 0)
		n = (n + d->per_node - 1) / d->per_node * d->per_node;
	return (unsigned)least_of(n, most);
}

static void give(struct scratch *s, struct group *g, unsigned units,
		 struct amount *left)
{
	struct claim *c = g->first;
	struct amount part = request_amount(&c->demand->unit);

	part.cores *= units;
	part.memory_mib *= units;
	part.gpus *= units;
	part.drive_mib *= units;
	amount_sub(left, &part);
	amount_add(&g->given, &part);
	amount_add(&g->role->given, &part);
	if (c->given == 0)
		s->order[s->norder++] = c;
	c->given += units;
}

static void share_out(struct scratch *s, const struct view *v)
{
	struct amount left = v->free;
	struct group *g;

	s->norder = 0;
	make_groups(s);
	make_heaps(s, &v->total);
	for (g = next_group(s); g != NULL; g = next_group(s)) {
		unsigned units = portion(g->first, &left, s->ngroups);

		if (units > 0) {
			give(s, g, units, &left);
		} else {
			/* It has its place in the order all the same: others
			 * may not find room for what they were given, and
			 * nodes may be held for it. */
			if (g->first->given == 0)
				s->order[s->norder++] = g->first;
			g->first = g->first->next;
		}
		reorder(s, &v->total);
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
	if (c->stuck)
		policy_hold(v, d, holds);
	return got > 0;
}

/* Whether anybody got something. */
static bool place_all(struct scratch *s, struct view *v, struct holds *holds)
{
	struct decision dec;
	bool any = false;

	decision_init(&dec);
	/* What each is given stands; those who need GPUs come first, lest
	 * others take the cores that are near them. */
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < s->norder && view_more(v); i++) {
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

static void drf_decide(void *scratch, struct view *v)
{
	struct scratch *s = scratch;
	struct holds holds = {false, false};
	bool any = true;

	s->claim = grow(s->claim, &s->claim_room, v->ndemands,
			sizeof(*s->claim));
	s->order = mem_resize(s->order, v->ndemands + 1, sizeof(*s->order));
	s->nclaims = v->ndemands;
	for (size_t i = 0; i < v->ndemands; i++)
		s->claim[i] = (struct claim){.demand = v->demand[i]};
	while (any && view_more(v)) {
		share_out(s, v);
		any = place_all(s, v, &holds);
	}
}

const struct policy policy_drf = {
	.abi = POLICY_ABI,
	.name = "drf",
	.doc = "the smallest dominant share first, by role, then by framework",
	.create = drf_create,
	.destroy = drf_destroy,
	.decide = drf_decide,
};
