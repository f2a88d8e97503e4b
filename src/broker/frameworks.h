/*
 * frameworks.h - the frameworks' side of the API: registration and streams of
 * events.  Their calls are calls.c's.
 */
#ifndef BROKER_FRAMEWORKS_H
#define BROKER_FRAMEWORKS_H

#include <stddef.h>

#include "broker/book.h"
#include "io/http.h"
#include "io/loop.h"

struct frameworks;

struct frameworks *frameworks_create(struct loop *loop, struct book *book);
void frameworks_destroy(struct frameworks *f); /* ends all streams */
/* Tell the framework that is to hear of it (book_event_f). */
/* Nothing is told to frameworks until frameworks_settled: what runs is still
 * being found out. */
void frameworks_hold(struct frameworks *f);
void frameworks_settled(struct frameworks *f);

void frameworks_event(void *frameworks, const struct event *ev);

/* Streams that are open, bytes that wait in them. */
void frameworks_figures(const struct frameworks *f, size_t *streams,
			size_t *queued);

/* route_f; the first argument is a struct frameworks. */
void frameworks_post(void *frameworks, struct http_request *req,
		     const char *name);
void frameworks_events(void *frameworks, struct http_request *req,
		       const char *name);

/* NULL and answered, when name is not registered or the request's session is
 * not the current one. */
const struct framework *frameworks_session(const struct ledger *l,
					   struct http_request *req,
					   const char *name);

#endif
