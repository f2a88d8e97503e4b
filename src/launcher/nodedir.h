/*
 * nodedir.h - a node's folder: made, locked, and its small files read and
 * written whole (mode 0600, replaced by rename).
 */
#ifndef LAUNCHER_NODEDIR_H
#define LAUNCHER_NODEDIR_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * Make base (and its parents) and base/node with its sub-folders, all 0700
 * where they are new.  Fails when the folder belongs to somebody else or
 * others can enter it.  The path of the folder is the caller's to free.
 */
char *nodedir_make(const char *base, const char *node,
		   struct berth_error *err);

/*
 * Be the launcher of this folder.  Returns the descriptor that holds the
 * lock; -1 with BERTH_ECONFLICT when another launcher has it.  The lock file
 * "launcher.pid" holds the owner's pid.
 */
int nodedir_lock(const char *dir, struct berth_error *err);
/* Write our pid into the lock file (again, after a fork). */
void nodedir_own(int lock_fd);

int nodedir_write(const char *dir, const char *name, const void *data,
		  size_t len, struct berth_error *err);
/* The caller frees. */
char *nodedir_read(const char *dir, const char *name, struct berth_error *err);

/* Remove what a launcher keeps there for one that comes after it. */
void nodedir_forget(const char *dir);

#endif
