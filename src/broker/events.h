/*
 * events.h - the last events of the ledger as text, for /v1/events.
 *
 * A ring of lines, numbered from 1 as they come; followers read it at their
 * own pace, as far as it is on record, and learn of what they have missed.
 */
#ifndef BROKER_EVENTS_H
#define BROKER_EVENTS_H

#include <stddef.h>

#include "broker/commit.h"
#include "io/http.h"
#include "io/loop.h"
#include "model/event.h"

struct events;

/* keep: so many lines are kept. */
struct events *events_create(struct loop *loop, size_t keep,
			     struct commit *commit);
void events_destroy(struct events *ev); /* ends all followers */

/* Put one down; events is a struct events (book_event_f). */
void events_event(void *events, const struct event *e);

/* GET /v1/events?from=SEQ&follow=1 (route_f); events is a struct events. */
void events_get(void *events, struct http_request *req, const char *name);

#endif
