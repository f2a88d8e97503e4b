/* bind.c - see bind.h. */
#include "topo/bind.h"

#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static const char *const bind_names[] = {
    [TOPO_BIND_CORE] = "core", [TOPO_BIND_L3] = "l3",
    [TOPO_BIND_NUMA] = "numa", [TOPO_BIND_SOCKET] = "socket",
    [TOPO_BIND_NONE] = "none",
};

int topo_bind_parse(const char *name, enum topo_bind *out,
		    struct berth_error *err)
{
	if (strcmp(name, "") == 0)
		name = "core";
	if (strcmp(name, "package") == 0)
		name = "socket";
	for (size_t i = 0; i < sizeof(bind_names) / sizeof(*bind_names); i++) {
		if (strcmp(name, bind_names[i]) != 0)
			continue;
		*out = (enum topo_bind)i;
		return 0;
	}
	return error_set(err, BERTH_EINPUT,
			 "bind-to %.40s: not core, l3, numa, socket or none",
			 name);
}

const char *topo_bind_name(enum topo_bind policy)
{
	return bind_names[policy];
}

/* ---- splitting --------------------------------------------------------- */

/* Number of the part of this kind that holds the core, -1: no such part. */
static int part_of(const struct topology_core *c, enum topo_bind policy)
{
	switch (policy) {
	case TOPO_BIND_L3:
		return c->l3;
	case TOPO_BIND_NUMA:
		return c->numa;
	case TOPO_BIND_SOCKET:
		return c->package;
	default:
		return -1;
	}
}

/* The slice's PUs in the part that holds any of mine. */
static void widen(const struct topology *t, const struct bitset *slice,
		  enum topo_bind policy, struct bitset *mine)
{
	struct bitset parts, wide;

	bitset_init(&parts);
	bitset_init(&wide);
	for (size_t i = 0; i < t->ncores; i++) {
		int part = part_of(&t->core[i], policy);

		if (part >= 0 && bitset_intersects(&t->core[i].pus, mine))
			bitset_set(&parts, (unsigned)part);
	}
	for (size_t i = 0; i < t->ncores; i++) {
		int part = part_of(&t->core[i], policy);

		if (part >= 0 && bitset_test(&parts, (unsigned)part))
			bitset_or(&wide, &t->core[i].pus);
	}
	bitset_and(&wide, slice);
	bitset_or(mine, &wide);
	bitset_finish(&wide);
	bitset_finish(&parts);
}

/* Cores [first, end) of rank r; at least one. */
static void share(size_t ncores, size_t nranks, size_t r, size_t *first,
		  size_t *end)
{
	size_t each = ncores / nranks, rest = ncores % nranks;

	if (each == 0) {
		*first = r * ncores / nranks;
		*end = *first + 1;
		return;
	}
	*first = r * each + (r < rest ? r : rest);
	*end = *first + each + (r < rest ? 1 : 0);
}

int topo_bind_split(const struct topology *t, const struct bitset *core_pus,
		    size_t ncores, enum topo_bind policy, size_t nranks,
		    struct bitset *out, struct berth_error *err)
{
	bool wide = policy == TOPO_BIND_L3 || policy == TOPO_BIND_NUMA ||
		    policy == TOPO_BIND_SOCKET;
	struct bitset slice;

	if (ncores == 0 || (wide && t == NULL))
		return error_set(err, BERTH_EINPUT,
				 "bind-to %s: the slice has no cores",
				 topo_bind_name(policy));
	bitset_init(&slice);
	for (size_t i = 0; i < ncores; i++)
		bitset_or(&slice, &core_pus[i]);
	for (size_t r = 0; r < nranks; r++) {
		size_t first, end;

		bitset_clear_all(&out[r]);
		if (policy == TOPO_BIND_NONE) {
			bitset_or(&out[r], &slice);
			continue;
		}
		share(ncores, nranks, r, &first, &end);
		for (size_t i = first; i < end; i++)
			bitset_or(&out[r], &core_pus[i]);
		if (wide)
			widen(t, &slice, policy, &out[r]);
	}
	bitset_finish(&slice);
	return 0;
}

/* ---- locality ---------------------------------------------------------- */

static void add_part(struct buf *b, const char *name, const struct bitset *set)
{
	char *text;

	if (bitset_empty(set))
		return;
	text = bitset_format(set);
	buf_printf(b, ":%s%s", name, text);
	free(text);
}

static void set_index(struct bitset *s, int index)
{
	if (index >= 0)
		bitset_set(s, (unsigned)index);
}

char *topo_locality_string(const struct topology *t, const struct bitset *pus)
{
	enum { NUMA, PACKAGE, L3, L2, CORE, PU, KINDS };
	static const char *const names[KINDS] = {"NM", "SK", "L3",
						 "L2", "CR", "HT"};
	struct bitset set[KINDS];
	struct buf b;
	unsigned pu = 0;

	for (int i = 0; i < KINDS; i++)
		bitset_init(&set[i]);
	buf_init(&b);
	for (size_t i = 0; i < t->ncores; i++) {
		const struct topology_core *c = &t->core[i];

		/* PUs go by their place in the tree, as everything else. */
		bitset_foreach (&c->pus, p) {
			if (bitset_test(pus, (unsigned)p))
				bitset_set(&set[PU], pu);
			pu++;
		}
		if (!bitset_intersects(&c->pus, pus))
			continue;
		set_index(&set[NUMA], c->numa);
		set_index(&set[PACKAGE], c->package);
		set_index(&set[L3], c->l3);
		set_index(&set[L2], c->l2);
		bitset_set(&set[CORE], (unsigned)i);
	}
	buf_puts(&b, "hwloc");
	for (int i = 0; i < KINDS; i++)
		add_part(&b, names[i], &set[i]);
	for (int i = 0; i < KINDS; i++)
		bitset_finish(&set[i]);
	return buf_take(&b);
}

void *topo_cpuset_create(const struct bitset *pus)
{
	hwloc_bitmap_t bitmap = hwloc_bitmap_alloc();

	if (bitmap == NULL)
		abort();
	bitset_foreach (pus, p)
		hwloc_bitmap_set(bitmap, (unsigned)p);
	return bitmap;
}

void topo_cpuset_destroy(void *cpuset)
{
	hwloc_bitmap_free(cpuset);
}
