/* tree.c - see tree.h. */
#include "model/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const level_names[FIT_LEVELS] = {
	[FIT_CORE] = "core",	   [FIT_L3] = "l3",	[FIT_NUMA] = "numa",
	[FIT_PACKAGE] = "package", [FIT_NODE] = "node",
};

const char *fit_level_name(enum fit_level level)
{
	return level_names[level];
}

int fit_level_parse(const char *name, enum fit_level *out,
		    struct berth_error *err)
{
	if (*name == '\0') {
		*out = FIT_NODE;
		return 0;
	}
	for (int i = 0; i < FIT_LEVELS; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum fit_level)i;
			return 0;
		}
	}
	return error_set(err, BERTH_EINPUT,
			 "fit: \"%.40s\" is none of core, l3, numa, package, "
			 "node", name);
}

/* Add the part with these cores, or find the one that has the same. */
static void add_part(struct tree *t, enum fit_level level,
		     const struct bitset *cores)
{
	struct tree_part *p = NULL;
	size_t i;

	if (bitset_empty(cores))
		return;
	for (i = 0; i < t->nparts && p == NULL; i++) {
		if (bitset_equal(&t->part[i].cores, cores))
			p = &t->part[i];
	}
	if (p == NULL) {
		p = &t->part[t->nparts];
		i = ++t->nparts;
		p->level = level;
		bitset_init(&p->cores);
		bitset_copy(&p->cores, cores);
		p->ncores = bitset_count(cores);
	}
	t->level[level][t->nlevel[level]++] = (unsigned)(i - 1);
}

static int by_size(const void *a, const void *b)
{
	const struct tree_part *p = a, *q = b;

	if (p->ncores != q->ncores)
		return p->ncores < q->ncores ? -1 : 1;
	if (p->level != q->level)
		return p->level < q->level ? -1 : 1;
	return bitset_next(&p->cores, 0) < bitset_next(&q->cores, 0) ? -1 : 1;
}

/* Sort the parts and let level[] follow. */
static void sort_parts(struct tree *t)
{
	struct tree_part *sorted = mem_dup(t->part,
					   t->nparts * sizeof(*t->part));

	qsort(sorted, t->nparts, sizeof(*sorted), by_size);
	for (int l = 0; l < FIT_LEVELS; l++) {
		for (size_t i = 0; i < t->nlevel[l]; i++) {
			const uint64_t *word = t->part[t->level[l][i]].cores.word;
			unsigned to = 0;

			while (sorted[to].cores.word != word)
				to++;
			t->level[l][i] = to;
		}
	}
	free(t->part);
	t->part = sorted;
}

static bool near(const struct topology_device *d, const struct bitset *cores)
{
	return bitset_intersects(&d->cores, cores);
}

static void describe_part(struct tree *t, struct tree_part *p)
{
	const struct topology *topo = t->topology;

	bitset_foreach (&p->cores, c) {
		if (topo->core[c].numa >= 0)
			p->numas |= UINT64_C(1) << topo->core[c].numa;
	}
	for (size_t i = 0; i < topo->ngpus; i++) {
		if (near(&topo->gpu[i], &p->cores) || p->level == FIT_NODE ||
		    p->ncores == topo->ncores)
			p->gpus |= UINT64_C(1) << i;
	}
}

/* Children: parts inside part i that are in no other part inside it. */
static void find_children(struct tree *t, size_t i)
{
	struct tree_part *p = &t->part[i];
	struct bitset left;

	p->child = mem_array(i, sizeof(*p->child));
	bitset_init(&left);
	bitset_copy(&left, &p->cores);
	for (size_t j = i; j-- > 0;) {
		if (!bitset_contains(&left, &t->part[j].cores))
			continue;
		p->child[p->nchildren++] = (unsigned)j;
		bitset_andnot(&left, &t->part[j].cores);
		if (p->height <= t->part[j].height)
			p->height = t->part[j].height + 1;
	}
	bitset_finish(&left);
	/* Found from the last to the first; lower cores come first. */
	for (size_t a = 0, b = p->nchildren; a + 1 < b; a++) {
		unsigned child = p->child[a];

		p->child[a] = p->child[--b];
		p->child[b] = child;
	}
}

