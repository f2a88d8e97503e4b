/*
 * stream.h - non-blocking byte streams over Unix and TCP sockets, and the
 * listeners they come from.  Bytes only; frames are rpc's matter.
 *
 * A stream owns its descriptor.  Writes never block: what the kernel does not
 * take is queued.  Destroying inside a callback is allowed.
 */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/loop.h"

struct stream;

struct stream_events {
	/* Unread bytes; returns how many were used, the rest is shown again
	 * with what comes later.  After it returns the stream may be gone. */
	size_t (*data)(void *arg, const char *data, size_t len);
	/* The other side closed or the stream broke (text says how); called
	 * once, nothing follows; the owner destroys the stream. */
	void (*closed)(void *arg, const char *text);
	/* The write queue has become empty; may be NULL. */
	void (*drained)(void *arg);
};

/* Takes over fd (made non-blocking, close-on-exec). */
struct stream *stream_create(struct loop *l, int fd,
			     const struct stream_events *ev, void *arg);
void stream_destroy(struct stream *s); /* closes; queued bytes are dropped */
void stream_write(struct stream *s, const void *data, size_t len);
size_t stream_queued(const struct stream *s);
void stream_pause(struct stream *s, bool paused); /* reading */
/* Close once the queue is written; no more callbacks; s is gone. */
void stream_finish(struct stream *s);

struct listener;
typedef void (*listener_f)(void *arg, int fd, const char *peer);

/* Replaces a stale socket file; mode 0600. */
struct listener *listener_unix(struct loop *l, const char *path, listener_f cb,
			       void *arg, struct berth_error *err);
/* port 0: any; host NULL: all addresses.  SO_REUSEADDR is set. */
struct listener *listener_tcp(struct loop *l, const char *host, unsigned port,
			      listener_f cb, void *arg,
			      struct berth_error *err);
unsigned listener_port(const struct listener *li);
void listener_destroy(struct listener *li); /* removes a Unix socket's file */

/* Connect now: a Unix connect does not wait. */
int stream_connect_unix(const char *path, struct berth_error *err);

/* Connect to "host:port" without blocking the loop; done gets a descriptor or
 * -1 and why.  May be destroyed before it is done. */
struct connector;
typedef void (*connector_f)(void *arg, int fd, const struct berth_error *err);
struct connector *connector_tcp(struct loop *l, const char *address,
				uint64_t timeout_us, connector_f done,
				void *arg);
void connector_destroy(struct connector *c);

#endif
