/*
 * feed.h - the standard input of one job: bytes from the launcher into a
 * pipe, with the reader's credit (how much is in the pipe) going back.
 */
#ifndef SHEPHERD_FEED_H
#define SHEPHERD_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"

struct feed;

/* ack is called whenever more is in the pipe, and once with closed when
 * nobody reads any more (or the end is written). */
typedef void (*feed_ack_f)(void *arg, uint64_t offset, bool closed);
struct feed *feed_create(struct loop *l, feed_ack_f ack, void *arg);
void feed_destroy(struct feed *f); /* closes the pipe; no ack; NULL is fine */

/* Make the pipe; returns its reading end, the caller's to close once the task
 * has it. */
int feed_open(struct feed *f, struct berth_error *err);

/* Bytes at offset of the stream.  What is already known is skipped; a gap is
 * an error of the sender, and the data is dropped. */
void feed_data(struct feed *f, uint64_t offset, const void *data, size_t len,
	       bool eof);
/* How far it has got, for a launcher that came back. */
uint64_t feed_offset(const struct feed *f);
bool feed_closed(const struct feed *f);

#endif
