/*
 * state.h - inside the ledger: its tables, and the small operations on them
 * that its files share.  Nobody outside src/ledger includes it.
 *
 *   ledger.c         making, ending, reading
 *   apply.c          ledger_apply: the table of events
 *   apply_node.c     … what each of them does
 *   apply_framework.c
 *   apply_offer.c
 *   apply_job.c
 *   apply_role.c
 *   call_node.c      calls of nodes, frameworks, users: checks, then events
 *   call_framework.c
 *   call_job.c
 *   prefer.c         the nodes that demands prefer, and waiting for them
 *   call_dataset.c   what nodes hold: calls and events
 *   place.c          where units of a demand could go
 *   layout.c         gangs below few switches, or in equal parts
 *   hold.c           nodes that are kept for one that has to wait
 *   lend.c           what is held is lent, and called back
 *   possible.c       whether a demand could ever be met
 *   adopt.c          what an earlier leader gave away
 *   revoke.c         slices that are taken back
 *   yield.c          … and others named in their place
 *   round.c          the round, and the view that a policy gets
 *   check.c          invariants
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "base/heap.h"
#include "base/idmap.h"
#include "base/map.h"
#include "ledger/index.h"
#include "ledger/ledger.h"
#include "ledger/wiring.h"
#include "model/dataset.h"
#include "model/role.h"

/* What a deadline belongs to: heap_entry.kind. */
enum due {
	DUE_OFFER = 1,
	DUE_FILTER,
	DUE_FRAMEWORK,
	DUE_SLICE,
	DUE_WAIT,
};

TAILQ_HEAD(node_dirty_list, node);

/* So much of a node is kept for a demand. */
struct held {
	struct node *node;
	uint64_t stamp; /* the demand's */
	unsigned units;
	struct amount hold;
};

struct ledger {
	struct ledger_options options;
	void *scratch;	  /* the policy's */
	uint64_t now_us;  /* the latest time that was heard of */
	bool listening;	  /* the listener is being called */

	struct node **node; /* by id */
	size_t nnodes;
	uint64_t nodes_at;	/* one came, or came back as another */
	struct map *nodes;	/* name to node */
	struct map *trees;	/* topology's hash to tree, which it keeps */
	struct map *roles;	/* name to role */
	struct role **role;	/* by id */
	size_t nroles, role_space;
	bool incomplete; /* nodes exist that are not known yet */
	bool unresolved; /* roles' guarantees are not in numbers of now */
	bool guarantees; /* something is guaranteed to somebody */
	struct map *frameworks; /* name to framework */
	struct map *datasets;	/* name to dataset; they stay when empty */
	struct map *names;	/* strings that jobs share */
	uint32_t next_framework;
	uint64_t next_seq, next_offer, next_slice, next_job;

	struct idmap slices; /* offered, held and busy */
	struct slice **revoking; /* being taken back, in revoke.c's order */
	size_t nrevoking, revoking_room;
	bool orphans; /* some of them lost their claimant */
	struct idmap offers;
	struct slice **lent; /* of what is held for gangs, in their order */
	size_t nlent, lent_room;
	uint64_t lend_at_us; /* something that is held will be lent then */
	bool lending;	     /* the policy shares out what is held */
	struct demand **borrower; /* scratch of that */
	size_t borrower_room;
	struct offer_list open; /* oldest first */
	struct idmap jobs;	/* ended ones too */
	struct job_list live;	/* not ended, by id */
	struct job_list ended;	/* by their end */
	struct job *uncollapsed; /* first of ended that has its tasks */
	size_t nended;
	struct task_list recalled; /* not ended, and no node told of them;
				      linked as in a slice */
	size_t ended_tasks; /* tasks of ended jobs */
	struct heap due;

	/* Demands that may be offered something, by priority, then age. */
	struct demand **active;
	size_t nactive, active_room;
	bool deciding;	/* active keeps its members … */
	bool stale;	/* … and has some that do not belong there */

	/* What a round has to look at. */
	struct index index;
	struct wiring *wiring; /* NULL: switches are not known */
	struct node_dirty_list dirty; /* they have more than before */
	size_t ndirty;
	size_t ndirty_demands; /* active and dirty */
	bool changed;	       /* anything else */
	struct held *held, *before; /* kept for gangs by the last round,
				       and by the one before it */
	bool new_holds; /* some for one that had none in the round before */
	size_t nheld, held_room, nbefore, before_room;
	uint64_t round, search;
	size_t ngone, nasked;  /* frameworks */

	struct amount total, free; /* of nodes that are up */
	size_t nodes_up;
	struct ledger_stats count; /* the counters alone */

