/*
 * frameworks.h - the frameworks' side of the API: registration and streams of
 * events.  Their calls are calls.c's.
 */
#ifndef BROKER_FRAMEWORKS_H
#define BROKER_FRAMEWORKS_H

#include "broker/leader_parts.h"
#include "model/event.h"

struct frameworks;

struct frameworks *frameworks_create(struct leader *l);
void frameworks_destroy(struct frameworks *f); /* ends all streams */
void frameworks_event(void *frameworks, const struct event *ev); /* book_event_f */

/* Kill the tasks of frameworks that have stayed away for too long, and end
 * their jobs once these are gone.  A book_round_f. */
void frameworks_reap(void *frameworks);

/* Is this name one whose host is being started, though it has not registered
 * yet? */
bool frameworks_expected(const struct leader *l, const char *name);

/* Streams that are open, bytes that wait in them. */
void frameworks_figures(const struct frameworks *f, size_t *streams,
			size_t *queued);

void frameworks_post(struct leader *l, struct http_request *req,
		     const char *name);
void frameworks_events(struct leader *l, struct http_request *req,
		       const char *name);
/* calls.c */
void frameworks_calls(struct leader *l, struct http_request *req,
		      const char *name);
/* NULL and answered, when name is not registered or the request's session is
 * not the current one. */
const struct framework *frameworks_session(struct leader *l,
					   struct http_request *req,
					   const char *name);

#endif
