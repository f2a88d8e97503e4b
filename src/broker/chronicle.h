/*
 * chronicle.h - what happens to jobs, tasks, frameworks and nodes, from the
 * ledger into the records: facts, for a leader that comes after this one.
 */
#ifndef BROKER_CHRONICLE_H
#define BROKER_CHRONICLE_H

#include "broker/book.h"
#include "broker/commit.h"

struct chronicle {
	struct book *book;
	struct commit *commit;
};

/* A full report of a node: its life is put down when it is another one. */
void chronicle_report(struct chronicle *r, const char *node,
		      const Berth__TaskReport *report);
/* book_event_f; the argument is a struct chronicle. */
void chronicle_event(void *chronicle, const struct event *ev);

#endif
