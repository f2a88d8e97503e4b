/*
 * tree.h - who descends from whom: the processes that a task has left.
 *
 * The shepherd is a child subreaper, so whatever a task leaves behind becomes
 * the shepherd's child when its own parent dies.
 */
#ifndef SHEPHERD_TREE_H
#define SHEPHERD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pids {
	pid_t *v;
	size_t n, cap;
};

void pids_add(struct pids *p, pid_t pid);
bool pids_has(const struct pids *p, pid_t pid);
void pids_finish(struct pids *p);

/*
 * Our children that are not in known.  since: only those started after this
 * process can matter (0: all); it makes the common answer, none, cheap.
 */
void tree_strays(const struct pids *known, pid_t since, struct pids *out);

/* Send signo to these and to everything below them. */
void tree_signal(const struct pids *roots, int signo);

/* Does pid belong to the session of leader, or does its environment, at its
 * exec, hold NAME=VALUE? */
bool tree_in_session(pid_t pid, pid_t leader);
bool tree_marked(pid_t pid, const char *name, const char *value);

#endif
