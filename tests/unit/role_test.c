/* role_test.c - quotas as text, and what a tree of roles promises. */
#include "model/role.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const struct amount total = {.cores = 100, .memory_mib = 1000,
				    .gpus = 10, .drive_mib = 0};

static struct quota quota(const char *text)
{
	struct berth_error err;
	struct quota q = {0};

	CU_ASSERT_EQUAL(quota_parse(text, &q, &err), 0);
	return q;
}

static void test_quota_text(void)
{
	static const struct {
		const char *in, *out;
	} good[] = {
		{"", ""},
		{"cores=8,gpus=1", "cores=8,gpus=1"},
		{"gpus=1, cores=8", "cores=8,gpus=1"},
		{"25%", "25%"},
		{"12.5%", "12.50%"},
		{"cores=25%,memory=2G", "cores=25%,memory=2048"},
		{"memory=1.5T", "memory=1572864"},
		{"drive=512K", "drive=0"},
		{"cores=0", "cores=0"},
	};
	static const char *const bad[] = {
		"cores", "cores=", "cores=x", "cores=-1", "cores=1.5", "101%",
		"cores=8,cores=9", "apples=1", "memory=4Q", "cores=8 cores",
		"25%,25%", "cores=99999999999999999999", "25",
	};
	struct berth_error err;
	struct quota q;
	char text[QUOTA_TEXT];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		q = quota(good[i].in);
		quota_print(&q, text, sizeof(text));
		CU_ASSERT_STRING_EQUAL(text, good[i].out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		q = quota("cores=7");
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(quota_parse(bad[i], &q, &err), -1);
		CU_ASSERT(err.text[0] != '\0' &&
			  strchr(err.text, '\n') == NULL);
		CU_ASSERT_EQUAL(q.of[RESOURCE_CORES].value, 7);
	}
}

static void test_quota_amount(void)
{
	struct quota q = quota("cores=12.5%,memory=10,gpus=25%");
	struct amount a = quota_amount(&q, &total);

	CU_ASSERT_EQUAL(a.cores, 12);
	CU_ASSERT_EQUAL(a.memory_mib, 10);
	CU_ASSERT_EQUAL(a.gpus, 2);
	CU_ASSERT_EQUAL(a.drive_mib, 0);
	CU_ASSERT_EQUAL(quota_mask(&q), 7);
}

/* physics (40 cores) over ada (30) and bob (nothing); math (20); others. */
static struct role *physics, *ada, *bob, *math, *others;
static struct role *all[5];

static struct role *make(size_t i, const char *name, struct role *parent,
			 const char *guarantee)
{
	struct role *r = role_create(name);

	r->guarantee = quota(guarantee);
	role_link(r, parent);
	all[i] = r;
	return r;
}

static void plant(void)
{
	physics = make(0, "physics", NULL, "cores=40");
	ada = make(1, "ada", physics, "cores=30");
	bob = make(2, "bob", physics, "");
	math = make(3, "math", NULL, "20%");
	others = make(4, "others", NULL, "");
	CU_ASSERT_EQUAL(role_check(all, 5, &total, NULL), 0);
}

static void fell(void)
{
	for (size_t i = 0; i < 5; i++)
		role_link(all[i], NULL);
	for (size_t i = 0; i < 5; i++)
		role_destroy(all[i]);
}

static bool firm(struct role *r, uint64_t cores)
{
	struct amount a = {.cores = cores};

	return role_firm(r, &a);
}

static void take(struct role *r, uint64_t cores)
{
	struct amount a = {.cores = cores};

	role_take(r, &a, role_firm(r, &a));
}

static void test_firm(void)
{
	struct amount one = {.cores = 1};

	plant();
	CU_ASSERT(firm(ada, 30));
	/* Memory comes along, GPUs do not; where it is named it counts. */
	CU_ASSERT(role_firm(ada, &(struct amount){20, 900, 0, 0}));
	CU_ASSERT(!role_firm(ada, &(struct amount){20, 0, 1, 0}));
	CU_ASSERT(role_firm(math, &(struct amount){20, 200, 2, 0}));
	CU_ASSERT(!role_firm(math, &(struct amount){20, 201, 0, 0}));
	/* 10 of physics' are nobody's below it. */
	CU_ASSERT(firm(ada, 40) && !firm(ada, 41));
	CU_ASSERT(firm(bob, 10) && !firm(bob, 11));
	CU_ASSERT(firm(math, 20) && !firm(math, 21));
	CU_ASSERT(!firm(others, 1));
	CU_ASSERT_EQUAL(role_firm_room(bob, &one, 1000), 10);
	take(bob, 6);
	CU_ASSERT(firm(ada, 34) && !firm(ada, 35));
	take(ada, 32);
	CU_ASSERT(firm(bob, 2) && !firm(bob, 3));
	CU_ASSERT(!role_above(physics));
	CU_ASSERT_EQUAL(physics->sum.cores, 38);
	CU_ASSERT_EQUAL(physics->used.cores, 0);
	take(bob, 3);
	CU_ASSERT_EQUAL(bob->firm.cores, 6);
	CU_ASSERT(role_above(physics) && role_above(bob));
	CU_ASSERT_EQUAL(role_excess(physics, &total), 0.01);
	fell();
}

