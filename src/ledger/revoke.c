/*
 * revoke.c - slices that are taken back: from the notice to their end.
 *
 * A slice that is being taken back takes no more tasks.  Its tasks hear of it
 * after the time that its framework has to react; until then it is spared when
 * its claimant needs it no more, or when the framework names others (yield.c).
 * Else it ends when its
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

static int check_state(const struct slice *s, struct berth_error *err)
{
	if (s->state == SLICE_OFFERED || s->revoking)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu is only offered, or on its way "
				 "back already", (unsigned long long)s->id);
	return 0;
}

/* Its node is drained and now has to be empty sooner. */
static bool hurries(const struct slice *s, const struct event *ev)
{
	return s->revoking && s->revoked_for == 0 &&
	       ev->revoking.claimant == NULL &&
	       ev->revoking.deadline_us < s->revoke_us;
}

/* What is on a drained node goes back whoever has it. */
static int check_drained(const struct slice *s, struct berth_error *err)
{
	if (check_state(s, err) != 0)
		return -1;
	if (s->node->state != NODE_DRAINED)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: nobody claims it, and node %s is "
				 "%s", (unsigned long long)s->id, s->node->name,
				 node_state_name(s->node->state));
	return 0;
}

int revoke_check(const struct slice *s, const struct demand *d,
		 struct berth_error *err)
{
	struct amount unit = request_amount(&d->unit);
	unsigned long long id = s->id;

	if (check_state(s, err) != 0)
		return -1;
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

/* When something is to be done about it first. */
static uint64_t next_due(const struct slice *s, const struct event *ev)
{
	uint64_t at = ev->at_us + ev->revoking.react_us;

	return s->told || at > s->revoke_us ? s->revoke_us : at;
}

int apply_slice_revoking(struct ledger *l, const struct event *ev,
			 struct berth_error *err)
{
	struct slice *s = state_slice(l, ev->revoking.slice, err);
	struct demand *d = NULL;

	if (s == NULL)
		return -1;
	if (hurries(s, ev)) {
		s->revoke_us = ev->revoking.deadline_us;
		heap_remove(&l->due, &s->due);
		heap_put(&l->due, &s->due, s->revoke_us);
		return 0;
	}
	if (ev->revoking.claimant != NULL) {
		d = state_demand(l, ev->revoking.claimant, ev->revoking.demand,
				 err);
		if (d == NULL)
			return -1;
	}
	state_resolve(l);
	if ((d != NULL ? revoke_check(s, d, err) : check_drained(s, err)) != 0)
		return -1;
	s->revoking = true;
	s->emptied = s->orphan = false;
	s->told = ev->revoking.react_us == 0;
	s->notice_us = ev->at_us;
	s->revoke_us = ev->revoking.deadline_us;
	s->revoked_for = d != NULL ? d->seq : 0;
	if (d != NULL && s->lent_for != d->seq)
		d->awaits = true;
	s->due.kind = DUE_SLICE;
	heap_put(&l->due, &s->due, next_due(s, ev));
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

/* ---- told, or spared ---- */

static struct slice *on_its_way(const struct ledger *l, uint64_t id,
				struct berth_error *err)
{
	struct slice *s = state_slice(l, id, err);

	if (s == NULL || s->revoking)
		return s;
	error_set(err, BERTH_ECONFLICT, "slice %llu is not being taken back",
		  (unsigned long long)id);
	return NULL;
}

int apply_slice_told(struct ledger *l, const struct event *ev,
		     struct berth_error *err)
{
	struct slice *s = on_its_way(l, ev->slice.slice, err);

	if (s == NULL)
		return -1;
	if (s->told)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: its tasks were told already",
				 (unsigned long long)s->id);
	s->told = true;
	heap_put(&l->due, &s->due, s->revoke_us);
	return 0;
}

bool revoke_unheard(const struct slice *s)
{
	return !s->told || (s->state == SLICE_HELD && !s->emptied);
}

int apply_slice_spared(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct slice *s = on_its_way(l, ev->slice.slice, err);

	if (s == NULL)
		return -1;
	if (!revoke_unheard(s))
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: its tasks were told to end",
				 (unsigned long long)s->id);
	state_revoked(l, s);
	s->emptied = false;
	/* Those that might have counted on it look again. */
	l->changed = true;
	l->count.slices_spared++;
	return 0;
}

