/*
 * job_routes.h - the users' calls on jobs that are there.
 */
#ifndef BROKER_JOB_ROUTES_H
#define BROKER_JOB_ROUTES_H

#include "broker/book.h"
#include "broker/commit.h"
#include "broker/jobs.h"
#include "broker/launches.h"
#include "io/http.h"
#include "io/loop.h"

struct job_routes;

struct job_routes *job_routes_create(struct loop *loop, struct book *book,
				     struct jobs *jobs,
				     struct launches *launches,
				     struct commit *commit);
/* Those that wait for a job are told that this leader ends. */
void job_routes_destroy(struct job_routes *r);
void job_routes_event(void *routes, const struct event *ev); /* book_event_f */

/* route_f; the first argument is a struct job_routes. */
void job_routes_list(void *routes, struct http_request *req, const char *name);
void job_routes_get(void *routes, struct http_request *req, const char *name);
void job_routes_delete(void *routes, struct http_request *req,
		       const char *name);
void job_routes_signal(void *routes, struct http_request *req,
		       const char *name);

/* The job whose number a path names; NULL: answered with the error. */
const struct job *job_routes_named(const struct ledger *l,
				   struct http_request *req, const char *name);

#endif
