/*
 * child.h - starting a program of ours as a child: its own session, a clean
 * environment, nothing inherited that was not meant for it.
 */
#ifndef LAUNCHER_CHILD_H
#define LAUNCHER_CHILD_H

#include <sys/types.h>

#include "base/error.h"
#include "launcher/settings.h"

/* The launcher's environment without what other launchers, MPI libraries or
 * an outer Berth left in it, and with this node's BERTH_ variables.  A
 * NULL-terminated vector for mem_strv_free. */
char **child_environment(const struct settings *s);

struct child {
	char *const *argv; /* argv[0] is the path */
	char *const *env;
	const char *log; /* standard output and error; NULL: /dev/null */
	int ready_fd;	 /* becomes descriptor 3; -1: none */
	int cgroup_fd;	 /* the child writes itself into it; -1: none */
};

/* Returns the pid. */
pid_t child_start(const struct child *c, struct berth_error *err);

#endif
