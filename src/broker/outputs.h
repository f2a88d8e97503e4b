/*
 * outputs.h - streaming what a job's tasks print to readers over HTTP.
 *
 * A reader's pieces are pulled from the agents, which read the files; no more
 * is asked for while the reader has not taken what it was given.  So a reader
 * that stalls holds up itself alone and costs a bounded amount of memory.
 */
#ifndef BROKER_OUTPUTS_H
#define BROKER_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/book.h"
#include "broker/jobs.h"
#include "broker/nodes.h"
#include "io/http.h"
#include "io/loop.h"

struct outputs;

struct outputs *outputs_create(struct loop *loop, struct book *book,
			       struct jobs *jobs, struct nodes *nodes);
void outputs_destroy(struct outputs *o); /* ends all readers */

void outputs_event(void *outputs, const struct event *ev); /* book_event_f */
void outputs_data(struct outputs *o, const Berth__OutputData *data);
/* What was asked of the node is not going to come: it is down, or its rank is
 * another one now and has to be asked again (nodes_change_f). */
void outputs_node(void *outputs, const char *node, bool up);

size_t outputs_readers(const struct outputs *o);
uint64_t outputs_bytes(const struct outputs *o);

/* What a reader wants of a job's output. */
struct output_want {
	uint64_t job;
	bool out, err;	    /* which streams */
	bool follow;	    /* also what is yet to be printed */
	bool lines;	    /* whole lines with their tags */
	bool raw;	    /* the bytes alone, of one stream */
	int64_t task, rank; /* task -1, rank -2: all; rank -1: plain tasks */
	uint64_t from;	    /* where in each stream to begin */
};

/* Stream it as the answer of req, until it is all there or the client
 * leaves. */
void outputs_read(struct outputs *o, struct http_request *req,
		  const struct output_want *want);

#endif
