/* dir_table.c - see dir_table.h. */
#include "launcher/dir_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "launcher/status.h"

struct entry {
	TAILQ_ENTRY(entry) entry;
	Berth__Publish *pub;
};

struct dir_table {
	TAILQ_HEAD(, entry) entries;
	size_t count, bytes;
};

struct dir_table *dir_table_create(void)
{
	struct dir_table *t = mem_alloc(sizeof *t);

	TAILQ_INIT(&t->entries);
	return t;
}

static void entry_remove(struct dir_table *t, struct entry *e)
{
	TAILQ_REMOVE(&t->entries, e, entry);
	t->count--;
	t->bytes -= e->pub->value.len;
	berth__publish__free_unpacked(e->pub, NULL);
	free(e);
}

void dir_table_destroy(struct dir_table *t)
{
	struct entry *e;

	if (t == NULL)
		return;
	while ((e = TAILQ_FIRST(&t->entries)) != NULL)
		entry_remove(t, e);
	free(t);
}

static Berth__Publish *publish_copy(const Berth__Publish *p)
{
	size_t len = berth__publish__get_packed_size(p);
	uint8_t *packed = mem_array(len + 1, 1);
	Berth__Publish *copy;

	berth__publish__pack(p, packed);
	copy = berth__publish__unpack(NULL, len, packed);
	free(packed);
	return copy;
}

const Berth__Publish *dir_table_by_id(const struct dir_table *t,
				      const char *origin, uint64_t id)
{
	struct entry *e;

	TAILQ_FOREACH(e, &t->entries, entry) {
		if (e->pub->id == id && strcmp(e->pub->origin, origin) == 0)
			return e->pub;
	}
	return NULL;
}

bool dir_table_put(struct dir_table *t, const Berth__Publish *entry)
{
	struct entry *e;

	if (t->bytes + entry->value.len > DIR_BYTES ||
	    dir_table_by_id(t, entry->origin, entry->id))
		return false;
	e = mem_alloc(sizeof *e);
	e->pub = publish_copy(entry);
	TAILQ_INSERT_TAIL(&t->entries, e, entry);
	t->count++;
	t->bytes += entry->value.len;
	return true;
}

size_t dir_table_remove(struct dir_table *t, dir_match_f match, void *arg)
{
	struct entry *e, *next;
	size_t n = 0;

	for (e = TAILQ_FIRST(&t->entries); e; e = next) {
		next = TAILQ_NEXT(e, entry);
		if (!match(arg, e->pub))
			continue;
		entry_remove(t, e);
		n++;
	}
	return n;
}

static bool in_scope(const Berth__Publish *p, const Berth__Lookup *by)
{
	char name[600];

	snprintf(name, sizeof name, "%s:%" PRIu32, by->nspace, by->rank);
	for (size_t i = 0; i < p->n_scope; i++) {
		if (strcmp(p->scope[i], name) == 0)
			return true;
	}
	return false;
}

static bool same_namespace(const Berth__Publish *p, const Berth__Lookup *by)
{
	return strcmp(p->owner_nspace, by->nspace) == 0;
}

static bool may_see(const Berth__Publish *p, const Berth__Lookup *by,
		    const char *local)
{
	if (p->uid != by->uid)
		return false;
	switch (p->range) {
	case RANGE_LOCAL:
		return strcmp(p->origin, local) == 0;
	case RANGE_NAMESPACE:
		return same_namespace(p, by);
	case RANGE_PROC_LOCAL:
		return same_namespace(p, by) && p->owner_rank == by->rank;
	case RANGE_CUSTOM:
		return in_scope(p, by);
	default:
		return true;
	}
}

const Berth__Publish *dir_table_find(const struct dir_table *t,
				     const char *key, const Berth__Lookup *by,
				     const char *local)
{
	struct entry *e;

	TAILQ_FOREACH(e, &t->entries, entry) {
		if (strcmp(e->pub->key, key) == 0 &&
		    may_see(e->pub, by, local))
			return e->pub;
	}
	return NULL;
}


void dir_table_each(const struct dir_table *t, dir_each_f each, void *arg)
{
	struct entry *e;

	TAILQ_FOREACH(e, &t->entries, entry)
		each(arg, e->pub);
}

size_t dir_table_count(const struct dir_table *t)
{
	return t->count;
}

bool dir_unpublish_matches(const Berth__Unpublish *u,
			   const Berth__Publish *p)
{
	if (u->id != 0)
		return u->id == p->id && strcmp(u->origin, p->origin) == 0;
	if (strcmp(u->owner_nspace, p->owner_nspace) != 0)
		return false;
	/* Of a namespace that is over on one node, other nodes' entries stay. */
	if (u->whole_nspace)
		return u->origin[0] == '\0' ||
		       strcmp(u->origin, p->origin) == 0;
	if (u->owner_rank != p->owner_rank)
		return false;
	for (size_t i = 0; i < u->n_keys; i++) {
		if (strcmp(u->keys[i], p->key) == 0)
			return true;
	}
	return u->n_keys == 0;
}
