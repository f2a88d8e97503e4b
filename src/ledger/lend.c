/*
 * lend.c - what is held for a gang that gathers is lent to others meanwhile,
 * and called back when the gang could start.
 *
 *  1. A gang that nodes are held for waits a while (options.lend_us) before
 *     anything is lent: holes that fill soon are not worth somebody's work.
 *  2. Then the policy shares out what is held, a second time in a round, among
 *     demands that take what is revocable and are no gangs themselves.  Such a
 *     slice is revocable and marked with the gang that it was held for.
 *  3. As soon as what is free and what is lent together are enough for the
 *     gang, what it needs of it is called back, with the borrowers' grace; from
 *     then on the nodes are held for it before anybody's turn, so that nothing
 *     of them goes to others until it has started.
 *
 * A lent slice is lost to no one but that gang (guarantees apart, as for every
 * revocable slice); if the gang is gone it is like any other.  Nobody at or
 * below his guarantee loses one.
 */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/mem.h"

/* ---- which slices are lent ---- */

void lend_add(struct ledger *l, struct slice *s)
{
	if (l->nlent == l->lent_room) {
		l->lent_room = l->lent_room > 0 ? l->lent_room * 2 : 16;
		l->lent = mem_resize(l->lent, l->lent_room,
				     sizeof(struct slice *));
	}
	l->lent[l->nlent++] = s;
}

void lend_remove(struct ledger *l, const struct slice *s)
{
	size_t i = 0;

	while (l->lent[i] != s)
		i++;
	/* In their order, which decides what is found first. */
	for (l->nlent--; i < l->nlent; i++)
		l->lent[i] = l->lent[i + 1];
}

bool lend_may_call(const struct slice *s)
{
	return s->lent_for != 0 && s->revocable &&
	       role_spares(s->role, &s->amount);
}

void lend_mark(struct ledger *l, const struct demand *d)
{
	for (size_t i = 0; i < l->nlent; i++) {
		struct slice *s = l->lent[i];

		if (s->lent_for != d->seq)
			continue;
		s->callable = !s->revoking && lend_may_call(s);
		if (s->callable)
			role_leave(s->role, &s->amount, true);
	}
	for (size_t i = 0; i < l->nlent; i++) {
		struct slice *s = l->lent[i];

		if (s->lent_for == d->seq && s->callable)
			role_leave(s->role, &s->amount, false);
	}
}

/* Slices on n that are on their way back for d or (lent) can be called
 * back. */
static size_t find_lent(const struct demand *d, const struct node *n,
			bool lent, struct slice ***list)
{
	size_t count = 0;
	struct slice *s;

	*list = mem_array(n->nslices + 1, sizeof(struct slice *));
	TAILQ_FOREACH(s, &n->slices, of_node) {
		if ((s->revoking && s->revoked_for == d->seq) ||
		    (lent && !s->revoking && s->lent_for == d->seq &&
		     s->callable))
			(*list)[count++] = s;
	}
	return count;
}

unsigned lend_units(struct ledger *l, struct demand *d, struct node *n,
		    bool lent, unsigned limit)
{
	struct slice **list;
	unsigned units;
	size_t count;

	if ((l->nlent == 0 && l->nrevoking == 0) || n->nslices == 0)
		return place_units(l, d, n, limit);
	count = find_lent(d, n, lent, &list);
	if (count > 0)
		units = place_with(l, d, n, list, count, limit);
	else
		units = place_units(l, d, n, limit);
	free(list);
	return units;
}

/* ---- called back ---- */

/* Keep in the list only those without which n has not so many units. */
static size_t leave_out(struct ledger *l, struct demand *d, struct node *n,
			unsigned units, struct slice **list, size_t count)
{
	for (size_t i = 0; i < count;) {
		struct slice *s = list[i];

		list[i] = list[count - 1];
		list[count - 1] = s;
		if (!s->revoking &&
		    place_with(l, d, n, list, count - 1, units) >= units) {
			count--;
			continue;
		}
		list[count - 1] = list[i];
		list[i++] = s;
	}
	return count;
}

/* What the gang needs of the node.  Returns whether anything has to come
 * back yet; *again: an offer was rescinded, look again. */
static bool call_node(struct ledger *l, struct demand *d, struct node *n,
		      unsigned units, bool *again)
{
	struct slice **list;
	size_t count = find_lent(d, n, true, &list);

	count = leave_out(l, d, n, units, list, count);
	*again = false;
	for (size_t i = 0; i < count; i++) {
		struct slice *s = list[i];

		if (s->state == SLICE_OFFERED) {
			call_end_offer(l, s->offer, EVENT_OFFER_RESCINDED, 0,
				       "what it lends is called back");
			*again = true;
			break; /* other slices of the list may be gone */
		}
		if (!s->revoking)
			call_revoke(l, d, &s, 1);
	}
	free(list);
	return count > 0;
}

static void call_back(struct ledger *l, struct demand *d)
{
	for (size_t i = 0; i < l->nheld; i++) {
		struct node *n = l->held[i].node;
		bool again = true;

		if (n->index.holder != d)
			continue;
		while (again && call_node(l, d, n, l->held[i].units, &again))
			d->called = true;
	}
}

/* ---- in a round ---- */

void lend_keep(struct ledger *l)
{
	for (size_t i = 0; i < l->nactive; i++) {
		struct demand *d = l->active[i];

		if (!d->called)
			continue;
		d->ready = false;
		if (!demand_gathers(d) || !round_allows(l, d) ||
		    place_hold(l, d) == 0 || !d->ready)
			d->called = false; /* a node of them was lost, say */
	}
}

/* Is something held for d to be lent now? */
static bool lends(struct ledger *l, struct demand *d)
{
	uint64_t wait = l->options.lend_us, at;
	bool before;

	if (!demand_gathers(d))
		return false;
	if (d->waits_us == 0)
		d->waits_us = l->now_us;
	if (d->ready) {
		before = d->called;
		call_back(l, d);
		/* From now on it is held for before anybody's turn. */
		l->changed |= d->called && !before;
		return false;
	}
	at = wait < UINT64_MAX - d->waits_us ? d->waits_us + wait : UINT64_MAX;
	if (l->now_us >= at)
		return true;
	if (at < l->lend_at_us)
		l->lend_at_us = at;
	return false;
}

bool lend_call(struct ledger *l)
{
	bool any = false;

	l->lend_at_us = UINT64_MAX;
	for (size_t i = 0; i < l->nheld; i++) {
		struct demand *d = l->held[i].node->index.holder;

		if (d->lend_round == l->round)
			continue;
		d->lend_round = l->round;
		d->lends = lends(l, d);
		any |= d->lends;
	}
	return any;
}

bool lend_from(const struct ledger *l, const struct node *n)
{
	return n->index.hold_round == l->round && n->index.holder->lends &&
	       n->index.holder->lend_round == l->round;
}

bool lend_to(const struct demand *d)
{
	return d->revocable_ok && !d->exclusive && !demand_gathers(d) &&
	       demand_open(d) > 0;
}
