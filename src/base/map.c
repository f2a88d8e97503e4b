/*
 * map.c - see map.h.
 *
 * Entries lie in an array in the order of insertion; an index of hash slots
 * (open addressing, linear probing) points into it.  A removed entry leaves a
 * hole with key NULL; holes are squeezed out when the table is built anew, so
 * positions of an iteration stay valid as long as nothing is added.
 */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLOT_FREE UINT32_MAX
#define SLOT_GONE (UINT32_MAX - 1)

struct entry {
	char *key; /* NULL: a hole */
	void *value;
	uint64_t hash;
};

struct map {
	struct entry *entry;
	uint32_t *slot;	 /* index into entry */
	size_t nslots;	 /* power of two */
	size_t used;	 /* entries, holes included */
	size_t count;	 /* entries, holes not included */
	size_t room;	 /* entries that fit */
};

/* FNV-1a; keys are our own names, not an attacker's. */
static uint64_t hash_of(const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	return h ^ (h >> 32);
}

struct map *map_create(void)
{
	return mem_alloc(sizeof(struct map));
}

void map_destroy(struct map *m, void (*free_value)(void *))
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->used; i++) {
		if (m->entry[i].key == NULL)
			continue;
		free(m->entry[i].key);
		if (free_value)
			free_value(m->entry[i].value);
	}
	free(m->entry);
	free(m->slot);
	free(m);
}

size_t map_count(const struct map *m)
{
	return m->count;
}

static void place(struct map *m, uint32_t index)
{
	size_t mask = m->nslots - 1;
	size_t i = m->entry[index].hash & mask;

	while (m->slot[i] != SLOT_FREE)
		i = (i + 1) & mask;
	m->slot[i] = index;
}

/* Squeeze the holes out and make room for another entry. */
static void rebuild(struct map *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->used; i++) {
		if (m->entry[i].key)
			m->entry[kept++] = m->entry[i];
	}
	m->used = kept;
	m->nslots = 16;
	while (m->nslots < kept * 4)
		m->nslots *= 2;
	m->room = m->nslots / 2;
	m->entry = mem_resize(m->entry, m->room, sizeof(*m->entry));
	m->slot = mem_resize(m->slot, m->nslots, sizeof(*m->slot));
	memset(m->slot, 0xff, m->nslots * sizeof(*m->slot));
	for (size_t i = 0; i < kept; i++)
		place(m, (uint32_t)i);
}

/* The slot that holds key, or NULL. */
static uint32_t *find(const struct map *m, const char *key, uint64_t hash)
{
	size_t mask = m->nslots - 1;

	if (m->nslots == 0)
		return NULL;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		uint32_t at = m->slot[i];

		if (at == SLOT_FREE)
			return NULL;
		if (at != SLOT_GONE && m->entry[at].hash == hash &&
		    strcmp(m->entry[at].key, key) == 0)
			return &m->slot[i];
	}
}

void *map_get(const struct map *m, const char *key)
{
	uint32_t *slot = find(m, key, hash_of(key));

	return slot ? m->entry[*slot].value : NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
	uint64_t hash = hash_of(key);
	uint32_t *slot = find(m, key, hash);
	struct entry *e;

	if (slot) {
		void *old = m->entry[*slot].value;

		m->entry[*slot].value = value;
		return old;
	}
	/* used counts the slots that are taken or gone: at most half. */
	if (m->used == m->room)
		rebuild(m);
	e = &m->entry[m->used];
	e->key = mem_strdup(key);
	e->value = value;
	e->hash = hash;
	place(m, (uint32_t)m->used);
	m->used++;
	m->count++;
	return NULL;
}

void *map_remove(struct map *m, const char *key)
{
	uint32_t *slot = find(m, key, hash_of(key));
	struct entry *e;

	if (slot == NULL)
		return NULL;
	e = &m->entry[*slot];
	*slot = SLOT_GONE;
	free(e->key);
	e->key = NULL;
	m->count--;
	return e->value;
}

void *map_next(const struct map *m, size_t *pos, const char **key)
{
	while (*pos < m->used) {
		const struct entry *e = &m->entry[(*pos)++];

		if (e->key == NULL)
			continue;
		if (key)
			*key = e->key;
		return e->value;
	}
	return NULL;
}
