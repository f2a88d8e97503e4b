/*
 * node.h - a node: its hardware, its labels and what of it is free.
 *
 * The part of a node that is taken is the sum of its slices, no more and no
 * less; node_take and node_give are the only ways to change it.
 */
#ifndef MODEL_NODE_H
#define MODEL_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/bitset.h"
#include "base/error.h"
#include "model/amount.h"
#include "model/slice.h"
#include "model/topology.h"
#include "model/tree.h"

enum node_state {
	NODE_UP,
	NODE_DOWN,    /* gone, its slices too; it may come back */
	NODE_DRAINED, /* what runs runs on, nothing more is offered */
};

struct demand;

struct label {
	char *name, *value;
};

struct node {
	char *name;
	uint32_t id; /* place in the order of arrival, never reused */
	enum node_state state;
	bool emulated;
	struct tree *tree;
	const struct topology *topology; /* the tree's */
	struct label *label;
	size_t nlabels;

	/* Free, whatever the state. */
	struct bitset free_cores;
	uint64_t *free_mib;   /* of each NUMA node; 0 for cpuless ones */
	uint64_t *free_drive; /* MiB of each drive */
	uint64_t free_gpus;
	struct amount free;  /* sums of the above */
	struct amount total; /* of which free and slices are parts */
	bool exclusive;	     /* its only slice wants it alone */

	struct slice_list slices;
	unsigned nslices;
	unsigned ntasks; /* not ended */

	/* The ledger's: place in its index, marks of a round. */
	struct {
		TAILQ_ENTRY(node) bucket;
		TAILQ_ENTRY(node) dirty_link;
		uint32_t column;
		uint16_t row;
		bool indexed, dirty, wired;
		TAILQ_ENTRY(node) wire; /* of the switch that it hangs on … */
		uint32_t at_switch;
		uint64_t wired_cores; /* … which counts so many free of it */
		uint64_t seen;	       /* by this search */
		struct demand *holder; /* it is kept for this gang … */
		struct amount hold;    /* … so much of it */
		uint64_t hold_round;   /* … since this round */
		uint32_t hold_at;      /* … its place among what is held */
	} index;
};

/* Everything free, state up; takes a reference on tree, copies the rest. */
struct node *node_create(const char *name, struct tree *tree,
			 const struct label *labels, size_t nlabels);
void node_destroy(struct node *n); /* NULL is fine; it has no slices */
/* It came back with other hardware or labels; it has no slices. */
void node_replace(struct node *n, struct tree *tree,
		  const struct label *labels, size_t nlabels);

/* -1 (err says which part) when not all of s is free; nothing changed then.
 * Does not touch n->slices. */
int node_take(struct node *n, const struct slice *s, struct berth_error *err);
/* -1 when part of it is free already; nothing changed then. */
int node_give(struct node *n, const struct slice *s, struct berth_error *err);

/* NULL when it has no such label. */
const char *node_label(const struct node *n, const char *name);

const char *node_state_name(enum node_state state);

/* Deep copies of n labels, and their end. */
struct label *label_copy(const struct label *labels, size_t n);
void label_free(struct label *labels, size_t n);

#endif
