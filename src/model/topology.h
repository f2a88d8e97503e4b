/*
 * topology.h - what a node is made of: cores with their caches, memory and
 * packages, GPUs, drives and fabric ports.
 *
 * Owns plain data alone.  Whoever discovers a node (topo/, a test, the
 * simulator) fills a fresh struct topology and seals it; from then on it is
 * immutable, shared by counted references, and only const pointers go round.
 * What is free or in whose slice is not said here.
 *
 * Parts of the tree are named by their index in the arrays below, -1 for
 * none.  Cores stand in the tree's order: those of one cache, NUMA node or
 * package are neighbours.  Sets called `cores` hold core indexes, sets called
 * `pus` hold the system's PU numbers.
 */
#ifndef MODEL_TOPOLOGY_H
#define MODEL_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/error.h"

enum topology_memory {
	TOPOLOGY_DRAM, /* or unknown: normal memory */
	TOPOLOGY_HBM,  /* on-package memory beside DRAM: HBM, MCDRAM */
	TOPOLOGY_GPU_MEMORY,
};

struct topology_core {
	struct bitset pus; /* at least one; only those that may be used */
	int l2, l3;
	int numa; /* nearest node with memory */
	int package;
};

struct topology_numa {
	unsigned os_index; /* has gaps on real machines */
	uint64_t mib;
	enum topology_memory kind;
	/* No core has it as its own memory: HBM beside DRAM, GPU memory,
	 * memory of packages that are not ours.  Listed, but not offered. */
	bool cpuless;
	int package;
	struct bitset cores; /* sealed: those with it as core.numa */
};

struct topology_l3 {
	uint64_t kib;
	int package;
	struct bitset cores; /* sealed */
};

struct topology_package {
	struct bitset cores; /* sealed */
};

enum topology_device_kind {
	TOPOLOGY_GPU,
	TOPOLOGY_NVME,	    /* one controller, whatever its namespaces */
	TOPOLOGY_DRIVE,	    /* any other local drive */
	TOPOLOGY_REMOVABLE, /* optical and the like: listed, never offered */
	TOPOLOGY_PORT,	    /* one device of a fabric */
};

/* Strings are never NULL; "" is unknown. */
struct topology_device {
	enum topology_device_kind kind;
	char *name;   /* "nvme0", "mlx5_0", "hsi0"; GPUs may have none */
	char *pci;    /* "0000:c1:00.0", lower case */
	char *uuid;   /* GPUs, where the driver gave one */
	char *vendor; /* "nvidia", "amd", "intel", else the PCI vendor's name */
	char *model;
	uint64_t mib;	     /* drive: size; GPU: memory; 0: unknown */
	struct bitset cores; /* the nearest of ours; empty: none of ours is */
	int numa;	     /* nearest node with memory, -1: unknown */
	int package;
};

struct topology {
	struct topology_core *core;
	size_t ncores;
	struct topology_numa *numa;
	size_t nnumas;
	struct topology_l3 *l3;
	size_t nl3s;
	struct topology_package *package;
	size_t npackages;
	size_t nl2s; /* sealed */

	struct topology_device *gpu, *drive, *port;
	size_t ngpus, ndrives, nports;

	/* distance[a * nnumas + b] from NUMA node a to b, 10 is local (as in
	 * the ACPI SLIT); NULL when it is not known. */
	unsigned *distance;

	/* Sealed. */
	size_t npus;
	struct bitset pus;  /* all of them */
	uint64_t total_mib; /* memory that is offered: without cpuless nodes */
	char hash[33];	    /* of all of the above, hex; equal content has an
			       equal hash on every machine */
	unsigned refs;	    /* not atomic: one thread has a topology */
};

/* Empty, one reference, to be filled: arrays by mem_array, strings by mem.h. */
struct topology *topology_create(void);

/*
 * Check and complete t.  -1 when it contradicts itself (an index out of
 * range, a PU in two cores, no core at all): err says what, t may then only be
 * dropped with topology_unref.  Devices' strings that are NULL become "".
 */
int topology_seal(struct topology *t, struct berth_error *err);

const struct topology *topology_ref(const struct topology *t);
void topology_unref(const struct topology *t); /* NULL is fine */

/* A regular machine, for tests and the simulator; sealed.  Every number is
 * per parent: packages, NUMA nodes a package, L3s a NUMA node, cores an L3,
 * PUs a core; zero counts as one.  PU numbers count up in the tree's order. */
struct topology_shape {
	unsigned packages, numas, l3s, cores, pus;
	uint64_t mib;  /* of each NUMA node */
	unsigned gpus; /* of each NUMA node */
	const char *gpu_vendor;
	unsigned drives; /* of the node, near its first NUMA node */
	uint64_t drive_mib;
};
struct topology *topology_create_regular(const struct topology_shape *shape);

/* PUs of a set of cores, or'ed into out. */
void topology_core_pus(const struct topology *t, const struct bitset *cores,
		       struct bitset *out);
/* Cores that have at least one of the PUs, or'ed into out. */
void topology_pu_cores(const struct topology *t, const struct bitset *pus,
		       struct bitset *out);

const char *topology_memory_name(enum topology_memory kind);
const char *topology_device_kind_name(enum topology_device_kind kind);

#endif
