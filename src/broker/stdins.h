/*
 * stdins.h - standard input of jobs: pieces that come by POST go to the node
 * where rank 0 or the task runs, and are answered when they are in its pipe.
 */
#ifndef BROKER_STDINS_H
#define BROKER_STDINS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/book.h"
#include "broker/nodes.h"
#include "io/http.h"
#include "io/loop.h"

struct stdins;

struct stdins *stdins_create(struct loop *loop, struct book *book,
			     struct nodes *nodes);
void stdins_destroy(struct stdins *s);

void stdins_event(void *stdins, const struct event *ev); /* book_event_f */
void stdins_ack(struct stdins *s, const Berth__StdinAck *ack);
/* When its rank came again, what was not acknowledged is sent once more
 * (nodes_change_f). */
void stdins_node(void *stdins, const char *node, bool up);

/* The body of req is the piece of job's input that begins at offset, with eof
 * the last one.  Answered when it has been taken, or nobody will. */
void stdins_put(struct stdins *s, struct http_request *req, uint64_t job,
		uint64_t offset, bool eof);

#endif
