/*
 * turns.h - the order of drf: the roles as a tree with frameworks as its
 * leaves, and whose turn it is.
 *
 * The share of a leaf is its dominant share; that of a role with others below
 * it is made as in H-DRF (Bhattacharya, Culler, Friedman, Ghodsi, Shenker,
 * Stoica, Hierarchical Scheduling for Diverse Datacenter Workloads, SoCC
 * 2013): what its children have is scaled down to the share of the least of
 * those that still want something and may have it, and then added up.  So one
 * child that goes on with a resource that nobody else wants does not make its
 * parent look rich and starve the child beside it.
 *
 * Weights divide shares.  First those who have less than they are guaranteed,
 * then the higher priority, then the smaller share, then the older demand.
 */
#ifndef POLICY_TURNS_H
#define POLICY_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/idmap.h"
#include "model/demand.h"
#include "policy/policy.h"

/* A demand in this round. */
struct claim {
	struct demand *demand;
	unsigned given; /* units, in numbers */
	bool stuck;	/* there is no room for more of it */
	struct claim *next; /* of its leaf */
};

/* Parts of the cluster, one for each resource. */
struct turns_parts {
	double of[RESOURCES];
};

/* Somebody in the tree who wants nothing (more). */
struct turns_idle {
	struct turns_parts has;
	double share; /* over its weight */
};

/* A role, or (framework not NULL) a framework in it. */
struct turns_node {
	struct turns_node *parent;
	struct role *role;	     /* NULL: the cluster */
	struct framework *framework; /* a leaf's */
	size_t index, up;	     /* places, while they are made */

	struct turns_node **heap; /* children who want something */
	size_t nheap, nchildren;
	struct claim *first, *last; /* a leaf's: what still wants something */

	struct amount given; /* in this round, with those below it */
	struct turns_parts has; /* a role's: scaled, see above */
	double share;	       /* over its weight */
	double weight;
	int priority;
	bool owed; /* has less than it is guaranteed */

	/* What children have: those in heap, each divided by its share; those
	 * who want nothing, whose share is smaller than the heap's least; the
	 * rest, the smallest first. */
	struct turns_parts scaled, whole;
	struct turns_idle *idle;
	size_t nidle, idle_at;
};

struct turns {
	const struct view *view;
	struct turns_node **node;
	size_t nnodes, room;
	struct turns_node **heaps;
	struct idmap roles, leaves; /* to node */
};

void turns_init(struct turns *t);
void turns_finish(struct turns *t);
/* For these claims, without the stuck ones; what they were given is 0. */
void turns_make(struct turns *t, const struct view *v, struct claim *claim,
	       size_t n);
size_t turns_leaves(const struct turns *t);
/* The leaf whose turn it is; NULL: nobody wants anything. */
struct turns_node *turns_next(const struct turns *t);
/* Is the leaf's turn due to a guarantee? */
bool turns_owed(const struct turns_node *leaf);
/* The leaf that had its turn was given so much, or its first claim is none
 * any more. */
void turns_gave(struct turns *t, struct turns_node *leaf,
	       const struct amount *given);

#endif
