/*
 * role.h - who shares: a user, a project, a queue.  Roles stand in a tree,
 * whose root is the cluster and has no role of its own.
 *
 * A guarantee covers what stands below its role too.  A role without one of
 * its own has the sum of those below it.  What a guarantee says nothing of:
 * memory and drive space come along with the cores, GPUs and cores are not
 * guaranteed.
 *
 * A slice is *firm* when it lies inside a guarantee for good, whatever others
 * claim; else it is revocable.  What a role is promised is its guarantee or,
 * if that is more, its firm slices and what those below it are promised: so a
 * slice is firm if it can be without any role on the way up, the last of them,
 * being promised more than before.
 */
#ifndef MODEL_ROLE_H
#define MODEL_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"
#include "base/idmap.h"
#include "model/amount.h"
#include "model/quota.h"

/* What is set for a role; strings are the maker's. */
struct role_setting {
	const char *name;
	const char *parent; /* NULL or "": the cluster */
	struct quota guarantee, limit;
	double weight; /* above 0 */
	int priority;  /* the higher the sooner */
};

/* weight 1, the rest empty. */
void role_setting_init(struct role_setting *s, const char *name);

/* In floor_mask whatever a guarantee names: it lets memory and drives that it
 * does not name come along with these. */
#define ROLE_FLOOR_ALWAYS (1u << RESOURCE_CORES | 1u << RESOURCE_GPUS)

struct role {
	char *name;
	uint32_t id; /* place in the order of arrival */
	struct role *parent; /* NULL: the cluster */
	TAILQ_HEAD(role_list, role) children;
	TAILQ_ENTRY(role) sibling;

	bool set; /* somebody set it, it did not come by its use alone */
	struct quota guarantee, limit;
	double weight; /* 1 unless set */
	int priority;

	/* role_resolve's: the above in numbers, and which resources they
	 * count. */
	struct amount floor, ceiling;
	unsigned floor_mask, ceiling_mask;

	struct amount used; /* by slices that are offered, held or busy */
	struct amount sum;  /* the same with those below it */
	struct amount firm; /* that of used which is not revocable */
	struct amount leaving; /* of sum: slices that are being taken back */
	struct amount claimed; /* beyond sum, in this round: what is kept or on
				  its way for demands of it and below it */
	struct idmap uses;  /* used, by the framework's id: struct role_use */
	TAILQ_HEAD(, slice) revocable; /* slices of used that are */
	uint64_t mark;	    /* scratch of whoever walks the demands */
};

/* What one framework has for the role. */
struct role_use {
	uint32_t framework;
	double weight; /* the framework's */
	struct amount amount;
};

struct role *role_create(const char *name);
void role_destroy(struct role *r); /* NULL is fine; it has no children */

/* ---- the tree ---- */

/* parent NULL: the cluster. */
void role_link(struct role *r, struct role *parent);
/* Does r stand below a, or is it a? */
bool role_below(const struct role *r, const struct role *a);
/* The last common ancestor's children on the ways to a and to b; *ca is *cb
 * when a and b are one, or NULL for the one that is above the other. */
void role_part(struct role *a, struct role *b, struct role **ca,
	       struct role **cb);

/* What the setting says, but for name and parent. */
void role_apply(struct role *r, const struct role_setting *s);

/*
 * Guarantees and limits of all roles in numbers, for a cluster of this size,
 * of which *total is all there is to give (zero: no node is known yet, then
 * only parts of the cluster are checked against each other).
 */
void role_resolve(struct role *const *roles, size_t n,
		  const struct amount *total);
/* Do the guarantees fit together?  -1 with the sum that does not.  total as
 * for role_resolve, which is called with it. */
int role_check(struct role *const *roles, size_t n, const struct amount *total,
	       struct berth_error *err);

/* ---- what it has ---- */

/* Of a framework, made where there is none yet. */
struct role_use *role_use(struct role *r, uint32_t framework);
void role_take(struct role *r, const struct amount *a, bool firm);
void role_give(struct role *r, const struct amount *a, bool firm);

/* A slice of it is being taken back, or (more false) is gone. */
void role_leave(struct role *r, const struct amount *a, bool more);

/* Does it use more than it is guaranteed, without what is being taken back? */
bool role_above(const struct role *r);
/* Would it and all above it, without a, still have what they are guaranteed?
 * Slices on their way back count as gone. */
bool role_spares(const struct role *r, const struct amount *a);
/* How far above, as a share of the cluster; 0: not. */
double role_excess(const struct role *r, const struct amount *total);
/* Is a, with all that it uses, inside r's own guarantee? */
bool role_covers(const struct role *r, const struct amount *a);
/* May it have this as a firm slice? */
bool role_firm(const struct role *r, const struct amount *a);
/*
 * May a revocable slice be taken from victim for this of the claimant's?  Where
 * their ways to the cluster meet, the claimant's side has to be inside its
 * guarantee with it, and on the victim's side nobody may be at or below his.
 */
bool role_may_lose(struct role *victim, struct role *claimant,
		   const struct amount *unit);
/* Units of this size that its limit and those above it leave room for; up to
 * most. */
uint64_t role_room(const struct role *r, const struct amount *unit,
		   uint64_t most);
/* Units that it may have firmly; up to most. */
uint64_t role_firm_room(const struct role *r, const struct amount *unit,
			uint64_t most);
/* In this round it will have this, inside a guarantee. */
void role_expect(struct role *r, const struct amount *a);
/* Units of this size that still lie inside its guarantee, or the one of a role
 * above it, with all that these use and have claimed; up to most. */
uint64_t role_claim(const struct role *r, const struct amount *unit,
		    uint64_t most);
/* The widest of r and the roles above it that would still be inside its
 * guarantee with this; NULL: none. */
struct role *role_entitled(struct role *r, const struct amount *a);

#endif
