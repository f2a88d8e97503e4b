/*
 * slice.h - a part of one node: cores, memory, GPUs, drive space and the
 * nearest ports.
 *
 * Plain data.  Indexes are those of the node's topology.  Which resources it
 * covers never changes after it was offered; the ledger changes the rest.
 */
#ifndef MODEL_SLICE_H
#define MODEL_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/bitset.h"
#include "base/heap.h"
#include "model/amount.h"
#include "model/tree.h"

struct framework;
struct node;
struct offer;
struct role;
struct task;

enum slice_state {
	SLICE_OFFERED, /* part of an offer */
	SLICE_HELD,    /* a framework's, nothing runs in it */
	SLICE_BUSY,    /* tasks run in it or wait for their turn */
};

struct slice_memory {
	unsigned numa; /* index into topology->numa */
	uint64_t mib;
};

struct slice_drive {
	unsigned drive; /* index into topology->drive */
	uint64_t mib;
};

struct slice {
	uint64_t id;
	struct node *node;

	/* What it covers. */
	struct bitset cores;	/* core indexes; topology_core_pus for PUs */
	struct slice_memory *memory; /* ascending numa; none for 0 MiB */
	size_t nmemory;
	uint64_t gpus;		/* bit i: topology->gpu[i] */
	struct slice_drive *drives; /* ascending drive */
	size_t ndrives;
	uint64_t ports;		/* bit i: topology->port[i]; shared, not owned */
	struct amount amount;	/* sums of the above */
	unsigned units;		/* how often the demand's size is in it */
	bool exclusive;		/* nobody else on its node */
	bool revocable;
	uint64_t lent_for;	/* it is held for the gang of this seq and lent
				   meanwhile; 0: not */
	bool callable;		/* … and could be called back in this round */
	enum fit_level fit;	/* the smallest part that holds its cores */
	unsigned gpu_distance;	/* of its farthest GPU, see tree_distance */

	/* Whose it is. */
	enum slice_state state;
	struct framework *framework;
	struct role *role;	/* whose share it counts for */
	struct offer *offer;	/* while offered */
	uint64_t demand_seq;	/* of the demand it was offered for; 0: none */
	uint64_t job;		/* it was last used for; 0: none */
	bool revoking;		/* its framework was told to give it back … */
	bool emptied;		/* … and since then its last task has ended */
	bool told;		/* … and its tasks hear of it */
	bool orphan;		/* … and its claimant is gone */
	uint64_t notice_us;	/* … at this time */
	uint64_t revoke_us;	/* … at the latest then */
	uint64_t revoked_for;	/* seq of the demand that claims it; 0: its
				   node is drained */
	struct heap_entry due;	/* the ledger's */
	unsigned ntasks;	/* not ended */
	TAILQ_HEAD(, task) tasks; /* not ended, in the order of launch */
	TAILQ_ENTRY(slice) of_node;
	TAILQ_ENTRY(slice) of_owner; /* the offer's or the framework's list */
	TAILQ_ENTRY(slice) of_role; /* its role's, if it is revocable */
};
TAILQ_HEAD(slice_list, slice);

struct slice *slice_create(void);
void slice_destroy(struct slice *s); /* NULL is fine */
/* A copy of what it covers, of id and node; in no list and nobody's. */
struct slice *slice_copy(const struct slice *s);

const char *slice_state_name(enum slice_state state);

#endif
