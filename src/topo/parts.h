/*
 * parts.h - the steps from an hwloc topology to the model's, within topo/.
 */
#ifndef TOPO_PARTS_H
#define TOPO_PARTS_H

#include <hwloc.h>

#include "model/topology.h"

/* PU and NUMA numbers beyond this are damage, not a machine. */
#define TOPO_INDEX_MAX 65535

/* tree.c: packages, NUMA nodes, L3s, cores, NUMA distances, into a fresh t. */
int topo_tree(struct topology *t, hwloc_topology_t from,
	      struct berth_error *err);

/* devices.c: GPUs, drives, fabric ports; after topo_tree. */
void topo_devices(struct topology *t, hwloc_topology_t from);

/* Cores of t that have a PU in cpuset, or'ed into out. */
void topo_cores_of(const struct topology *t, hwloc_const_cpuset_t cpuset,
		   struct bitset *out);

/* screen.c: -1 unless the text has the form of hwloc's XML, with numbers that
 * a machine can have; hwloc itself believes whatever it reads. */
int topo_screen_xml(const char *xml, size_t len, struct berth_error *err);
int topo_screen_synthetic(const char *text, struct berth_error *err);

/* trial.c: -1 unless a child process survives run(arg).  What run does there
 * is lost; it is called a second time, here, by the caller. */
typedef void (*topo_trial_f)(void *arg);
int topo_trial(topo_trial_f run, void *arg, struct berth_error *err);

/* limit.c: the smallest memory limit over our cgroup and those above it, in
 * MiB; UINT64_MAX when there is none.  root is "" but for tests. */
uint64_t topo_memory_limit(const char *root);

#endif
