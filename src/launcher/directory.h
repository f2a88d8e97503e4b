/*
 * directory.h - publish, lookup and unpublish over the virtual machine.
 *
 * Every launcher holds all entries, so a lookup is answered where it is
 * asked; one that waits is parked until its names are there, its time is over
 * or somebody fails it.  An entry that may be read once is given out by its
 * origin alone, so two readers never get it both.
 */
#ifndef LAUNCHER_DIRECTORY_H
#define LAUNCHER_DIRECTORY_H

#include <stdbool.h>

#include "io/loop.h"
#include "launcher/post.h"

struct directory;

/* node must outlive the directory. */
struct directory *directory_create(struct loop *l, const char *node,
				   const struct post *post);
void directory_destroy(struct directory *d);

/* From a shepherd of this node. */
void directory_publish(struct directory *d, const char *shepherd,
		       const Berth__Publish *entry);
void directory_unpublish(struct directory *d, const Berth__Unpublish *which);
void directory_lookup(struct directory *d, const char *shepherd,
		      const Berth__Lookup *what);
/* From another node's launcher. */
void directory_message(struct directory *d, const char *node,
		       const Berth__Msg *msg);

/* The shepherd is gone: its lookups, and what was to live as long as the
 * processes that published it. */
void directory_shepherd_gone(struct directory *d, const char *shepherd);
/* Tell a launcher that links up what this node owns. */
void directory_node_up(struct directory *d, const char *node, bool again);
void directory_node_lost(struct directory *d, const char *node);

/* Lookups of names that begin with prefix, parked and later ones, will not be
 * met. */
void directory_fail(struct directory *d, const char *prefix);

#endif
