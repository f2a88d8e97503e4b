/*
 * scribe.h - what happens to jobs, tasks, frameworks and nodes, from the
 * ledger into the records: facts, for a leader that comes after this one.
 */
#ifndef BROKER_SCRIBE_H
#define BROKER_SCRIBE_H

#include "broker/book.h"
#include "broker/commit.h"

struct scribe {
	struct book *book;
	struct commit *commit;
};

/* book_event_f; the argument is a struct scribe. */
void scribe_event(void *scribe, const struct event *ev);

#endif
