/*
 * launches.h - Launch and Kill on their way to the nodes.  Launches of one
 * pass of the loop for one node and job travel as one message.
 */
#ifndef BROKER_LAUNCHES_H
#define BROKER_LAUNCHES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/book.h"
#include "broker/commit.h"
#include "broker/jobs.h"
#include "broker/json_launch.h"
#include "broker/nodes.h"
#include "io/loop.h"

struct launches;

/* berth: its name, the caller's. */
struct launches *launches_create(struct loop *loop, const char *berth,
				 uint64_t term, struct commit *commit,
				 struct book *book, struct jobs *jobs,
				 struct nodes *nodes);
void launches_destroy(struct launches *la); /* what has not gone is dropped */

/* Carry out a framework's launch: ledger first, then the nodes. */
int launches_start(struct launches *la, const char *framework, uint64_t job,
		   const struct launch_call *call, const struct job_spec *spec,
		   struct berth_error *err);

/* End all tasks of a job, or one of them.  signal and grace_ms 0: the spec's. */
void launches_kill_job(struct launches *la, const struct job *j,
		       uint32_t signal, uint32_t grace_ms,
		       Berth__TaskEnd why);
int launches_kill_task(struct launches *la, const struct job *j,
		       uint32_t index, uint32_t signal, uint32_t grace_ms,
		       struct berth_error *err);
/* Its slice is taken back: end it, or, if it has ranks, its job, as revoked;
 * by the stop signal, SIGKILL after the grace. */
void launches_revoke_task(struct launches *la, const struct task *t,
			  uint32_t grace_ms);
/* A signal to its processes, or to those of its job, that this will come. */
void launches_warn_task(struct launches *la, const struct task *t,
			uint32_t signal);
/* Send a signal to all of a job's processes, and no more.  Returns on how
 * many nodes. */
size_t launches_signal_job(struct launches *la, const struct job *j,
			   uint32_t signal);
/* The files of a forgotten job on the nodes may go: to be told before jobs
 * forget where it ran (book_event_f). */
void launches_event(void *launches, const struct event *ev);

#endif
