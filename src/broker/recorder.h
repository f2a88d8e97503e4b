/*
 * recorder.h - what happens to jobs, tasks, frameworks and nodes, from the
 * ledger into the records: facts, for a leader that comes after this one.
 */
#ifndef BROKER_RECORDER_H
#define BROKER_RECORDER_H

#include "broker/book.h"
#include "broker/commit.h"

struct recorder {
	struct book *book;
	struct commit *commit;
};

/* book_event_f; the argument is a struct recorder. */
void recorder_event(void *recorder, const struct event *ev);

#endif
