/* urn_test.c - tickets are drawn by their weights, those that are out never. */
#include "policy/urn.h"

#include <math.h>
#include <stdbool.h>

#include "unit.h"

static void test_weights(void)
{
	static const double weight[5] = {1, 0, 4, 2.5, 0.5};
	unsigned drawn[5] = {0};
	struct rand_state rand;
	struct urn u;

	rand_seed(&rand, 7);
	urn_init(&u, 5);
	for (size_t i = 0; i < 5; i++)
		urn_put(&u, i, weight[i]);
	for (unsigned i = 0; i < 80000; i++) {
		long t = urn_draw(&u, &rand);

		CU_ASSERT_FATAL(t >= 0 && t < 5);
		drawn[t]++;
	}
	for (size_t i = 0; i < 5; i++)
		CU_ASSERT(fabs(drawn[i] - weight[i] * 10000) < 500);
	CU_ASSERT_EQUAL(drawn[1], 0);
	urn_finish(&u);
}

/* Each ticket comes once and then no more, down to none, however different
 * the weights. */
static void test_all_out(void)
{
	enum { N = 1000 };
	bool seen[N] = {false};
	struct rand_state rand;
	struct urn u;
	size_t n = 0;

	rand_seed(&rand, 3);
	urn_init(&u, N);
	for (size_t i = 0; i < N; i++)
		urn_put(&u, i, i % 3 == 0 ? 1e-9 / 3 : 1e9 / (double)(i + 1));
	for (long t = urn_draw(&u, &rand); t >= 0; t = urn_draw(&u, &rand)) {
		CU_ASSERT_FATAL(t < N && !seen[t]);
		seen[t] = true;
		urn_put(&u, (size_t)t, 0);
		n++;
	}
	CU_ASSERT_EQUAL(n, N);
	urn_finish(&u);
}

static void test_empty(void)
{
	struct rand_state rand;
	struct urn u;

	rand_seed(&rand, 1);
	urn_init(&u, 0);
	CU_ASSERT_EQUAL(urn_draw(&u, &rand), -1);
	urn_finish(&u);
}

static const struct unit_test tests[] = {
	{"by weight", test_weights},
	{"each once", test_all_out},
	{"nobody", test_empty},
};

UNIT_MAIN("urn", tests)
