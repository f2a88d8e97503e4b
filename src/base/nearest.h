/* nearest.h - which known name did the user mean? */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* Levenshtein's distance; only the first 64 characters count. */
size_t nearest_distance(const char *a, const char *b);

/* The best match so far: start with {.wanted = name}, offer each known name,
 * then read best, which is NULL when none is close. */
struct nearest {
	const char *wanted;
	const char *best;
	size_t distance;
};

void nearest_offer(struct nearest *n, const char *known);

#endif
