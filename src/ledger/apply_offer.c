/* apply_offer.c - slices are offered, held and given back. */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- slices ---- */

/* The node's free part changed: its sums, its place in the index. */
static void changed_free(struct ledger *l, struct node *n,
			 const struct amount *before)
{
	if (n->state == NODE_UP) {
		amount_sub(&l->free, before);
		amount_add(&l->free, &n->free);
	}
	state_index(l, n);
}

/* A node that somebody wants alone may hold several slices of his. */
static bool may_join(const struct node *n, const struct slice *s)
{
	if (n->nslices == 0 || (!n->exclusive && !s->exclusive))
		return true;
	return n->exclusive && s->exclusive &&
	       TAILQ_FIRST(&n->slices)->framework == s->framework;
}

/* What the framework has for the role. */
static void count_use(const struct slice *s, bool more)
{
	struct role_use *u = role_use(s->role, s->framework->id);

	u->weight = s->framework->weight;
	if (more) {
		amount_add(&u->amount, &s->amount);
		return;
	}
	amount_sub(&u->amount, &s->amount);
	if (amount_zero(&u->amount)) {
		idmap_remove(&s->role->uses, u->framework);
		free(u);
	}
}

int state_take(struct ledger *l, struct slice *s, struct berth_error *err)
{
	struct node *n = s->node;
	struct amount before = n->free;

	if (!may_join(n, s))
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: slice %llu or another wants it alone",
				 n->name, (unsigned long long)s->id);
	if (node_take(n, s, err) != 0)
		return -1;
	n->exclusive = s->exclusive;
	TAILQ_INSERT_TAIL(&n->slices, s, of_node);
	n->nslices++;
	amount_add(&s->framework->used, &s->amount);
	role_take(s->role, &s->amount, !s->revocable);
	if (s->revocable)
		TAILQ_INSERT_TAIL(&s->role->revocable, s, of_role);
	count_use(s, true);
	idmap_put(&l->slices, s->id, s);
	if (s->lent_for != 0)
		lend_add(l, s);
	changed_free(l, n, &before);
	return 0;
}

void state_drop(struct ledger *l, struct slice *s)
{
	struct node *n = s->node;
	struct amount before = n->free;

	state_revoked(l, s);
	if (s->lent_for != 0)
		lend_remove(l, s);
	TAILQ_REMOVE(&n->slices, s, of_node);
	n->nslices--;
	if (n->nslices == 0)
		n->exclusive = false;
	node_give(n, s, NULL);
	amount_sub(&s->framework->used, &s->amount);
	role_give(s->role, &s->amount, !s->revocable);
	if (s->revocable)
		TAILQ_REMOVE(&s->role->revocable, s, of_role);
	count_use(s, false);
	idmap_remove(&l->slices, s->id);
	changed_free(l, n, &before);
	state_dirty_node(l, n);
	/* Where nothing is offered of it, shares have changed all the same. */
	if (!n->index.dirty)
		l->changed = true;
	slice_destroy(s);
}

int apply_slice_over(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	struct slice *s = state_slice(l, ev->slice.slice, err);

	if (s == NULL)
		return -1;
	if (s->state != SLICE_HELD)
		return error_set(err, BERTH_ECONFLICT, "slice %llu is %s",
				 (unsigned long long)s->id,
				 slice_state_name(s->state));
	TAILQ_REMOVE(&s->framework->slices, s, of_owner);
	s->framework->nslices--;
	state_drop(l, s);
	return 0;
}

/* ---- making an offer ---- */

static struct offer *new_offer(struct framework *f, struct demand *d,
			       const struct event *ev)
{
	struct offer *o = offer_create(ev->offer_made.offer);

	o->framework = f;
	o->demand = d;
	o->demand_id = mem_strdup(ev->offer_made.demand);
	o->made_us = ev->at_us;
	o->expires_us = ev->offer_made.expires_us;
	o->due.kind = DUE_OFFER;
	return o;
}

/* The slices of o go back; o itself stays as it is in the tables. */
static void drop_slices(struct ledger *l, struct offer *o)
{
	while (!TAILQ_EMPTY(&o->slices)) {
		struct slice *s = TAILQ_FIRST(&o->slices);

		TAILQ_REMOVE(&o->slices, s, of_owner);
		state_drop(l, s);
	}
}

/* Copies of the event's slices, taken. */
static int add_slices(struct ledger *l, struct offer *o,
		      const struct event *ev, struct berth_error *err)
{
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct slice *given = ev->offer_made.slices[i];
		struct slice *s;

		if (given->units == 0 || bitset_empty(&given->cores) ||
		    given->node->state != NODE_UP ||
		    idmap_get(&l->slices, given->id) != NULL)
			return error_set(err, BERTH_ECONFLICT,
					 "slice %llu is empty, known already "
					 "or on a node that is not up",
					 (unsigned long long)given->id);
		s = slice_copy(given);
		s->state = SLICE_OFFERED;
		s->offer = o;
		s->demand_seq = o->demand != NULL ? o->demand->seq : 0;
		s->framework = o->framework;
		s->role = o->demand != NULL ? o->demand->charged :
					      o->framework->role;
		if (state_take(l, s, err) != 0) {
			slice_destroy(s);
			return -1;
		}
		TAILQ_INSERT_TAIL(&o->slices, s, of_owner);
		o->nslices++;
		o->units += s->units;
	}
	return 0;
}

