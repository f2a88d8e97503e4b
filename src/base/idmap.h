/*
 * idmap.h - hash map from a number to a pointer.  Values are the caller's
 * and never NULL.  Embedded; empty it takes no memory.  The order of
 * iteration is not defined: nothing that is decided may depend on it.
 */
#ifndef BASE_IDMAP_H
#define BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_slot {
	uint64_t key;
	void *value; /* NULL: free */
};

struct idmap {
	struct idmap_slot *slot;
	size_t nslots; /* 0 or a power of two */
	size_t count;
};

void idmap_init(struct idmap *m);
void idmap_finish(struct idmap *m);
void *idmap_get(const struct idmap *m, uint64_t key);
/* Returns the value that was replaced, or NULL. */
void *idmap_put(struct idmap *m, uint64_t key, void *value);
/* Returns the value that was removed, or NULL. */
void *idmap_remove(struct idmap *m, uint64_t key);
/* Start with *pos = 0; NULL at the end.  Nothing may be put or removed. */
void *idmap_next(const struct idmap *m, size_t *pos);

#endif
