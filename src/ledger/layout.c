/*
 * layout.c - what a gang is close together by.
 *
 * Where it can go at all is found before (place.c); this looks for a better
 * place for the same units.  Neither way looks at more than some thousand
 * nodes: a round stays short on a large cluster, and what was found first is
 * good enough where that is not.
 */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/mem.h"

/* Nodes looked at on switches of one height, beside four for each that the
 * gang is on already. */
#define MOST_LOOKS 1024
/* Nodes tried for one number of nodes. */
#define MOST_TRIES 4096
/* Switches of one height that have room, of which the best is taken. */
#define MOST_CHOICES 8

/* ---- below few switches ---- */

struct choice {
	struct ledger *l;
	struct demand *d;
	const struct decision *first; /* found without looking at switches */
	size_t looks;		      /* that are left */
	struct node **list;	      /* scratch */
	size_t room;
};

/* As place.c goes through the index: without more GPUs than it needs, the
 * emptiest first; and always in the same order. */
static int by_free(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	if (x->index.row != y->index.row)
		return x->index.row < y->index.row ? -1 : 1;
	if (x->free.cores != y->free.cores)
		return x->free.cores > y->free.cores ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The nodes on a switch itself that have room for a unit. */
static size_t gather(struct choice *c, const struct wired_switch *at)
{
	const struct request *unit = &c->d->unit;
	size_t n = 0;
	struct node *node;

	if (c->room < at->own) {
		c->room = at->own;
		c->list = mem_resize(c->list, c->room, sizeof(struct node *));
	}
	TAILQ_FOREACH(node, &at->nodes, index.wire) {
		if (c->looks == 0)
			break;
		c->looks--;
		if (node->free.cores >= unit->cores &&
		    node->free.gpus >= unit->gpus)
			c->list[n++] = node;
	}
	qsort(c->list, n, sizeof(struct node *), by_free);
	return n;
}

/* Of the subtree of sw the switch with nodes that has the most free cores of
 * those behind prev in that order; prev SIZE_MAX: of all; SIZE_MAX: none. */
static size_t next_widest(const struct wiring *w, size_t sw, size_t prev)
{
	size_t best = SIZE_MAX;
	uint64_t limit = UINT64_MAX;

	if (prev != SIZE_MAX)
		limit = wiring_at(w, prev)->own_cores;
	for (size_t i = sw; i < wiring_at(w, sw)->end; i++) {
		uint64_t has = wiring_at(w, i)->own_cores;

		if (has == 0 || has > limit ||
		    (has == limit && prev != SIZE_MAX && i <= prev))
			continue;
		if (best == SIZE_MAX || has > wiring_at(w, best)->own_cores)
			best = i;
	}
	return best;
}

/* All that first has, below sw alone. */
static bool place_below(struct choice *c, size_t sw, struct decision *out)
{
	const struct wiring *w = c->l->wiring;
	size_t at = next_widest(w, sw, SIZE_MAX);
	struct place_search s;

	place_begin(&s, c->l, c->d, c->first->units, out);
	for (; at != SIZE_MAX && c->looks > 0; at = next_widest(w, sw, at)) {
		size_t n = gather(c, wiring_at(w, at));

		if (!place_among(&s, c->list, n))
			break;
	}
	return place_end(&s) == c->first->units;
}

/* The switch of this height with the fewest free cores, of those that have
 * enough and are behind prev in that order; as next_widest. */
static size_t next_fullest(const struct choice *c, unsigned height,
			   size_t prev)
{
	const struct wiring *w = c->l->wiring;
	uint64_t cores = (uint64_t)c->first->units * c->d->unit.cores;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < wiring_count(w); i++) {
		const struct wired_switch *s = wiring_at(w, i);

		if (s->height != height || s->cores < cores)
			continue;
		if (prev != SIZE_MAX &&
		    (s->cores < wiring_at(w, prev)->cores ||
		     (s->cores == wiring_at(w, prev)->cores && i <= prev)))
			continue;
		if (best == SIZE_MAX || s->cores < wiring_at(w, best)->cores)
			best = i;
	}
	return best;
}

static void swap(struct decision *a, struct decision *b)
{
	struct decision t = *a;

	*a = *b;
	*b = t;
}

