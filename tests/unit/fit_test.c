/* fit_test.c - where slices are put in a node's tree. */
#include "model/fit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "unit.h"

/* 2 packages, 2 NUMA nodes each, 2 L3s each, 4 cores each: 32 cores. */
static const struct topology_shape big = {
	.packages = 2, .numas = 2, .l3s = 2, .cores = 4, .pus = 2,
	.mib = 1000, .gpus = 1, .gpu_vendor = "amd", .drives = 2,
	.drive_mib = 100,
};

static struct node *node_of(const struct topology_shape *shape)
{
	struct topology *t = topology_create_regular(shape);
	struct tree *tree = tree_create(t, NULL);
	struct node *n = node_create("n", tree, NULL, 0);

	tree_unref(tree);
	topology_unref(t);
	return n;
}

static struct slice *place(struct node *n, struct request r, unsigned units)
{
	struct slice *s = fit_place(n, &r, FIT_NODE, units);

	if (s != NULL)
		CU_ASSERT_EQUAL(node_take(n, s, NULL), 0);
	return s;
}

static void drop(struct node *n, struct slice *s)
{
	CU_ASSERT_EQUAL(node_give(n, s, NULL), 0);
	slice_destroy(s);
}

static void assert_cores(const struct slice *s, const char *cores)
{
	char *text = bitset_format(&s->cores);

	CU_ASSERT_STRING_EQUAL(text, cores);
	free(text);
}

static void test_tree(void)
{
	struct node *n = node_of(&big);
	const struct tree *t = n->tree;

	CU_ASSERT_EQUAL(t->nparts, 8 + 4 + 2 + 1);
	CU_ASSERT_EQUAL(t->part[t->nparts - 1].ncores, 32);
	CU_ASSERT_EQUAL(t->part[t->nparts - 1].nchildren, 2);
	CU_ASSERT_EQUAL(t->nlevel[FIT_L3], 8);
	CU_ASSERT_EQUAL(t->nlevel[FIT_NUMA], 4);
	CU_ASSERT_EQUAL(t->total.memory_mib, 4000);
	node_destroy(n);
}

/* One part for a level that is the same as the next one. */
static void test_equal_levels(void)
{
	struct topology_shape flat = {.packages = 2, .cores = 4};
	struct node *n = node_of(&flat);

	CU_ASSERT_EQUAL(n->tree->nparts, 3);
	CU_ASSERT_EQUAL(n->tree->part[0].level, FIT_L3);
	CU_ASSERT_EQUAL(n->tree->nlevel[FIT_PACKAGE], 2);
	node_destroy(n);
}

static void test_levels(void)
{
	static const struct {
		unsigned cores;
		enum fit_level fit;
		const char *where;
	} expected[] = {
		{1, FIT_CORE, "0"},	   {4, FIT_L3, "0-3"},
		{5, FIT_NUMA, "0-4"},	   {8, FIT_NUMA, "0-7"},
		{16, FIT_PACKAGE, "0-15"}, {17, FIT_NODE, "0-16"},
		{32, FIT_NODE, "0-31"},
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		struct node *n = node_of(&big);
		struct slice *s = place(n, (struct request){
					.cores = expected[i].cores}, 1);

		CU_ASSERT_EQUAL(s->fit, expected[i].fit);
		assert_cores(s, expected[i].where);
		drop(n, s);
		node_destroy(n);
	}
}

/* The part that is left fullest is filled up first. */
static void test_fills_up(void)
{
	struct node *n = node_of(&big);
	struct request one = {.cores = 1}, two = {.cores = 2},
		       four = {.cores = 4};
	struct slice *a = place(n, two, 1);
	struct slice *b = place(n, four, 1);
	struct slice *c = place(n, one, 1);
	struct slice *d = place(n, one, 1);
	struct slice *e = place(n, four, 1);

	assert_cores(a, "0-1");
	assert_cores(b, "4-7"); /* the same NUMA node, an L3 of its own */
	assert_cores(c, "2");
	assert_cores(d, "3");
	assert_cores(e, "8-11"); /* the same package */
	drop(n, a);
	drop(n, b);
	drop(n, c);
	drop(n, d);
	drop(n, e);
	CU_ASSERT(amount_equal(&n->free, &n->total));
	node_destroy(n);
}

/* No unit lies in two L3s while there are L3s that hold one. */
static void test_whole_units(void)
{
	struct node *n = node_of(&big);
	struct slice *s = place(n, (struct request){.cores = 3}, 4);

	assert_cores(s, "0-2,4-6,8-10,12-14");
	CU_ASSERT_EQUAL(s->fit, FIT_PACKAGE);
	CU_ASSERT_EQUAL(s->units, 4);
	drop(n, s);
	/* 10 units of 3 in 8 L3s of 4: the last two have to. */
	s = place(n, (struct request){.cores = 3}, 10);
	CU_ASSERT_EQUAL(s->units, 10);
	CU_ASSERT_EQUAL(bitset_count(&s->cores), 30);
	drop(n, s);
	node_destroy(n);
}

