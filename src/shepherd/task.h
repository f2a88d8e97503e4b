/*
 * task.h - the tasks of this shepherd and their processes: state alone.
 *
 *	WAITING ─ its slice's turn ─> RUNNING ─ stop ─> STOPPING
 *	   │                             └─ last process gone ─┐ │
 *	   └────── stop ──> (over)  <─ nothing left ─ CLEARING <─┘
 *
 * CLEARING: the task's own processes are gone, what they left behind is being
 * ended.  A task that is over is no more in the table; report.h remembers it.
 */
#ifndef SHEPHERD_TASK_H
#define SHEPHERD_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/bitset.h"
#include "io/loop.h"
#include "shepherd/launch.h"

enum task_state { TASK_WAITING, TASK_RUNS, TASK_STOPPING, TASK_CLEARING };

/* How it ended, and which rank decided that. */
struct verdict {
	Berth__TaskEnd end; /* END_NONE: not decided */
	int32_t code, signal, rank;
	char text[200];
};

struct task;

/* One process that the shepherd starts: a plain task, or a rank. */
struct proc {
	TAILQ_ENTRY(proc) next; /* of its task */
	struct task *task;
	struct launch *launch; /* the task's, or a spawned namespace's */
	int32_t rank;	       /* -1: plain */
	unsigned local, nlocal; /* place among the ranks of the task here */
	bool bound;
	struct bitset cpus;
	pid_t pid;   /* 0: does not run (any more) */
	int fd[2];   /* a rank's output and error, -1: closed */
};
TAILQ_HEAD(proc_list, proc);

struct task {
	TAILQ_ENTRY(task) next;	   /* of the table */
	TAILQ_ENTRY(task) in_lane; /* while WAITING */
	uint64_t job;
	uint32_t index;
	struct launch *launch;
	const Berth__TaskSpec *spec; /* in launch */
	void *owner;		     /* who runs it, for its timers */
	enum task_state state;
	struct proc_list procs;
	unsigned live;	 /* processes that run */
	pid_t oldest;	 /* the first one's pid: what it left is younger */
	Berth__TaskEnd stop_why; /* END_NONE: nobody asked */
	struct verdict verdict;
	struct verdict death; /* of the first rank that its job outlived */
	unsigned ndead, nwell; /* such ranks, and those that ended in order */
	uint64_t start_us, cpu_us, max_rss_kib;
	struct loop_timer *kill_timer, *wall_timer; /* NULL: not needed yet */
	bool queued;	 /* is in its lane */
	bool killing;	 /* the grace is over */
	bool fed;	 /* has the job's standard input */
};
TAILQ_HEAD(task_list, task);

/* Tasks of one slice run one after the other. */
struct lane {
	TAILQ_ENTRY(lane) next;
	uint64_t slice;
	struct task *busy;
	struct task_list waiting;
};
TAILQ_HEAD(lane_list, lane);

struct task_table {
	struct task_list tasks;
	struct lane_list lanes;
	struct map *by_name; /* "job.index" */
	size_t count;
};

void task_table_init(struct task_table *t);
void task_table_finish(struct task_table *t);

/* A task in state WAITING, in the table; NULL when there is one of its name
 * already. */
struct task *task_create(struct task_table *t, struct launch *l,
			 const Berth__TaskSpec *spec);
/* Out of the table and gone, with its processes' records. */
void task_destroy(struct task_table *t, struct task *task);
struct task *task_find(const struct task_table *t, uint64_t job,
		       uint32_t index);

struct proc *proc_create(struct task *task, struct launch *l, int32_t rank);
/* The process that runs under this pid, or the rank; NULL: none of ours. */
struct proc *task_find_pid(const struct task_table *t, pid_t pid);
struct proc *task_find_rank(const struct task_table *t, const char *nspace,
			    uint32_t rank);

/* The lane of a slice, made when it is not there; slice 0 has none: NULL. */
struct lane *task_lane(struct task_table *t, uint64_t slice);
/* Drop a lane that nobody uses. */
void task_lane_drop(struct task_table *t, struct lane *lane);

#endif
