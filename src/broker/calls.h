/*
 * calls.h - POST /v1/frameworks/NAME/calls: what frameworks ask for.
 */
#ifndef BROKER_CALLS_H
#define BROKER_CALLS_H

#include "broker/book.h"
#include "broker/conduct.h"
#include "broker/frameworks.h"
#include "broker/jobs.h"
#include "broker/launches.h"
#include "io/http.h"

/* What they are about. */
struct calls {
	struct book *book;
	struct jobs *jobs;
	struct launches *launches;
	struct frameworks *frameworks; /* who hears that one lives */
	struct conduct *conduct;
};

/* route_f; the first argument is a struct calls. */
void calls_post(void *of, struct http_request *req, const char *name);

#endif
