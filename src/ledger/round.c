/*
 * round.c - the round: what is over ends (expire.c), the policy decides on a
 * view of the rest, its decisions become offers.
 */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/fit.h"

/* ---- the view ---- */

struct round {
	struct view view;
	struct ledger *l;
	size_t offers;
};

static struct round *round_of(struct view *v)
{
	return (struct round *)(void *)v; /* its first member */
}

/* Units that d's role lets it have: by limits, and for one that wants nothing
 * revocable by what is guaranteed. */
static unsigned allowed(const struct ledger *l, const struct demand *d,
			unsigned most)
{
	struct amount unit = request_amount(&d->unit);
	uint64_t n = role_room(d->charged, &unit, most);

	if (!d->revocable_ok && l->guarantees)
		n = role_firm_room(d->charged, &unit, n);
	return (unsigned)n;
}

bool round_allows(const struct ledger *l, const struct demand *d)
{
	return allowed(l, d, demand_least(d)) >= demand_least(d);
}

static unsigned op_place(struct view *v, struct demand *d, unsigned least,
			 unsigned most, struct decision *out)
{
	struct ledger *l = round_of(v)->l;
	unsigned may = allowed(l, d, most);
	unsigned units = place_search(l, d, least, may, out);

	/* Where less was found than it may have, all was looked at. */
	if (may >= least && units < may - (d->per_node ? may % d->per_node : 0))
		d->clipped = false;
	else if (may < most)
		d->clipped = true;
	return units;
}

static unsigned op_units(struct view *v, struct demand *d, struct node *n,
			 unsigned limit)
{
	struct ledger *l = round_of(v)->l;
	unsigned may = allowed(l, d, limit);

	return may > 0 ? place_units(l, d, n, may) : 0;
}

static unsigned op_hold(struct view *v, struct demand *d)
{
	struct ledger *l = round_of(v)->l;

	return round_allows(l, d) ? place_hold(l, d) : 0;
}

static void op_nodes(struct view *v, bool (*cb)(void *arg, struct node *n),
		     void *arg)
{
	struct ledger *l = round_of(v)->l;

	for (size_t i = 0; i < l->nnodes; i++) {
		if (l->node[i]->state == NODE_UP && !cb(arg, l->node[i]))
			return;
	}
}

static void op_nodes_free(struct view *v,
			  bool (*cb)(void *arg, struct node *n), void *arg)
{
	const struct index *x = &round_of(v)->l->index;

	for (unsigned r = 0; r < INDEX_ROWS; r++) {
		int c = index_up(x, r, 1);

		for (; c >= 0; c = index_up(x, r, (size_t)c + 1)) {
			struct node *n;

			TAILQ_FOREACH(n, index_bucket_nodes(x, r, c),
				      index.bucket) {
				if (!cb(arg, n))
					return;
			}
		}
	}
}

static struct node *op_find(struct view *v, const char *name)
{
	struct node *n = map_get(round_of(v)->l->nodes, name);

	return n != NULL && n->state == NODE_UP ? n : NULL;
}

static bool op_more(struct view *v)
{
	struct round *r = round_of(v);

	return r->offers < r->l->options.max_offers && v->free.cores > 0;
}

/* ---- decisions become offers ---- */

struct slices {
	struct slice **at;
	size_t count, room;
	unsigned units;
};

static void add_slice(struct slices *list, struct slice *s)
{
	if (list->count == list->room) {
		list->room = list->room > 0 ? list->room * 2 : 16;
		list->at = mem_resize(list->at, list->room, sizeof(*list->at));
	}
	list->at[list->count++] = s;
	list->units += s->units;
}

/*
 * A slice is revocable unless it lies inside a guarantee.  As long as nothing
 * is guaranteed to anybody nothing can be claimed either, so that a demand
 * that wants nothing revocable gets what it wants.
 */
static bool revocable(const struct ledger *l, const struct role *r,
		      const struct slice *s, bool ok)
{
	if (!l->guarantees && !ok)
		return false;
	return !role_firm(r, &s->amount);
}

/* The slices of one share, of at most so many units; what they cover is taken
 * on the node, so that the next one finds another place. */
static void cut_slices(struct ledger *l, const struct demand *d,
		       const struct share *share, unsigned most,
		       struct slices *list)
{
	unsigned left = share->units < most ? share->units : most;

	while (left > 0) {
		struct slice *s = fit_place(share->node, &d->unit, d->fit,
					    d->separate ? 1 : left);

		if (s == NULL)
			return;
		s->id = l->next_slice + list->count;
		s->exclusive = d->exclusive;
		s->revocable = l->lending ||
			       revocable(l, d->charged, s, d->revocable_ok);
		if (l->lending)
			s->lent_for = s->node->index.holder->seq;
		left -= s->units;
		node_take(s->node, s, NULL);
		role_take(d->charged, &s->amount, !s->revocable);
		add_slice(list, s);
	}
}

/* Nothing is taken any more: the event does that. */
static void untake(struct role *r, struct slices *list)
{
	for (size_t i = list->count; i-- > 0;) {
		struct slice *s = list->at[i];

		role_give(r, &s->amount, !s->revocable);
		node_give(s->node, s, NULL);
	}
}

