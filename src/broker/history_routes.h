/*
 * history_routes.h - GET /v1/history: what ended jobs used.
 *
 * An end that was shown may be on its way into the records still: the answer
 * waits for it, but not for long where the records can't be written.
 */
#ifndef BROKER_HISTORY_ROUTES_H
#define BROKER_HISTORY_ROUTES_H

#include "broker/commit.h"
#include "broker/history.h"
#include "io/http.h"

struct history_routes;

struct history_routes *history_routes_create(struct loop *loop,
					     struct history *history,
					     struct commit *commit);
/* Answers those who wait; not after commit has ended. */
void history_routes_destroy(struct history_routes *r); /* NULL is fine */

/* route_f; the first argument is a struct history_routes. */
void history_routes_get(void *routes, struct http_request *req,
			const char *name);

#endif
