/*
 * nspace.h - the namespaces that this shepherd knows: who runs where.  State
 * alone; register.h tells PMIx.
 */
#ifndef SHEPHERD_NSPACE_H
#define SHEPHERD_NSPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/bitset.h"
#include "base/error.h"
#include "wire/frame.h"

/* What has become of a rank of this node. */
struct rank_state {
	uint32_t rank;
	bool connected, finalized;
};

struct nspace {
	TAILQ_ENTRY(nspace) next;
	char *name;
	char *shepherd; /* the key of its shepherds, on every node of it */
	uint64_t job;
	Berth__JobMap *map;
	uint32_t size;
	uint32_t *node_of; /* rank -> index in map->nodes */
	bool foreign;	   /* of another job */
	bool spawned;
	bool announced;	   /* other jobs can look it up */
	bool publishes;	   /* its ranks have published something */
	bool ft;	   /* outlives ranks of its own */
	bool looked_at;	   /* … can its program do that? */
	bool begun;	   /* all ranks were once in a fence together */
	struct bitset dead; /* ranks that are gone */
	struct rank_state *local; /* ranks of this node */
	size_t nlocal;
};
TAILQ_HEAD(nspace_list, nspace);

/* The map is copied.  NULL: ranks missing or twice. */
struct nspace *nspace_add(struct nspace_list *list, const Berth__JobMap *map,
			  const char *shepherd, uint64_t job,
			  struct berth_error *err);
void nspace_remove(struct nspace_list *list, struct nspace *n);
struct nspace *nspace_find(const struct nspace_list *list, const char *name);

/* Name of the node where the rank is; NULL: no such rank. */
const char *nspace_node(const struct nspace *n, uint32_t rank);
/* Is none of its ranks on this node left? */
bool nspace_dead_on(const struct nspace *n, const char *node);
/* Ranks on a node, or NULL when it has none. */
const Berth__NodeRanks *nspace_on(const struct nspace *n, const char *node);
void nspace_set_local(struct nspace *n, const uint32_t *ranks, size_t count);
struct rank_state *nspace_local(struct nspace *n, uint32_t rank);
/* Which program of the job the rank runs, and its place there. */
uint32_t nspace_app(const struct nspace *n, uint32_t rank, uint32_t *leader);

/* Shepherds that take part in something, each once, in the order that all of
 * them agree on. */
struct parties {
	Berth__Party *v;
	Berth__Party **p;
	size_t n;
};
void parties_add(struct parties *p, const char *node, const char *shepherd);
void parties_sort(struct parties *p);
void parties_finish(struct parties *p);

#endif
