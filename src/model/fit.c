/*
 * fit.c - see fit.h.
 *
 * Three steps: choose the part of the tree, fill it with whole units, then
 * find memory and devices for the cores that were chosen.
 */
#include "model/fit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What is left of a node while a slice is put together. */
struct work {
	struct node *node;
	const struct tree *tree;
	const struct request *unit;
	struct bitset left;    /* free cores that were not chosen */
	uint64_t gpus;	       /* free GPUs of the vendor, not chosen */
	uint64_t mib[TREE_MAX_DEVICES];
	struct slice *slice;   /* cores and GPUs so far */
};

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static unsigned popcount(uint64_t set)
{
	return (unsigned)__builtin_popcountll(set);
}

static unsigned free_in(const struct bitset *left, const struct bitset *part)
{
	size_t n = left->nwords < part->nwords ? left->nwords : part->nwords;
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		count += popcount(left->word[i] & part->word[i]);
	return count;
}

/* ---- how many ---- */

static bool any_vendor(const struct request *unit)
{
	return unit->gpu_vendor == NULL || *unit->gpu_vendor == '\0';
}

/* Those of the set that the unit may have. */
static uint64_t vendor_gpus(const struct topology *t,
			    const struct request *unit, uint64_t set)
{
	if (unit->gpus == 0)
		return 0;
	if (any_vendor(unit))
		return set;
	for (size_t i = 0; i < t->ngpus; i++) {
		if (strcmp(t->gpu[i].vendor, unit->gpu_vendor) != 0)
			set &= ~(UINT64_C(1) << i);
	}
	return set;
}

static uint64_t by_cores(const struct tree *tree, const struct bitset *left,
			 uint64_t nleft, const struct request *unit,
			 enum fit_level widest)
{
	uint64_t n = 0;

	if (widest == FIT_NODE)
		return nleft / unit->cores;
	if (widest == FIT_CORE)
		return unit->cores == 1 ? nleft : 0;
	for (size_t i = 0; i < tree->nlevel[widest]; i++) {
		const struct tree_part *p = &tree->part[tree->level[widest][i]];

		n += free_in(left, &p->cores) / unit->cores;
	}
	return n;
}

unsigned fit_count(const struct node *n, const struct request *unit,
		   enum fit_level widest, unsigned limit)
{
	const struct topology *t = n->topology;
	uint64_t most = limit, drives = 0;

	if (unit->cores == 0 || n->free.cores < unit->cores)
		return 0;
	most = at_most(most, by_cores(n->tree, &n->free_cores, n->free.cores,
				      unit, widest));
	if (unit->memory_mib > 0)
		most = at_most(most, n->free.memory_mib / unit->memory_mib);
	if (unit->gpus > 0 && most > 0)
		most = at_most(most, popcount(vendor_gpus(t, unit,
							  n->free_gpus)) /
					     unit->gpus);
	if (unit->drive_mib > 0 && most > 0) {
		for (size_t i = 0; i < t->ndrives; i++)
			drives += n->free_drive[i] / unit->drive_mib;
		most = at_most(most, drives);
	}
	return (unsigned)most;
}

/* All GPUs of a node. */
static uint64_t tree_gpus(const struct tree *tree)
{
	return tree->part[tree->nparts - 1].gpus;
}

unsigned fit_capacity(const struct node *n, const struct request *unit,
		      enum fit_level widest, unsigned limit)
{
	const struct topology *t = n->topology;
	const struct tree *tree = n->tree;
	uint64_t most = limit, drives = 0;

	if (unit->cores == 0)
		return 0;
	most = at_most(most, by_cores(tree, &tree->part[tree->nparts - 1].cores,
				      tree->total.cores, unit, widest));
	if (unit->memory_mib > 0)
		most = at_most(most, tree->total.memory_mib / unit->memory_mib);
	if (unit->gpus > 0)
		most = at_most(most, popcount(vendor_gpus(t, unit,
							  tree_gpus(tree))) /
					     unit->gpus);
	if (unit->drive_mib > 0) {
		for (size_t i = 0; i < t->ndrives; i++)
			drives += t->drive[i].mib / unit->drive_mib;
		most = at_most(most, drives);
	}
	return (unsigned)most;
}

