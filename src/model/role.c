/* role.c - see role.h. */
#include "model/role.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void role_setting_init(struct role_setting *s, const char *name)
{
	*s = (struct role_setting){.name = name, .weight = 1};
}

struct role *role_create(const char *name)
{
	struct role *r = mem_alloc(sizeof(*r));

	r->name = mem_strdup(name);
	r->weight = 1;
	r->floor_mask = ROLE_FLOOR_ALWAYS;
	TAILQ_INIT(&r->children);
	TAILQ_INIT(&r->revocable);
	idmap_init(&r->uses);
	return r;
}

static void drop_uses(struct role *r)
{
	size_t pos = 0;
	struct role_use *u = idmap_next(&r->uses, &pos);

	for (; u != NULL; u = idmap_next(&r->uses, &pos))
		free(u);
	idmap_finish(&r->uses);
}

void role_destroy(struct role *r)
{
	if (r == NULL)
		return;
	drop_uses(r);
	free(r->name);
	free(r);
}

/* ---- the tree ---- */

/* All roles above r have so much more or less. */
static void count_above(struct role *r, const struct amount *a, bool more)
{
	for (r = r->parent; r != NULL; r = r->parent) {
		if (more)
			amount_add(&r->sum, a);
		else
			amount_sub(&r->sum, a);
	}
}

void role_link(struct role *r, struct role *parent)
{
	if (r->parent == parent)
		return;
	count_above(r, &r->sum, false);
	if (r->parent != NULL)
		role_leave(r->parent, &r->leaving, false);
	if (r->parent != NULL)
		TAILQ_REMOVE(&r->parent->children, r, sibling);
	r->parent = parent;
	if (parent != NULL)
		TAILQ_INSERT_TAIL(&parent->children, r, sibling);
	count_above(r, &r->sum, true);
	if (parent != NULL)
		role_leave(parent, &r->leaving, true);
}

bool role_below(const struct role *r, const struct role *a)
{
	for (; r != NULL; r = r->parent) {
		if (r == a)
			return true;
	}
	return false;
}

/* The role on the way from the cluster down to r that stands right below
 * top. */
static struct role *child_of(struct role *r, const struct role *top)
{
	while (r != NULL && r->parent != top)
		r = r->parent;
	return r;
}

void role_part(struct role *a, struct role *b, struct role **ca,
	       struct role **cb)
{
	struct role *top = a;

	while (top != NULL && !role_below(b, top))
		top = top->parent;
	*ca = a == top ? NULL : child_of(a, top);
	*cb = b == top ? NULL : child_of(b, top);
}

void role_apply(struct role *r, const struct role_setting *s)
{
	r->guarantee = s->guarantee;
	r->limit = s->limit;
	r->weight = s->weight;
	r->priority = s->priority;
}

/* ---- what it has ---- */

struct role_use *role_use(struct role *r, uint32_t framework)
{
	struct role_use *u = idmap_get(&r->uses, framework);

	if (u == NULL) {
		u = mem_alloc(sizeof(*u));
		u->framework = framework;
		u->weight = 1;
		idmap_put(&r->uses, framework, u);
	}
	return u;
}

void role_take(struct role *r, const struct amount *a, bool firm)
{
	amount_add(&r->used, a);
	amount_add(&r->sum, a);
	if (firm)
		amount_add(&r->firm, a);
	count_above(r, a, true);
}

void role_give(struct role *r, const struct amount *a, bool firm)
{
	amount_sub(&r->used, a);
	amount_sub(&r->sum, a);
	if (firm)
		amount_sub(&r->firm, a);
	count_above(r, a, false);
}

/* a inside b, as far as the mask counts. */
static bool inside(const struct amount *a, const struct amount *b,
		   unsigned mask)
{
	for (int k = 0; k < RESOURCES; k++) {
		if ((mask & 1u << k) != 0 && amount_get(a, k) > amount_get(b, k))
			return false;
	}
	return true;
}

void role_leave(struct role *r, const struct amount *a, bool more)
{
	for (; r != NULL; r = r->parent) {
		if (more)
			amount_add(&r->leaving, a);
		else
			amount_sub(&r->leaving, a);
	}
}

void role_expect(struct role *r, const struct amount *a)
{
	for (; r != NULL; r = r->parent)
		amount_add(&r->claimed, a);
}

bool role_above(const struct role *r)
{
	struct amount stays = r->sum;

	amount_sub(&stays, &r->leaving);
	return !inside(&stays, &r->floor, r->floor_mask);
}

