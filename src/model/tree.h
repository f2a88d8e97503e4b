/*
 * tree.h - a topology as a tree of parts that hold cores: what is searched for
 * the place of a slice.
 *
 * Made once for a topology and shared by all nodes that have it.  Parts with
 * the same cores (an L3 that is a whole NUMA node) are one part, named by the
 * narrowest level.  Parts need not nest: real machines have an L3 over four
 * NUMA nodes and NUMA nodes over four L3s.
 */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/error.h"
#include "model/amount.h"
#include "model/topology.h"

/* How far something is spread, from narrow to wide. */
enum fit_level {
	FIT_CORE,
	FIT_L3,
	FIT_NUMA,
	FIT_PACKAGE,
	FIT_NODE,
};

#define FIT_LEVELS (FIT_NODE + 1)

/* GPUs, ports and NUMA nodes are sets of at most so many. */
#define TREE_MAX_DEVICES 64

struct tree_part {
	enum fit_level level;
	struct bitset cores;
	unsigned ncores;
	uint64_t numas; /* NUMA nodes of its cores */
	uint64_t gpus;	/* those that hang nearest to one of its cores */
	unsigned *child; /* indexes of the widest parts inside this one */
	size_t nchildren;
	unsigned height; /* 0 without children, else more than any child's */
};

struct tree {
	const struct topology *topology;
	/* Narrow parts before wide ones; the last is the whole node. */
	struct tree_part *part;
	size_t nparts;
	/* Parts a slice of at most this level may lie in, without FIT_CORE.
	 * A node without L3s has its NUMA nodes in their place, and so on. */
	unsigned *level[FIT_LEVELS];
	size_t nlevel[FIT_LEVELS];
	struct amount total; /* of the node, what can be offered */
	unsigned refs;
};

/* Takes a reference on t.  -1/NULL when t has more devices than a set
 * holds. */
struct tree *tree_create(const struct topology *t, struct berth_error *err);
struct tree *tree_ref(struct tree *t);
void tree_unref(struct tree *t); /* NULL is fine */

/* The narrowest level that holds all these cores. */
enum fit_level tree_level(const struct tree *t, const struct bitset *cores);
/* How far device d is from the cores: 0 it hangs at a NUMA node of theirs, 1
 * in the same package, 2 farther or unknown. */
unsigned tree_distance(const struct tree *t, const struct topology_device *d,
		       const struct bitset *cores);

const char *fit_level_name(enum fit_level level); /* "core" … "node" */
/* "" is FIT_NODE. */
int fit_level_parse(const char *name, enum fit_level *out,
		    struct berth_error *err);

#endif
