/* runner_impl.h - what runner.c (starting) and ending.c (ending) share. */
#ifndef SHEPHERD_RUNNER_IMPL_H
#define SHEPHERD_RUNNER_IMPL_H

#include "shepherd/bind.h"
#include "shepherd/feed.h"
#include "shepherd/runner.h"

/* The standard input of a job. */
struct job_feed {
	TAILQ_ENTRY(job_feed) next;
	struct runner *runner;
	uint64_t job;
	bool taken;
	struct feed *feed;
};
TAILQ_HEAD(job_feed_list, job_feed);

struct runner {
	struct loop *loop;
	struct report *report;
	char *node, *key;
	struct starter *starter;
	struct binder *binder;
	struct task_table table;
	struct job_feed_list feeds;
	struct loop_timer *clear_timer; /* looks after strays again */
	unsigned looks; /* since a task was last clear; each waits longer */
	struct runner_pmix pmix;
	void *pmix_arg; /* NULL: no server */
	struct runner_events ev;
	void *arg;
	bool busy; /* the last that ev.idle was told */
};

/* Of runner.c. */
void runner_report(struct runner *r, const struct task *t, bool over);
void runner_task_over(struct runner *r, struct task *t);

/* Of stdin.c. */
void runner_want_feed(struct runner *r, const struct launch *l);
/* The reading end for p when it is the one to read, else -1. */
int runner_take_feed(struct runner *r, struct proc *p);
void runner_drop_feed(struct runner *r, struct task *t);
void runner_finish_feeds(struct runner *r);

/* Of ending.c. */
/* End a task: signo now, SIGKILL after grace_ms. */
void ending_stop(struct runner *r, struct task *t, Berth__TaskEnd why,
		 int signo, uint32_t grace_ms);
/* No process of its own is left: end what it has left, then it is over. */
void ending_clear(struct runner *r, struct task *t);
/* The same for one that never had any, but not before the next pass of the
 * loop: tasks go only there, so that lists of them can be walked. */
void ending_soon(struct runner *r, struct task *t);
void ending_decide(struct verdict *v, Berth__TaskEnd end, int code, int signal,
		   int32_t rank, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
/* No task is left: what is still our child was left by one of those that ran
 * side by side, and nobody could tell by which. */
void ending_sweep(void);
void ending_wall(void *task_arg);
/* Tasks whose strays are still being ended. */
void ending_look_again(void *runner_arg);

#endif
