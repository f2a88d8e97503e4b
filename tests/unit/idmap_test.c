/* idmap_test.c - the maps by number and the heap, against plain arrays. */
#include "base/idmap.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/rand.h"
#include "unit.h"

static void test_idmap(void)
{
	enum { KEYS = 300 };
	bool in[KEYS] = {false};
	struct rand_state r;
	struct idmap m;
	size_t count = 0, seen = 0, pos = 0;

	rand_seed(&r, 3);
	idmap_init(&m);
	CU_ASSERT_PTR_NULL(idmap_get(&m, 0));
	CU_ASSERT_PTR_NULL(idmap_remove(&m, 0));
	for (int step = 0; step < 60000; step++) {
		size_t k = rand_below(&r, KEYS);
		/* Keys that share low bits, too. */
		uint64_t key = k % 2 ? k : (uint64_t)k << 32;

		if (rand_below(&r, 2) == 0) {
			CU_ASSERT_EQUAL(idmap_put(&m, key, &in[k]) != NULL,
					in[k]);
			count += !in[k];
			in[k] = true;
		} else {
			CU_ASSERT_PTR_EQUAL(idmap_remove(&m, key),
					    in[k] ? &in[k] : NULL);
			count -= in[k];
			in[k] = false;
		}
		CU_ASSERT_EQUAL(m.count, count);
		k = rand_below(&r, KEYS);
		key = k % 2 ? k : (uint64_t)k << 32;
		CU_ASSERT_PTR_EQUAL(idmap_get(&m, key), in[k] ? &in[k] : NULL);
	}
	while (idmap_next(&m, &pos) != NULL)
		seen++;
	CU_ASSERT_EQUAL(seen, count);
	idmap_finish(&m);
}

static void test_heap(void)
{
	enum { ENTRIES = 200 };
	struct heap_entry e[ENTRIES];
	struct rand_state r;
	struct heap h;

	memset(e, 0, sizeof(e));
	rand_seed(&r, 4);
	heap_init(&h);
	CU_ASSERT_PTR_NULL(heap_first(&h));
	for (int step = 0; step < 30000; step++) {
		struct heap_entry *one = &e[rand_below(&r, ENTRIES)];
		uint64_t least = UINT64_MAX;

		if (rand_below(&r, 3) > 0)
			heap_put(&h, one, rand_below(&r, 1000));
		else
			heap_remove(&h, one);
		for (int i = 0; i < ENTRIES; i++) {
			if (e[i].pos > 0 && e[i].key < least)
				least = e[i].key;
		}
		CU_ASSERT(least == UINT64_MAX ? heap_first(&h) == NULL :
						heap_first(&h)->key == least);
	}
	while (heap_first(&h) != NULL) {
		uint64_t key = heap_first(&h)->key;

		heap_remove(&h, heap_first(&h));
		CU_ASSERT(heap_first(&h) == NULL ||
			  heap_first(&h)->key >= key);
	}
	heap_finish(&h);
}

static const struct unit_test tests[] = {
	{"map by number", test_idmap},
	{"heap", test_heap},
};

UNIT_MAIN("idmap, heap", tests)
