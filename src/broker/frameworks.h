/*
 * frameworks.h - the frameworks' side of the API: registration and streams of
 * events.  Their calls are calls.c's.
 */
#ifndef BROKER_FRAMEWORKS_H
#define BROKER_FRAMEWORKS_H

#include <stddef.h>
#include <stdint.h>

#include "broker/book.h"
#include "broker/conduct.h"
#include "io/http.h"
#include "io/loop.h"

struct frameworks;

struct frameworks_config {
	uint32_t failover_ms; /* of one that does not say */
	uint32_t timeout_ms;  /* it has not answered a ping for so long: its
				 stream is closed */
	struct conduct *conduct;
};

struct frameworks *frameworks_create(struct loop *loop, struct book *book,
				     const struct frameworks_config *config);
void frameworks_destroy(struct frameworks *f); /* ends all streams */
/* Tell the framework that is to hear of it (book_event_f). */
/* Nothing is told to frameworks until frameworks_settled: what runs is still
 * being found out. */
void frameworks_hold(struct frameworks *f);
void frameworks_settled(struct frameworks *f);

void frameworks_event(void *frameworks, const struct event *ev);

/* A call of it has come: it lives. */
void frameworks_heard(struct frameworks *f, const char *name);
/* Call silent with the name of one whose stream was closed for that. */
typedef void (*frameworks_silent_f)(void *arg, const char *name);
void frameworks_on_silent(struct frameworks *f, frameworks_silent_f silent,
			  void *arg);

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
