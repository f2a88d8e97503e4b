/*
 * session.h - a framework's standing with the broker over the HTTP API:
 * registers, reads the event stream, posts calls; after a loss it tries again
 * with growing pauses until it is told to stop.
 *
 * Decides nothing about what events mean.  Calls made while there is no
 * connection are dropped: the `state` event that begins every stream tells
 * how things are.
 */
#ifndef FRAMEWORK_SESSION_H
#define FRAMEWORK_SESSION_H

#include <jansson.h>

#include "base/error.h"
#include "framework/event.h"
#include "io/loop.h"

struct session;

/* As long as the broker is set to. */
#define SESSION_FAILOVER (~0u)

/* Strings are copied. */
struct session_config {
	/* "http://host:port" or "unix:/path"; more of them with blanks
	 * between: one of them leads or knows who does. */
	const char *uri;
	const char *token;
	const char *name;  /* of the framework */
	const char *role;
	const char *options_doc; /* may be NULL */
	unsigned failover_ms; /* or SESSION_FAILOVER */
	unsigned react_ms; /* 0: tasks hear of a revocation at once */
	unsigned long long epoch; /* of who started us; 0: nobody */
};

struct session_events {
	/* A whole and well-formed event; e is void after the return.  The
	 * first of a stream is EVENT_STATE. */
	void (*event)(void *arg, const struct event *e);
	/* The broker refused a call. */
	void (*refused)(void *arg, const json_t *call, const char *text);
	/* All that had arrived is delivered; calls made here still go out with
	 * those made before. */
	void (*settle)(void *arg);
	/* It makes no sense to go on (wrong token, refused registration). */
	void (*failed)(void *arg, const struct berth_error *err);
};

/* Begins at once. */
struct session *session_create(struct loop *loop,
			       const struct session_config *config,
			       const struct session_events *ev, void *arg,
			       struct berth_error *err);
void session_destroy(struct session *s);

/* Queue a call; takes it over, also when it fails (call NULL: -1). */
int session_call(struct session *s, json_t *call, struct berth_error *err);

/* Run settle and send what is queued, soon. */
void session_wake(struct session *s);

#endif
