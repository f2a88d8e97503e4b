/*
 * feed.h - our standard input into a job: read piece by piece, each posted
 * with its place in the stream, the next when it has arrived.
 */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include "io/http.h"
#include "io/loop.h"

struct feed;

/* Starts at once.  A terminal is read only while we are in its foreground. */
struct feed *feed_create(struct loop *l, long long job);
void feed_destroy(struct feed *f);

/* Where to post; the piece that is under way is posted again.  NULL: wait. */
void feed_connect(struct feed *f, struct http_client *client);

#endif
