/*
 * runner.h - runs tasks: takes launches, starts what is due, ends what has to
 * end with everything that belongs to it, and says so.
 *
 * Owns the table of tasks (task.h).  Hands on: starting to start.h, what the
 * launcher is told to report.h, PMIx to whoever stands behind runner_pmix.
 */
#ifndef SHEPHERD_RUNNER_H
#define SHEPHERD_RUNNER_H

#include <stdbool.h>

#include "shepherd/report.h"
#include "shepherd/start.h"
#include "shepherd/task.h"

struct runner;

/* A rank of this node, as the PMIx server has to know it. */
struct local_rank {
	uint32_t rank;
	const struct bitset *cpus; /* NULL: not bound */
	bool crowded;		   /* more ranks than processors here */
};

/* The PMIx server, seen from here. */
struct runner_pmix {
	/* The namespace, before its first rank starts here. */
	int (*add)(void *arg, struct launch *l, const struct local_rank *ranks,
		   size_t n, struct berth_error *err);
	start_setup_f setup;
	/* Do now what PMIx's thread has handed over. */
	void (*settle)(void *arg);
	/* The rank's process is gone.  Had it joined MPI and not left it? */
	bool (*left)(void *arg, const char *nspace, uint32_t rank);
	/* One that had, of a job with Spec.ft: tell the others.  False: they
	 * cannot go on without it. */
	bool (*mourn)(void *arg, const char *nspace, uint32_t rank, int signo);
	/* None of its ranks runs here any more. */
	void (*over)(void *arg, const char *nspace);
};

struct runner_events {
	/* The first task came, or the last one went. */
	void (*idle)(void *arg, bool idle);
	/* A rank here ended the job; the other shepherds are to be told. */
	void (*failed)(void *arg, struct launch *l, const struct verdict *v);
	/* Credit for the sender of a job's standard input. */
	void (*fed)(void *arg, uint64_t job, uint64_t offset, bool closed);
};

struct runner_config {
	struct loop *loop;
	struct report *report;
	const char *node, *key, *node_dir;
	int jobs_fd;
};

struct runner *runner_create(const struct runner_config *c,
			     const struct runner_events *ev, void *arg,
			     struct berth_error *err);
/* What still runs is killed. */
void runner_destroy(struct runner *r);
void runner_set_pmix(struct runner *r, const struct runner_pmix *p, void *arg);

/* Start the tasks of a launch, now or when their slices are free.  What is
 * wrong with it ends them as failed. */
void runner_launch(struct runner *r, struct launch *l);
/* A launch that cannot be: its tasks are reported as failed. */
void runner_refuse(struct runner *r, const Berth__Launch *l, const char *text);
/* This node's ranks of a spawned namespace; they belong to the running task
 * of their job.  -1: none of them runs. */
int runner_spawn(struct runner *r, struct launch *l, const uint32_t *ranks,
		 size_t n, struct berth_error *err);

/* A spawned namespace that could not be started everywhere: its ranks go, and
 * their end means nothing to the job. */
void runner_abandon(struct runner *r, const char *nspace);

void runner_kill(struct runner *r, const Berth__Kill *k);
void runner_kill_all(struct runner *r, Berth__TaskEnd why);
void runner_stdin(struct runner *r, const Berth__StdinData *d);
void runner_stdin_again(struct runner *r); /* say the credit once more */

/* A job's ranks are to end: decided here by an MPI_Abort, or elsewhere. */
void runner_end_job(struct runner *r, uint64_t job, const struct verdict *v,
		    bool tell);
/* Signal ranks of a namespace (rank NULL: all); for PMIx job control. */
void runner_signal(struct runner *r, const char *nspace, const uint32_t *rank,
		   int signo);
/* Write to a rank's standard output (0) or error (1) file. */
void runner_write(struct runner *r, const char *nspace, uint32_t rank,
		  int stream, const char *text, size_t len);

/* Call after a SIGCHLD. */
void runner_reap(struct runner *r);
bool runner_idle(const struct runner *r);
const struct task_table *runner_tasks(const struct runner *r);

#endif