/* ---- which part ---- */

static uint64_t memory_in(const struct work *w, const struct tree_part *p)
{
	uint64_t sum = 0;

	for (uint64_t set = p->numas; set != 0; set &= set - 1)
		sum += w->mib[__builtin_ctzll(set)];
	return sum;
}

/* What speaks against a part, the weightiest first. */
struct cost {
	uint64_t far_gpus;    /* that would have to come from elsewhere */
	uint64_t height;
	uint64_t far_memory;  /* MiB */
	uint64_t left_over;   /* free cores after it */
	uint64_t around;      /* free cores of what is around it */
};

static uint64_t lacking(uint64_t need, uint64_t have)
{
	return need > have ? need - have : 0;
}

static bool cheaper(const struct cost *a, const struct cost *b)
{
	if (a->far_gpus != b->far_gpus)
		return a->far_gpus < b->far_gpus;
	if (a->height != b->height)
		return a->height < b->height;
	if (a->far_memory != b->far_memory)
		return a->far_memory < b->far_memory;
	if (a->left_over != b->left_over)
		return a->left_over < b->left_over;
	return a->around < b->around;
}

struct choice {
	const struct tree_part *part; /* NULL: none yet */
	struct cost cost;
};

/* Look at p and what lies in it for a better place for n units. */
static void choose_in(const struct work *w, const struct tree_part *p,
		      unsigned n, unsigned around, struct choice *best)
{
	unsigned have = free_in(&w->left, &p->cores);
	uint64_t need = (uint64_t)n * w->unit->cores;
	struct cost cost;

	if (have < need)
		return;
	cost.far_gpus = lacking((uint64_t)n * w->unit->gpus,
				popcount(w->gpus & p->gpus));
	/* A part inside this one has no more GPUs than it. */
	if (best->part != NULL && cost.far_gpus > best->cost.far_gpus)
		return;
	cost.height = p->height;
	cost.far_memory = 0;
	if (w->unit->memory_mib > 0)
		cost.far_memory = lacking(n * w->unit->memory_mib,
					  memory_in(w, p));
	cost.left_over = have - need;
	cost.around = around;
	if (best->part == NULL || cheaper(&cost, &best->cost)) {
		best->part = p;
		best->cost = cost;
	}
	for (size_t i = 0; i < p->nchildren; i++)
		choose_in(w, &w->tree->part[p->child[i]], n, have, best);
}

/* The best part for n units among those that are no wider than widest; for
 * fewer of them where no part holds n. */
static const struct tree_part *choose(const struct work *w,
				      enum fit_level widest, unsigned *n)
{
	const struct tree *t = w->tree;
	struct choice best = {NULL, {0, 0, 0, 0, 0}};
	unsigned most = 0;

	for (size_t i = 0; i < t->nlevel[widest]; i++) {
		const struct tree_part *p = &t->part[t->level[widest][i]];
		unsigned units = free_in(&w->left, &p->cores) / w->unit->cores;

		if (units > most)
			most = units;
	}
	if (most < *n)
		*n = most;
	if (most == 0)
		return NULL;
	for (size_t i = 0; i < t->nlevel[widest]; i++)
		choose_in(w, &t->part[t->level[widest][i]], *n,
			  (unsigned)w->node->free.cores, &best);
	return best.part;
}

/* ---- which cores ---- */

static void take_cores(struct work *w, const struct tree_part *p, unsigned n)
{
	for (size_t i = 0; i < p->cores.nwords && n > 0; i++) {
		uint64_t set = i < w->left.nwords ?
			       w->left.word[i] & p->cores.word[i] : 0;

		for (; set != 0 && n > 0; set &= set - 1, n--) {
			unsigned c = (unsigned)(i * 64) +
				     (unsigned)__builtin_ctzll(set);

			bitset_set(&w->slice->cores, c);
			bitset_clear(&w->left, c);
			w->slice->amount.cores++;
		}
	}
}

