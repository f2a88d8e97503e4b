/* arena.h - memory of one event: taken piece by piece, freed at once. */
#ifndef FRAMEWORK_ARENA_H
#define FRAMEWORK_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *first; /* newest */
};

void arena_init(struct arena *a);
void arena_finish(struct arena *a);
/* Forget all pieces, keep one block for the next event. */
void arena_reset(struct arena *a);

/* Zeroed and aligned for anything; never NULL. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
