/*
 * survivors.h - jobs that outlive ranks of theirs (ft in a launch): when a task
 * is lost, with its node or its shepherd, nobody there can tell the other
 * ranks any more; the leader does, whose word it is that it is lost.
 *
 * Said to every node where the job runs, and again when its rank came anew;
 * shepherds of other jobs pay no attention.
 */
#ifndef BROKER_SURVIVORS_H
#define BROKER_SURVIVORS_H

#include <stdbool.h>

#include "broker/book.h"
#include "broker/nodes.h"

/* Both are the caller's. */
struct survivors {
	struct book *book;
	struct nodes *nodes;
};

void survivors_event(void *survivors, const struct event *ev); /* book_event_f */
/* nodes_change_f */
void survivors_node(void *survivors, const char *node, bool up);

#endif
