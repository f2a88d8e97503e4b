/*
 * outputs.h - streaming what a job's tasks print to readers over HTTP.
 *
 * A reader's pieces are pulled from the agents, which read the files; no more
 * is asked for while the reader has not taken what it was given.  So a reader
 * that stalls holds up itself alone and costs a bounded amount of memory.
 */
#ifndef BROKER_OUTPUTS_H
#define BROKER_OUTPUTS_H

#include "broker/leader_parts.h"
#include "model/event.h"

struct outputs;

struct outputs *outputs_create(struct leader *l);
void outputs_destroy(struct outputs *o); /* ends all readers */

void outputs_event(void *outputs, const struct event *ev); /* book_event_f */
void outputs_data(struct outputs *o, const Berth__OutputData *data);
/* What was asked of the node is not going to come: it is down, or its rank is
 * another one now and has to be asked again (nodes_change_f). */
void outputs_node(void *outputs, const char *node, bool up);

size_t outputs_readers(const struct outputs *o);
uint64_t outputs_bytes(const struct outputs *o);

/* GET /v1/jobs/ID/output */
void outputs_get(struct leader *l, struct http_request *req, const char *name);

#endif
