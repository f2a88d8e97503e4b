/* role.c - see role.h. */
#include "model/role.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* A guarantee that does not name them lets them come along. */
#define ALONG (1u << RESOURCE_MEMORY | 1u << RESOURCE_DRIVE)
#define ALL ((1u << RESOURCES) - 1)

void role_setting_init(struct role_setting *s, const char *name)
{
	*s = (struct role_setting){.name = name, .weight = 1};
}

struct role *role_create(const char *name)
{
	struct role *r = mem_alloc(sizeof(*r));

	r->name = mem_strdup(name);
	r->weight = 1;
	r->floor_mask = ALL & ~ALONG;
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

/* ---- in numbers ---- */

/* What the children are guaranteed together, and which resources that
 * counts. */
static struct amount below(const struct role *r, unsigned *mask)
{
	struct amount sum = {0, 0, 0, 0};
	const struct role *c;

	TAILQ_FOREACH(c, &r->children, sibling) {
		amount_add(&sum, &c->floor);
		*mask |= quota_mask(&c->guarantee);
	}
	return sum;
}

static void resolve(struct role *r, const struct amount *total)
{
	unsigned mask = quota_mask(&r->guarantee);
	struct amount sum;
	struct role *c;

	TAILQ_FOREACH(c, &r->children, sibling)
		resolve(c, total);
	r->floor = quota_amount(&r->guarantee, total);
	sum = below(r, &mask);
	for (int k = 0; k < RESOURCES; k++) {
		if (r->guarantee.of[k].kind == QUOTA_UNSET)
			amount_set(&r->floor, k, amount_get(&sum, k));
	}
	r->floor_mask = mask | (ALL & ~ALONG);
	r->ceiling = quota_amount(&r->limit, total);
	r->ceiling_mask = quota_mask(&r->limit);
}

void role_resolve(struct role *const *roles, size_t n,
		  const struct amount *total)
{
	for (size_t i = 0; i < n; i++) {
		if (roles[i]->parent == NULL)
			resolve(roles[i], total);
	}
}

/* ---- do they fit? ---- */

/* "12 cores" or, before a cluster is known, "120%". */
static void put_amount(struct buf *b, enum resource k, uint64_t v, bool parts)
{
	if (parts)
		buf_printf(b, "%llu%% of %s", (unsigned long long)v / 100,
			   resource_name(k));
	else
		buf_printf(b, "%llu%s %s", (unsigned long long)v,
			   resource_unit(k), resource_name(k));
}

/* The roles that stand right below parent and are guaranteed some of k. */
static void put_parts(struct buf *b, struct role *const *roles, size_t n,
		      const struct role *parent, enum resource k, bool parts)
{
	const char *comma = "";

	for (size_t i = 0; i < n; i++) {
		unsigned long long v = amount_get(&roles[i]->floor, k);

		if (roles[i]->parent != parent || v == 0)
			continue;
		if (b->len > 200) {
			buf_puts(b, ", …");
			return;
		}
		buf_printf(b, "%s%s %llu%s", comma, roles[i]->name,
			   parts ? v / 100 : v, parts ? "%" : "");
		comma = ", ";
	}
}

static int too_much(struct role *const *roles, size_t n,
		    const struct role *parent, enum resource k, uint64_t sum,
		    uint64_t most, bool parts, struct berth_error *err)
{
	struct buf b;
	int rc;

	buf_init(&b);
	buf_puts(&b, "the guarantees sum to ");
	put_amount(&b, k, sum, parts);
	buf_puts(&b, " (");
	put_parts(&b, roles, n, parent, k, parts);
	buf_puts(&b, "), but ");
	if (parent != NULL)
		buf_printf(&b, "role %s above them is guaranteed ",
			   parent->name);
	else
		buf_puts(&b, "the cluster has ");
	put_amount(&b, k, most, parts);
	rc = error_set(err, BERTH_EINPUT, "%s", b.data);
	buf_finish(&b);
	return rc;
}

/* What stands right below parent must fit into most. */
static int check_sum(struct role *const *roles, size_t n,
		     const struct role *parent, const struct amount *most,
		     unsigned mask, bool parts, struct berth_error *err)
{
	struct amount sum = {0, 0, 0, 0};

	for (size_t i = 0; i < n; i++) {
		if (roles[i]->parent == parent)
			amount_add(&sum, &roles[i]->floor);
	}
	for (int k = 0; k < RESOURCES; k++) {
		if ((mask & 1u << k) != 0 &&
		    amount_get(&sum, k) > amount_get(most, k))
			return too_much(roles, n, parent, k,
					amount_get(&sum, k),
					amount_get(most, k), parts, err);
	}
	return 0;
}

/* Does what is said of one role contradict itself? */
static int check_one(const struct role *r, struct berth_error *err)
{
	if (!(r->weight > 0) || r->weight > 1e9)
		return error_set(err, BERTH_EINPUT,
				 "role %s: its weight has to be above 0 and at "
				 "most 1e9", r->name);
	if (!quota_empty(&r->guarantee) &&
	    r->guarantee.of[RESOURCE_CORES].kind == QUOTA_UNSET)
		return error_set(err, BERTH_EINPUT,
				 "role %s: its guarantee names no cores; "
				 "without cores nothing of it could be used",
				 r->name);
	for (int k = 0; k < RESOURCES; k++) {
		if ((r->ceiling_mask & 1u << k) != 0 &&
		    amount_get(&r->floor, k) > amount_get(&r->ceiling, k))
			return error_set(err, BERTH_EINPUT,
					 "role %s: it is guaranteed more %s "
					 "than its limit lets it have",
					 r->name, resource_name(k));
	}
	return 0;
}

static int check_all(struct role *const *roles, size_t n,
		     const struct amount *most, bool parts,
		     struct berth_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct role *r = roles[i];

		if (check_one(r, err) != 0 ||
		    check_sum(roles, n, r, &r->floor,
			      quota_mask(&r->guarantee), parts, err) != 0)
			return -1;
	}
	return check_sum(roles, n, NULL, most, ALL, parts, err);
}

/* Only parts of the cluster can be compared before it is known. */
static int check_parts(struct role *const *roles, size_t n,
		       struct berth_error *err)
{
	const struct amount whole = {QUOTA_WHOLE, QUOTA_WHOLE, QUOTA_WHOLE,
				     QUOTA_WHOLE};
	struct quota *kept = mem_array(2 * n + 1, sizeof(*kept));
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct quota *q[2] = {&roles[i]->guarantee, &roles[i]->limit};

		for (int w = 0; w < 2; w++) {
			kept[2 * i + (size_t)w] = *q[w];
			for (int k = 0; k < RESOURCES; k++) {
				if (q[w]->of[k].kind != QUOTA_NUMBER)
					continue;
				q[w]->of[k].kind = w == 0 ? QUOTA_PART :
							    QUOTA_UNSET;
				q[w]->of[k].value = 0;
			}
		}
	}
	role_resolve(roles, n, &whole);
	rc = check_all(roles, n, &whole, true, err);
	for (size_t i = 0; i < n; i++) {
		roles[i]->guarantee = kept[2 * i];
		roles[i]->limit = kept[2 * i + 1];
	}
	free(kept);
	return rc;
}

int role_check(struct role *const *roles, size_t n, const struct amount *total,
	       struct berth_error *err)
{
	int rc;

	if (amount_zero(total)) {
		rc = check_parts(roles, n, err);
		role_resolve(roles, n, total);
		return rc;
	}
	role_resolve(roles, n, total);
	return check_all(roles, n, total, false, err);
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
