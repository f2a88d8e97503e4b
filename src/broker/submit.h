/*
 * submit.h - POST /v1/jobs.  A job for a framework whose host is still on its
 * way up waits for it a while.  A job is accepted, and has its number, when
 * its record is committed; then it is answered for.
 */
#ifndef BROKER_SUBMIT_H
#define BROKER_SUBMIT_H

#include "broker/book.h"
#include "broker/commit.h"
#include "broker/hosts.h"
#include "broker/jobs.h"
#include "io/http.h"
#include "io/loop.h"

struct submits;

/* max_jobs: of a framework, that have not ended; more get 429. */
struct submits *submits_create(struct loop *loop, struct book *book,
			       struct jobs *jobs, struct hosts *hosts,
			       struct commit *commit,
			       size_t max_jobs);
void submits_destroy(struct submits *s);

/* When a framework has registered, look again, from the loop
 * (book_event_f). */
void submits_event(void *submits, const struct event *ev);

/* route_f; the first argument is a struct submits. */
void submits_post(void *submits, struct http_request *req, const char *name);

#endif
