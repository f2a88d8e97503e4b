/*
 * statedir.h - the state directory of a Berth as `berth up` and `berth down`
 * see it: its secrets, its roster, its plan, and who is up.
 */
#ifndef CLI_STATEDIR_H
#define CLI_STATEDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Make it (0700) and check that it is ours alone; the absolute path is the
 * caller's. */
char *statedir_make(const char *path, struct berth_error *err);
/* One `berth up` or `down` at a time; the descriptor holds the lock. */
int statedir_lock(const char *dir, struct berth_error *err);

/* The text of a file (dir NULL: name is its path) without its last newline;
 * NULL: not there.  The caller frees. */
char *statedir_read(const char *dir, const char *name);
/* Mode 0600, replaced whole. */
int statedir_write(const char *dir, const char *name, const char *text,
		   struct berth_error *err);
void statedir_remove(const char *dir, const char *name);
/* 32 random bytes in hex, made when the file is not there. */
char *statedir_secret(const char *dir, const char *name,
		      struct berth_error *err);

/* A node whose launcher was started; from the file "nodes". */
struct statedir_node {
	char *node, *address, *folder; /* folder: "" where it is not here */
};
/* Returns how many; *out is for statedir_nodes_free. */
size_t statedir_nodes(const char *dir, struct statedir_node **out);
void statedir_nodes_free(struct statedir_node *nodes, size_t n);

#endif
