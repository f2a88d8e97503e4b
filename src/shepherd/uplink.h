/*
 * uplink.h - the way up: the socket on which the shepherd waits for its
 * launcher, and the one link to the launcher that came last.
 */
#ifndef SHEPHERD_UPLINK_H
#define SHEPHERD_UPLINK_H

#include <stdbool.h>

#include "base/error.h"
#include "io/loop.h"
#include "wire/frame.h"

struct uplink;

struct uplink_self {
	const char *path; /* of the socket */
	const char *node, *key, *berth;
};

struct uplink_events {
	/* A launcher is there (again).  Send whatever it has to know; what
	 * was posted while nobody was there goes out after the return. */
	void (*up)(void *arg);
	void (*down)(void *arg);
	void (*message)(void *arg, const Berth__Msg *msg);
};

struct uplink *uplink_create(struct loop *l, const struct uplink_self *self,
			     const struct uplink_events *ev, void *arg,
			     struct berth_error *err);
void uplink_destroy(struct uplink *u); /* removes the socket */
/* Take the socket away, so that nobody connects any more, and close the link
 * once everything has gone out. */
void uplink_finish(struct uplink *u);

bool uplink_is_up(const struct uplink *u);
/* Bytes that the launcher has not taken yet. */
size_t uplink_queued(const struct uplink *u);

/* Send now, or not at all when nobody is there: for what is said again on up.
 * post keeps the message until somebody is there. */
void uplink_send(struct uplink *u, const Berth__Msg *msg);
void uplink_post(struct uplink *u, const Berth__Msg *msg);

#endif
