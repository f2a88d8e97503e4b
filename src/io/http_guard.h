/*
 * http_guard.h - the connections of a server: how many there are, and how long
 * a request may take to come.  A connection that is over the limit, or too
 * slow, is shut down; the idle ones go first.
 */
#ifndef IO_HTTP_GUARD_H
#define IO_HTTP_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

struct bufferevent;
struct http_guard;

/* As http_server_limit says. */
struct http_guard *http_guard_create(struct loop *l);
/* So many connections; and so long from a request's first byte to its last. */
void http_guard_limit(struct http_guard *g, size_t connections,
		      uint64_t request_us);
void http_guard_destroy(struct http_guard *g); /* NULL is fine */

/* A connection comes; the guard finds out by itself that it is gone. */
void http_guard_watch(struct http_guard *g, struct bufferevent *bev);
/* Its request is complete; and it is answered. */
void http_guard_busy(struct http_guard *g, struct bufferevent *bev);
void http_guard_idle(struct http_guard *g, struct bufferevent *bev);

#endif