static void take_gpus(struct work *w, uint64_t from, unsigned n)
{
	for (uint64_t set = w->gpus & from; set != 0 && n > 0; n--) {
		uint64_t gpu = set & -set;

		w->slice->gpus |= gpu;
		w->slice->amount.gpus++;
		w->gpus &= ~gpu;
		set &= ~gpu;
	}
}

static void count_memory(struct work *w, const struct tree_part *p,
			 uint64_t mib)
{
	for (uint64_t set = p->numas; set != 0 && mib > 0; set &= set - 1) {
		int numa = __builtin_ctzll(set);
		uint64_t part = at_most(mib, w->mib[numa]);

		w->mib[numa] -= part;
		mib -= part;
	}
}

/* Units that p could hold; with near also by its memory and GPUs. */
static unsigned units_in(const struct work *w, const struct tree_part *p,
			 bool near)
{
	uint64_t n = free_in(&w->left, &p->cores) / w->unit->cores;

	if (near && w->unit->gpus > 0)
		n = at_most(n, popcount(w->gpus & p->gpus) / w->unit->gpus);
	if (near && w->unit->memory_mib > 0 && n > 0)
		n = at_most(n, memory_in(w, p) / w->unit->memory_mib);
	return (unsigned)n;
}

/* The child for n units: the one that just holds them, else the one that
 * holds most. */
static const struct tree_part *choose_child(const struct work *w,
					    const struct tree_part *p,
					    unsigned n, bool near,
					    unsigned *units)
{
	const struct tree_part *best = NULL;
	unsigned best_free = 0;

	*units = 0;
	for (size_t i = 0; i < p->nchildren; i++) {
		const struct tree_part *c = &w->tree->part[p->child[i]];
		unsigned u = units_in(w, c, near);
		unsigned cores;
		bool better;

		if (u == 0)
			continue;
		u = u < n ? u : n;
		cores = free_in(&w->left, &c->cores);
		better = u > *units || (u == *units && cores < best_free);
		if (best == NULL || better) {
			best = c;
			best_free = cores;
			*units = u;
		}
	}
	return best;
}

/* Units that no child holds whole: from the children with most left. */
static void straddle(struct work *w, const struct tree_part *p, unsigned cores)
{
	while (cores > 0) {
		const struct tree_part *from = NULL;
		unsigned most = 0, before;

		for (size_t i = 0; i < p->nchildren; i++) {
			const struct tree_part *c = &w->tree->part[p->child[i]];
			unsigned have = free_in(&w->left, &c->cores);

			if (have > most) {
				from = c;
				most = have;
			}
		}
		if (from == NULL || most >= cores) {
			take_cores(w, from != NULL ? from : p, cores);
			return;
		}
		before = (unsigned)w->slice->amount.cores;
		take_cores(w, from, most);
		cores -= (unsigned)w->slice->amount.cores - before;
	}
}

/* n units in p, which holds them. */
static void fill(struct work *w, const struct tree_part *p, unsigned n)
{
	bool near = w->unit->gpus > 0 || w->unit->memory_mib > 0;
	unsigned units;

	while (p->nchildren > 0 && n > 0) {
		const struct tree_part *c = choose_child(w, p, n, near, &units);

		if (c != NULL) {
			fill(w, c, units);
			n -= units;
		} else if (near) {
			near = false;
		} else {
			break;
		}
	}
	if (n == 0)
		return;
	straddle(w, p, n * w->unit->cores);
	take_gpus(w, p->gpus, n * w->unit->gpus);
	count_memory(w, p, n * w->unit->memory_mib);
}

/* ---- memory and devices for the cores ---- */

