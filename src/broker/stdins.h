/*
 * stdins.h - standard input of jobs: pieces that come by POST go to the node
 * where rank 0 or the task runs, and are answered when they are in its pipe.
 */
#ifndef BROKER_STDINS_H
#define BROKER_STDINS_H

#include "broker/leader_parts.h"
#include "model/event.h"

struct stdins;

struct stdins *stdins_create(struct leader *l);
void stdins_destroy(struct stdins *s);

void stdins_event(void *stdins, const struct event *ev); /* book_event_f */
void stdins_ack(struct stdins *s, const Berth__StdinAck *ack);
/* When its rank came again, what was not acknowledged is sent once more
 * (nodes_change_f). */
void stdins_node(void *stdins, const char *node, bool up);

/* POST /v1/jobs/ID/stdin */
void stdins_post(struct leader *l, struct http_request *req, const char *name);

#endif