int apply_offer_made(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->offer_made.framework, err);
	struct demand *d = NULL;
	struct offer *o;

	if (f == NULL)
		return -1;
	if (!ev->offer_made.asked) {
		d = state_demand(l, f->name, ev->offer_made.demand, err);
		if (d == NULL)
			return -1;
	}
	if (!f->connected || f->gone || ev->offer_made.nslices == 0 ||
	    idmap_get(&l->offers, ev->offer_made.offer) != NULL)
		return error_set(err, BERTH_ECONFLICT,
				 "offer %llu: known already, empty, or %s is "
				 "away",
				 (unsigned long long)ev->offer_made.offer,
				 f->name);
	o = new_offer(f, d, ev);
	if (add_slices(l, o, ev, err) != 0) {
		drop_slices(l, o);
		offer_destroy(o);
		return -1;
	}
	idmap_put(&l->offers, o->id, o);
	TAILQ_INSERT_TAIL(&l->open, o, of_ledger);
	TAILQ_INSERT_TAIL(&f->offers, o, of_framework);
	f->noffers++;
	heap_put(&l->due, &o->due, o->expires_us);
	if (d != NULL) {
		d->offered += o->units;
		state_refresh(l, d);
	} else {
		state_ask(l, f, NULL);
	}
	if (l->next_offer <= o->id)
		l->next_offer = o->id + 1;
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		if (l->next_slice <= ev->offer_made.slices[i]->id)
			l->next_slice = ev->offer_made.slices[i]->id + 1;
	}
	l->count.offers_made++;
	return 0;
}

/* ---- ending an offer ---- */

/* No offers for d from the nodes that the event is about. */
static int check_nodes(const struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	for (size_t i = 0; i < ev->offer.nnodes; i++) {
		if (state_node(l, ev->offer.nodes[i], err) == NULL)
			return -1;
	}
	return 0;
}

static void set_filters(struct ledger *l, struct demand *d,
			const struct offer *o, const struct event *ev)
{
	uint64_t until = ev->offer.filter_us;
	struct slice *s;

	if (until <= ev->at_us)
		return;
	if (ev->offer.all) {
		apply_filter(l, d, NULL, until);
		return;
	}
	for (size_t i = 0; i < ev->offer.nnodes; i++)
		apply_filter(l, d, map_get(l->nodes, ev->offer.nodes[i]),
			     until);
	if (ev->offer.nnodes > 0)
		return;
	TAILQ_FOREACH(s, &o->slices, of_owner)
		apply_filter(l, d, s->node, until);
}

/* o is over; accepted units of it count for its demand. */
static void end_offer(struct ledger *l, struct offer *o, unsigned accepted,
		      const struct event *ev)
{
	struct demand *d = o->demand;

	if (d != NULL)
		set_filters(l, d, o, ev);
	drop_slices(l, o);
	heap_remove(&l->due, &o->due);
	idmap_remove(&l->offers, o->id);
	TAILQ_REMOVE(&l->open, o, of_ledger);
	TAILQ_REMOVE(&o->framework->offers, o, of_framework);
	o->framework->noffers--;
	l->dead_offer = o;
	if (d == NULL)
		return;
	d->offered -= o->units;
	d->count -= accepted < d->count ? accepted : d->count;
	d->max -= accepted < d->max ? accepted : d->max;
	if (d->max == 0) {
		apply_end_demand(l, d);
		return;
	}
	state_refresh(l, d);
	state_dirty_demand(l, d);
}

static int check_accepted(const struct ledger *l, const struct offer *o,
			  const struct event *ev, struct berth_error *err)
{
	const uint64_t *id = ev->offer.slices;

	if (ev->offer.nslices > o->nslices)
		return error_set(err, BERTH_EINPUT,
				 "offer %llu has %zu slices, not %zu",
				 (unsigned long long)o->id, o->nslices,
				 ev->offer.nslices);
	for (size_t i = 0; i < ev->offer.nslices; i++) {
		const struct slice *s = idmap_get(&l->slices, id[i]);

		if (s == NULL || s->offer != o)
			return error_set(err, BERTH_EINPUT,
					 "slice %llu is not in offer %llu",
					 (unsigned long long)id[i],
					 (unsigned long long)o->id);
	}
	return 0;
}

int apply_offer_accepted(struct ledger *l, const struct event *ev,
			 struct berth_error *err)
{
	struct offer *o = state_offer(l, ev->offer.offer, err);
	unsigned units = 0;

	if (o == NULL || check_accepted(l, o, ev, err) != 0 ||
	    check_nodes(l, ev, err) != 0)
		return -1;
	for (size_t i = 0; i < ev->offer.nslices; i++) {
		struct slice *s = idmap_get(&l->slices, ev->offer.slices[i]);

		if (s->state == SLICE_HELD)
			continue; /* named twice */
		TAILQ_REMOVE(&o->slices, s, of_owner);
		TAILQ_INSERT_TAIL(&o->framework->slices, s, of_owner);
		o->framework->nslices++;
		s->state = SLICE_HELD;
		s->offer = NULL;
		units += s->units;
		if (o->demand != NULL)
			prefer_got(l, o->demand, s->node);
	}
	l->count.offers_accepted++;
	o->framework->lapsed = 0;
	end_offer(l, o, units, ev);
	return 0;
}

int apply_offer_over(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	struct offer *o = state_offer(l, ev->offer.offer, err);

	if (o == NULL || check_nodes(l, ev, err) != 0)
		return -1;
	if (ev->type == EVENT_OFFER_DECLINED) {
		l->count.offers_declined++;
		o->framework->lapsed = 0;
	} else if (ev->type == EVENT_OFFER_EXPIRED) {
		l->count.offers_expired++;
		o->framework->lapsed++;
	} else {
		l->count.offers_rescinded++;
	}
	end_offer(l, o, 0, ev);
	return 0;
}
