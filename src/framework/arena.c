#include "framework/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_SIZE = 16384, ALIGN = _Alignof(max_align_t) };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t data[];
};

void arena_init(struct arena *a)
{
	a->first = NULL;
}

void arena_finish(struct arena *a)
{
	while (a->first) {
		struct arena_block *b = a->first;

		a->first = b->next;
		free(b);
	}
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->first;

	if (!keep)
		return;
	a->first = keep->next;
	arena_finish(a);
	if (keep->size > BLOCK_SIZE) {
		free(keep);
		return;
	}
	keep->next = NULL;
	memset(keep->data, 0, keep->used);
	keep->used = 0;
	a->first = keep;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->first;
	char *at;

	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!b || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		b = mem_alloc(sizeof(*b) + room);
		b->size = room;
		b->next = a->first;
		a->first = b;
	}
	at = (char *)b->data + b->used;
	b->used += size;
	return at;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size)
		abort();
	return arena_alloc(a, count * size);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}
