/*
 * tree.c - processors, caches and memory.
 *
 * hwloc has already left out what the allocation does not give: its objects'
 * cpusets hold allowed PUs only, while NUMA nodes and packages without any
 * may still stand there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/parts.h"

static hwloc_obj_t ancestor(hwloc_topology_t from, hwloc_obj_t obj,
			    hwloc_obj_type_t type)
{
	if (obj->type == type)
		return obj;
	return hwloc_get_ancestor_obj_by_type(from, type, obj);
}

static size_t count(hwloc_topology_t from, hwloc_obj_type_t type)
{
	int n = hwloc_get_nbobjs_by_type(from, type);

	return n > 0 ? (size_t)n : 0;
}

/* Logical index of the part of this type that holds obj, -1: none. */
static int part_index(hwloc_topology_t from, hwloc_obj_t obj,
		      hwloc_obj_type_t type)
{
	hwloc_obj_t part = ancestor(from, obj, type);

	return part == NULL ? -1 : (int)part->logical_index;
}

/* ---- memory ------------------------------------------------------------ */

static bool has_info(hwloc_obj_t obj, const char *name, const char *part)
{
	const char *value = hwloc_obj_get_info_by_name(obj, name);

	return value != NULL && strstr(value, part) != NULL;
}

static uint64_t bandwidth(hwloc_topology_t from, hwloc_obj_t numa)
{
	struct hwloc_location at;
	hwloc_uint64_t value = 0;

	at.type = HWLOC_LOCATION_TYPE_CPUSET;
	at.location.cpuset = numa->cpuset;
	if (hwloc_bitmap_iszero(numa->cpuset) ||
	    hwloc_memattr_get_value(from, HWLOC_MEMATTR_ID_BANDWIDTH, numa, &at,
				    0, &value) < 0)
		return 0;
	return value;
}

static bool beside(hwloc_obj_t a, hwloc_obj_t b)
{
	return a != b && !hwloc_bitmap_iszero(a->cpuset) &&
	       hwloc_bitmap_isequal(a->cpuset, b->cpuset);
}

/* A node without a subtype, next to other memory of the same cores: is it
 * the fast kind?  By bandwidth where the firmware tells; otherwise known
 * processors only, whose HBM comes after the DRAM. */
static bool looks_like_hbm(hwloc_topology_t from, hwloc_obj_t numa)
{
	hwloc_obj_t package = ancestor(from, numa, HWLOC_OBJ_PACKAGE);
	uint64_t mine = bandwidth(from, numa);
	hwloc_obj_t other = NULL;

	other = hwloc_get_next_obj_by_type(from, HWLOC_OBJ_NUMANODE, NULL);
	for (; other != NULL; other = other->next_cousin) {
		uint64_t theirs;

		if (!beside(numa, other))
			continue;
		theirs = bandwidth(from, other);
		if (mine > 0 && theirs > 0)
			return mine / 2 >= theirs;
		if (package != NULL && other->os_index < numa->os_index &&
		    has_info(package, "CPUModel", "CPU Max"))
			return true;
	}
	return false;
}

static enum topology_memory memory_kind(hwloc_topology_t from, hwloc_obj_t numa)
{
	if (numa->subtype == NULL)
		return looks_like_hbm(from, numa) ? TOPOLOGY_HBM
						  : TOPOLOGY_DRAM;
	if (strcmp(numa->subtype, "MCDRAM") == 0 ||
	    strcmp(numa->subtype, "HBM") == 0)
		return TOPOLOGY_HBM;
	if (strcmp(numa->subtype, "GPUMemory") == 0)
		return TOPOLOGY_GPU_MEMORY;
	return TOPOLOGY_DRAM;
}

static int read_numas(struct topology *t, hwloc_topology_t from,
		      struct berth_error *err)
{
	hwloc_obj_t obj = NULL;

	t->nnumas = count(from, HWLOC_OBJ_NUMANODE);
	t->numa = mem_array(t->nnumas, sizeof(*t->numa));
	for (size_t i = 0; i < t->nnumas; i++) {
		struct topology_numa *n = &t->numa[i];

		obj = hwloc_get_obj_by_type(from, HWLOC_OBJ_NUMANODE,
					    (unsigned)i);
		if (obj->os_index > TOPO_INDEX_MAX)
			return error_set(err, BERTH_EINPUT,
					 "NUMA node with the number %u",
					 obj->os_index);
		n->os_index = obj->os_index;
		n->mib = obj->attr->numanode.local_memory >> 20;
		n->kind = memory_kind(from, obj);
		n->package = part_index(from, obj, HWLOC_OBJ_PACKAGE);
	}
	return 0;
}

/* Which of two NUMA nodes that both hold a core is more its own: normal
 * memory before special, near before far, then the lower number. */
static bool nearer(const struct topology *t, hwloc_obj_t a, hwloc_obj_t b)
{
	enum topology_memory ka = t->numa[a->logical_index].kind;
	enum topology_memory kb = t->numa[b->logical_index].kind;
	int wa = hwloc_bitmap_weight(a->cpuset);
	int wb = hwloc_bitmap_weight(b->cpuset);

	if (ka != kb)
		return ka < kb;
	if (wa != wb)
		return wa < wb;
	return a->os_index < b->os_index;
}

