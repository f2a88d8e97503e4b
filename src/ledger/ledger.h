/*
 * ledger.h - all state of the cluster: nodes, frameworks, demands, offers,
 * slices, jobs and tasks, and the rounds in which a policy makes offers.
 *
 * State changes by events alone: ledger_apply takes one or refuses it and
 * leaves nothing changed.  All other calls that change something check what
 * they are asked for, turn it into events and apply these.  Every event that
 * was applied, whoever made it, is then shown to the listener, which sends
 * the messages; it may read the ledger but must not change it from there.
 *
 * No I/O, no clock: now_us is microseconds of the Unix epoch from the caller;
 * an earlier time than the last one counts as the last one.  Not thread-safe.
 * Objects that are handed out are the ledger's, to be read until the next
 * call that changes something.
 *
 * Errors: BERTH_EINPUT the call makes no sense, BERTH_ENOTFOUND no such thing
 * (any more), BERTH_ECONFLICT not in this state or not the caller's.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/rand.h"
#include "model/dataset.h"
#include "model/event.h"
#include "model/framework.h"
#include "model/job.h"
#include "model/node.h"
#include "model/offer.h"
#include "model/role.h"
#include "model/switch.h"
#include "policy/policy.h"

struct ledger;

/* The event has just been applied.  Objects it ended (an offer, a demand, a
 * slice) are not found any more; the names in it may still be read. */
typedef void (*ledger_event_f)(void *arg, const struct event *ev);

/* 0 and NULL mean the default named. */
struct ledger_options {
	const struct policy *policy; /* fifo */
	uint64_t offer_us;	  /* 5 s: how long an offer stands */
	uint64_t refuse_us;	  /* 1 s: filter for what an accept leaves */
	uint64_t grace_us;	  /* 5 s: to give a revoked slice back */
	uint64_t lend_us;	  /* 5 s: a gang waits so long before what is
				     held for it is lent; UINT64_MAX: never */
	size_t keep_jobs;	  /* 10000 ended jobs */
	uint64_t keep_tasks_us;	  /* 60 s: tasks of an ended job */
	size_t keep_tasks;	  /* 20000 tasks of ended jobs */
	size_t keep_failed;	  /* 100 traces of failed tasks a job */
	size_t max_offers;	  /* 1000 a round */
	uint64_t forgotten;	  /* 0: ended jobs to be counted, but unknown */
	uint64_t first_id;	  /* 0: ids of offers and slices are above it */
	ledger_event_f listen;	  /* nobody */
	void *arg;
};

struct ledger *ledger_create(const struct ledger_options *options);
void ledger_destroy(struct ledger *l); /* NULL is fine; no events */

/* ---- events ---- */

int ledger_apply(struct ledger *l, const struct event *ev,
		 struct berth_error *err);

/* Invariants: nothing is given twice and nothing is lost, every slice has one
 * owner, counts and lists agree.  Slow; for tests. */
int ledger_check(const struct ledger *l, struct berth_error *err);

/* ---- rounds ---- */

/*
 * End what is over (offers, filters, failover, old jobs), then let the policy
 * decide, if anything changed since the last round, and make the offers.
 * Returns 1 when max_offers was reached and another round has more to do,
 * else 0.  Call it once after a batch of changes, and at the deadline.
 */
int ledger_round(struct ledger *l, uint64_t now_us, struct rand_state *rand);
/* When the next round is due though nothing happens; UINT64_MAX: never. */
uint64_t ledger_next_deadline(const struct ledger *l);
/* Did something change that a round should look at? */
bool ledger_wants_round(const struct ledger *l);
/* Look at everything again in the next round. */
void ledger_touch(struct ledger *l);

/* ---- nodes ---- */

/*
 * A node says hello.  A known one that is up stays as it is (only its rank
 * came again), unless its hardware or labels changed: then it is lost first.
 * A node that was down comes back with everything free: end what the ledger
 * does not know there (ledger_node_report) before saying so.
 */
