/* bitset_test.c */
#include "base/bitset.h"

#include <stdlib.h>

#include "base/rand.h"
#include "unit.h"

static void test_list_form(void)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} c[] = {
		{"", ""},
		{"0", "0"},
		{"0-3,8,10-11", "0-3,8,10-11"},
		{"3,1,2", "1-3"},
		{"63,64,65", "63-65"},
		{"65535", "65535"},
		{"5-5", "5"},
		{"65536", NULL},
		{"99999999999999999999", NULL},
		{"3-1", NULL},
		{"1,,2", NULL},
		{"1,", NULL},
		{",1", NULL},
		{"-1", NULL},
		{"1-", NULL},
		{"0x3", NULL},
		{" 1", NULL},
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct bitset s;
		int rc;

		bitset_init(&s);
		bitset_set(&s, 7);
		rc = bitset_parse(&s, c[i].in);
		CU_ASSERT_EQUAL(rc, c[i].out ? 0 : -1);
		char *text = bitset_format(&s);
		/* What is refused leaves the set as it was. */
		CU_ASSERT_STRING_EQUAL(text, c[i].out ? c[i].out : "7");
		free(text);
		bitset_finish(&s);
	}
}

/* Against an array of bool, with sets of different lengths. */
static void test_algebra(void)
{
	enum { BITS = 300 };
	struct rand_state r;

	rand_seed(&r, 1);
	for (int round = 0; round < 200; round++) {
		bool ma[BITS] = {0}, mb[BITS] = {0};
		struct bitset a, b, x;
		unsigned count = 0, la = 1 + (unsigned)rand_below(&r, BITS);
		bool contains = true, meets = false;

		bitset_init(&a);
		bitset_init(&b);
		bitset_init(&x);
		for (int i = 0; i < 60; i++) {
			unsigned p = (unsigned)rand_below(&r, la);
			unsigned q = (unsigned)rand_below(&r, BITS);

			ma[p] = mb[q] = true;
			bitset_set(&a, p);
			bitset_set(&b, q);
		}
		for (int i = 0; i < BITS; i++) {
			contains = contains && (!mb[i] || ma[i]);
			meets = meets || (ma[i] && mb[i]);
			count += ma[i];
		}
		CU_ASSERT_EQUAL(bitset_count(&a), count);
		CU_ASSERT_EQUAL(bitset_contains(&a, &b), contains);
		CU_ASSERT_EQUAL(bitset_intersects(&a, &b), meets);
		bitset_copy(&x, &a);
		CU_ASSERT(bitset_equal(&x, &a) && bitset_equal(&a, &x));
		bitset_or(&x, &b);
		for (unsigned i = 0; i < BITS + 70; i++)
			CU_ASSERT_EQUAL(bitset_test(&x, i),
					i < BITS && (ma[i] || mb[i]));
		CU_ASSERT(bitset_contains(&x, &a) && bitset_contains(&x, &b));
		bitset_andnot(&x, &b);
		CU_ASSERT_FALSE(bitset_intersects(&x, &b));
		bitset_or(&x, &b);
		bitset_and(&x, &a);
		CU_ASSERT(bitset_equal(&x, &a));
		bitset_clear_all(&x);
		CU_ASSERT(bitset_empty(&x) && !bitset_equal(&x, &a));
		bitset_finish(&a);
		bitset_finish(&b);
		bitset_finish(&x);
	}
}

static void test_walk(void)
{
	static const int want[] = {0, 63, 64, 127, 200};
	struct bitset s;
	size_t n = 0;

	bitset_init(&s);
	CU_ASSERT_EQUAL(bitset_next(&s, 0), -1);
	for (size_t i = 0; i < 5; i++)
		bitset_set(&s, (unsigned)want[i]);
	bitset_foreach(&s, bit)
	{
		CU_ASSERT(n < 5 && bit == want[n]);
		n++;
	}
	CU_ASSERT_EQUAL(n, 5);
	CU_ASSERT_EQUAL(bitset_next(&s, 201), -1);
	CU_ASSERT_EQUAL(bitset_next(&s, 100000), -1);
	bitset_clear(&s, 64);
	bitset_clear(&s, 99999);
	CU_ASSERT_EQUAL(bitset_next(&s, 64), 127);
	bitset_finish(&s);
}

static const struct unit_test tests[] = {
	{"list form", test_list_form},
	{"algebra against a model", test_algebra},
	{"walking", test_walk},
};

UNIT_MAIN("bitset", tests)
