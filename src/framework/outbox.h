/*
 * outbox.h - calls on their way to the broker: queued as text, sent in
 * batches, one batch at a time, so that they arrive in order.  No I/O.
 */
#ifndef FRAMEWORK_OUTBOX_H
#define FRAMEWORK_OUTBOX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* A batch ends before it exceeds one of these (a single call may exceed the
 * second); more than a queue's worth of calls is refused. */
enum {
	OUTBOX_BATCH_CALLS = 1000,
	OUTBOX_BATCH_BYTES = 1 << 20,
	OUTBOX_QUEUE_CALLS = 200000,
	OUTBOX_QUEUE_BYTES = 64 << 20,
};

struct outbox;

struct outbox *outbox_create(void);
void outbox_destroy(struct outbox *o);

/* Queue a call; takes it over, also when it fails.  NULL is -1 at once. */
int outbox_push(struct outbox *o, json_t *call, struct berth_error *err);

/* Put the body of the next batch into body.  false: there is nothing to send,
 * or the last batch is not answered yet. */
bool outbox_batch(struct outbox *o, struct buf *body);

/* The batch was answered: body is `{"refused": […]}`, refused is called for
 * each call of the batch that is named there.  -1: it is not such an answer. */
typedef void (*outbox_refused_f)(void *arg, const json_t *call,
				 const char *text);
int outbox_answered(struct outbox *o, const char *body, size_t len,
		    outbox_refused_f refused, void *arg,
		    struct berth_error *err);
/* Every call of the batch was refused for this reason. */
void outbox_all_refused(struct outbox *o, const char *text,
			outbox_refused_f refused, void *arg);

/* The connection is lost: forget all. */
void outbox_clear(struct outbox *o);

#endif
