/*
 * policy.h - who gets how much, and which nodes: a policy behind one table of
 * functions.
 *
 * A policy is pure: it looks at a view, draws random numbers from the view's
 * source only, and answers with decisions.  It keeps nothing between rounds
 * but scratch memory, changes nothing but through view_decide and view_hold,
 * and has no clock of its own: the same view and seed give the same
 * decisions.  What a decision means (exact slices, an offer, a message) is
 * its caller's business.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/rand.h"
#include "model/amount.h"
#include "model/demand.h"
#include "model/framework.h"
#include "model/node.h"
#include "model/role.h"

#define POLICY_ABI 8

/* Offer so many units of the demand on these nodes. */
struct share {
	struct node *node; /* not to be written to */
	unsigned units;
};

struct decision {
	struct demand *demand; /* not to be written to */
	struct share *share;
	size_t nshares, room;
	unsigned units; /* sum */
};

void decision_init(struct decision *d);
void decision_finish(struct decision *d);
void decision_clear(struct decision *d);
void decision_add(struct decision *d, struct node *node, unsigned units);

struct view;

struct view_ops {
	/*
	 * Where units of d could go, by d's constraints, filters and
	 * preferences, in what is free and not held for another demand: from
	 * least (else none at all) to most units.  Fills *out; returns its
	 * units.  Looks at what changed alone where that is enough.
	 */
	unsigned (*place)(struct view *v, struct demand *d, unsigned least,
			  unsigned most, struct decision *out);
	/* As place, of one node: how many units of d it could have now. */
	unsigned (*units)(struct view *v, struct demand *d, struct node *n,
			  unsigned limit);
	/* Decide: from here on these units are not free in the view.  Returns
	 * how many of them could be given; all of them, if they come from
	 * place or units. */
	unsigned (*decide)(struct view *v, const struct decision *d);
	/* For this round keep the nodes where the least that d needs, and
	 * can't have yet, will be free soonest from being given to others;
	 * what they have beyond d's part stays free.  Returns the units so
	 * held: 0 when all nodes that are up could not meet it. */
	unsigned (*hold)(struct view *v, struct demand *d);
	/* How many units of d n could have if these slices of it were free. */
	unsigned (*units_with)(struct view *v, struct demand *d,
			       struct node *n, struct slice *const *slices,
			       size_t count, unsigned limit);
	/* The only nodes, up or not, that d's hard constraints allow, where
	 * these are few; else NULL. */
	struct node *const *(*within)(struct view *v, struct demand *d,
				      size_t *n);
	/* As hold, of one node that nobody holds, for so many units. */
	void (*keep)(struct view *v, struct demand *d, struct node *n,
		     unsigned units);
	/* Decide: these slices are to be given back, for d. */
	void (*revoke)(struct view *v, struct demand *d,
		       struct slice *const *slices, size_t n);
	/* Each node that is up, until cb answers false. */
	void (*nodes)(struct view *v, bool (*cb)(void *arg, struct node *n),
		      void *arg);
	/* The same of those where something is free, in no order that means
	 * anything. */
	void (*nodes_free)(struct view *v,
			   bool (*cb)(void *arg, struct node *n), void *arg);
	/* The node of this name; NULL: none, or it is not up. */
	struct node *(*find)(struct view *v, const char *name);
	/* May this round take more decisions? */
	bool (*more)(struct view *v);
};

/* What a policy sees of the cluster. */
struct view {
	const struct view_ops *ops;
	uint64_t now_us;
	struct rand_state *rand;
	/* Demands that want offers and may have them: their framework is
	 * there and not suppressed, they are not filtered at all, not all of
	 * their units are in open offers.  By priority, then age.  They leave
	 * the list after the round only. */
	struct demand *const *demand;
	size_t ndemands;
	struct role *const *role; /* all of them, by id; not to be written to */
	size_t nroles;
	struct slice *const *revoking; /* on their way back: by the demand
					  they go to (its seq), then their node */
	size_t nrevoking;
	uint64_t round;	     /* its number, from 1 */
	size_t nnodes;	     /* that are known, up or not: ids are below it */
	bool guarantees;     /* something is guaranteed to somebody */
	struct amount total; /* of all nodes that are up */
	struct amount free;  /* of them, now */
};

struct policy {
	unsigned abi; /* POLICY_ABI */
	const char *name;
	const char *doc; /* one line */
	/* Scratch memory; both NULL if it needs none. */
	void *(*create)(void);
	void (*destroy)(void *scratch);
	/* One round: take decisions until nothing more can be decided, or
	 * view_more says no. */
	void (*decide)(void *scratch, struct view *v);
};

static inline unsigned view_place(struct view *v, struct demand *d,
				  unsigned least, unsigned most,
				  struct decision *out)
{
	return v->ops->place(v, d, least, most, out);
}

static inline unsigned view_decide(struct view *v, const struct decision *d)
{
	return v->ops->decide(v, d);
}

static inline unsigned view_hold(struct view *v, struct demand *d)
{
	return v->ops->hold(v, d);
}

static inline unsigned view_units(struct view *v, struct demand *d,
				  struct node *n, unsigned limit)
{
	return v->ops->units(v, d, n, limit);
}

static inline bool view_more(struct view *v)
{
	return v->ops->more(v);
}

/*
 * The demands that are held for in one round: the first gang that has to
 * wait, and the first demand of another kind that lacks some of its count.
 * More would keep more idle than they gain.
 */
struct holds {
	bool gang, other;
};

/* Were nodes held for d in the round before this one? */
bool policy_holds(const struct view *v, const struct demand *d);
/* d had its turn; if it still lacks something, and is the first of its kind,
 * hold nodes for it. */
void policy_hold(struct view *v, struct demand *d, struct holds *h);

/* Units of d that lie inside a guarantee still; 0: none, or too few. */
unsigned policy_claim(const struct view *v, const struct demand *d);
/* Keep the nodes where slices are on their way back for those who claimed
 * them; first of all in a round. */
void policy_keep(struct view *v);
/*
 * d may claim more than there is room for: see to it that it gets it
 * (reclaim.c).  What is on its way back for it counts; if that is not enough,
 * slices of roles above their guarantees are taken back.  Returns whether it
 * will have what it may claim, and its nodes are kept for it.
 */
bool policy_reclaim(struct view *v, struct demand *d);
/* Gangs that slices were taken back for, in their order: what came back for
 * them, one by one, stays theirs until all is there. */
void policy_awaited(struct view *v, struct holds *h);
bool policy_awaits(const struct demand *d);
/* What is guaranteed comes first: give each demand, in their order, what it
 * may claim, as far as there is room. */
void policy_guaranteed(struct view *v, struct holds *h);

extern const struct policy policy_drf;	   /* drf.c */
extern const struct policy policy_fifo;	   /* fifo.c */
extern const struct policy policy_lottery; /* lottery.c */
extern const struct policy policy_static;  /* static.c */

/* A built-in policy; err names those there are. */
const struct policy *policy_find(const char *name, struct berth_error *err);
/* The i-th one, NULL behind the last. */
const struct policy *policy_at(size_t i);

#endif
