/*
 * cgroup.h - a cgroup for each shepherd and all that it starts, where we may
 * make one, so that "end everything" leaves nothing behind.
 *
 * Version 2 (or the version 2 part of a hybrid) is preferred, else the freezer
 * of version 1; below the cgroup that this process is in.  Where neither can
 * be written every call here does nothing.
 */
#ifndef LAUNCHER_CGROUP_H
#define LAUNCHER_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

struct cgroups;

/* Of the launcher of that node's folder, which must be there: the same for one
 * that starts again. */
struct cgroups *cgroups_create(const char *berth, const char *node,
			       const char *dir);
/* Removes what nobody is in any more, our own folder with it; waits a moment
 * for what is just ending, unless some are to be spared. */
void cgroups_destroy(struct cgroups *c);
void cgroups_spare(struct cgroups *c);
bool cgroups_usable(const struct cgroups *c);
/* For the log: where, or that there are none. */
const char *cgroups_path(const struct cgroups *c);

/* Make the cgroup of a shepherd.  The returned descriptor takes a pid as text
 * ("0": the writer), -1: none; the caller closes it. */
int cgroups_open(struct cgroups *c, const char *key);
/* SIGKILL to everything in it; false: somebody was still there. */
bool cgroups_kill(struct cgroups *c, const char *key);
/* … in any of them. */
void cgroups_kill_all(struct cgroups *c);
/* Remove it; one that is still busy goes with cgroups_sweep. */
void cgroups_remove(struct cgroups *c, const char *key);
/* Remove those that nobody is in, but for whom used says that they are
 * somebody's. */
void cgroups_sweep(struct cgroups *c,
		   bool (*used)(void *arg, const char *key), void *arg);

#endif
