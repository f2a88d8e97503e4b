/*
 * routes.h - which call of the HTTP API is whose.
 */
#ifndef BROKER_ROUTES_H
#define BROKER_ROUTES_H

#include "broker/leader_parts.h"

/* Answers now or later, exactly once.  name is what stood in the place of the
 * "*" of the route's path, or NULL; it lives until the return. */
typedef void (*route_f)(struct leader *l, struct http_request *req,
			const char *name);

/* Carry out req, or answer 404 or 405. */
void routes_dispatch(struct leader *l, struct http_request *req);

#endif