static void add_memory(struct slice *s, const struct node *n, uint64_t *got,
		       unsigned numa, uint64_t *mib)
{
	uint64_t part = at_most(*mib, n->free_mib[numa] - got[numa]);

	got[numa] += part;
	s->amount.memory_mib += part;
	*mib -= part;
}

/* How far NUMA node b is from those of the slice. */
static unsigned memory_distance(const struct topology *t, uint64_t own,
				unsigned b)
{
	unsigned least = 255;

	for (uint64_t set = own; set != 0; set &= set - 1) {
		unsigned a = (unsigned)__builtin_ctzll(set), d;

		if (t->distance != NULL)
			d = t->distance[a * t->nnumas + b];
		else
			d = t->numa[a].package == t->numa[b].package ? 20 : 40;
		if (d < least)
			least = d;
	}
	return least;
}

/* From elsewhere: the nearest first. */
static void far_memory(struct slice *s, const struct node *n, uint64_t *got,
		       uint64_t own, uint64_t mib)
{
	const struct topology *t = n->topology;
	uint64_t seen = own;

	while (mib > 0) {
		unsigned best = 0, least = UINT32_MAX;

		for (unsigned i = 0; i < t->nnumas; i++) {
			unsigned d;

			if ((seen >> i & 1) != 0 || n->free_mib[i] == 0)
				continue;
			d = memory_distance(t, own, i);
			if (d < least) {
				least = d;
				best = i;
			}
		}
		if (least == UINT32_MAX)
			return;
		seen |= UINT64_C(1) << best;
		add_memory(s, n, got, best, &mib);
	}
}

/* By the cores on each NUMA node, then what these have, then elsewhere. */
static void find_memory(struct slice *s, const struct node *n, uint64_t mib)
{
	const struct topology *t = n->topology;
	uint64_t got[TREE_MAX_DEVICES] = {0};
	unsigned cores[TREE_MAX_DEVICES] = {0};
	uint64_t own = 0, wanted = mib;

	bitset_foreach (&s->cores, c) {
		int numa = t->core[c].numa;

		if (numa < 0)
			continue;
		own |= UINT64_C(1) << numa;
		cores[numa]++;
	}
	for (uint64_t set = own; set != 0; set &= set - 1) {
		unsigned i = (unsigned)__builtin_ctzll(set);
		uint64_t part = wanted * cores[i] / s->amount.cores;
		uint64_t ask = at_most(part, mib);

		mib -= ask;
		add_memory(s, n, got, i, &ask);
		mib += ask;
	}
	for (uint64_t set = own; set != 0; set &= set - 1)
		add_memory(s, n, got, (unsigned)__builtin_ctzll(set), &mib);
	far_memory(s, n, got, own, mib);

	for (size_t i = 0; i < t->nnumas; i++)
		s->nmemory += got[i] > 0;
	s->memory = mem_array(s->nmemory, sizeof(*s->memory));
	s->nmemory = 0;
	for (unsigned i = 0; i < t->nnumas; i++) {
		if (got[i] > 0)
			s->memory[s->nmemory++] = (struct slice_memory){
				.numa = i, .mib = got[i]};
	}
}

static unsigned farthest_gpu(const struct slice *s, const struct node *n)
{
	unsigned farthest = 0;

	for (uint64_t set = s->gpus; set != 0; set &= set - 1) {
		int i = __builtin_ctzll(set);
		unsigned d = tree_distance(n->tree, &n->topology->gpu[i],
					   &s->cores);

		farthest = d > farthest ? d : farthest;
	}
	return farthest;
}

/* The GPUs that no part had near it, and how far all of them are. */
static void find_gpus(struct work *w, struct slice *s, unsigned n)
{
	const struct topology *t = w->node->topology;

	for (unsigned distance = 0; distance <= 2; distance++) {
		for (size_t i = 0; i < t->ngpus; i++) {
			if (s->amount.gpus < n &&
			    tree_distance(w->tree, &t->gpu[i], &s->cores) ==
				    distance)
				take_gpus(w, UINT64_C(1) << i, 1);
		}
	}
	s->gpu_distance = farthest_gpu(s, w->node);
}