/* A slice that turned out larger than what is left of a guarantee. */
static bool unwanted(const struct demand *d, const struct slices *list)
{
	for (size_t i = 0; i < list->count && !d->revocable_ok; i++) {
		if (list->at[i]->revocable)
			return true;
	}
	return false;
}

static void free_slices(struct slices *list)
{
	for (size_t i = 0; i < list->count; i++)
		slice_destroy(list->at[i]);
	free(list->at);
}

static void make_offer(struct ledger *l, const struct framework *f,
		       const char *demand, bool asked,
		       const struct slices *list)
{
	struct event ev = {
		.type = EVENT_OFFER_MADE,
		.at_us = l->now_us,
		.offer_made = {
			.offer = l->next_offer,
			.framework = f->name,
			.demand = demand,
			.slices = list->at,
			.nslices = list->count,
			.expires_us = l->now_us + l->options.offer_us,
			.asked = asked,
		},
	};

	state_must(l, &ev);
}

static unsigned op_decide(struct view *v, const struct decision *dec)
{
	struct round *r = round_of(v);
	struct demand *d = dec->demand;
	struct slices list = {NULL, 0, 0, 0};
	unsigned may = allowed(r->l, d, dec->units);

	for (size_t i = 0; i < dec->nshares && list.units < may; i++)
		cut_slices(r->l, d, &dec->share[i], may - list.units, &list);
	untake(d->charged, &list);
	if (list.units > demand_open(d) || list.units < demand_least(d) ||
	    unwanted(d, &list))
		list.units = 0;
	if (list.units > 0) {
		make_offer(r->l, d->framework, d->id, false, &list);
		r->offers++;
		v->free = r->l->free;
	}
	free_slices(&list);
	return list.units;
}

static unsigned op_units_with(struct view *v, struct demand *d,
			      struct node *n, struct slice *const *slices,
			      size_t count, unsigned limit)
{
	struct ledger *l = round_of(v)->l;
	unsigned may = allowed(l, d, limit);

	return may > 0 ? place_with(l, d, n, slices, count, may) : 0;
}

static struct node *const *op_within(struct view *v, struct demand *d,
				     size_t *n)
{
	return place_within(round_of(v)->l, d, n);
}

static void op_keep(struct view *v, struct demand *d, struct node *n,
		    unsigned units)
{
	place_keep(round_of(v)->l, d, n, units);
}

static void op_revoke(struct view *v, struct demand *d,
		      struct slice *const *slices, size_t n)
{
	struct ledger *l = round_of(v)->l;

	call_revoke(l, d, slices, n);
	v->revoking = l->revoking;
	v->nrevoking = l->nrevoking;
}

static const struct view_ops ops = {
	.units_with = op_units_with,
	.within = op_within,
	.keep = op_keep,
	.revoke = op_revoke,
	.place = op_place,
	.units = op_units,
	.decide = op_decide,
	.hold = op_hold,
	.nodes = op_nodes,
	.nodes_free = op_nodes_free,
	.find = op_find,
	.more = op_more,
};

/* ---- what is held is lent ---- */

static unsigned no_units(struct view *v, struct demand *d, struct node *n,
			 struct slice *const *slices, size_t count,
			 unsigned limit)
{
	(void)v, (void)d, (void)n, (void)slices, (void)count, (void)limit;
	return 0;
}

static unsigned no_hold(struct view *v, struct demand *d)
{
	(void)v, (void)d;
	return 0;
}

static void no_keep(struct view *v, struct demand *d, struct node *n,
		    unsigned units)
{
	(void)v, (void)d, (void)n, (void)units;
}

static void no_revoke(struct view *v, struct demand *d,
		      struct slice *const *slices, size_t n)
{
	(void)v, (void)d, (void)slices, (void)n;
}

/* Nothing is held or taken back on behalf of borrowers. */
static struct view_ops lend_ops(void)
{
	struct view_ops o = ops;

	o.units_with = no_units;
	o.keep = no_keep;
	o.revoke = no_revoke;
	o.hold = no_hold;
	return o;
}

static void lend(struct round *r)
{
	struct ledger *l = r->l;
	const struct view_ops own = lend_ops();
	struct round again = *r;
	size_t n = 0;

	if (l->borrower_room < l->nactive) {
		l->borrower_room = l->nactive;
		l->borrower = mem_resize(l->borrower, l->nactive,
					 sizeof(struct demand *));
	}
	for (size_t i = 0; i < l->nactive; i++) {
		if (l->active[i]->active && lend_to(l->active[i]))
			l->borrower[n++] = l->active[i];
	}
	if (n == 0)
		return;
	again.view.ops = &own;
	again.view.demand = l->borrower;
	again.view.ndemands = n;
	again.view.guarantees = false;
	again.view.nrevoking = 0;
	again.view.free = l->free;
	l->lending = true;
	l->options.policy->decide(l->scratch, &again.view);
	l->lending = false;
	r->offers = again.offers;
}

/* ---- what is asked for beyond demands ---- */

