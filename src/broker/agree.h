/*
 * agree.h - agreement of the ranks on one sequence of records, and on who
 * leads: Raft, by libraft.  Owns the log on disk, the snapshots, the voters
 * and the leader's lease.  Knows nothing of what the records mean.
 *
 * Every rank has one struct agree.  Up to five of them are voters: they keep
 * the log and elect the leader.  The others only hear who leads.  What was
 * committed is applied at every voter in the same order, so a new leader
 * starts with all of it.  doc/agreement.md says what is guaranteed, and what
 * the files are.
 *
 * All calls belong to the loop's thread.  Handlers are called from the loop,
 * never from inside a call of ours, but for snapshot and restore; any call
 * may be made from inside a handler, agree_destroy too.
 *
 * It blocks for the disk: a turn in which something is proposed or received
 * to be kept waits for one fdatasync (1.6 to 4.1 ms on a shared virtual disk,
 * doc/agreement.md), whatever the number of records; a new term or vote costs
 * another, a new file of the log (one in segment_bytes) and a snapshot some
 * more.  agree_propose itself may wait when it has to make room in a new file;
 * so do agree_create and agree_bootstrap.  Nothing else blocks.
 */
#ifndef BROKER_AGREE_H
#define BROKER_AGREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "broker/net.h"
#include "io/loop.h"

struct agree;

enum { AGREE_VOTERS_MAX = 5 };

/* The largest record that can be proposed. */
enum { AGREE_RECORD_MAX = 16 << 20 };

/* How a proposal ended.  done is called exactly once for each. */
enum agree_result {
	AGREE_OK,   /* committed, and applied here just before */
	AGREE_LOST, /* leadership was lost, or agree_destroy called, before it
		     * was known: it may yet be committed, or never */
};

struct agree_events {
	/* A committed record.  index counts the records from 1 without gaps
	 * and is the same at every voter; term is that of the leader that
	 * proposed it.  Called at voters alone, in order; after a start from
	 * what snapshot and log hold again. */
	void (*applied)(void *arg, uint64_t index, uint64_t term,
			const void *data, size_t len);
	/* This rank leads and may act: everything that was ever committed has
	 * been applied, and no earlier leader can act any more. */
	void (*leading)(void *arg, uint64_t term);
	/* It does not lead (any more): leader does, or NULL: none is known.
	 * Called at every rank, also after each change of leader.  Proposals
	 * under way end with AGREE_LOST before it. */
	void (*following)(void *arg, const char *leader, uint64_t term);
	/* Append to out what restore needs to make the state as after the
	 * last record that was applied. */
	void (*snapshot)(void *arg, struct buf *out);
	/* Forget the state and take this one.  Called before any applied
	 * that follows it, also while agree_create runs.  -1: it cannot be
	 * read, then agree stops with that error. */
	int (*restore)(void *arg, const void *data, size_t len,
		       struct berth_error *err);
};

/* What is 0 or NULL takes the default in brackets. */
struct agree_config {
	const char *dir; /* for this node's files alone; made when missing */
	/* A follower that hears nothing for election_ms to twice that calls
	 * an election [300]; the leader says something each heartbeat_ms
	 * [60], and its lease is 4/5 of election_ms. */
	unsigned election_ms, heartbeat_ms;
	unsigned snapshot_entries; /* a snapshot each so many entries [8192] */
	size_t segment_bytes;	   /* of a file of the log [4 MiB] */
	/* What is known here is what was agreed on, and this node the only
	 * voter: what the others alone know is given up.  For a person to say,
	 * once, where they do not come back as a majority; -1 from
	 * agree_create where nothing is known. */
	bool forget_others;
};

/*
 * Opens the files in dir (made when missing) and, when this node is a voter,
 * replays them; restore and applied are called for what is known to be
 * committed.  A torn or corrupt tail of the log is cut, with a line in the
 * log.  The folder is locked: -1 when another process has it.
 */
struct agree *agree_create(struct loop *l, struct net *net,
			   const struct agree_config *config,
			   const struct agree_events *ev, void *arg,
			   struct berth_error *err);
void agree_destroy(struct agree *a);

