/*
 * tasks.h - the tasks of a pool: what agents, launchers and shepherds are to
 * those of a real cluster.  They start, take the time that their run says, and
 * end; where they are told to, before their time.
 */
#ifndef SIM_TASKS_H
#define SIM_TASKS_H

#include "model/event.h"
#include "sim/pool.h"

/* The slice is taken back: what runs in it leaves, and of a job with ranks all
 * that it runs. */
void tasks_revoke(struct pool *p, const struct event *ev);
/* The ledger heard of a task's end: its framework will. */
void tasks_over(struct pool *p, const struct event *ev);
/* All of them, at the end of the pool. */
void tasks_free(struct pool *p);

#endif
