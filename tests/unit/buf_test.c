/* buf_test.c - buf, error, mem, rand, nearest. */
#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/rand.h"
#include "unit.h"

static void test_buf(void)
{
	struct buf b;
	char *taken;

	buf_init(&b);
	CU_ASSERT_STRING_EQUAL(b.data, "");
	buf_puts(&b, "");
	CU_ASSERT_EQUAL(b.len, 0);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	CU_ASSERT_EQUAL(b.len, 3890);
	CU_ASSERT_EQUAL(strlen(b.data), b.len);
	buf_drain(&b, 3886);
	CU_ASSERT_STRING_EQUAL(b.data, "999,");
	buf_add(&b, "\0x", 2);
	CU_ASSERT_EQUAL(b.len, 6);
	CU_ASSERT_EQUAL(memcmp(b.data, "999,\0x", 7), 0);
	buf_drain(&b, 100);
	CU_ASSERT(b.len == 0 && b.data[0] == '\0');
	buf_puts(&b, "kept");
	taken = buf_take(&b);
	CU_ASSERT_STRING_EQUAL(taken, "kept");
	CU_ASSERT(b.len == 0 && b.cap == 0);
	free(taken);
	taken = buf_take(&b);
	CU_ASSERT_STRING_EQUAL(taken, "");
	free(taken);
	buf_finish(&b);
	buf_finish(&b);
}

static void test_error(void)
{
	struct berth_error e;

	CU_ASSERT_EQUAL(error_set(&e, BERTH_EINPUT, "a\nb %d", 3), -1);
	CU_ASSERT_STRING_EQUAL(e.text, "a b 3");
	CU_ASSERT_EQUAL(error_exit_status(&e), 2);
	CU_ASSERT_EQUAL(error_http_status(&e), 400);
	error_prefix(&e, "x.conf:%d", 7);
	CU_ASSERT_STRING_EQUAL(e.text, "x.conf:7: a b 3");
	CU_ASSERT_EQUAL(e.code, BERTH_EINPUT);
	error_set(&e, BERTH_EUNAVAIL, "again: %s", e.text);
	CU_ASSERT_STRING_EQUAL(e.text, "again: x.conf:7: a b 3");
	CU_ASSERT_EQUAL(error_exit_status(&e), 1);
	errno = ENOENT;
	error_sys(&e, "f");
	CU_ASSERT_STRING_EQUAL(e.text, "f: No such file or directory");
	CU_ASSERT_EQUAL(errno, ENOENT);
	/* Longer than fits: cut, still a string. */
	error_set(&e, BERTH_ESYS, "%01000d", 5);
	CU_ASSERT_EQUAL(strlen(e.text), sizeof(e.text) - 1);
	CU_ASSERT_EQUAL(error_set(NULL, BERTH_ESYS, "nobody asks"), -1);
	CU_ASSERT_EQUAL(error_prefix(NULL, "x"), -1);
}

static void test_strv(void)
{
	char *in[] = {"a", "", "c"};
	char **copy = mem_strv_dup(in, 3);

	CU_ASSERT_STRING_EQUAL(copy[2], "c");
	CU_ASSERT_PTR_NULL(copy[3]);
	CU_ASSERT_PTR_NOT_EQUAL(copy[0], in[0]);
	mem_strv_free(copy);
	mem_strv_free(NULL);
	CU_ASSERT_PTR_NULL(mem_strdup(NULL));
}

static void test_rand(void)
{
	struct rand_state a, b;
	unsigned hits[7] = {0};
	double sum = 0;
	char x[33], y[33];

	rand_seed(&a, 42);
	rand_seed(&b, 42);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(rand_u64(&a), rand_u64(&b));
	rand_seed(&b, 43);
	CU_ASSERT_NOT_EQUAL(rand_u64(&a), rand_u64(&b));
	for (int i = 0; i < 70000; i++) {
		double d = rand_double(&a);

		CU_ASSERT(d >= 0 && d < 1);
		sum += d;
		hits[rand_below(&a, 7)]++;
	}
	CU_ASSERT(fabs(sum / 70000 - 0.5) < 0.01);
	for (int i = 0; i < 7; i++)
		CU_ASSERT(hits[i] > 9500 && hits[i] < 10500);
	rand_secret_hex(x, 16);
	rand_secret_hex(y, 16);
	CU_ASSERT_EQUAL(strlen(x), 32);
	CU_ASSERT_STRING_NOT_EQUAL(x, y);
	CU_ASSERT_EQUAL(strspn(x, "0123456789abcdef"), 32);
}

static void test_nearest(void)
{
	static const struct {
		const char *wanted, *best;
	} c[] = {
		{"nods", "nodes"}, {"jbos", "jobs"},	  {"slice", "slices"},
		{"up", "up"},	   {"x", NULL},		  {"qqqqqq", NULL},
		{"topo", "topo"},  {"framwork", "frameworks"}, {"", NULL},
	};
	static const char *const known[] = {"up",     "nodes", "jobs", "topo",
					    "slices", "frameworks"};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct nearest n = {.wanted = c[i].wanted};

		for (size_t k = 0; k < 6; k++)
			nearest_offer(&n, known[k]);
		if (c[i].best)
			CU_ASSERT(n.best && strcmp(n.best, c[i].best) == 0);
		CU_ASSERT_EQUAL(n.best == NULL, c[i].best == NULL);
	}
	CU_ASSERT_EQUAL(nearest_distance("kitten", "sitting"), 3);
}

static const struct unit_test tests[] = {
	{"buf", test_buf},     {"error", test_error},
	{"strv", test_strv},   {"rand", test_rand},
	{"nearest", test_nearest},
};

UNIT_MAIN("buf, error, mem, rand, nearest", tests)