static void offer_all(struct round *r, struct framework *f)
{
	struct ledger *l = r->l;
	struct slices list = {NULL, 0, 0, 0};

	for (size_t i = 0; i < l->nnodes; i++) {
		struct node *n = l->node[i];
		struct slice *s = NULL;

		if (n->index.indexed && n->index.hold_round != l->round)
			s = fit_all(n);
		if (s == NULL)
			continue;
		if (role_room(f->role, &s->amount, 1) == 0) {
			slice_destroy(s);
			continue;
		}
		s->id = l->next_slice + list.count;
		s->revocable = revocable(l, f->role, s, true);
		role_take(f->role, &s->amount, !s->revocable);
		add_slice(&list, s);
	}
	for (size_t i = 0; i < list.count; i++)
		role_give(f->role, &list.at[i]->amount,
			  !list.at[i]->revocable);
	if (list.count > 0) {
		char *name = mem_strdup(f->asked); /* the event clears it */

		make_offer(l, f, name, true, &list);
		free(name);
		r->offers++;
		r->view.free = l->free;
	}
	free_slices(&list);
}

static void answer_asks(struct round *r)
{
	struct framework *f;

	if (r->l->nasked == 0)
		return;
	map_foreach (r->l->frameworks, f) {
		if (f->asked != NULL && !f->suppressed && op_more(&r->view))
			offer_all(r, f);
	}
}

/* ---- what changed ---- */

/* The holds of the last round are over; remember them. */
static void start_holds(struct ledger *l)
{
	struct held *list = l->before;
	size_t room = l->before_room;

	l->before = l->held;
	l->nbefore = l->nheld;
	l->before_room = l->held_room;
	l->held = list;
	l->nheld = 0;
	l->new_holds = false;
	l->held_room = room;
	l->round++;
}

/* What was held and no longer is, or for another demand, has become free for
 * those whose turn is before that one's. */
static void end_holds(struct ledger *l)
{
	for (size_t i = 0; i < l->nbefore; i++) {
		struct node *n = l->before[i].node;

		if (n->index.hold_round != l->round ||
		    n->index.holder->stamp != l->before[i].stamp ||
		    !amount_contains(&n->index.hold, &l->before[i].hold))
			state_dirty_node(l, n);
	}
	l->nbefore = 0;
}

static void all_clean(struct ledger *l)
{
	while (!TAILQ_EMPTY(&l->dirty))
		state_clean_node(l, TAILQ_FIRST(&l->dirty));
	for (size_t i = 0; i < l->nactive && l->ndirty_demands > 0; i++)
		state_clean_demand(l, l->active[i]);
	l->changed = false;
}

bool ledger_wants_round(const struct ledger *l)
{
	return l->ndirty > 0 || l->ndirty_demands > 0 || l->changed;
}

void ledger_touch(struct ledger *l)
{
	for (size_t i = 0; i < l->nnodes; i++)
		state_dirty_node(l, l->node[i]);
	for (size_t i = 0; i < l->nactive; i++)
		state_dirty_demand(l, l->active[i]);
	l->changed = true;
}

/* -1: it had to stop before everything was looked at. */
static int decide(struct ledger *l, struct rand_state *rand)
{
	struct round r = {
		.view = {
			.ops = &ops,
			.now_us = l->now_us,
			.rand = rand,
			.demand = l->active,
			.ndemands = l->nactive,
			.role = l->role,
			.nroles = l->nroles,
			.nnodes = l->nnodes,
			.guarantees = l->guarantees,
			.revoking = l->revoking,
			.nrevoking = l->nrevoking,
			.total = l->total,
			.free = l->free,
		},
		.l = l,
	};
	uint64_t revoked = l->count.slices_revoked;
	bool full;

	l->count.rounds++;
	state_resolve(l);
	l->deciding = true;
	start_holds(l);
	r.view.round = l->round;
	prefer_begin_round(l);
	lend_keep(l);
	if (r.view.ndemands > 0)
		l->options.policy->decide(l->scratch, &r.view);
	answer_asks(&r);
	l->deciding = false;
	state_sweep(l);
	full = r.offers >= l->options.max_offers;
	if (!full)
		all_clean(l);
	/* What is called back in it is news for the next round. */
	l->deciding = true;
	if (lend_call(l))
		lend(&r);
	l->deciding = false;
	state_sweep(l);
	end_holds(l);
	/* What is held depends on what is free where, or on its way back, and
	 * on who was held for before. */
	if ((r.offers > 0 && l->nheld > 0) || l->new_holds ||
	    l->count.slices_revoked != revoked)
		l->changed = true;
	return full ? -1 : 0;
}

/* ---- one round ---- */

int ledger_round(struct ledger *l, uint64_t now_us, struct rand_state *rand)
{
	if (call_begin(l, now_us, NULL) != 0)
		return 0;
	call_spare_orphans(l);
	expire_all(l);
	call_take_emptied(l);
	if (l->lend_at_us <= l->now_us)
		l->changed = true;
	if (!ledger_wants_round(l))
		return 0;
	if (decide(l, rand) != 0)
		return 1;
	return ledger_wants_round(l);
}
