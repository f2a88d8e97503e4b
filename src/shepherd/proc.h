/*
 * proc.h - start one process: everything between vfork and exec.
 *
 * The child gets a session of its own, default signals, the three standard
 * descriptors and no others, its processors, its working folder, and dies
 * with the shepherd.  The shepherd's thread stands still until exec (vfork),
 * so starting is as fast as posix_spawn and every failure is known at once.
 *
 * Children must be started by the thread that lives as long as the process:
 * the kernel ties their death to the thread that forked them.
 */
#ifndef SHEPHERD_PROC_H
#define SHEPHERD_PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/bitset.h"
#include "base/error.h"

struct proc_order {
	const char *path; /* absolute, or relative to cwd */
	char *const *argv;
	char *const *env;
	const char *cwd;	   /* NULL or "": where the shepherd is */
	const struct bitset *cpus; /* NULL: not bound */
	int in, out, err;	   /* above 2 */
	bool no_sigpipe;	   /* starts with SIGPIPE ignored */
};

/* Returns the pid; -1 with one line that names the program, the working
 * folder or whatever else was in the way. */
pid_t proc_start(const struct proc_order *o, struct berth_error *err);

/*
 * Where the program is: as it stands when it holds a "/", else the first
 * executable file in the folders of path_list (NULL: the system's default).
 * A relative folder counts from cwd.  The caller frees.
 */
char *proc_find(const char *name, const char *path_list, const char *cwd,
		struct berth_error *err);

#endif
