/*
 * job_waits.h - requests that wait for the end of a job.
 */
#ifndef BROKER_JOB_WAITS_H
#define BROKER_JOB_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/http.h"
#include "io/loop.h"
#include "model/event.h"

struct job_waits;

/* Answer req: the job has ended, or its time of waiting is over. */
typedef void (*job_waits_answer_f)(void *arg, uint64_t job,
				   struct http_request *req, bool with_tasks);

struct job_waits *job_waits_create(struct loop *loop,
				   job_waits_answer_f answer, void *arg);
/* Those that wait are told that this leader ends. */
void job_waits_destroy(struct job_waits *w);

/* answer is called from the loop, or never, when the client has left.  The
 * job must not have ended. */
void job_waits_add(struct job_waits *w, uint64_t job, uint32_t wait_ms,
		   struct http_request *req, bool with_tasks);
void job_waits_event(struct job_waits *w, const struct event *ev);

#endif
