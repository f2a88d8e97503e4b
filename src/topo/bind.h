/*
 * bind.h - which PUs each rank of a task is bound to.  Pure; whoever starts
 * the rank calls sched_setaffinity.
 */
#ifndef TOPO_BIND_H
#define TOPO_BIND_H

#include <stddef.h>

#include "base/bitset.h"
#include "base/error.h"
#include "model/topology.h"

enum topo_bind {
	TOPO_BIND_CORE, /* its own share of the slice's cores */
	TOPO_BIND_L3,	/* what the slice has of the L3s of its share */
	TOPO_BIND_NUMA,
	TOPO_BIND_SOCKET,
	TOPO_BIND_NONE, /* the whole slice */
};

/* "core", "l3", "numa", "socket" (or "package"), "none"; "" is core. */
int topo_bind_parse(const char *name, enum topo_bind *out,
		    struct berth_error *err);
const char *topo_bind_name(enum topo_bind policy);

/*
 * Split a slice over nranks ranks.  core_pus: the slice's cores in the tree's
 * order, each with the PUs that belong to the slice.  out: nranks initialised
 * sets, which are overwritten.  Every rank gets ncores/nranks neighbouring
 * cores, the first ones one more where that leaves a rest; with more ranks
 * than cores neighbours share one.  No set is ever empty or reaches beyond
 * the slice.  t is only looked at for l3, numa and socket and may be NULL
 * otherwise; cores that it does not know count as a part of their own.
 */
int topo_bind_split(const struct topology *t, const struct bitset *core_pus,
		    size_t ncores, enum topo_bind policy, size_t nranks,
		    struct bitset *out, struct berth_error *err);

/*
 * Where pus lie, in the form that MPI libraries compare:
 * "hwloc:NM0:SK0:L30-1:L20-3:CR0-3:HT0-7"; the caller frees.  Parts that the
 * node does not have are left out.
 */
char *topo_locality_string(const struct topology *t, const struct bitset *pus);

/* The set as the opaque bitmap that pmix_cpuset_t.bitmap wants (source
 * "hwloc"), so that PMIx's users need no hwloc header. */
void *topo_cpuset_create(const struct bitset *pus);
void topo_cpuset_destroy(void *cpuset);

#endif
