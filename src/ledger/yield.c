/*
 * yield.c - a framework answers the notice that slices are to be given back:
 * now, or others in their place.
 *
 * Others will do when the claimant loses nothing: they make room for as many
 * units, by its constraints, and no later.  Everything is checked before the
 * first event.
 */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/mem.h"

struct yield {
	struct ledger *l;
	struct framework *f;
	struct demand *d; /* the claimant's */
	struct slice **spared, **named; /* by their nodes, then ids */
	size_t nspared, nnamed;
};

/* ---- which slices ---- */

static int by_node(const void *a, const void *b)
{
	const struct slice *x = *(struct slice *const *)a;
	const struct slice *y = *(struct slice *const *)b;

	if (x->node->id != y->node->id)
		return x->node->id < y->node->id ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static struct slice **find(const struct yield *y, const uint64_t *ids,
			   size_t n, struct berth_error *err)
{
	struct slice **list = mem_array(n + 1, sizeof(struct slice *));

	for (size_t i = 0; i < n; i++) {
		list[i] = call_slice_of(y->l, y->f, ids[i], err);
		if (list[i] == NULL)
			goto fail;
	}
	qsort(list, n, sizeof(struct slice *), by_node);
	for (size_t i = 1; i < n; i++) {
		if (list[i] != list[i - 1])
			continue;
		error_set(err, BERTH_EINPUT, "slice %llu is named twice",
			  (unsigned long long)list[i]->id);
		goto fail;
	}
	return list;
fail:
	free(list);
	return NULL;
}

static struct demand *claimant(const struct ledger *l, uint64_t seq)
{
	struct framework *f;
	struct demand *d;

	map_foreach (l->frameworks, f) {
		TAILQ_FOREACH(d, &f->demands, of_framework) {
			if (d->seq == seq)
				return d;
		}
	}
	return NULL;
}

static int check_spared(struct yield *y, struct berth_error *err)
{
	for (size_t i = 0; i < y->nspared; i++) {
		const struct slice *s = y->spared[i];
		unsigned long long id = s->id;

		if (!s->revoking)
			return error_set(err, BERTH_ECONFLICT,
					 "slice %llu is not being taken back",
					 id);
		if (y->nnamed == 0)
			continue;
		if (!revoke_unheard(s))
			return error_set(err, BERTH_ECONFLICT,
					 "slice %llu: its tasks were told to "
					 "end, it is too late to name others",
					 id);
		if (s->revoked_for != y->spared[0]->revoked_for ||
		    s->role != y->spared[0]->role)
			return error_set(err, BERTH_ECONFLICT,
					 "slices %llu and %llu are of two roles "
					 "or for two demands: name others for "
					 "each of them alone",
					 (unsigned long long)y->spared[0]->id,
					 id);
	}
	return 0;
}

/* ---- those named instead ---- */

/*
 * The first deadline of those to be spared, and the least time that one of
 * them was given.  Both count from the notice, for the tasks in those named as
 * for any other: what their framework took to answer is not theirs.
 */
static void deadline(const struct yield *y, uint64_t *at_us, uint64_t *given_us)
{
	*at_us = *given_us = UINT64_MAX;
	for (size_t i = 0; i < y->nspared; i++) {
		const struct slice *s = y->spared[i];

		if (s->revoke_us < *at_us)
			*at_us = s->revoke_us;
		if (s->revoke_us - s->notice_us < *given_us)
			*given_us = s->revoke_us - s->notice_us;
	}
}

static int check_named(const struct yield *y, const struct slice *s,
		       uint64_t given_us, struct berth_error *err)
{
	unsigned long long id = s->id;

	if (s->role != y->spared[0]->role)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu is of role %s, not of %s", id,
				 s->role->name, y->spared[0]->role->name);
	if (s->state == SLICE_BUSY && revoke_grace(y->l, s) > given_us)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: its job's grace of %llu ms is "
				 "more than those to be spared were given", id,
				 (unsigned long long)revoke_grace(y->l, s) /
					 1000);
	if (!prefer_allows(y->d, s->node))
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: the claimant does not want node "
				 "%s", id, s->node->name);
	return 0;
}