/* A level that the machine does not have is the next wider one. */
static void fill_levels(struct tree *t)
{
	for (int l = FIT_PACKAGE; l >= FIT_L3; l--) {
		if (t->nlevel[l] > 0)
			continue;
		memcpy(t->level[l], t->level[l + 1],
		       t->nlevel[l + 1] * sizeof(**t->level));
		t->nlevel[l] = t->nlevel[l + 1];
	}
}

static void sum_total(struct tree *t)
{
	const struct topology *topo = t->topology;

	t->total.cores = topo->ncores;
	for (size_t i = 0; i < topo->nnumas; i++) {
		if (!topo->numa[i].cpuless)
			t->total.memory_mib += topo->numa[i].mib;
	}
	t->total.gpus = topo->ngpus;
	for (size_t i = 0; i < topo->ndrives; i++)
		t->total.drive_mib += topo->drive[i].mib;
}

struct tree *tree_create(const struct topology *topo, struct berth_error *err)
{
	size_t n = topo->nl3s + topo->nnumas + topo->npackages + 1;
	struct tree *t;
	struct bitset all;

	if (topo->ngpus > TREE_MAX_DEVICES || topo->nports > TREE_MAX_DEVICES ||
	    topo->nnumas > TREE_MAX_DEVICES) {
		error_set(err, BERTH_ELIMIT,
			  "a node with %zu GPUs, %zu ports and %zu NUMA nodes; "
			  "%d of each are the most", topo->ngpus, topo->nports,
			  topo->nnumas, TREE_MAX_DEVICES);
		return NULL;
	}
	t = mem_alloc(sizeof(*t));
	t->refs = 1;
	t->topology = topology_ref(topo);
	t->part = mem_array(n, sizeof(*t->part));
	for (int l = 0; l < FIT_LEVELS; l++)
		t->level[l] = mem_array(n, sizeof(**t->level));
	for (size_t i = 0; i < topo->nl3s; i++)
		add_part(t, FIT_L3, &topo->l3[i].cores);
	for (size_t i = 0; i < topo->nnumas; i++)
		add_part(t, FIT_NUMA, &topo->numa[i].cores);
	for (size_t i = 0; i < topo->npackages; i++)
		add_part(t, FIT_PACKAGE, &topo->package[i].cores);
	bitset_init(&all);
	for (size_t i = 0; i < topo->ncores; i++)
		bitset_set(&all, (unsigned)i);
	add_part(t, FIT_NODE, &all);
	bitset_finish(&all);
	sort_parts(t);
	for (size_t i = 0; i < t->nparts; i++) {
		describe_part(t, &t->part[i]);
		find_children(t, i);
	}
	fill_levels(t);
	sum_total(t);
	return t;
}

struct tree *tree_ref(struct tree *t)
{
	t->refs++;
	return t;
}

void tree_unref(struct tree *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	for (size_t i = 0; i < t->nparts; i++) {
		bitset_finish(&t->part[i].cores);
		free(t->part[i].child);
	}
	for (int l = 0; l < FIT_LEVELS; l++)
		free(t->level[l]);
	free(t->part);
	topology_unref(t->topology);
	free(t);
}

enum fit_level tree_level(const struct tree *t, const struct bitset *cores)
{
	if (bitset_count(cores) == 1)
		return FIT_CORE;
	for (size_t i = 0; i < t->nparts; i++) {
		if (bitset_contains(&t->part[i].cores, cores))
			return t->part[i].level;
	}
	return FIT_NODE;
}

unsigned tree_distance(const struct tree *t, const struct topology_device *d,
		       const struct bitset *cores)
{
	unsigned distance = 2;

	if (bitset_intersects(&d->cores, cores))
		return 0;
	bitset_foreach (cores, c) {
		const struct topology_core *core = &t->topology->core[c];

		if (d->numa >= 0 && core->numa == d->numa)
			return 0;
		if (d->package >= 0 && core->package == d->package)
			distance = 1;
	}
	return distance;
}
