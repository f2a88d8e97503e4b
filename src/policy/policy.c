/* policy.c - decisions, and the policies that are built in. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const struct policy *const built_in[] = {
	&policy_fifo,
	&policy_drf,
	&policy_lottery,
	&policy_static,
};

const struct policy *policy_at(size_t i)
{
	size_t n = sizeof(built_in) / sizeof(*built_in);

	return i < n ? built_in[i] : NULL;
}

const struct policy *policy_find(const char *name, struct berth_error *err)
{
	struct buf names;

	for (size_t i = 0; policy_at(i) != NULL; i++) {
		if (strcmp(policy_at(i)->name, name) == 0)
			return policy_at(i);
	}
	buf_init(&names);
	for (size_t i = 0; policy_at(i) != NULL; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "",
			   policy_at(i)->name);
	error_set(err, BERTH_EINPUT, "no policy \"%.64s\"; there are: %s", name,
		  names.data);
	buf_finish(&names);
	return NULL;
}

void policy_hold(struct view *v, struct demand *d, struct holds *h)
{
	bool *held = demand_gathers(d) ? &h->gang : &h->other;

	if (!*held && d->count > d->offered)
		*held = view_hold(v, d) > 0;
}

bool policy_holds(const struct view *v, const struct demand *d)
{
	return d->hold_round > 0 && d->hold_round + 1 >= v->round;
}

unsigned policy_claim(const struct view *v, const struct demand *d)
{
	struct amount unit = request_amount(&d->unit);
	uint64_t units;

	if (!v->guarantees)
		return 0;
	units = role_claim(d->charged, &unit, demand_open(d));
	if (d->per_node > 0)
		units -= units % d->per_node;
	return units < demand_least(d) ? 0 : (unsigned)units;
}

/* What it may claim: what is free of that now, the rest is seen to. */
static void guarantee(struct view *v, struct demand *d, struct holds *h,
		      struct decision *dec)
{
	unsigned units = policy_claim(v, d);

	if (units == 0)
		return;
	if (view_more(v) && view_place(v, d, demand_least(d), units, dec) > 0)
		view_decide(v, dec);
	if (policy_claim(v, d) > 0 && !policy_reclaim(v, d))
		policy_hold(v, d, h);
}

bool policy_awaits(const struct demand *d)
{
	return d->awaits && demand_gathers(d);
}

void policy_awaited(struct view *v, struct holds *h)
{
	struct decision dec;

	if (!v->guarantees)
		return;
	decision_init(&dec);
	for (size_t i = 0; i < v->ndemands; i++) {
		struct demand *d = v->demand[i];

		if (policy_awaits(d))
			guarantee(v, d, h, &dec);
	}
	decision_finish(&dec);
}

void policy_guaranteed(struct view *v, struct holds *h)
{
	struct decision dec;

	if (!v->guarantees)
		return;
	decision_init(&dec);
	policy_keep(v);
	policy_awaited(v, h);
	for (size_t i = 0; i < v->ndemands; i++) {
		if (!policy_awaits(v->demand[i]))
			guarantee(v, v->demand[i], h, &dec);
	}
	decision_finish(&dec);
}

void decision_init(struct decision *d)
{
	memset(d, 0, sizeof(*d));
}

void decision_finish(struct decision *d)
{
	free(d->share);
	decision_init(d);
}

void decision_clear(struct decision *d)
{
	d->demand = NULL;
	d->nshares = 0;
	d->units = 0;
}

void decision_add(struct decision *d, struct node *node, unsigned units)
{
	if (d->nshares == d->room) {
		d->room = d->room > 0 ? d->room * 2 : 16;
		d->share = mem_resize(d->share, d->room, sizeof(*d->share));
	}
	d->share[d->nshares].node = node;
	d->share[d->nshares++].units = units;
	d->units += units;
}
