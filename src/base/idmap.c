/*
 * idmap.c - see idmap.h.  Open addressing with linear probing; a removal
 * moves what follows back, so that there are no tombstones.
 */
#include "base/idmap.h"

#include <stdlib.h>

#include "base/mem.h"

#define FIRST_SLOTS 8

static size_t home_of(const struct idmap *m, uint64_t key)
{
	uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h ^ (h >> 29)) & (m->nslots - 1);
}

void idmap_init(struct idmap *m)
{
	m->slot = NULL;
	m->nslots = 0;
	m->count = 0;
}

void idmap_finish(struct idmap *m)
{
	free(m->slot);
	idmap_init(m);
}

/* The slot of key, or the free one where it belongs. */
static size_t find(const struct idmap *m, uint64_t key)
{
	size_t i = home_of(m, key);

	while (m->slot[i].value != NULL && m->slot[i].key != key)
		i = (i + 1) & (m->nslots - 1);
	return i;
}

void *idmap_get(const struct idmap *m, uint64_t key)
{
	return m->count == 0 ? NULL : m->slot[find(m, key)].value;
}

static void rebuild(struct idmap *m, size_t nslots)
{
	struct idmap old = *m;

	m->slot = mem_array(nslots, sizeof(*m->slot));
	m->nslots = nslots;
	for (size_t i = 0; i < old.nslots; i++) {
		if (old.slot[i].value != NULL)
			m->slot[find(m, old.slot[i].key)] = old.slot[i];
	}
	free(old.slot);
}

void *idmap_put(struct idmap *m, uint64_t key, void *value)
{
	void *before;
	size_t i;

	if (m->nslots == 0)
		rebuild(m, FIRST_SLOTS);
	else if ((m->count + 1) * 4 > m->nslots * 3)
		rebuild(m, m->nslots * 2);
	i = find(m, key);
	before = m->slot[i].value;
	if (before == NULL)
		m->count++;
	m->slot[i].key = key;
	m->slot[i].value = value;
	return before;
}

void *idmap_remove(struct idmap *m, uint64_t key)
{
	size_t mask = m->nslots - 1, i, next;
	void *value;

	if (m->count == 0)
		return NULL;
	i = find(m, key);
	value = m->slot[i].value;
	if (value == NULL)
		return NULL;
	for (next = (i + 1) & mask; m->slot[next].value != NULL;
	     next = (next + 1) & mask) {
		size_t home = home_of(m, m->slot[next].key);

		/* Would it still be found if it moved to i? */
		if (((next - home) & mask) >= ((next - i) & mask)) {
			m->slot[i] = m->slot[next];
			i = next;
		}
	}
	m->slot[i].value = NULL;
	m->count--;
	if (m->count == 0)
		idmap_finish(m);
	else if (m->nslots > 64 && m->count * 8 < m->nslots)
		rebuild(m, m->nslots / 2);
	return value;
}

void *idmap_next(const struct idmap *m, size_t *pos)
{
	while (*pos < m->nslots) {
		void *value = m->slot[(*pos)++].value;

		if (value != NULL)
			return value;
	}
	return NULL;
}
