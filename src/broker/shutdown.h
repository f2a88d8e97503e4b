/*
 * shutdown.h - POST /v1/shutdown: the end of this Berth.
 */
#ifndef BROKER_SHUTDOWN_H
#define BROKER_SHUTDOWN_H

#include <stdbool.h>

#include "broker/hosts.h"
#include "broker/nodes.h"
#include "io/http.h"
#include "io/loop.h"

struct shutdown;

struct shutdown *shutdown_create(struct loop *loop, struct nodes *nodes,
				 struct hosts *hosts);
void shutdown_destroy(struct shutdown *s);

/* Call ended once, from the loop, when all nodes have been told and the
 * answer is out. */
typedef void (*shutdown_ended_f)(void *arg, const char *reason,
				 bool kill_tasks);
void shutdown_on_end(struct shutdown *s, shutdown_ended_f ended, void *arg);
bool shutdown_begun(const struct shutdown *s);

/* route_f; the first argument is a struct shutdown. */
void shutdown_post(void *shutdown, struct http_request *req, const char *name);

#endif
