/* The model's topology: what sealing checks and completes. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/topology.h"

static struct topology *two_cores(void)
{
	struct topology *t = topology_create();

	t->ncores = 2;
	t->core = mem_array(2, sizeof(*t->core));
	t->nnumas = 2;
	t->numa = mem_array(2, sizeof(*t->numa));
	t->npackages = 1;
	t->package = mem_array(1, sizeof(*t->package));
	t->numa[1].os_index = 3;
	for (int i = 0; i < 2; i++) {
		bitset_set(&t->core[i].pus, (unsigned)i);
		t->core[i].l2 = t->core[i].l3 = -1;
		t->numa[i].mib = 100;
	}
	return t;
}

static void seal(void)
{
	struct topology *t = two_cores();
	struct berth_error err;

	CU_ASSERT_EQUAL(topology_seal(t, &err), 0);
	CU_ASSERT_EQUAL(t->npus, 2);
	CU_ASSERT_EQUAL(t->total_mib, 100);
	CU_ASSERT_FALSE(t->numa[0].cpuless);
	CU_ASSERT_TRUE(t->numa[1].cpuless);
	CU_ASSERT_EQUAL(bitset_count(&t->package[0].cores), 2);
	CU_ASSERT_EQUAL(strlen(t->hash), 32);
	topology_unref(t);
}

static void refuse(struct topology *t, const char *part)
{
	struct berth_error err = {0};

	CU_ASSERT_EQUAL(topology_seal(t, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, part));
	topology_unref(t);
}

static void contradictions(void)
{
	struct topology *t = two_cores();

	bitset_set(&t->core[1].pus, 0);
	refuse(t, "another core");
	t = two_cores();
	bitset_clear_all(&t->core[1].pus);
	refuse(t, "no PU");
	t = two_cores();
	t->core[1].l3 = 0;
	refuse(t, "core 1");
	t = two_cores();
	t->numa[1].os_index = 0;
	refuse(t, "twice");
	t = two_cores();
	t->numa[0].package = 7;
	refuse(t, "NUMA node 0");
	t = two_cores();
	t->ngpus = 1;
	t->gpu = mem_array(1, sizeof(*t->gpu));
	bitset_set(&t->gpu[0].cores, 2);
	refuse(t, "device");
	refuse(topology_create(), "no core");
}

static void hash_is_of_content(void)
{
	struct topology *a = two_cores(), *b = two_cores(), *c = two_cores();

	c->numa[1].mib = 101;
	topology_seal(a, NULL);
	topology_seal(b, NULL);
	topology_seal(c, NULL);
	CU_ASSERT_STRING_EQUAL(a->hash, b->hash);
	CU_ASSERT_STRING_NOT_EQUAL(a->hash, c->hash);
	topology_unref(a);
	topology_unref(b);
	topology_unref(c);
}

static void references(void)
{
	struct topology *t = two_cores();
	const struct topology *other;

	topology_seal(t, NULL);
	other = topology_ref(t);
	topology_unref(t);
	CU_ASSERT_EQUAL(other->ncores, 2);
	topology_unref(other);
	topology_unref(NULL);
}

static void regular(void)
{
	struct topology_shape shape = {.packages = 2,
				       .numas = 2,
				       .l3s = 2,
				       .cores = 4,
				       .pus = 2,
				       .mib = 1000,
				       .gpus = 1,
				       .drives = 1,
				       .drive_mib = 500};
	struct topology *t = topology_create_regular(&shape);
	struct bitset some, out;
	char *s;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL(t->ncores, 32);
	CU_ASSERT_EQUAL(t->npus, 64);
	CU_ASSERT_EQUAL(t->nl3s, 8);
	CU_ASSERT_EQUAL(t->nnumas, 4);
	CU_ASSERT_EQUAL(t->total_mib, 4000);
	CU_ASSERT_EQUAL(t->core[31].package, 1);
	CU_ASSERT_EQUAL(t->core[8].numa, 1);
	CU_ASSERT_EQUAL(t->gpu[3].package, 1);
	CU_ASSERT_TRUE(bitset_test(&t->gpu[1].cores, 8));
	CU_ASSERT_EQUAL(t->drive[0].mib, 500);
	bitset_init(&some);
	bitset_init(&out);
	bitset_parse(&some, "1-2");
	topology_core_pus(t, &some, &out);
	s = bitset_format(&out);
	CU_ASSERT_STRING_EQUAL(s, "2-5");
	free(s);
	bitset_clear_all(&some);
	topology_pu_cores(t, &out, &some);
	CU_ASSERT_EQUAL(bitset_count(&some), 2);
	CU_ASSERT_TRUE(bitset_test(&some, 2));
	bitset_finish(&some);
	bitset_finish(&out);
	topology_unref(t);
}

int main(void)
{
	CU_TestInfo tests[] = {
	    {"seal", seal},
	    {"contradictions", contradictions},
	    {"hash is of content", hash_is_of_content},
	    {"references", references},
	    {"a regular machine", regular},
	    CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {
	    {"topology", NULL, NULL, NULL, NULL, tests},
	    CU_SUITE_INFO_NULL,
	};
	unsigned failures;

	CU_initialize_registry();
	CU_register_suites(suites);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
