/*
 * event_text.h - events as lines of JSON that hold all that is needed to apply
 * them again: the log of a Berth, which the simulator replays.
 *
 * The first line is the head; a log of a later version is refused, earlier
 * ones are read.  Version 2 has what a leader takes over (task_recalled,
 * task_adopted, slice_adopted, the counts of job_collapsed).  A node's
 * topology is written with the first node that has it.  Left out is what no
 * ledger decides by: the spec of a job (its command and environment) and the
 * session of a framework (which lets one call in its name).
 */
#ifndef MODEL_EVENT_TEXT_H
#define MODEL_EVENT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/event.h"
#include "model/node.h"

#define EVENT_TEXT_VERSION 2

/* Times are microseconds of the Unix epoch, as in the events. */
struct event_head {
	const char *berth;  /* the version that wrote it */
	const char *policy; /* which decided */
	uint64_t at_us;
};

/* What one log has said before: of a writer or of a reader. */
struct event_text;

/* Finds the node of a slice that is read, NULL: not known. */
typedef const struct node *(*event_node_f)(void *arg, const char *name);

/* find NULL: to write alone. */
struct event_text *event_text_create(event_node_f find, void *arg);
void event_text_destroy(struct event_text *t); /* NULL is fine */

/* Append a line with its newline. */
void event_text_write_head(struct event_text *t, const struct event_head *h,
			   struct buf *out);
void event_text_write(struct event_text *t, const struct event *ev,
		      struct buf *out);

/* Read a line without its newline.  What is read stays until the next line.
 * -1: err says at which column and what is wrong. */
int event_text_read_head(struct event_text *t, const char *line, size_t len,
			 struct event_head *h, struct berth_error *err);
int event_text_read(struct event_text *t, const char *line, size_t len,
		    struct event *ev, struct berth_error *err);

#endif
