/*
 * revoke.c - slices that are taken back: from the notice to their end.
 *
 * A slice that is being taken back takes no more tasks.  It ends when its
 * framework releases it, when the last of the tasks that were in it ends, or,
 * if nothing was in it, at the deadline.  That tasks end by then is the
 * listener's owner's matter.
 */
#include "ledger/state.h"

#include <string.h>

#include "base/mem.h"

/* ---- the event ---- */

/* By the demand they go to, their node, their id. */
static int order(const struct slice *a, const struct slice *b)
{
	uint32_t x = a->node->id, y = b->node->id;

	if (a->revoked_for != b->revoked_for)
		return a->revoked_for < b->revoked_for ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

/* Where s stands or belongs. */
static size_t place_of(const struct ledger *l, const struct slice *s)
{
	size_t low = 0, high = l->nrevoking;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (order(l->revoking[mid], s) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void add(struct ledger *l, struct slice *s)
{
	size_t i = place_of(l, s);

	if (l->nrevoking == l->revoking_room) {
		l->revoking_room = l->revoking_room > 0 ?
				   l->revoking_room * 2 : 16;
		l->revoking = mem_resize(l->revoking, l->revoking_room,
					 sizeof(*l->revoking));
	}
	memmove(l->revoking + i + 1, l->revoking + i,
		(l->nrevoking - i) * sizeof(*l->revoking));
	l->revoking[i] = s;
	l->nrevoking++;
}

/* Nobody at or below his guarantee ever loses a slice. */
static int check(const struct slice *s, const struct demand *d,
		 struct berth_error *err)
{
	struct amount unit = request_amount(&d->unit);
	unsigned long long id = s->id;

	if (s->state == SLICE_OFFERED || s->revoking)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu is only offered, or on its way "
				 "back already", id);
	if (!s->revocable)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu is not revocable", id);
	if (s->lent_for == d->seq && lend_may_call(s))
		return 0;
	if (!role_may_lose(s->role, d->charged, &unit))
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: role %s is not above its "
				 "guarantee, or %s not below its", id,
				 s->role->name, d->charged->name);
	return 0;
}

int apply_slice_revoking(struct ledger *l, const struct event *ev,
			 struct berth_error *err)
{
	struct slice *s = state_slice(l, ev->revoking.slice, err);
	struct demand *d;

	if (s == NULL)
		return -1;
	d = state_demand(l, ev->revoking.claimant, ev->revoking.demand, err);
	if (d == NULL)
		return -1;
	state_resolve(l);
	if (check(s, d, err) != 0)
		return -1;
	s->revoking = true;
	s->emptied = false;
	s->revoke_us = ev->revoking.deadline_us;
	s->revoked_for = d->seq;
	s->due.kind = DUE_SLICE;
	heap_put(&l->due, &s->due, s->revoke_us);
	role_leave(s->role, &s->amount, true);
	add(l, s);
	l->count.slices_revoked++;
	return 0;
}

void state_revoked(struct ledger *l, struct slice *s)
{
	size_t i;

	if (!s->revoking)
		return;
	s->revoking = false;
	heap_remove(&l->due, &s->due);
	role_leave(s->role, &s->amount, false);
	i = place_of(l, s);
	l->nrevoking--;
	memmove(l->revoking + i, l->revoking + i + 1,
		(l->nrevoking - i) * sizeof(*l->revoking));
}

/* ---- calls ---- */

static uint64_t grace_of(const struct ledger *l, const struct slice *s)
{
	const struct job *j = idmap_get(&l->jobs, s->job);

	if (s->state == SLICE_BUSY && j != NULL && j->grace_us > 0)
		return j->grace_us;
	return l->options.grace_us;
}

void call_revoke(struct ledger *l, const struct demand *d,
		 struct slice *const *slices, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct slice *s = slices[i];
		struct event ev = {
			.type = EVENT_SLICE_REVOKING,
			.at_us = l->now_us,
			.revoking = {
				.slice = s->id,
				.framework = s->framework->name,
				.node = s->node->name,
				.role = s->role->name,
				.job = s->job,
				.deadline_us = l->now_us + grace_of(l, s),
				.claimant = d->framework->name,
				.demand = d->id,
				.lent = s->lent_for == d->seq,
			},
		};

		/* A policy that asks for what it may not have gets nothing. */
		ledger_apply(l, &ev, NULL);
	}
}

void call_revoke_due(struct ledger *l, struct slice *s)
{
	heap_remove(&l->due, &s->due);
	if (s->state == SLICE_HELD)
		call_lose_slice(l, s);
}

void call_take_emptied(struct ledger *l)
{
	for (size_t i = l->nrevoking; i-- > 0;) {
		struct slice *s = l->revoking[i];

		if (s->emptied && s->state == SLICE_HELD)
			call_lose_slice(l, s);
	}
}
