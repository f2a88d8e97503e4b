/*
 * scratch.h - folders that live as long as their process: it holds a lock on
 * each, and one that nobody holds is what a process left that was killed.
 * Whoever comes by takes it away.
 *
 * They are called berth-session.XXXXXX; one appears under that name locked.
 */
#ifndef IO_SCRATCH_H
#define IO_SCRATCH_H

#include "base/error.h"

struct scratch {
	char *path; /* NULL: none */
	int fd;	    /* holds the lock; -1: none */
};

/* $TMPDIR where that is short (names of sockets in it must be), else /tmp. */
const char *scratch_disk(void);
/* /dev/shm */
const char *scratch_memory(void);

/* Make one in the folder parent.  -1: s holds nothing. */
int scratch_make(struct scratch *s, const char *parent,
		 struct berth_error *err);
/* Remove it with all that is in it; of one that holds nothing: nothing. */
void scratch_remove(struct scratch *s);

/*
 * Take away what the dead have left, in both places: their folders, and the
 * trial files of Open MPI (it makes open_mpi.* in shared memory to see whether
 * it can, and removes it at once) that no process has open.  For root
 * everybody's, else one's own.  Blocks while files are removed.
 */
void scratch_sweep(void);

#endif
