/*
 * sink.h - standard output or error as a place to write to from the loop: what
 * the reader behind it does not take now is queued.
 */
#ifndef CLI_SINK_H
#define CLI_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "io/loop.h"

struct sink;

/* drained: the queue has become empty.  broken: the reader is gone; called
 * once, and what is written after is dropped. */
struct sink *sink_create(struct loop *l, int fd, loop_f drained, loop_f broken,
			 void *arg);
void sink_destroy(struct sink *s); /* what is queued is dropped */

void sink_write(struct sink *s, const void *data, size_t len);
size_t sink_queued(const struct sink *s);

/* Write what is queued, as long as it takes. */
void sink_finish(struct sink *s);

#endif
