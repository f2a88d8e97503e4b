/*
 * map.h - hash map from string to pointer.  Keys are copied, values are the
 * caller's.  Iteration order is the order of insertion, so that whatever is
 * computed from a map is deterministic; removal keeps that order.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>

struct map;

struct map *map_create(void);
/* free_value may be NULL. */
void map_destroy(struct map *m, void (*free_value)(void *));
size_t map_count(const struct map *m);
void *map_get(const struct map *m, const char *key);
/* Returns the value that was replaced, or NULL. */
void *map_put(struct map *m, const char *key, void *value);
/* Returns the value that was removed, or NULL. */
void *map_remove(struct map *m, const char *key);

/* Iteration: start with pos = 0; returns the value, NULL at the end.  The
 * current entry may be removed while iterating, nothing may be added. */
void *map_next(const struct map *m, size_t *pos, const char **key);

#define map_foreach(m, value)                                                  \
	for (size_t value##_pos = 0, value##_once = 1; value##_once;           \
	     value##_once = 0)                                                 \
		while (((value) = map_next((m), &value##_pos, NULL)) != NULL)

#endif
