/*
 * fake_broker.h - a test double of the leader's half of the framework API:
 * real HTTP over a Unix socket, no ledger behind it.  Writes down what was
 * called and says on the event stream what the test wants said.
 */
#ifndef TESTS_FAKE_BROKER_H
#define TESTS_FAKE_BROKER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "io/http.h"
#include "io/loop.h"

struct fake_broker {
	struct loop *loop;
	struct http_server *server;
	char *path, *uri;
	struct http_request *stream;	  /* open event stream */
	struct http_request *parked;	  /* calls that wait for an answer */
	int registrations, streams, posts;
	int register_status;		  /* 0: 201 */
	int calls_status;		  /* 0: 200 */
	bool park;			  /* do not answer calls */
	const char *refuse;		  /* refuse calls of this name */
	json_t *registration;		  /* the last one */
	json_t *calls;			  /* all, in order */
	int largest;			  /* calls in one POST */
};

void fake_broker_start(struct fake_broker *b, struct loop *loop);
void fake_broker_stop(struct fake_broker *b);
/* A line of the stream. */
void fake_broker_say(struct fake_broker *b, const char *line);
/* Bytes of the stream. */
void fake_broker_bytes(struct fake_broker *b, const char *data, size_t len);
/* Cut the stream. */
void fake_broker_hang_up(struct fake_broker *b);
/* Answer the calls that are parked. */
void fake_broker_answer(struct fake_broker *b);
/* The i-th call as compact JSON with sorted keys, "" when there is none; lives
 * until the next call of this. */
const char *fake_broker_call(struct fake_broker *b, size_t i);

/* Run the loop until *what is at least want; false after 5 s. */
bool fake_broker_wait(struct fake_broker *b, const int *what, int want);
void fake_broker_run(struct fake_broker *b, unsigned ms);

#endif