	/* Ended by the last event; they go with the next. */
	struct demand *dead_demand;
	struct offer *dead_offer;
	struct framework *dead_framework;
};

/* ---- tables (ledger.c) ---- */

struct node *state_node(const struct ledger *l, const char *name,
			struct berth_error *err);
struct framework *state_framework(const struct ledger *l, const char *name,
				  struct berth_error *err);
struct demand *state_demand(const struct ledger *l, const char *framework,
			    const char *id, struct berth_error *err);
struct offer *state_offer(const struct ledger *l, uint64_t id,
			  struct berth_error *err);
struct slice *state_slice(const struct ledger *l, uint64_t id,
			  struct berth_error *err);
struct job *state_job(const struct ledger *l, uint64_t id,
		      struct berth_error *err);
struct task *state_task(const struct ledger *l, uint64_t job, uint32_t index,
			struct berth_error *err);
struct role *state_role(struct ledger *l, const char *name);
const char *state_intern(struct ledger *l, const char *name);

/* All nodes that are known, up or not. */
struct amount state_known(const struct ledger *l);
/* Have the roles' guarantees in numbers of the cluster as it is. */
void state_resolve(struct ledger *l);

/* ---- what changed (ledger.c) ---- */

/* n has more free than before. */
void state_dirty_node(struct ledger *l, struct node *n);
void state_clean_node(struct ledger *l, struct node *n);
/* d has to look at all nodes. */
void state_dirty_demand(struct ledger *l, struct demand *d);
void state_clean_demand(struct ledger *l, struct demand *d);
/* Put d in or out of the active ones, by its state. */
void state_refresh(struct ledger *l, struct demand *d);
/* f asks for whatever is free under this name, or (NULL) no more. */
void state_ask(struct ledger *l, struct framework *f, const char *demand);
/* Take out of active what does not belong there. */
void state_sweep(struct ledger *l);
/* Put n in or out of the index, by its state. */
void state_index(struct ledger *l, struct node *n);
void state_unindex(struct ledger *l, struct node *n);

/* ---- slices (apply_offer.c) ---- */

/* Resources of s are its owner's; -1 when they are not free. */
int state_take(struct ledger *l, struct slice *s, struct berth_error *err);
/* Back to the node, and the end of s; it is in no list but the node's. */
void state_drop(struct ledger *l, struct slice *s);

/* ---- events (apply_*.c): each either does all or fails ---- */

int apply_node_up(struct ledger *l, const struct event *ev,
		  struct berth_error *err);
int apply_node_down(struct ledger *l, const struct event *ev,
		    struct berth_error *err);
int apply_node_drained(struct ledger *l, const struct event *ev,
		       struct berth_error *err);
int apply_node_resumed(struct ledger *l, const struct event *ev,
		       struct berth_error *err);

int apply_role_set(struct ledger *l, const struct event *ev,
		   struct berth_error *err);
int apply_role_removed(struct ledger *l, const struct event *ev,
		       struct berth_error *err);

int apply_registered(struct ledger *l, const struct event *ev,
		     struct berth_error *err);
int apply_away(struct ledger *l, const struct event *ev,
	       struct berth_error *err);
int apply_gone(struct ledger *l, const struct event *ev,
	       struct berth_error *err);
int apply_removed(struct ledger *l, const struct event *ev,
		  struct berth_error *err);
int apply_suppressed(struct ledger *l, const struct event *ev,
		     struct berth_error *err);
int apply_revived(struct ledger *l, const struct event *ev,
		  struct berth_error *err);
int apply_asked(struct ledger *l, const struct event *ev,
		struct berth_error *err);
int apply_demand_set(struct ledger *l, const struct event *ev,
		     struct berth_error *err);
int apply_demand_withdrawn(struct ledger *l, const struct event *ev,
			   struct berth_error *err);
int apply_filter_expired(struct ledger *l, const struct event *ev,
			 struct berth_error *err);
/* d is over: out of all tables, kept until the next event. */
void apply_end_demand(struct ledger *l, struct demand *d);
/* No offers for d from n (NULL: any) until then. */
void apply_filter(struct ledger *l, struct demand *d, struct node *n,
		  uint64_t until_us);

int apply_offer_made(struct ledger *l, const struct event *ev,
		     struct berth_error *err);
int apply_offer_accepted(struct ledger *l, const struct event *ev,
			 struct berth_error *err);
/* Declined, rescinded or expired. */
int apply_offer_over(struct ledger *l, const struct event *ev,
		     struct berth_error *err);
