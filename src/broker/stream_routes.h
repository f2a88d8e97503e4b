/*
 * stream_routes.h - the users' calls that carry a job's output and standard
 * input.
 */
#ifndef BROKER_STREAM_ROUTES_H
#define BROKER_STREAM_ROUTES_H

#include "broker/book.h"
#include "broker/jobs.h"
#include "broker/outputs.h"
#include "broker/stdins.h"
#include "io/http.h"

/* What they are about. */
struct stream_routes {
	const struct book *book;
	const struct jobs *jobs;
	struct outputs *outputs;
	struct stdins *stdins;
};

/* route_f; the first argument is a struct stream_routes. */
void stream_routes_output(void *routes, struct http_request *req,
			  const char *name); /* GET /v1/jobs/ID/output */
void stream_routes_stdin(void *routes, struct http_request *req,
			 const char *name); /* POST /v1/jobs/ID/stdin */

#endif
