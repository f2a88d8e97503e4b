/*
 * routes.h - which call of the HTTP API is whose: a table that its owner
 * fills.
 */
#ifndef BROKER_ROUTES_H
#define BROKER_ROUTES_H

#include <stddef.h>

#include "io/http.h"

/* Answers now or later, exactly once.  name is what stood in the place of the
 * "*" of the route's path, or NULL; it lives until the return. */
typedef void (*route_f)(void *arg, struct http_request *req, const char *name);

struct route {
	const char *method, *path; /* both outlive the table */
	route_f handle;
	void *arg;
};

struct routes;

/* n routes, which are copied. */
struct routes *routes_create(const struct route *route, size_t n);
void routes_destroy(struct routes *r);

/* Carry out req, or answer 404 or 405. */
void routes_dispatch(const struct routes *r, struct http_request *req);

#endif