int apply_slice_over(struct ledger *l, const struct event *ev,
		     struct berth_error *err);

/* call_dataset.c */
int apply_dataset_stored(struct ledger *l, const struct event *ev,
			 struct berth_error *err);
int apply_dataset_removed(struct ledger *l, const struct event *ev,
			  struct berth_error *err);
/* The task has ended: what its job says that it leaves is there. */
void call_left(struct ledger *l, const struct task *t);
/* Whatever n held is gone. */
void call_lose_datasets(struct ledger *l, const struct node *n,
			const char *why);

/* adopt.c */
int apply_slice_adopted(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_task_recalled(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_task_adopted(struct ledger *l, const struct event *ev,
		       struct berth_error *err);
/* Is t (which has not ended) known by an earlier leader's word alone? */
bool state_recalled(const struct task *t);

/* revoke.c */
int apply_slice_revoking(struct ledger *l, const struct event *ev,
			 struct berth_error *err);
int apply_slice_told(struct ledger *l, const struct event *ev,
		     struct berth_error *err);
int apply_slice_spared(struct ledger *l, const struct event *ev,
		       struct berth_error *err);
/* Nobody at or below his guarantee ever loses a slice: may s be taken back for
 * d now?  Roles are resolved. */
int revoke_check(const struct slice *s, const struct demand *d,
		 struct berth_error *err);
/* d ends: what is on its way back for it may be spared. */
void state_orphan(struct ledger *l, const struct demand *d);
/* The first on its way back for the demand of this seq, and how many. */
struct slice **state_revoking(const struct ledger *l, uint64_t seq, size_t *n);
/* s ends, or is spared: it is no longer being taken back. */
void state_revoked(struct ledger *l, struct slice *s);

int apply_job_submitted(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_job_cancelled(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_job_started(struct ledger *l, const struct event *ev,
		      struct berth_error *err);
int apply_job_finished(struct ledger *l, const struct event *ev,
		       struct berth_error *err);
int apply_job_collapsed(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_job_forgotten(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_task_launched(struct ledger *l, const struct event *ev,
			struct berth_error *err);
int apply_task_started(struct ledger *l, const struct event *ev,
		       struct berth_error *err);
int apply_task_finished(struct ledger *l, const struct event *ev,
			struct berth_error *err);

/* ---- calls that others use ---- */

/* A call begins: -1 out of the listener, else the time goes on. */
int call_begin(struct ledger *l, uint64_t now_us, struct berth_error *err);
/* Apply an event that can't be refused unless the ledger is wrong. */
void state_must(struct ledger *l, const struct event *ev);
/* End an offer by an event of this type. */
void call_end_offer(struct ledger *l, struct offer *o, enum event_type type,
		    uint64_t filter_us, const char *text);
/* The slice, if it is the framework's and no offer any more. */
struct slice *call_slice_of(const struct ledger *l, const struct framework *f,
			    uint64_t id, struct berth_error *err);
void call_release(struct ledger *l, struct slice *s);

/* Take these back for d (revoke.c). */
void call_revoke(struct ledger *l, const struct demand *d,
		 struct slice *const *slices, size_t n);
/* Take s back for d, named by its framework, until most_us: its tasks hear of
 * it at once. */
void call_revoke_named(struct ledger *l, const struct demand *d,
		       struct slice *s, uint64_t most_us);
/* Has no task of s heard that it is to be given back? */
bool revoke_unheard(const struct slice *s);
/* How long s may take to be given back. */
uint64_t revoke_grace(const struct ledger *l, const struct slice *s);
/* Its tasks hear of it now. */
void call_tell(struct ledger *l, struct slice *s);
/* It is not to be given back any more. */
void call_spare(struct ledger *l, struct slice *s);
/* Spare those whose claimant is gone, if none of their tasks heard of it. */
void call_spare_orphans(struct ledger *l);
/* The time to tell its tasks, or its deadline, is there: then what is not at
 * work is taken. */
void call_revoke_due(struct ledger *l, struct slice *s);
/* Take what was told to be given back and is no longer at work. */
void call_take_emptied(struct ledger *l);
void call_lose_slice(struct ledger *l, struct slice *s);

/* ---- preferred nodes (prefer.c) ---- */

/* By name, made where there is none yet. */
struct dataset *state_dataset(struct ledger *l, const char *name);
/* A new demand: what its names mean. */
void prefer_resolve(struct ledger *l, struct demand *d);
bool prefer_likes(const struct demand *d, const struct node *n);
/* Has n the datasets that d needs, and does d not wait for others? */
bool prefer_allows(const struct demand *d, const struct node *n);
/* Each node that d prefers, the best first, maybe more than once, until cb
 * says false; then it answers false too. */
typedef bool (*prefer_node_f)(void *arg, struct node *n);
bool prefer_each(struct ledger *l, const struct demand *d, prefer_node_f cb,
		 void *arg);
/* Who waits in this round? */
void prefer_begin_round(struct ledger *l);
/* d, which waits, let a node pass that could have served it. */
void prefer_passed(struct ledger *l, struct demand *d);
/* Its time is over. */
void prefer_over(struct ledger *l, struct demand *d);
/* It took a slice on n. */
void prefer_got(struct ledger *l, struct demand *d, const struct node *n);
/* d takes the place of old, which ends. */
void prefer_inherit(struct ledger *l, struct demand *d, struct demand *old);
void prefer_end(struct ledger *l, struct demand *d);

/* ---- search (place.c) ---- */

/* As place_units, with these slices of n free. */
unsigned place_with(struct ledger *l, struct demand *d, struct node *n,
		    struct slice *const *slices, size_t count, unsigned limit);
/* Units of d that n could have now, at most limit; 0 where a constraint or
 * filter of d or a gang that holds n is against it. */
unsigned place_units(struct ledger *l, struct demand *d, struct node *n,
		     unsigned limit);
unsigned place_search(struct ledger *l, struct demand *d, unsigned least,
		      unsigned most, struct decision *out);
/* So many units of d's there would be on n: 0, or as many, by its filters and
 * what it wants on one node. */
unsigned place_fits(const struct demand *d, const struct node *n,
		    unsigned units);
/* The nodes that place_allows d, when these are few; else NULL.  They are the
 * ledger's, until the next call.  (possible.c) */
struct node *const *place_within(struct ledger *l, struct demand *d,
				 size_t *n);
/* Do d's names, labels and exclusions allow n at all? */
bool place_allows(const struct demand *d, const struct node *n);

/* A search for d in lists of nodes, one after the other, which share none. */
struct place_search {
	struct ledger *l;
	struct demand *d;
	unsigned left;	  /* units still wanted */
	bool spread;	  /* collect nodes first, share out later */
	unsigned tried;	  /* just_right found none for so many */
	struct decision *out;
};

void place_begin(struct place_search *s, struct ledger *l, struct demand *d,
		 unsigned want, struct decision *out);
/* The emptiest first, but for the last units the fullest that has room for
 * them.  Is more wanted? */
bool place_among(struct place_search *s, struct node *const *nodes, size_t n);
/* All that was wanted, or 0: nothing is decided then. */
unsigned place_end(struct place_search *s);

/* ---- layout (layout.c) ---- */

/* out is where units of d, a gang, can go: put as many where d would rather
 * have them, if that is possible. */
void layout_improve(struct ledger *l, struct demand *d, struct decision *out);

/* ---- holding (hold.c) ---- */

/* Keep n for so many units of d in this round, if nobody holds it. */
void place_keep(struct ledger *l, struct demand *d, struct node *n,
		unsigned units);
/* As view_hold of policy.h; d->ready says whether what is free, lent and on
 * its way back for d is enough. */
unsigned place_hold(struct ledger *l, struct demand *d);

/* ---- what is over (expire.c) ---- */

/* Offers, filters and all else whose time is over, old jobs, frameworks that
 * are gone. */
void expire_all(struct ledger *l);

/* ---- lending (lend.c) ---- */

/* Does its role let d have the least that it needs?  (round.c) */
bool round_allows(const struct ledger *l, const struct demand *d);

/* s, which has lent_for, begins and ends. */
void lend_add(struct ledger *l, struct slice *s);
void lend_remove(struct ledger *l, const struct slice *s);
/* Is s lent, and everybody whose it is has his guarantee without it? */
bool lend_may_call(const struct slice *s);
/* Find those lent of d's that can be called back, all of them together. */
void lend_mark(struct ledger *l, const struct demand *d);
/* As place_units, with what is on its way back to d and (lent) what can be
 * called back. */
unsigned lend_units(struct ledger *l, struct demand *d, struct node *n,
		    bool lent, unsigned limit);
/* First of all in a round: hold for those who called back what they lent. */
void lend_keep(struct ledger *l);
/* After the policy held: call back for those who are ready.  Does anybody
 * lend now? */
bool lend_call(struct ledger *l);
/* Is what is held of n lent in this round?  May d borrow? */
bool lend_from(const struct ledger *l, const struct node *n);
bool lend_to(const struct demand *d);

#endif
