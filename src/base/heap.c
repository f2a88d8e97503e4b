/* heap.c - see heap.h.  A binary heap in an array. */
#include "base/heap.h"

#include <stdlib.h>

#include "base/mem.h"

void heap_init(struct heap *h)
{
	h->at = NULL;
	h->count = 0;
	h->room = 0;
}

void heap_finish(struct heap *h)
{
	free(h->at);
	heap_init(h);
}

static void set(struct heap *h, size_t pos, struct heap_entry *e)
{
	h->at[pos] = e;
	e->pos = (uint32_t)pos;
}

/* e belongs at pos or farther up. */
static void rise(struct heap *h, size_t pos, struct heap_entry *e)
{
	for (; pos > 1 && h->at[pos / 2]->key > e->key; pos /= 2)
		set(h, pos, h->at[pos / 2]);
	set(h, pos, e);
}

/* e belongs at pos or farther down. */
static void sink(struct heap *h, size_t pos, struct heap_entry *e)
{
	for (size_t child = 2 * pos; child <= h->count; child = 2 * pos) {
		if (child < h->count &&
		    h->at[child + 1]->key < h->at[child]->key)
			child++;
		if (h->at[child]->key >= e->key)
			break;
		set(h, pos, h->at[child]);
		pos = child;
	}
	set(h, pos, e);
}

static void settle(struct heap *h, size_t pos, struct heap_entry *e)
{
	if (pos > 1 && h->at[pos / 2]->key > e->key)
		rise(h, pos, e);
	else
		sink(h, pos, e);
}

void heap_put(struct heap *h, struct heap_entry *e, uint64_t key)
{
	e->key = key;
	if (e->pos > 0) {
		settle(h, e->pos, e);
		return;
	}
	if (h->count + 2 > h->room) {
		h->room = h->room > 0 ? h->room * 2 : 16;
		h->at = mem_resize(h->at, h->room, sizeof(*h->at));
	}
	rise(h, ++h->count, e);
}

void heap_remove(struct heap *h, struct heap_entry *e)
{
	size_t pos = e->pos;
	struct heap_entry *last;

	if (pos == 0)
		return;
	e->pos = 0;
	last = h->at[h->count--];
	if (last != e)
		settle(h, pos, last);
}

struct heap_entry *heap_first(const struct heap *h)
{
	return h->count > 0 ? h->at[1] : NULL;
}
