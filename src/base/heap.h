/*
 * heap.h - the smallest of many numbers first: deadlines.  Entries are
 * embedded in what they belong to and know their place, so that one can be
 * moved or taken out at any time.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	uint64_t key;
	uint32_t pos;  /* 0: in no heap */
	uint32_t kind; /* the owner's, to tell what it is embedded in */
};

struct heap {
	struct heap_entry **at; /* from 1 on */
	size_t count, room;
};

void heap_init(struct heap *h);
void heap_finish(struct heap *h);
/* Put it in, or move it if it is in. */
void heap_put(struct heap *h, struct heap_entry *e, uint64_t key);
/* No harm if it is not in. */
void heap_remove(struct heap *h, struct heap_entry *e);
/* The smallest, NULL when empty. */
struct heap_entry *heap_first(const struct heap *h);

/* The struct of type that entry is embedded in as member. */
#define heap_owner(entry, type, member)                                        \
	((type *)(void *)((char *)(entry)-offsetof(type, member)))

#endif
