/* idmap.h - hash map from a number to a pointer; the values are the
 * caller's.  Embedded. */
#ifndef PLUGINS_IDMAP_H
#define PLUGINS_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_entry {
	uint64_t key;
	void *value; /* NULL: free */
};

struct idmap {
	struct idmap_entry *entry;
	size_t cap, count; /* cap: 0 or a power of two */
};

void idmap_init(struct idmap *m);
void idmap_finish(struct idmap *m);
void *idmap_get(const struct idmap *m, uint64_t key);
/* value is not NULL; the key must not be there. */
void idmap_put(struct idmap *m, uint64_t key, void *value);
/* Returns what was there, or NULL. */
void *idmap_remove(struct idmap *m, uint64_t key);

/* Iteration in no order: start with *pos = 0; NULL at the end.  Nothing may be
 * added or removed meanwhile. */
void *idmap_next(const struct idmap *m, size_t *pos);

#endif
