/*
 * map.h - which rank runs in which slice.  Pure.
 *
 * By node: round robin over the nodes.  Otherwise consecutive ranks fill one
 * node after the other; the order on a node's cores (numa, l3, socket) is the
 * shepherd's matter.
 */
#ifndef MPI_MAP_H
#define MPI_MAP_H

#include <stdbool.h>
#include <stddef.h>

enum map_by { MAP_CORE, MAP_NODE, MAP_NUMA, MAP_L3, MAP_SOCKET };

struct map_place {
	const char *node;
	unsigned units;	 /* ranks that have cores of their own here */
	unsigned *ranks; /* out: ascending; freed by map_finish */
	unsigned n_ranks;
	unsigned limit; /* scratch */
};

/*
 * Deal out ranks 0 … ranks-1.  per_node: at most so many on a node (0: any).
 * oversubscribe: when there are fewer units than ranks, each place gets ranks
 * in proportion to its units.  false: they do not fit; nothing is dealt.
 */
bool map_ranks(struct map_place *places, size_t n, unsigned ranks,
	       unsigned per_node, enum map_by by, bool oversubscribe);
void map_finish(struct map_place *places, size_t n);

#endif