/* Each unit's space on one drive; the nearest drives first. */
static void find_drives(struct slice *s, const struct node *n,
			const struct request *unit, unsigned units)
{
	const struct topology *t = n->topology;

	s->drives = mem_array(t->ndrives, sizeof(*s->drives));
	for (unsigned distance = 0; distance <= 2; distance++) {
		for (unsigned i = 0; i < t->ndrives && units > 0; i++) {
			uint64_t k = n->free_drive[i] / unit->drive_mib;

			if (k == 0 || tree_distance(n->tree, &t->drive[i],
						    &s->cores) != distance)
				continue;
			k = at_most(k, units);
			s->drives[s->ndrives++] = (struct slice_drive){
				.drive = i, .mib = k * unit->drive_mib};
			s->amount.drive_mib += k * unit->drive_mib;
			units -= (unsigned)k;
		}
	}
}

static void find_ports(struct slice *s, const struct node *n)
{
	const struct topology *t = n->topology;
	unsigned nearest = UINT32_MAX;

	for (size_t i = 0; i < t->nports; i++) {
		unsigned d = tree_distance(n->tree, &t->port[i], &s->cores);

		if (d < nearest) {
			nearest = d;
			s->ports = 0;
		}
		if (d == nearest)
			s->ports |= UINT64_C(1) << i;
	}
}

static void start(struct work *w, struct node *n, const struct request *unit)
{
	w->node = n;
	w->tree = n->tree;
	w->unit = unit;
	bitset_init(&w->left);
	bitset_copy(&w->left, &n->free_cores);
	w->gpus = vendor_gpus(n->topology, unit, n->free_gpus);
	for (size_t i = 0; i < n->topology->nnumas; i++)
		w->mib[i] = n->free_mib[i];
	w->slice = slice_create();
	w->slice->node = n;
}

struct slice *fit_place(struct node *n, const struct request *unit,
			enum fit_level widest, unsigned units)
{
	const struct tree_part *part;
	struct work w;
	struct slice *s;

	units = fit_count(n, unit, widest, units);
	if (units == 0)
		return NULL;
	start(&w, n, unit);
	s = w.slice;
	if (widest == FIT_CORE) {
		units = 1;
		part = choose(&w, FIT_L3, &units);
	} else {
		part = choose(&w, widest, &units);
	}
	fill(&w, part, units);
	s->units = units;
	if (unit->memory_mib > 0)
		find_memory(s, n, units * unit->memory_mib);
	if (unit->gpus > 0)
		find_gpus(&w, s, units * unit->gpus);
	if (unit->drive_mib > 0)
		find_drives(s, n, unit, units);
	find_ports(s, n);
	s->fit = tree_level(n->tree, &s->cores);
	bitset_finish(&w.left);
	return s;
}

struct slice *fit_all(struct node *n)
{
	const struct topology *t = n->topology;
	struct slice *s;

	if (n->free.cores == 0)
		return NULL;
	s = slice_create();
	s->node = n;
	s->units = 1;
	bitset_copy(&s->cores, &n->free_cores);
	s->gpus = n->free_gpus;
	s->memory = mem_array(t->nnumas, sizeof(*s->memory));
	for (unsigned i = 0; i < t->nnumas; i++) {
		if (n->free_mib[i] > 0)
			s->memory[s->nmemory++] = (struct slice_memory){
				.numa = i, .mib = n->free_mib[i]};
	}
	s->drives = mem_array(t->ndrives, sizeof(*s->drives));
	for (unsigned i = 0; i < t->ndrives; i++) {
		if (n->free_drive[i] > 0)
			s->drives[s->ndrives++] = (struct slice_drive){
				.drive = i, .mib = n->free_drive[i]};
	}
	s->amount = n->free;
	find_ports(s, n);
	s->gpu_distance = farthest_gpu(s, n);
	s->fit = tree_level(n->tree, &s->cores);
	return s;
}
