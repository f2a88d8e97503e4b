/*
 * session.h - the folders for what PMIx and the ranks keep on this node while
 * a job runs: one on local storage ($TMPDIR or /tmp), one in shared memory
 * (/dev/shm), both of the job's user alone.
 *
 * They go with the shepherd (io/scratch.h); of one that was killed its
 * launcher takes them away, or the next shepherd of that user.
 */
#ifndef SHEPHERD_SESSION_H
#define SHEPHERD_SESSION_H

#include "base/error.h"

struct session;

struct session *session_create(struct berth_error *err);
void session_destroy(struct session *s); /* with all that is in it */
const char *session_path(const struct session *s);
const char *session_shared_memory(const struct session *s); /* or NULL */
/* Make a folder in the first ("a", "a/b"); an existing one is fine. */
void session_mkdir(struct session *s, const char *name);

#endif