int ledger_node_up(struct ledger *l, const char *name,
		   const struct topology *topology, const struct label *labels,
		   size_t nlabels, bool emulated, uint64_t now_us,
		   struct berth_error *err);
/* It is gone: offers with slices of it are rescinded, its tasks end as lost,
 * its slices are lost, it is down. */
int ledger_node_lost(struct ledger *l, const char *name, const char *why,
		     uint64_t now_us, struct berth_error *err);
/* No more offers of it; what runs runs on.  And back. */
int ledger_node_drain(struct ledger *l, const char *name, bool drain,
		      uint64_t now_us, struct berth_error *err);

/*
 * Take back what frameworks have on a drained node: as in a revocation, but
 * for nobody, and whoever has it.  What runs may do so until deadline_us, or
 * its job's grace from now where that is later; an earlier call's deadline can
 * only come sooner.  -1 when the node is not drained.
 */
int ledger_node_clear(struct ledger *l, const char *name, uint64_t deadline_us,
		      uint64_t now_us, struct berth_error *err);

/* What a node says of one of its tasks. */
struct ledger_report {
	uint64_t job;
	uint32_t index;
	struct task_status status;
};

/* A change of one task.  Late, twice, of an unknown task or from the wrong
 * node: an error, no harm. */
int ledger_task_report(struct ledger *l, const char *node,
		       const struct ledger_report *r, uint64_t now_us,
		       struct berth_error *err);

/*
 * All that runs on the node, and what ended there lately.  Tasks that the
 * ledger has there and the report has not end as lost, or, on a node that
 * remembers all that came to it, as revoked where nothing was ever heard of
 * them: they did not get there and can run again.  Name those whose orders are
 * still under way as TASK_STARTING.  stray is called for each running one that
 * the ledger does not have there (any more): to be killed.
 */
#define LEDGER_UNKNOWN "its node does not know it any more"
int ledger_node_report(struct ledger *l, const char *node, bool remembers,
		       const struct ledger_report *reports, size_t n,
		       void (*stray)(void *arg, const struct ledger_report *r),
		       void *arg, uint64_t now_us, struct berth_error *err);

/* ---- what an earlier leader gave away ---- */

/*
 * A task that was recalled (EVENT_TASK_RECALLED) and is not ended runs on this
 * node, in this slice, which counts for the role: it is the task's job's
 * framework's.  Tasks may share one, by its id.  -1 when not all of it is
 * free.
 */
int ledger_adopt(struct ledger *l, const char *node, const struct slice *s,
		 const char *role, uint64_t job, uint32_t index,
		 uint64_t now_us, struct berth_error *err);
/* Those recalled that no node has told of yet: follow of_slice. */
const struct task *ledger_first_recalled(const struct ledger *l);
/* The recalled ones of this node end, but for those that a ledger_node_report
 * just before has named; never_came: they never began there, and end as
 * revoked; else as lost. */
void ledger_end_recalled(struct ledger *l, const char *node, bool never_came,
			 const char *why, uint64_t now_us);

/*
 * How the nodes are connected, known or yet to come; s is the ledger's from
 * here on, NULL: nothing is known.  Gangs are then placed below few switches
 * where there is a choice.
 */
void ledger_switches(struct ledger *l, struct switches *s);

/* ---- shares ---- */

/* All that is set for a role, at once.  Refused with the sum shown when the
 * guarantees of all roles do not fit the nodes that are known (up or not), or
 * those below one role what that is guaranteed. */
int ledger_share_set(struct ledger *l, const struct role_setting *s,
		     uint64_t now_us, struct berth_error *err);
/* A role as if it had never been set; what it has it keeps. */
int ledger_share_remove(struct ledger *l, const char *role, uint64_t now_us,
			struct berth_error *err);

/* ---- frameworks ---- */

/* New, or again: the name's connection is replaced, slices and tasks stay;
 * open offers are rescinded, demands and filters forgotten. */
int ledger_register(struct ledger *l, const char *name, const char *role,
		    const char *session, uint64_t failover_us, uint64_t now_us,
		    struct berth_error *err);
