/*
 * session.h - the folders for what PMIx and the ranks keep on this node while
 * a job runs: one on local storage ($TMPDIR or /tmp), one in shared memory
 * (/dev/shm), both of the job's user alone.
 *
 * The shepherd holds a lock on them; a folder that nobody holds is left from
 * a shepherd that was killed, and the next one of that user takes it away.  So it does with the trial files that Open
 * MPI leaves in shared memory when a rank is killed within MPI_Init.
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