static int numa_of(const struct topology *t, hwloc_topology_t from,
		   hwloc_const_cpuset_t cpuset)
{
	hwloc_obj_t best = NULL, n;

	n = hwloc_get_next_obj_by_type(from, HWLOC_OBJ_NUMANODE, NULL);
	for (; n != NULL; n = n->next_cousin) {
		if (t->numa[n->logical_index].mib == 0 ||
		    !hwloc_bitmap_intersects(n->cpuset, cpuset))
			continue;
		if (best == NULL || nearer(t, n, best))
			best = n;
	}
	return best == NULL ? -1 : (int)best->logical_index;
}

/* ---- cores ------------------------------------------------------------- */

static void read_packages(struct topology *t, hwloc_topology_t from)
{
	t->npackages = count(from, HWLOC_OBJ_PACKAGE);
	t->package = mem_array(t->npackages, sizeof(*t->package));
	t->nl3s = count(from, HWLOC_OBJ_L3CACHE);
	t->l3 = mem_array(t->nl3s, sizeof(*t->l3));
	for (size_t i = 0; i < t->nl3s; i++) {
		hwloc_obj_t obj =
		    hwloc_get_obj_by_type(from, HWLOC_OBJ_L3CACHE, (unsigned)i);

		t->l3[i].kib = obj->attr->cache.size >> 10;
		t->l3[i].package = part_index(from, obj, HWLOC_OBJ_PACKAGE);
	}
}

static int read_core(struct topology *t, hwloc_topology_t from, hwloc_obj_t obj,
		     struct topology_core *c, struct berth_error *err)
{
	int pu;

	bitset_init(&c->pus);
	for (pu = hwloc_bitmap_first(obj->cpuset); pu >= 0;
	     pu = hwloc_bitmap_next(obj->cpuset, pu)) {
		if (pu > TOPO_INDEX_MAX)
			return error_set(err, BERTH_EINPUT,
					 "PU with the number %d", pu);
		bitset_set(&c->pus, (unsigned)pu);
	}
	c->l2 = part_index(from, obj, HWLOC_OBJ_L2CACHE);
	c->l3 = part_index(from, obj, HWLOC_OBJ_L3CACHE);
	c->package = part_index(from, obj, HWLOC_OBJ_PACKAGE);
	c->numa = numa_of(t, from, obj->cpuset);
	return 0;
}

/* By PU, so that a PU that stands in no core (virtual machines, synthetic
 * descriptions) is one by itself, in the tree's order. */
static int read_cores(struct topology *t, hwloc_topology_t from,
		      struct berth_error *err)
{
	size_t npus = count(from, HWLOC_OBJ_PU);
	hwloc_obj_t last = NULL;

	t->core = mem_array(npus, sizeof(*t->core));
	for (size_t i = 0; i < npus; i++) {
		hwloc_obj_t pu =
		    hwloc_get_obj_by_type(from, HWLOC_OBJ_PU, (unsigned)i);
		hwloc_obj_t core = ancestor(from, pu, HWLOC_OBJ_CORE);

		if (core == NULL)
			core = pu;
		if (core == last)
			continue;
		last = core;
		t->ncores++;
		if (read_core(t, from, core, &t->core[t->ncores - 1], err) < 0)
			return -1;
	}
	return 0;
}

void topo_cores_of(const struct topology *t, hwloc_const_cpuset_t cpuset,
		   struct bitset *out)
{
	for (size_t i = 0; i < t->ncores; i++) {
		bitset_foreach (&t->core[i].pus, pu) {
			if (!hwloc_bitmap_isset(cpuset, (unsigned)pu))
				continue;
			bitset_set(out, (unsigned)i);
			break;
		}
	}
}

/* ---- distances --------------------------------------------------------- */

/* Only a matrix over all NUMA nodes is kept. */
static void read_distance(struct topology *t, hwloc_topology_t from)
{
	struct hwloc_distances_s *d = NULL;
	unsigned n = 1;

	if (hwloc_distances_get_by_type(from, HWLOC_OBJ_NUMANODE, &n, &d,
					HWLOC_DISTANCES_KIND_MEANS_LATENCY,
					0) < 0 ||
	    n == 0 || d == NULL)
		return;
	if (d->nbobjs == t->nnumas) {
		t->distance =
		    mem_array(t->nnumas * t->nnumas, sizeof(*t->distance));
		for (unsigned a = 0; a < d->nbobjs; a++)
			for (unsigned b = 0; b < d->nbobjs; b++) {
				size_t to =
				    d->objs[a]->logical_index * t->nnumas +
				    d->objs[b]->logical_index;

				t->distance[to] =
				    (unsigned)d->values[a * d->nbobjs + b];
			}
	}
	hwloc_distances_release(from, d);
}

int topo_tree(struct topology *t, hwloc_topology_t from,
	      struct berth_error *err)
{
	read_packages(t, from);
	if (read_numas(t, from, err) < 0)
		return -1;
	if (read_cores(t, from, err) < 0)
		return -1;
	read_distance(t, from);
	return 0;
}
