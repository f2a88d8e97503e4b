/* map_test.c */
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "unit.h"

static void test_order(void)
{
	struct map *m = map_create();
	const char *key;
	char *value;
	size_t pos = 0;

	map_put(m, "c", "3");
	map_put(m, "a", "1");
	map_put(m, "b", "2");
	CU_ASSERT_STRING_EQUAL(map_put(m, "c", "30"), "3");
	CU_ASSERT_STRING_EQUAL(map_remove(m, "a"), "1");
	CU_ASSERT_PTR_NULL(map_remove(m, "a"));
	CU_ASSERT_PTR_NULL(map_get(m, "a"));
	map_put(m, "a", "10");
	CU_ASSERT_EQUAL(map_count(m), 3);
	value = map_next(m, &pos, &key);
	CU_ASSERT(strcmp(value, "30") == 0 && strcmp(key, "c") == 0);
	value = map_next(m, &pos, &key);
	CU_ASSERT(strcmp(value, "2") == 0 && strcmp(key, "b") == 0);
	value = map_next(m, &pos, &key);
	CU_ASSERT(strcmp(value, "10") == 0 && strcmp(key, "a") == 0);
	CU_ASSERT_PTR_NULL(map_next(m, &pos, &key));
	map_destroy(m, NULL);
	map_destroy(NULL, NULL);
}

/* Puts and removals at random against a plain array; the order, too. */
static void test_model(void)
{
	enum { KEYS = 500, STEPS = 20000 };
	static long when[KEYS]; /* of insertion, 0: absent */
	struct map *m = map_create();
	struct rand_state r;
	size_t count = 0;
	long last = 0, *value;

	rand_seed(&r, 7);
	memset(when, 0, sizeof(when));
	for (long step = 1; step <= STEPS; step++) {
		size_t k = rand_below(&r, KEYS);
		char key[16];

		snprintf(key, sizeof(key), "key%zu", k);
		if (rand_below(&r, 2)) {
			CU_ASSERT_EQUAL(map_put(m, key, &when[k]) != NULL,
					when[k] != 0);
			count += when[k] == 0;
			if (when[k] == 0)
				when[k] = step;
		} else {
			CU_ASSERT_EQUAL(map_remove(m, key) != NULL,
					when[k] != 0);
			count -= when[k] != 0;
			when[k] = 0;
		}
		CU_ASSERT_EQUAL(map_count(m), count);
	}
	map_foreach(m, value)
	{
		CU_ASSERT(*value > last);
		last = *value;
		count--;
	}
	CU_ASSERT_EQUAL(count, 0);
	map_destroy(m, NULL);
}

static void test_remove_while_walking(void)
{
	struct map *m = map_create();
	const char *key;
	size_t pos = 0, seen = 0;
	char *value;

	for (int i = 0; i < 100; i++) {
		char *k = mem_printf("%d", i);

		map_put(m, k, mem_strdup(k));
		free(k);
	}
	while ((value = map_next(m, &pos, &key)) != NULL) {
		seen++;
		if (atoi(key) % 2 == 0)
			free(map_remove(m, key));
	}
	CU_ASSERT_EQUAL(seen, 100);
	CU_ASSERT_EQUAL(map_count(m), 50);
	CU_ASSERT_PTR_NOT_NULL(map_get(m, "51"));
	map_destroy(m, free);
}

static const struct unit_test tests[] = {
	{"order of insertion", test_order},
	{"against a model", test_model},
	{"removing while walking", test_remove_while_walking},
};

UNIT_MAIN("map", tests)