/* Could they be taken back, one after the other, with the others spared? */
static int check_roles(const struct yield *y, struct berth_error *err)
{
	uint64_t at_us, given_us;
	size_t n = 0;
	int rc = 0;

	deadline(y, &at_us, &given_us);
	state_resolve(y->l);
	for (size_t i = 0; i < y->nspared; i++)
		role_leave(y->spared[i]->role, &y->spared[i]->amount, false);
	for (; n < y->nnamed && rc == 0; n++) {
		const struct slice *s = y->named[n];

		rc = check_named(y, s, given_us, err);
		if (rc == 0)
			rc = revoke_check(s, y->d, err);
		if (rc != 0)
			break;
		role_leave(s->role, &s->amount, true);
	}
	while (n-- > 0)
		role_leave(y->named[n]->role, &y->named[n]->amount, false);
	for (size_t i = 0; i < y->nspared; i++)
		role_leave(y->spared[i]->role, &y->spared[i]->amount, true);
	return rc;
}

/* ---- as good for the claimant ---- */

static bool is_spared(const struct yield *y, struct slice *s)
{
	return bsearch(&s, y->spared, y->nspared, sizeof(struct slice *),
		       by_node) != NULL;
}

/* Units on one node, where these are on their way back or named. */
static void add_units(const struct yield *y, struct slice **all, size_t n,
		      uint64_t *before, uint64_t *after)
{
	struct slice **list = mem_array(n, sizeof(struct slice *));
	struct node *node = all[0]->node;
	unsigned most = demand_open(y->d);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (all[i]->revoking)
			list[count++] = all[i];
	}
	*before += place_with(y->l, y->d, node, list, count, most);
	count = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_spared(y, all[i]))
			list[count++] = all[i];
	}
	*after += place_with(y->l, y->d, node, list, count, most);
	free(list);
}

static int check_units(const struct yield *y, struct berth_error *err)
{
	uint64_t before = 0, after = 0;
	bool waiting = y->d->waiting;
	struct slice **back, **all;
	size_t nback, n, k;

	back = state_revoking(y->l, y->d->seq, &nback);
	n = nback + y->nnamed;
	all = mem_array(n, sizeof(struct slice *));
	for (size_t i = 0; i < n; i++)
		all[i] = i < nback ? back[i] : y->named[i - nback];
	qsort(all, n, sizeof(struct slice *), by_node);
	/* This is no turn of the demand's in which it lets anything pass. */
	y->d->waiting = false;
	for (size_t i = 0; i < n; i = k) {
		for (k = i + 1; k < n && all[k]->node == all[i]->node; k++)
			continue;
		add_units(y, all + i, k - i, &before, &after);
	}
	y->d->waiting = waiting;
	free(all);
	if (before > demand_open(y->d))
		before = demand_open(y->d);
	if (after >= before)
		return 0;
	return error_set(err, BERTH_ECONFLICT,
			 "those named instead make room for %llu units of what "
			 "is claimed, and %llu are wanted",
			 (unsigned long long)after, (unsigned long long)before);
}

static int check_instead(struct yield *y, struct berth_error *err)
{
	y->d = claimant(y->l, y->spared[0]->revoked_for);
	if (y->d == NULL)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu: nobody claims it any more",
				 (unsigned long long)y->spared[0]->id);
	if (check_roles(y, err) != 0)
		return -1;
	return check_units(y, err);
}

/* ---- what follows ---- */

static void give(struct yield *y)
{
	for (size_t i = 0; i < y->nspared; i++) {
		struct slice *s = y->spared[i];

		if (s->state == SLICE_HELD)
			call_release(y->l, s);
		else if (!s->told)
			call_tell(y->l, s);
	}
}

static void exchange(struct yield *y)
{
	uint64_t at_us, given_us;

	deadline(y, &at_us, &given_us);
	for (size_t i = 0; i < y->nspared; i++)
		call_spare(y->l, y->spared[i]);
	for (size_t i = 0; i < y->nnamed; i++)
		call_revoke_named(y->l, y->d, y->named[i], at_us);
}

int ledger_yield(struct ledger *l, const char *framework,
		 const uint64_t *slices, size_t n, const uint64_t *instead,
		 size_t m, uint64_t now_us, struct berth_error *err)
{
	struct yield y = {.l = l, .nspared = n, .nnamed = m};
	int rc = -1;

	y.f = state_framework(l, framework, err);
	if (y.f == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	if (n == 0)
		return error_set(err, BERTH_EINPUT,
				 "slices: at least one is wanted");
	y.spared = find(&y, slices, n, err);
	if (y.spared == NULL)
		return -1;
	y.named = find(&y, instead, m, err);
	if (y.named == NULL || check_spared(&y, err) != 0)
		goto out;
	if (m > 0 && check_instead(&y, err) != 0)
		goto out;
	if (m > 0)
		exchange(&y);
	else
		give(&y);
	rc = 0;
out:
	free(y.spared);
	free(y.named);
	return rc;
}
