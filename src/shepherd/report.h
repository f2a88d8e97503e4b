/*
 * report.h - what the launcher has to know of the tasks: those that run or
 * wait, and those whose end it has not confirmed yet.
 *
 * A new launcher is told everything, afterwards each change, gathered for a
 * millisecond or two.
 */
#ifndef SHEPHERD_REPORT_H
#define SHEPHERD_REPORT_H

#include <stdbool.h>

#include "io/loop.h"
#include "shepherd/uplink.h"

struct report;

/* confirmed is called whenever no end is left that has to be confirmed. */
struct report *report_create(struct loop *l, struct uplink *u, const char *key,
			     loop_f confirmed, void *arg);
void report_destroy(struct report *r);

/* The state of a task; copied.  One that is over is remembered until it is
 * confirmed. */
void report_task(struct report *r, const Berth__TaskStatus *st);
/* Take note of a task that waits, without saying so until a full report. */
void report_waiting(struct report *r, const Berth__TaskStatus *st);
/* Everything, to a launcher that has just come. */
void report_full(struct report *r);
/* The launcher has these ends. */
void report_confirm(struct report *r, const Berth__TaskReport *tr);
/* The job's ends are of no interest any more. */
void report_forget(struct report *r, uint64_t job);
/* Send what is pending now. */
void report_flush(struct report *r);
/* Are there ends that nobody has confirmed? */
bool report_unconfirmed(const struct report *r);

#endif