static void test_entitled(void)
{
	struct amount ten = {.cores = 10}, most = {.cores = 40};
	struct role *a, *b;

	plant();
	CU_ASSERT_PTR_EQUAL(role_entitled(ada, &ten), physics);
	CU_ASSERT_PTR_EQUAL(role_entitled(bob, &ten), physics);
	CU_ASSERT_PTR_EQUAL(role_entitled(others, &ten), NULL);
	CU_ASSERT_PTR_EQUAL(role_entitled(math, &most), NULL);
	take(bob, 40);
	CU_ASSERT_PTR_EQUAL(role_entitled(ada, &ten), ada);
	role_part(ada, bob, &a, &b);
	CU_ASSERT(a == ada && b == bob);
	role_part(ada, math, &a, &b);
	CU_ASSERT(a == physics && b == math);
	role_part(ada, physics, &a, &b);
	CU_ASSERT(a == ada && b == NULL);
	fell();
}

static void test_limit(void)
{
	struct amount four = {.cores = 4, .memory_mib = 100};

	plant();
	physics->limit = quota("cores=50");
	bob->limit = quota("memory=30%");
	CU_ASSERT_EQUAL(role_check(all, 5, &total, NULL), 0);
	CU_ASSERT_EQUAL(role_room(ada, &four, 1000), 12);
	CU_ASSERT_EQUAL(role_room(bob, &four, 1000), 3);
	CU_ASSERT_EQUAL(role_room(others, &four, 1000), 1000);
	take(ada, 47);
	CU_ASSERT_EQUAL(role_room(bob, &four, 1000), 0);
	fell();
}

/* The setting of one role is refused with this in the text. */
static void refused(struct role *r, const char *guarantee, const char *limit,
		    const char *text)
{
	struct berth_error err = {0};
	struct quota g = r->guarantee, l = r->limit;

	r->guarantee = quota(guarantee);
	r->limit = quota(limit);
	CU_ASSERT_EQUAL(role_check(all, 5, &total, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
	if (strstr(err.text, text) == NULL)
		printf("\n%s\n", err.text);
	r->guarantee = g;
	r->limit = l;
	CU_ASSERT_EQUAL(role_check(all, 5, &total, NULL), 0);
}

static void test_check(void)
{
	struct berth_error err = {0};
	struct amount none = {0, 0, 0, 0};

	plant();
	refused(others, "cores=41", "",
		"sum to 101 cores (physics 40, math 20, others 41), but the "
		"cluster has 100 cores");
	refused(bob, "cores=11", "",
		"sum to 41 cores (ada 30, bob 11), but role physics above "
		"them is guaranteed 40 cores");
	refused(others, "gpus=1", "", "names no cores");
	refused(ada, "cores=30", "cores=29", "limit");
	refused(math, "cores=20,gpus=9", "gpus=50%", "limit");
	/* Before a cluster is known, parts of it alone. */
	math->guarantee = quota("70%");
	others->guarantee = quota("cores=1000");
	CU_ASSERT_EQUAL(role_check(all, 5, &none, &err), 0);
	physics->guarantee = quota("40%");
	CU_ASSERT_EQUAL(role_check(all, 5, &none, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "110% of cores"));
	CU_ASSERT_EQUAL(others->guarantee.of[RESOURCE_CORES].value, 1000);
	fell();
}

static void test_link(void)
{
	plant();
	take(ada, 5);
	role_link(ada, math);
	CU_ASSERT_EQUAL(physics->sum.cores, 0);
	CU_ASSERT_EQUAL(math->sum.cores, 5);
	CU_ASSERT(role_below(ada, math) && !role_below(math, ada));
	fell();
}

static const struct unit_test tests[] = {
	{"quota: text", test_quota_text},
	{"quota: in numbers", test_quota_amount},
	{"firm slices", test_firm},
	{"entitled", test_entitled},
	{"limits", test_limit},
	{"what does not fit", test_check},
	{"another parent", test_link},
};

UNIT_MAIN("role", tests)
