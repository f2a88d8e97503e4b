/*
 * recorder.h - every event of the leader's ledger in a file, with its time, to
 * be replayed by berth-sim (model/event_text.h says how it is written).
 *
 * Events are gathered and written five times a second and at the end.  What
 * cannot be written (a full disk) ends the recording with one log line; the
 * Berth goes on.  A file that is there already, of an earlier leader, is not
 * touched but moved to the first free of PATH.1, PATH.2, …
 *
 * On the loop's thread; writing waits for the disk, not for its platter.
 */
#ifndef BROKER_RECORDER_H
#define BROKER_RECORDER_H

#include "io/loop.h"
#include "model/event.h"

struct recorder;

/* path NULL: nothing is recorded.  A file that can't be made is named in a
 * log line, then nothing is recorded either. */
struct recorder *recorder_create(struct loop *loop, const char *path,
				 const char *version, const char *policy);
/* Writes what is gathered.  NULL is fine. */
void recorder_destroy(struct recorder *r);

/* Put one down; recorder is a struct recorder (book_event_f). */
void recorder_event(void *recorder, const struct event *ev);

#endif
