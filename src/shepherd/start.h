/*
 * start.h - from a task's process as a record to one that runs: environment,
 * output files, standard input, program, exec.
 */
#ifndef SHEPHERD_START_H
#define SHEPHERD_START_H

#include "shepherd/env.h"
#include "shepherd/task.h"

struct starter;

/* What the PMIx server adds to a rank's environment. */
typedef int (*start_setup_f)(void *arg, const char *nspace, uint32_t rank,
			     struct env *e, struct berth_error *err);

struct starter_config {
	const char *node, *key, *node_dir;
	int jobs_fd; /* NODE_DIR/jobs; stays the caller's */
};

struct starter *starter_create(const struct starter_config *c,
			       struct berth_error *err);
void starter_destroy(struct starter *s);
void starter_set_pmix(struct starter *s, start_setup_f setup, void *arg);

/* Are there more ranks than processors, so that they must give way to each
 * other when they wait? */
bool start_crowded(const struct proc *p);

/*
 * Start p; its pid is set then.  in is the standard input (-1: /dev/null) and
 * stays the caller's.  -1: one line for the user, nothing runs.
 */
int start_proc(struct starter *s, struct proc *p, int in,
	       struct berth_error *err);

#endif
