/* role_fit.c - what roles are guaranteed in numbers, and whether that fits the
 * cluster; see role.h. */
#include "model/role.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

#define ALL ((1u << RESOURCES) - 1)

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
	r->floor_mask = mask | ROLE_FLOOR_ALWAYS;
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