/* Below one switch of this height: *best is there on success. */
static bool choose(struct choice *c, unsigned height, struct decision *best)
{
	bool spread = c->d->packing == PACKING_SPREAD;
	unsigned found = 0;
	struct decision try;
	size_t sw = SIZE_MAX;

	decision_init(&try);
	c->looks = MOST_LOOKS + 4 * c->first->nshares;
	while (found < MOST_CHOICES && c->looks > 0) {
		sw = next_fullest(c, height, sw);
		if (sw == SIZE_MAX)
			break;
		/* Looking for it was not for nothing either. */
		c->looks -= c->looks < 8 ? c->looks : 8;
		if (!place_below(c, sw, &try))
			continue;
		/* To be spread is what it asked for. */
		if (spread && try.nshares < c->first->nshares)
			continue;
		if (found++ == 0 || try.nshares < best->nshares)
			swap(&try, best);
		if (spread || best->nshares <= c->first->nshares)
			break;
	}
	decision_finish(&try);
	return found > 0;
}

static void below_few_switches(struct ledger *l, struct demand *d,
			       struct decision *out)
{
	struct choice c = {.l = l, .d = d, .first = out};
	unsigned top = wiring_at(l->wiring, 0)->height;
	struct decision best;

	decision_init(&best);
	for (unsigned height = 0; height <= top; height++) {
		if (!choose(&c, height, &best))
			continue;
		swap(&best, out);
		break;
	}
	decision_finish(&best);
	free(c.list);
}

/* ---- in equal parts ---- */

/* Could there be so many nodes with room for k units each? */
static bool may_have(const struct index *x, const struct request *unit,
		     uint64_t k, size_t nodes)
{
	size_t found = 0;

	for (unsigned r = index_row_of(k * unit->gpus); r < INDEX_ROWS; r++) {
		int c = index_up(x, r, k * unit->cores);

		for (; c >= 0; c = index_up(x, r, (size_t)c + 1)) {
			found += x->row[r].bucket[c].count;
			if (found >= nodes)
				return true;
		}
	}
	return false;
}

/* k units on each of so many nodes, the fullest that have room. */
static bool place_parts(struct ledger *l, struct demand *d, unsigned k,
			size_t nodes, struct decision *out)
{
	const struct index *x = &l->index;
	unsigned r = index_row_of((uint64_t)k * d->unit.gpus);
	size_t tries = MOST_TRIES + nodes;

	decision_clear(out);
	out->demand = d;
	for (; r < INDEX_ROWS; r++) {
		int c = index_up(x, r, (uint64_t)k * d->unit.cores);

		for (; c >= 0; c = index_up(x, r, (size_t)c + 1)) {
			struct node *n;

			TAILQ_FOREACH(n, index_bucket_nodes(x, r, c),
				      index.bucket) {
				if (tries-- == 0)
					return false;
				if (place_units(l, d, n, k) == k)
					decision_add(out, n, k);
				if (out->nshares == nodes)
					return true;
			}
		}
	}
	return false;
}

static bool is_equal(const struct decision *out)
{
	for (size_t i = 1; i < out->nshares; i++) {
		if (out->share[i].units != out->share[0].units)
			return false;
	}
	return true;
}

/* Few nodes first; many, where it is to be spread. */
static void in_equal_parts(struct ledger *l, struct demand *d,
			   struct decision *out)
{
	unsigned want = out->units;
	bool spread = d->packing == PACKING_SPREAD;
	struct decision try;

	if (is_equal(out))
		return;
	decision_init(&try);
	for (unsigned i = 1; i <= want; i++) {
		unsigned k = spread ? i : want / i, nodes = want / k;

		if (k * nodes != want || (!spread && nodes != i) ||
		    nodes > l->index.count || k < d->min_per_node)
			continue;
		if (!may_have(&l->index, &d->unit, k, nodes) ||
		    !place_parts(l, d, k, nodes, &try))
			continue;
		swap(&try, out);
		break;
	}
	decision_finish(&try);
}

/* ---- which of them ---- */

void layout_improve(struct ledger *l, struct demand *d, struct decision *out)
{
	/* Nodes that it named, or would rather have, go before. */
	bool chosen = demand_prefers(d) ||
		      (d->nodes != NULL && d->nodes[0] != NULL);

	switch (d->layout) {
	case LAYOUT_ANY:
		if (l->wiring != NULL && !chosen)
			below_few_switches(l, d, out);
		break;
	case LAYOUT_SWITCHES:
		if (l->wiring != NULL && !demand_prefers(d))
			below_few_switches(l, d, out);
		break;
	case LAYOUT_NODES:
		break;
	case LAYOUT_EQUAL:
		if (!demand_prefers(d))
			in_equal_parts(l, d, out);
		break;
	}
}