struct slice **state_revoking(const struct ledger *l, uint64_t seq, size_t *n)
{
	size_t low = 0, high = l->nrevoking, end;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->revoking[mid]->revoked_for < seq)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < l->nrevoking; end++) {
		if (l->revoking[end]->revoked_for != seq)
			break;
	}
	*n = end - low;
	return l->revoking + low;
}

void state_orphan(struct ledger *l, const struct demand *d)
{
	struct slice **s;
	size_t n;

	if (l->nrevoking == 0)
		return;
	s = state_revoking(l, d->seq, &n);
	for (size_t i = 0; i < n; i++)
		s[i]->orphan = true;
	if (n > 0)
		l->orphans = l->changed = true;
}

/* ---- calls ---- */

static void slice_event(struct ledger *l, enum event_type type,
			struct slice *s)
{
	struct event ev = {
		.type = type,
		.at_us = l->now_us,
		.slice = {
			.slice = s->id,
			.framework = s->framework->name,
			.node = s->node->name,
			.job = s->job,
		},
	};

	state_must(l, &ev);
}

void call_tell(struct ledger *l, struct slice *s)
{
	slice_event(l, EVENT_SLICE_TOLD, s);
}

void call_spare(struct ledger *l, struct slice *s)
{
	slice_event(l, EVENT_SLICE_SPARED, s);
}

void call_spare_orphans(struct ledger *l)
{
	if (!l->orphans)
		return;
	l->orphans = false;
	for (size_t i = l->nrevoking; i-- > 0;) {
		struct slice *s = l->revoking[i];

		if (s->orphan && revoke_unheard(s))
			call_spare(l, s);
	}
}

uint64_t revoke_grace(const struct ledger *l, const struct slice *s)
{
	const struct job *j = idmap_get(&l->jobs, s->job);

	if (s->state == SLICE_BUSY && j != NULL && j->grace_us > 0)
		return j->grace_us;
	return l->options.grace_us;
}

/* d NULL: because its node is drained. */
static void revoke(struct ledger *l, const struct slice *s,
		   const struct demand *d, uint64_t deadline_us,
		   uint64_t react_us)
{
	struct event ev = {
		.type = EVENT_SLICE_REVOKING,
		.at_us = l->now_us,
		.revoking = {
			.slice = s->id,
			.framework = s->framework->name,
			.node = s->node->name,
			.role = s->role->name,
			.job = s->job,
			.deadline_us = deadline_us,
			.react_us = react_us,
			.claimant = d != NULL ? d->framework->name : NULL,
			.demand = d != NULL ? d->id : NULL,
			.lent = d != NULL && s->lent_for == d->seq,
		},
	};

	/* A policy that asks for what it may not have gets nothing. */
	ledger_apply(l, &ev, NULL);
}

/* One that is away can't answer. */
static uint64_t react_of(const struct slice *s)
{
	return s->framework->connected ? s->framework->react_us : 0;
}

void call_revoke(struct ledger *l, const struct demand *d,
		 struct slice *const *slices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		revoke(l, slices[i], d, l->now_us + revoke_grace(l, slices[i]),
		       react_of(slices[i]));
}

void call_revoke_named(struct ledger *l, const struct demand *d,
		       struct slice *s, uint64_t most_us)
{
	uint64_t at = l->now_us;

	if (s->state == SLICE_BUSY)
		at += revoke_grace(l, s);
	revoke(l, s, d, at < most_us ? at : most_us, 0);
}

int ledger_node_clear(struct ledger *l, const char *name, uint64_t deadline_us,
		      uint64_t now_us, struct berth_error *err)
{
	struct node *n = state_node(l, name, err);
	struct slice *s;

	if (n == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	if (n->state != NODE_DRAINED)
		return error_set(err, BERTH_ECONFLICT, "node %s: it is %s",
				 n->name, node_state_name(n->state));
	TAILQ_FOREACH(s, &n->slices, of_node) {
		uint64_t at = l->now_us + revoke_grace(l, s);

		if (s->state != SLICE_OFFERED)
			revoke(l, s, NULL, deadline_us > at ? deadline_us : at,
			       0);
	}
	return 0;
}

void call_revoke_due(struct ledger *l, struct slice *s)
{
	bool over = s->revoke_us <= l->now_us;

	if (!s->told)
		call_tell(l, s);
	if (!over)
		return;
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