/* The same of one whose tasks hear of a slice that is to be given back
 * react_us after it: so long it may name others (ledger_yield). */
int ledger_register_reacting(struct ledger *l, const char *name,
			     const char *role, const char *session,
			     uint64_t failover_us, uint64_t react_us,
			     uint64_t now_us, struct berth_error *err);
/* Its connection is gone: offers are rescinded, the failover time starts.
 * When it is over the framework is gone (EVENT_FRAMEWORK_GONE): the listener's
 * owner kills its tasks and ends its jobs; idle slices go back, and when
 * nothing is left it is removed. */
int ledger_away(struct ledger *l, const char *name, uint64_t now_us,
		struct berth_error *err);
int ledger_suppress(struct ledger *l, const char *framework, uint64_t now_us,
		    struct berth_error *err);
/* Also clears its filters. */
int ledger_revive(struct ledger *l, const char *framework, uint64_t now_us,
		  struct berth_error *err);

/* State, change or (count 0) withdraw a demand.  One that all known nodes
 * together could not meet is not refused here, see ledger_demand_possible. */
int ledger_demand(struct ledger *l, const char *framework,
		  const struct demand *d, uint64_t now_us,
		  struct berth_error *err);
/*
 * Could the nodes that are known (up or not), all free, ever meet it?  -1
 * with one line that says what they can't: cores, GPUs, vendor, memory, names
 * of nodes.  Without any node known yet, or where others are known to exist: 0.
 */
int ledger_demand_possible(const struct ledger *l, const struct demand *d,
			   struct berth_error *err);
/* There are nodes that are not known yet. */
void ledger_set_incomplete(struct ledger *l, bool incomplete);
/* Once, whatever is free now, as an offer under the name demand. */
int ledger_ask(struct ledger *l, const char *framework, const char *demand,
	       uint64_t now_us, struct berth_error *err);

/* Hold these slices of the offer; the rest goes back, and its nodes are not
 * offered to this demand for refuse_us. */
int ledger_accept(struct ledger *l, const char *framework, uint64_t offer,
		  const uint64_t *slices, size_t n, uint64_t now_us,
		  struct berth_error *err);
/* No offers for its demand from these nodes, or (n 0) from any, for
 * filter_us. */
int ledger_decline(struct ledger *l, const char *framework, uint64_t offer,
		   uint64_t filter_us, const char *const *nodes, size_t n,
		   uint64_t now_us, struct berth_error *err);
int ledger_rescind(struct ledger *l, uint64_t offer, const char *why,
		   uint64_t now_us, struct berth_error *err);
/* All of them or none. */
int ledger_release(struct ledger *l, const char *framework,
		   const uint64_t *slices, size_t n, uint64_t now_us,
		   struct berth_error *err);

/*
 * The answer to a notice that these slices are to be given back: m 0: they go
 * now, idle ones are free at once, the tasks of others are told to end.  Else
 * they are spared, and those named instead are taken back for the same demand.
 * These have to be the framework's, of the same role, revocable, idle or with
 * a grace no longer than what those were given, and to make room for as many
 * units of the demand; their deadline is no later. no task of those spared may have heard of it.  All of
 * it or nothing.
 */
int ledger_yield(struct ledger *l, const char *framework,
		 const uint64_t *slices, size_t n, const uint64_t *instead,
		 size_t m, uint64_t now_us, struct berth_error *err);

struct ledger_launch {
	uint32_t index;	     /* unique in the job, over all its launches */
	uint64_t slice;
	int64_t array_index; /* -1: none */
	const uint32_t *ranks;
	uint32_t nranks;
};

/* Start tasks in slices that the framework holds, all of them or none.
 * Several in one slice run one after the other. */
int ledger_launch(struct ledger *l, const char *framework, uint64_t job,
		  const struct ledger_launch *tasks, size_t n, uint64_t now_us,
		  struct berth_error *err);

/* ---- datasets ---- */