/*
 * Is there nothing in dir yet, that is, has this rank neither been a voter
 * nor been asked to become one?  Then agree_bootstrap makes it the first and
 * only voter of a new agreement; it leads at once (the handler is called by
 * the loop).  Only one rank of a Berth may ever do this: the first rank of
 * the founders.  The others are brought in by agree_set_voters.
 */
bool agree_blank(const struct agree *a);
int agree_bootstrap(struct agree *a, struct berth_error *err);

/*
 * Commit a record.  Leader only, between leading and following.  -1, and
 * done is not called: this rank does not lead (BERTH_EUNAVAIL), the disk is
 * full (BERTH_ESPACE: nothing was lost, it goes on when there is space), too
 * large (BERTH_ELIMIT), too much under way (BERTH_EUNAVAIL).  data is copied.
 * What is proposed in one turn of the loop is committed together.
 */
typedef void (*agree_done_f)(void *arg, enum agree_result result,
			     uint64_t index);
int agree_propose(struct agree *a, const void *data, size_t len,
		  agree_done_f done, void *arg, struct berth_error *err);

/* May this rank act as the leader right now?  False in a leader that has not
 * heard from a majority for too long, before anyone else can be elected; it
 * may become true again in the same term.  Ask before what cannot be undone;
 * fence by agree_term where the lease could end in between. */
bool agree_lease_valid(const struct agree *a);
bool agree_leading(const struct agree *a); /* between leading and following */
uint64_t agree_term(const struct agree *a);
/* Who leads, this node perhaps, or NULL; lives until the next call. */
const char *agree_leader(const struct agree *a);

/* ---- messages and peers: the owner of net's handlers passes them on ---- */

void agree_message(struct agree *a, const char *node, const Berth__Agree *msg);
void agree_peer_up(struct agree *a, const char *node);
void agree_peer_down(struct agree *a, const char *node);

/*
 * Somebody says that this node's rank is dead (MPI, a launcher).  When it
 * leads, the voters that are told so elect another without waiting for
 * election_ms.  certain: its process is known to have ended, by the launcher
 * that waited for it; else the new leader acts only when the old one's lease
 * is over.  A wrong report does no harm, it costs an election at worst.
 */
void agree_suspect(struct agree *a, const char *node, bool certain);

/* ---- voters ---- */

/* Names of the voters as committed or under way; *count of them; the array
 * lives until the next call.  At ranks that do not vote: as last heard. */
const char *const *agree_voters(const struct agree *a, size_t *count);

/*
 * Leader only, no-op elsewhere: make these nodes (1, 3 or 5; this one among
 * them) the voters.  Done step by step in the background, retried until it
 * is so or another set is wanted; new voters first, then the old ones go. A
 * node that is gone for good is replaced by calling it with another in its
 * place.
 */
void agree_set_voters(struct agree *a, const char *const *nodes, size_t count);

/* The nodes that agree_set_voters should get: 5, 3 or 1 of those that are
 * alive, as many as there are.  The first of nodes, which leads, stays; they
 * are spread over the switches; present voters stay where that is the same.
 * switches[i] is the switch of nodes[i], or NULL.  The chosen nodes' places in
 * nodes go to out; returns how many. */
size_t agree_choose(const char *const *nodes, const char *const *switches,
		    size_t count, const char *const *voters, size_t nvoters,
		    size_t out[AGREE_VOTERS_MAX]);

/*
 * Leader: hand over to the voter that is furthest, at once: following is
 * called soon.  Nothing happens in a rank that does not lead, nor when it is
 * the only voter.  For a drain or a restart: step down, wait for following
 * with another leader's name, then end.
 */
void agree_step_down(struct agree *a);

/* ---- figures ---- */

struct agree_stats {
	bool voter;
	bool disk_full;	       /* cannot write; see disk_error */
	const char *disk_error; /* "" when all is well */
	uint64_t applied;      /* records, ever */
	uint64_t committed;    /* entries of the log, ever */
	uint64_t last_index, last_term; /* of its log, committed or not */
	uint64_t log_bytes;    /* of the log's files */
	uint64_t syncs;	       /* waits for the disk */
	uint64_t sync_us;      /* the writing and waiting together */
	uint64_t elections;    /* terms seen begin since the start */
	unsigned in_flight;    /* proposals */
};
void agree_stats(const struct agree *a, struct agree_stats *out);

#endif
