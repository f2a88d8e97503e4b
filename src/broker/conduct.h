/*
 * conduct.h - how frameworks behave: how much of the leader's time their calls
 * take, whether they answer.  One that takes too much has its calls put off,
 * one that lets its offers run out gets none for a while; what is wrong with
 * one is said in the log, in the list of frameworks and in the metrics.
 */
#ifndef BROKER_CONDUCT_H
#define BROKER_CONDUCT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "broker/book.h"
#include "io/http.h"
#include "io/loop.h"
#include "model/event.h"

struct conduct;

struct conduct *conduct_create(struct loop *loop, struct book *book);
void conduct_destroy(struct conduct *c); /* NULL is fine */

/* A request with calls of this framework, which is registered, has come.
 * False: it was answered with 429, the framework is to send it again. */
bool conduct_admits(struct conduct *c, const char *framework,
		    struct http_request *req);
/* What was admitted has been carried out. */
void conduct_done(struct conduct *c, const char *framework, size_t calls,
		  size_t refused);

/* It has (not) answered for a while. */
void conduct_silent(struct conduct *c, const char *framework, bool silent);
/* Offers that run out without an answer (book_event_f). */
void conduct_event(void *conduct, const struct event *ev);

/* Members of the framework's in GET /v1/frameworks. */
void conduct_put(const struct conduct *c, const char *framework, json_t *o);
void conduct_metrics(const struct conduct *c, struct buf *out);

#endif