static void test_narrow(void)
{
	struct node *n = node_of(&big);
	struct request r = {.cores = 3};
	struct slice *s;

	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 100), 10);
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_L3, 100), 8);
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NUMA, 100), 8);
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_PACKAGE, 100), 10);
	s = fit_place(n, &r, FIT_L3, 5);
	CU_ASSERT_EQUAL(s->units, 1);
	CU_ASSERT_EQUAL(s->fit, FIT_L3);
	slice_destroy(s);
	s = fit_place(n, &r, FIT_NUMA, 5);
	CU_ASSERT_EQUAL(s->units, 2);
	CU_ASSERT_EQUAL(s->fit, FIT_NUMA);
	slice_destroy(s);
	r.cores = 5;
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_L3, 100), 0);
	CU_ASSERT_PTR_NULL(fit_place(n, &r, FIT_L3, 1));
	r.cores = 1;
	s = fit_place(n, &r, FIT_CORE, 3);
	CU_ASSERT_EQUAL(s->units, 1);
	CU_ASSERT_EQUAL(s->fit, FIT_CORE);
	slice_destroy(s);
	node_destroy(n);
}

/* Cores are chosen at the free GPUs, not the GPUs at the cores. */
static void test_gpus(void)
{
	struct node *n = node_of(&big);
	struct request gpu = {.cores = 2, .gpus = 1};
	struct slice *s[4], *all, *far;

	for (int i = 0; i < 4; i++) {
		s[i] = place(n, gpu, 1);
		CU_ASSERT_EQUAL(s[i]->gpu_distance, 0);
		CU_ASSERT_EQUAL(s[i]->gpus, UINT64_C(1) << i);
		CU_ASSERT_EQUAL(bitset_next(&s[i]->cores, 0), 8 * i);
	}
	CU_ASSERT_PTR_NULL(fit_place(n, &gpu, FIT_NODE, 1));
	for (int i = 0; i < 4; i++)
		drop(n, s[i]);
	/* Four units at once: each at its own. */
	all = place(n, gpu, 4);
	assert_cores(all, "0-1,8-9,16-17,24-25");
	CU_ASSERT_EQUAL(all->gpus, 15);
	CU_ASSERT_EQUAL(all->gpu_distance, 0);
	drop(n, all);
	/* No core is free at the only free GPU. */
	s[0] = place(n, (struct request){.cores = 8}, 1);
	s[1] = place(n, (struct request){.cores = 8, .gpus = 1}, 1);
	s[2] = place(n, (struct request){.cores = 8, .gpus = 1}, 1);
	s[3] = place(n, (struct request){.cores = 7, .gpus = 1}, 1);
	far = place(n, gpu, 1);
	CU_ASSERT_PTR_NULL(far);
	far = place(n, (struct request){.cores = 1, .gpus = 1}, 1);
	CU_ASSERT(far != NULL && far->gpu_distance > 0);
	drop(n, far);
	for (int i = 0; i < 4; i++)
		drop(n, s[i]);
	node_destroy(n);
}

static void test_vendor(void)
{
	struct node *n = node_of(&big);
	struct request r = {.cores = 1, .gpus = 1, .gpu_vendor = "nvidia"};

	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 9), 0);
	CU_ASSERT_EQUAL(fit_capacity(n, &r, FIT_NODE, 9), 0);
	r.gpu_vendor = "amd";
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 9), 4);
	CU_ASSERT_EQUAL(fit_capacity(n, &r, FIT_NODE, 9), 4);
	node_destroy(n);
}

static void test_memory(void)
{
	struct node *n = node_of(&big);
	struct request r = {.cores = 2, .memory_mib = 600};
	struct slice *a = place(n, r, 1), *b, *c;

	CU_ASSERT(a->nmemory == 1 && a->memory[0].numa == 0 &&
		  a->memory[0].mib == 600);
	/* The next L3 of that NUMA node has cores, but no memory. */
	b = place(n, r, 1);
	CU_ASSERT(b->nmemory == 1 && b->memory[0].numa == 1);
	assert_cores(b, "8-9");
	/* More than any NUMA node has left: its own first. */
	r.memory_mib = 1500;
	c = place(n, r, 1);
	CU_ASSERT_EQUAL(c->amount.memory_mib, 1500);
	CU_ASSERT(c->nmemory >= 2);
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 9), 0);
	drop(n, a);
	drop(n, b);
	drop(n, c);
	/* Over two NUMA nodes: by the cores on each. */
	r.cores = 16;
	r.memory_mib = 1000;
	c = place(n, r, 1);
	CU_ASSERT(c->nmemory == 2 && c->memory[0].mib == 500 &&
		  c->memory[1].mib == 500);
	drop(n, c);
	/* None asked for, none taken. */
	r.memory_mib = 0;
	c = place(n, r, 1);
	CU_ASSERT_EQUAL(c->nmemory, 0);
	drop(n, c);
	node_destroy(n);
}

