/*
 * usage.h - adds up what each job uses while it lives, from the ledger's
 * events; who is to keep it is told with the job's end.
 */
#ifndef BROKER_USAGE_H
#define BROKER_USAGE_H

#include "broker/book.h"
#include "broker/history.h"

struct usage;

/* job lives until the call returns. */
typedef void (*usage_ended_f)(void *arg, const struct history_job *job);

struct usage *usage_create(struct book *book, usage_ended_f ended, void *arg);
void usage_destroy(struct usage *u);
void usage_event(void *usage, const struct event *ev); /* book_event_f */

#endif
