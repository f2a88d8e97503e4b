/*
 * topo.h - from hwloc to the model: what this node, an XML file or a
 * synthetic description is made of.
 *
 * Every load gives a sealed topology with one reference, or NULL and one line
 * in err that names its source.  With xml not NULL, *xml receives the same as
 * hwloc XML (the caller frees): what topo_load_xml at a peer makes the same
 * topology, with the same hash, of.
 *
 * Loads take some milliseconds (hundreds, where a GPU's driver has to wake)
 * and may be called from one thread at a time.  The first one sets
 * HWLOC_HIDE_ERRORS and HWLOC_PLUGINS_BLACKLIST, unless they are set: make it
 * before there are threads.
 * Texts and files are loaded in a child process first, because hwloc crashes
 * on some; so these calls fork and wait.
 */
#ifndef TOPO_TOPO_H
#define TOPO_TOPO_H

#include <stddef.h>

#include "base/error.h"
#include "model/topology.h"

/* Largest XML text that is looked at. */
#define TOPO_XML_MAX (16u << 20)

/*
 * The machine, as far as it is ours: PUs and NUMA nodes that the cpuset of
 * our cgroup and our own binding (taskset, Slurm's affinity) leave us; memory
 * as far as our cgroup's limit goes.
 */
enum {
	/* Our own binding says nothing about the allocation: mpirun bound
	 * this rank to one core, say. */
	TOPO_IGNORE_BINDING = 1,
	/* No GPUs, drives and ports: for who wants to bind, and is in a hurry
	 */
	TOPO_NO_DEVICES = 2,
};
struct topology *topo_load_system(unsigned flags, char **xml,
				  struct berth_error *err);

struct topology *topo_load_file(const char *path, char **xml,
				struct berth_error *err);

/* hwloc's synthetic syntax: "pack:2 l3:4 core:8 pu:2". */
struct topology *topo_load_synthetic(const char *text, char **xml,
				     struct berth_error *err);

/* XML that came by wire; need not end in a NUL. */
struct topology *topo_load_xml(const char *xml, size_t len,
			       struct berth_error *err);

/* What --topology means: NULL or "" the machine, a text with a '/' or that
 * ends in ".xml" or names a file that is there a file, else a synthetic
 * description. */
struct topology *topo_load(const char *what, unsigned flags, char **xml,
			   struct berth_error *err);

#endif