/* The node's own storage holds (a part of) it: mib of it, 0: nobody said; left
 * by this job, 0: by none.  When the node is lost, so is what it holds. */
int ledger_dataset_store(struct ledger *l, const char *dataset,
			 const char *node, uint64_t mib, uint64_t job,
			 uint64_t now_us, struct berth_error *err);
/* It holds it no more; node NULL: nobody does. */
int ledger_dataset_remove(struct ledger *l, const char *dataset,
			  const char *node, uint64_t now_us,
			  struct berth_error *err);

/* ---- jobs ---- */

struct ledger_job {
	uint64_t id; /* greater than every one before; 0: the next one */
	const char *name, *framework, *role, *user, *spec;
	int32_t priority;
	uint64_t grace_us; /* 0: the ledger's */
	/* Datasets that each of its tasks leaves on its node when it ends with
	 * 0. */
	const char *const *leaves;
	size_t nleaves;
};

/* The framework has to be registered. */
int ledger_submit(struct ledger *l, const struct ledger_job *job,
		  uint64_t now_us, uint64_t *id, struct berth_error *err);
/* The user wants its end; a second time is fine. */
int ledger_cancel(struct ledger *l, uint64_t job, uint64_t now_us,
		  struct berth_error *err);
/* framework NULL: in the name of the broker. */
int ledger_job_started(struct ledger *l, const char *framework, uint64_t job,
		       uint64_t now_us, struct berth_error *err);
/* Refused while tasks of it run. */
int ledger_job_finished(struct ledger *l, const char *framework, uint64_t job,
			enum job_outcome outcome, int32_t exit_code,
			int32_t signal, const char *text, uint64_t now_us,
			struct berth_error *err);

/* ---- reading ---- */

const struct node *ledger_node(const struct ledger *l, const char *name);
const struct framework *ledger_framework(const struct ledger *l,
					 const char *name);
const struct demand *ledger_find_demand(const struct ledger *l,
					const char *framework, const char *id);
const struct offer *ledger_offer(const struct ledger *l, uint64_t id);
const struct slice *ledger_slice(const struct ledger *l, uint64_t id);
const struct job *ledger_job(const struct ledger *l, uint64_t id);
/* NULL also when the job's tasks are collapsed. */
const struct task *ledger_task(const struct ledger *l, uint64_t job,
			       uint32_t index);

/* Iteration: *pos starts as 0; NULL at the end.  Nodes and frameworks in the
 * order of their arrival. */
const struct node *ledger_next_node(const struct ledger *l, size_t *pos);
const struct framework *ledger_next_framework(const struct ledger *l,
					      size_t *pos);
/* By name, and all of them in the order of their arrival. */
const struct role *ledger_role(const struct ledger *l, const char *name);
const struct role *ledger_next_role(const struct ledger *l, size_t *pos);
/* Those that some node holds. */
const struct dataset *ledger_next_dataset(const struct ledger *l, size_t *pos);
/* Open offers, oldest first: follow of_ledger. */
const struct offer *ledger_first_offer(const struct ledger *l);
/* Jobs that are not ended, by id: follow of_ledger. */
const struct job *ledger_first_job(const struct ledger *l);
/* Ended jobs that are still known, by their end: follow of_ledger. */
const struct job *ledger_first_ended(const struct ledger *l);

/* Gauges and counters. */
struct ledger_stats {
	size_t nodes, nodes_up, frameworks, demands, offers, slices;
	size_t jobs, ended_jobs, tasks; /* tasks not ended */
	struct amount total, free;	/* of nodes that are up */
	uint64_t events, rounds;
	uint64_t offers_made, offers_accepted, offers_declined, offers_expired,
		offers_rescinded;
	uint64_t slices_revoked; /* told to be given back */
	uint64_t slices_spared;	 /* … and then not to be */
	uint64_t tasks_launched, tasks_ended, jobs_submitted, jobs_ended;
};
void ledger_stats(const struct ledger *l, struct ledger_stats *out);
const char *ledger_policy_name(const struct ledger *l);

#endif
