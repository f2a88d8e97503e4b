/*
 * job.h - what a user submitted to a framework.
 *
 * An ended job stays as a short record for a while: first its spec and its
 * tasks go (job->collapsed), only those of its tasks that failed leave a
 * trace; later all of it.
 */
#ifndef MODEL_JOB_H
#define MODEL_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/idmap.h"
#include "model/task.h"

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_ENDED,
};

enum job_outcome {
	JOB_NONE,
	JOB_DONE,
	JOB_FAILED, /* exit_code: its own, or 128 + signal */
	JOB_CANCELLED,
	JOB_TIMEOUT,
	JOB_LOST,
};

/* What a failed task of a collapsed job leaves. */
struct task_trace {
	uint32_t index;
	enum task_end end;
	int64_t array_index;
	int32_t exit_code, signal;
};

struct job_counts {
	uint32_t total;	   /* launched so far */
	uint32_t starting, running;
	uint32_t done;	   /* exited with 0 */
	uint32_t failed;   /* ended in any other way */
};

struct job {
	uint64_t id;
	char *name;
	/* Names that the ledger shares between jobs. */
	const char *framework, *role, *user;
	int32_t priority;
	uint64_t grace_us; /* between the notice of a revocation and its end;
			      0: the ledger's */
	bool cancelled; /* its user asked for its end */
	bool collapsed;
	enum job_state state;
	enum job_outcome outcome;
	int32_t exit_code, signal;
	char *text;	/* one line for the user, "" is NULL */
	char **leaves; /* datasets that its tasks, when they end well, leave on
			  their nodes; NULL-terminated or NULL */
	char *spec;	/* opaque to the ledger; NULL once collapsed */
	uint64_t submitted_us, started_us, ended_us; /* 0: not yet */
	struct job_counts counts;

	struct task_list tasks; /* in the order of launch; none if collapsed */
	struct idmap by_index;   /* the tasks */
	struct task_trace *trace; /* of failed tasks, once collapsed */
	uint32_t ntraces;
	uint32_t next_index;	/* greater than every task's index */
	TAILQ_ENTRY(job) of_ledger; /* by id; ended ones by their end */
};
TAILQ_HEAD(job_list, job);

struct job *job_create(uint64_t id);
void job_destroy(struct job *j); /* NULL is fine; its tasks too */

const char *job_state_name(enum job_state s);
const char *job_outcome_name(enum job_outcome o); /* "" for JOB_NONE */
int job_outcome_parse(const char *name, enum job_outcome *out);

#endif
