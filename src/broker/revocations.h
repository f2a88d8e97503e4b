/*
 * revocations.h - slices that are taken back: what their tasks are told.
 *
 * At the notice, or when the time that the framework has to react to it is
 * over, the job's checkpoint signal, if it has one, and its stop signal
 * at half the time that is left; else its stop signal at once.  SIGKILL at the
 * deadline.  Of a job with ranks all tasks hear it, as none goes on without
 * the others.  Their ends are reported as revoked.
 */
#ifndef BROKER_REVOCATIONS_H
#define BROKER_REVOCATIONS_H

#include "broker/book.h"
#include "broker/jobs.h"
#include "broker/launches.h"
#include "io/loop.h"
#include "model/event.h"

struct revocations;

struct revocations *revocations_create(struct loop *loop, struct book *book,
				       struct jobs *jobs,
				       struct launches *launches);
void revocations_destroy(struct revocations *r);
/* For book_listen. */
void revocations_event(void *arg, const struct event *ev);

#endif
