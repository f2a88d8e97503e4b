/*
 * dir_table.h - published entries, as every launcher holds them all.  State
 * only: directory.h answers lookups and tells the other launchers.
 *
 * An entry belongs to the node where it was published (origin) and is known
 * by origin and id; putting it twice does nothing.
 */
#ifndef LAUNCHER_DIR_TABLE_H
#define LAUNCHER_DIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/frame.h"

/* All values together; what is published beyond is refused. */
#define DIR_BYTES (64u << 20)

struct dir_table;

struct dir_table *dir_table_create(void);
void dir_table_destroy(struct dir_table *t);

/* A copy is made.  False: it is there already, or there is no room. */
bool dir_table_put(struct dir_table *t, const Berth__Publish *entry);

/* Take out every entry that match says yes to; returns how many. */
typedef bool (*dir_match_f)(void *arg, const Berth__Publish *entry);
size_t dir_table_remove(struct dir_table *t, dir_match_f match, void *arg);

/* The entry of a name that the asker may see, the oldest first; NULL: none.
 * local: was the asker's node. */
const Berth__Publish *dir_table_find(const struct dir_table *t,
				     const char *key, const Berth__Lookup *by,
				     const char *local);
const Berth__Publish *dir_table_by_id(const struct dir_table *t,
				      const char *origin, uint64_t id);
/* The oldest first; nothing may be put or removed meanwhile. */
typedef void (*dir_each_f)(void *arg, const Berth__Publish *entry);
void dir_table_each(const struct dir_table *t, dir_each_f each, void *arg);
size_t dir_table_count(const struct dir_table *t);

/* Does the Unpublish name this entry? */
bool dir_unpublish_matches(const Berth__Unpublish *u,
			   const Berth__Publish *entry);

#endif
