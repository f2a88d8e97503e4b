#include "plugins/common/idmap.h"

#include <stdlib.h>

#include "plugins/common/keep.h"

void idmap_init(struct idmap *m)
{
	m->entry = NULL;
	m->cap = m->count = 0;
}

void idmap_finish(struct idmap *m)
{
	free(m->entry);
	idmap_init(m);
}

static size_t home(const struct idmap *m, uint64_t key)
{
	key ^= key >> 32;
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key >> 32) & (m->cap - 1);
}

/* Where key is, or the free place where it would go. */
static size_t find(const struct idmap *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->entry[i].value && m->entry[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *idmap_get(const struct idmap *m, uint64_t key)
{
	return m->cap ? m->entry[find(m, key)].value : NULL;
}

static void grow(struct idmap *m)
{
	struct idmap old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->entry = keep_array(m->cap, sizeof(*m->entry));
	for (size_t i = 0; i < old.cap; i++)
		if (old.entry[i].value)
			m->entry[find(m, old.entry[i].key)] = old.entry[i];
	free(old.entry);
}

void idmap_put(struct idmap *m, uint64_t key, void *value)
{
	size_t i;

	if ((m->count + 1) * 4 > m->cap * 3)
		grow(m);
	i = find(m, key);
	if (!m->entry[i].value)
		m->count++;
	m->entry[i].key = key;
	m->entry[i].value = value;
}

void *idmap_remove(struct idmap *m, uint64_t key)
{
	size_t mask = m->cap - 1, hole, i;
	void *value;

	if (!m->cap)
		return NULL;
	hole = find(m, key);
	value = m->entry[hole].value;
	if (!value)
		return NULL;
	/* Close the gap: later entries of the run move up unless they would
	 * come to lie before their home. */
	for (i = (hole + 1) & mask; m->entry[i].value; i = (i + 1) & mask) {
		size_t from = home(m, m->entry[i].key);

		if (((i - from) & mask) < ((i - hole) & mask))
			continue;
		m->entry[hole] = m->entry[i];
		hole = i;
	}
	m->entry[hole].value = NULL;
	m->count--;
	return value;
}

void *idmap_next(const struct idmap *m, size_t *pos)
{
	while (*pos < m->cap) {
		void *value = m->entry[(*pos)++].value;

		if (value)
			return value;
	}
	return NULL;
}