static void test_drives(void)
{
	struct node *n = node_of(&big);
	struct request r = {.cores = 1, .drive_mib = 60};
	struct slice *s;

	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 9), 2); /* 100 MiB each */
	s = place(n, r, 2);
	CU_ASSERT(s->ndrives == 2 && s->drives[0].mib == 60);
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 9), 0);
	drop(n, s);
	r.drive_mib = 101;
	CU_ASSERT_EQUAL(fit_count(n, &r, FIT_NODE, 9), 0);
	node_destroy(n);
}

static void test_all(void)
{
	struct node *n = node_of(&big);
	struct slice *a = place(n, (struct request){.cores = 30, .gpus = 3,
						    .memory_mib = 10}, 1);
	struct slice *rest = fit_all(n);

	CU_ASSERT_EQUAL(rest->amount.cores, 2);
	CU_ASSERT_EQUAL(rest->amount.memory_mib, 3990);
	CU_ASSERT_EQUAL(node_take(n, rest, NULL), 0);
	CU_ASSERT(amount_zero(&n->free));
	CU_ASSERT_PTR_NULL(fit_all(n));
	CU_ASSERT_EQUAL(node_take(n, rest, NULL), -1);
	drop(n, rest);
	drop(n, a);
	node_destroy(n);
}

/* On any shape, in any state: what fit_count promises fit_place keeps, in
 * free resources of the right size. */
static void test_random(void)
{
	struct rand_state rand;

	rand_seed(&rand, 5);
	for (int round = 0; round < 300; round++) {
		struct topology_shape shape = {
			.packages = 1 + (unsigned)rand_below(&rand, 2),
			.numas = 1 + (unsigned)rand_below(&rand, 4),
			.l3s = 1 + (unsigned)rand_below(&rand, 4),
			.cores = 1 + (unsigned)rand_below(&rand, 8),
			.mib = rand_below(&rand, 5000),
			.gpus = (unsigned)rand_below(&rand, 3),
			.gpu_vendor = "amd",
			.drives = (unsigned)rand_below(&rand, 3),
			.drive_mib = rand_below(&rand, 300),
		};
		struct node *n = node_of(&shape);
		struct slice *s[64];
		int ns = 0;

		while (ns < 64) {
			struct request r = {
				.cores = 1 + (unsigned)rand_below(&rand, 6),
				.memory_mib = rand_below(&rand, 700),
				.gpus = (unsigned)rand_below(&rand, 2),
				.drive_mib = rand_below(&rand, 3) * 30,
			};
			enum fit_level fit =
				(enum fit_level)(1 + rand_below(&rand, 4));
			unsigned want = 1 + (unsigned)rand_below(&rand, 5);
			unsigned can = fit_count(n, &r, fit, want);
			struct slice *one = fit_place(n, &r, fit, want);

			CU_ASSERT_EQUAL(can > 0, one != NULL);
			if (one == NULL)
				break;
			CU_ASSERT(one->units >= 1 && one->units <= can);
			CU_ASSERT(fit < FIT_NODE || one->units == can);
			CU_ASSERT(one->fit <= fit);
			CU_ASSERT_EQUAL(one->amount.cores,
					one->units * r.cores);
			CU_ASSERT_EQUAL(one->amount.memory_mib,
					one->units * r.memory_mib);
			CU_ASSERT_EQUAL(one->amount.gpus, one->units * r.gpus);
			CU_ASSERT_EQUAL(one->amount.drive_mib,
					one->units * r.drive_mib);
			CU_ASSERT_EQUAL(node_take(n, one, NULL), 0);
			s[ns++] = one;
		}
		while (ns > 0)
			drop(n, s[--ns]);
		CU_ASSERT(amount_equal(&n->free, &n->total));
		node_destroy(n);
	}
}

static const struct unit_test tests[] = {
	{"the tree of parts", test_tree},
	{"equal levels are one part", test_equal_levels},
	{"from core to node", test_levels},
	{"parts in use are filled up first", test_fills_up},
	{"units stay whole", test_whole_units},
	{"no wider than asked for", test_narrow},
	{"cores at free GPUs", test_gpus},
	{"GPU vendor", test_vendor},
	{"memory of the own NUMA nodes", test_memory},
	{"drives", test_drives},
	{"all that is free", test_all},
	{"at random", test_random},
};

UNIT_MAIN("fit", tests)
