/* task.h - what runs in one slice on one node. */
#ifndef MODEL_TASK_H
#define MODEL_TASK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct job;
struct node;
struct slice;

enum task_state {
	TASK_STARTING,
	TASK_RUNNING,
	TASK_ENDED,
};

/* The numbers are those of the wire's TaskEnd. */
enum task_end {
	TASK_END_NONE = 0,
	TASK_END_EXITED = 1,	   /* exit_code */
	TASK_END_SIGNALED = 2,	   /* signal */
	TASK_END_ABORTED = 3,	   /* MPI_Abort: exit_code */
	TASK_END_NO_FINALIZE = 4,  /* a rank left without MPI_Finalize */
	TASK_END_KILLED = 5,	   /* on request */
	TASK_END_REVOKED = 6,	   /* its slice was taken back */
	TASK_END_WALLTIME = 7,
	TASK_END_FAILED_START = 8, /* text says why */
	TASK_END_LOST = 9,	   /* node, launcher or shepherd is gone */
};
#define TASK_ENDS (TASK_END_LOST + 1)

/* How a task goes: what a node reports of it. */
struct task_status {
	enum task_state state;
	enum task_end end;
	int32_t exit_code;
	int32_t signal;
	int32_t rank;	  /* whose end decided it; -1: none */
	const char *text; /* one line for the user; NULL or "": none */
	uint64_t start_us, end_us; /* 0: unknown */
	uint64_t cpu_us, max_rss_kib;
};

struct task {
	struct job *job;
	uint32_t index;	     /* unique in the job */
	uint32_t nranks;
	uint32_t *ranks;     /* of a PMIx job */
	int64_t array_index; /* -1: none */
	struct node *node; /* NULL: recalled, and its node not heard of */
	const char *where; /* its node's name */
	struct slice *slice; /* NULL once ended, and where node is */
	uint64_t slice_id;
	uint64_t seen; /* the ledger's: last full report that named it */
	struct task_status status; /* its text is the task's */
	TAILQ_ENTRY(task) of_job;
	TAILQ_ENTRY(task) of_slice; /* while not ended */
};
TAILQ_HEAD(task_list, task);

struct task *task_create(struct job *job, uint32_t index);
void task_destroy(struct task *t); /* NULL is fine */

const char *task_state_name(enum task_state s);
const char *task_end_name(enum task_end e); /* "exited", "signaled", … */

#endif
