/*
 * hold.c - nodes that are kept for a demand which has to wait.
 *
 * A hold is good for one round: the next one decides again, by what is free
 * then and whose turn it is.
 *
 *  1. What the demand could have now, on any node, the emptiest first: so what
 *     comes free on any node goes to it as long as it is its turn.
 *  2. What is on its way back for it, then what is lent of it (lend.c).
 *  3. If that is not enough, nodes where it could have more if nothing ran
 *     there, those with most free first: they are soonest there.
 *
 * A demand that all nodes together could not meet is held nothing for.
 */
#include "ledger/state.h"

#include "base/mem.h"
#include "model/fit.h"

enum stage {
	STAGE_FREE,
	STAGE_BACK, /* with what is on its way back */
	STAGE_LENT, /* and what is lent */
	STAGE_WHOLE, /* as if nothing ran on the node */
};

struct holding {
	struct ledger *l;
	struct demand *d;
	unsigned left;
	enum stage stage;
};

/* What n is held for d; NULL: nothing. */
static struct held *held_of(const struct ledger *l, const struct demand *d,
			    const struct node *n)
{
	if (n->index.hold_round != l->round || n->index.holder != d)
		return NULL;
	return &l->held[n->index.hold_at];
}

static struct held *new_held(struct ledger *l, struct demand *d,
			     struct node *n)
{
	struct held *h;

	if (l->nheld == l->held_room) {
		l->held_room = l->held_room > 0 ? l->held_room * 2 : 64;
		l->held = mem_resize(l->held, l->held_room, sizeof(*l->held));
	}
	n->index.holder = d;
	n->index.hold_round = l->round;
	n->index.hold_at = (uint32_t)l->nheld;
	h = &l->held[l->nheld++];
	h->node = n;
	h->stamp = d->stamp;
	return h;
}

/* n, which nobody else holds, for so many units of d. */
static void hold_node(struct ledger *l, struct demand *d, struct node *n,
		      unsigned units)
{
	struct held *h = held_of(l, d, n);
	struct amount unit = request_amount(&d->unit);

	if (h == NULL)
		h = new_held(l, d, n);
	h->units = units;
	h->hold = d->exclusive ? n->total : amount_times(&unit, units);
	n->index.hold = h->hold;
}

/* Units that n could have if nothing ran there. */
static unsigned capacity_of(const struct demand *d, const struct node *n,
			    unsigned limit)
{
	if (d->per_node > 0 && limit > d->per_node)
		limit = d->per_node;
	return place_fits(d, n, fit_capacity(n, &d->unit, d->fit, limit));
}

/* Units that n, which has had of them already, could have at this stage. */
static unsigned units_of(const struct holding *h, struct node *n, unsigned had)
{
	unsigned most = h->left + had;

	switch (h->stage) {
	case STAGE_FREE:
		return had == 0 ? place_units(h->l, h->d, n, most) : 0;
	case STAGE_BACK:
		return lend_units(h->l, h->d, n, false, most);
	case STAGE_LENT:
		return lend_units(h->l, h->d, n, true, most);
	case STAGE_WHOLE:
		break;
	}
	return capacity_of(h->d, n, most);
}

/* A rest smaller than min_per_node could go nowhere: leave more for it. */
static unsigned leave_enough(const struct holding *h, unsigned units,
			     unsigned had)
{
	unsigned least = h->d->min_per_node;
	unsigned rest = h->left + had - units, less = least - rest;

	if (rest == 0 || rest >= least)
		return units;
	return units >= least + less && units > had + less ? units - less : had;
}

static void hold_some(struct holding *h, struct node *n)
{
	const struct held *old = held_of(h->l, h->d, n);
	unsigned had = old != NULL ? old->units : 0, units;

	if (old == NULL && n->index.hold_round == h->l->round)
		return;
	units = units_of(h, n, had);
	if (units > had)
		units = leave_enough(h, units, had);
	if (units <= had)
		return;
	hold_node(h->l, h->d, n, units);
	h->left -= units - had;
}

/* From the node with most free on, as long as there is room. */
static void hold_by_index(struct holding *h)
{
	const struct index *x = &h->l->index;
	int least = h->stage == STAGE_FREE ? (int)h->d->unit.cores : 0;
	size_t column = SIZE_MAX;

	while (h->left > 0) {
		int next = -1;

		for (unsigned r = 0; r < INDEX_ROWS; r++) {
			int c = index_down(x, r, column);

			next = c > next ? c : next;
		}
		if (next < least)
			return;
		for (unsigned r = 0; r < INDEX_ROWS && h->left > 0; r++) {
			struct node *n;

			if (index_down(x, r, (size_t)next) != next)
				continue;
			TAILQ_FOREACH(n, index_bucket_nodes(x, r, next),
				      index.bucket) {
				if (h->left > 0)
					hold_some(h, n);
			}
		}
		if (next == 0)
			return;
		column = (size_t)next - 1;
	}
}

static void hold_by_name(struct holding *h)
{
	for (char **name = h->d->nodes; *name != NULL && h->left > 0; name++) {
		struct node *n = map_get(h->l->nodes, *name);

		if (n != NULL && n->index.indexed)
			hold_some(h, n);
	}
}

static void hold_lent(struct holding *h, struct slice *const *list, size_t n)
{
	for (size_t i = 0; i < n && h->left > 0; i++) {
		const struct slice *s = list[i];

		if ((s->lent_for == h->d->seq || s->revoked_for == h->d->seq) &&
		    s->node->index.indexed)
			hold_some(h, s->node);
	}
}

static void hold_nodes(struct holding *h)
{
	if (h->d->nodes != NULL && h->d->nodes[0] != NULL)
		hold_by_name(h);
	else
		hold_by_index(h);
}

/* Units that are kept for it already in this round, up to most. */
static unsigned kept_units(const struct ledger *l, const struct demand *d,
			   unsigned most)
{
	unsigned sum = 0;

	for (size_t i = 0; i < l->nheld && sum < most; i++) {
		if (l->held[i].node->index.holder == d)
			sum += l->held[i].units;
	}
	return sum < most ? sum : most;
}

void place_keep(struct ledger *l, struct demand *d, struct node *n,
		unsigned units)
{
	if (units > 0 && n->index.indexed && n->index.hold_round != l->round)
		hold_node(l, d, n, units);
}

unsigned place_hold(struct ledger *l, struct demand *d)
{
	unsigned wanted = demand_least(d);
	struct holding h = {.l = l, .d = d};
	size_t before = l->nheld, within;

	if (place_within(l, d, &within) != NULL && within == 0)
		return 0;
	h.left = wanted - kept_units(l, d, wanted);
	if (h.left > 0) {
		hold_nodes(&h);
		if (l->nlent > 0)
			lend_mark(l, d);
		h.stage = STAGE_BACK;
		hold_lent(&h, l->revoking, l->nrevoking);
		h.stage = STAGE_LENT;
		hold_lent(&h, l->lent, l->nlent);
		d->ready = h.left == 0;
	}
	h.stage = STAGE_WHOLE;
	if (h.left > 0)
		hold_nodes(&h);
	if (h.left == 0) {
		l->new_holds |= d->hold_round + 1 < l->round;
		d->hold_round = l->round;
		return wanted;
	}
	while (l->nheld > before)
		l->held[--l->nheld].node->index.hold_round = 0;
	return 0;
}