bool role_spares(const struct role *r, const struct amount *a)
{
	for (; r != NULL; r = r->parent) {
		struct amount stays = r->sum;

		amount_sub(&stays, &r->leaving);
		for (int k = 0; k < RESOURCES; k++) {
			uint64_t floor = amount_get(&r->floor, k);

			if ((r->floor_mask & 1u << k) != 0 && floor > 0 &&
			    amount_get(&stays, k) < floor + amount_get(a, k))
				return false;
		}
	}
	return true;
}

bool role_may_lose(struct role *victim, struct role *claimant,
		   const struct amount *unit)
{
	struct role *from, *to;

	role_part(victim, claimant, &from, &to);
	if (to == NULL || !role_covers(to, unit))
		return false;
	for (; from != NULL && victim != from->parent; victim = victim->parent) {
		if (!role_above(victim))
			return false;
	}
	return true;
}

double role_excess(const struct role *r, const struct amount *total)
{
	struct amount over = {0, 0, 0, 0};

	for (int k = 0; k < RESOURCES; k++) {
		uint64_t has = amount_get(&r->sum, k);
		uint64_t owns = amount_get(&r->floor, k);

		if ((r->floor_mask & 1u << k) != 0 && has > owns)
			amount_set(&over, k, has - owns);
	}
	return amount_dominant(&over, total);
}

bool role_covers(const struct role *r, const struct amount *a)
{
	struct amount sum = r->sum;

	amount_add(&sum, a);
	return inside(&sum, &r->floor, r->floor_mask);
}

/* What r is promised, its own firm slices being these and those below it,
 * but for the part below `but` (may be NULL), for which `instead` counts. */
static struct amount promised(const struct role *r, const struct amount *firm,
			      const struct role *but,
			      const struct amount *instead)
{
	struct amount sum = *firm;
	const struct role *c;

	TAILQ_FOREACH(c, &r->children, sibling) {
		struct amount part;

		part = c == but ? *instead : promised(c, &c->firm, NULL, NULL);
		amount_add(&sum, &part);
	}
	amount_raise(&sum, &r->floor);
	return sum;
}

bool role_firm(const struct role *r, const struct amount *a)
{
	struct amount firm = r->firm, before, after;

	amount_add(&firm, a);
	before = promised(r, &r->firm, NULL, NULL);
	after = promised(r, &firm, NULL, NULL);
	for (;;) {
		const struct role *up = r->parent;
		struct amount part = after;

		if (inside(&after, &before, r->floor_mask))
			return true;
		if (up == NULL)
			return false;
		before = promised(up, &up->firm, NULL, NULL);
		after = promised(up, &up->firm, r, &part);
		r = up;
	}
}

uint64_t role_room(const struct role *r, const struct amount *unit,
		   uint64_t most)
{
	for (; r != NULL; r = r->parent) {
		for (int k = 0; k < RESOURCES; k++) {
			uint64_t has = amount_get(&r->sum, k);
			uint64_t may = amount_get(&r->ceiling, k);
			uint64_t one = amount_get(unit, k), fit;

			if ((r->ceiling_mask & 1u << k) == 0 || one == 0)
				continue;
			fit = has < may ? (may - has) / one : 0;
			most = fit < most ? fit : most;
		}
	}
	return most;
}

uint64_t role_firm_room(const struct role *r, const struct amount *unit,
			uint64_t most)
{
	uint64_t low = 0, high = most;

	while (low < high) {
		uint64_t mid = low + (high - low + 1) / 2;
		struct amount a = amount_times(unit, mid);

		if (role_firm(r, &a))
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

uint64_t role_claim(const struct role *r, const struct amount *unit,
		    uint64_t most)
{
	uint64_t best = 0;

	for (; r != NULL && best < most; r = r->parent) {
		uint64_t fit = most;

		for (int k = 0; k < RESOURCES; k++) {
			uint64_t has = amount_get(&r->sum, k) +
				       amount_get(&r->claimed, k);
			uint64_t owns = amount_get(&r->floor, k);
			uint64_t one = amount_get(unit, k), n;

			if ((r->floor_mask & 1u << k) == 0 || one == 0)
				continue;
			n = has < owns ? (owns - has) / one : 0;
			fit = n < fit ? n : fit;
		}
		best = fit > best ? fit : best;
	}
	return best;
}

struct role *role_entitled(struct role *r, const struct amount *a)
{
	struct role *widest = NULL;

	for (; r != NULL; r = r->parent) {
		if (role_covers(r, a))
			widest = r;
	}
	return widest;
}
