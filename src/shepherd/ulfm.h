/*
 * ulfm.h - can a program go on without ranks that died?  Its MPI library has
 * to have what MPI calls user-level failure mitigation: Open MPI 5 does, 4.1
 * does not, and would wait for the dead for ever.
 */
#ifndef SHEPHERD_ULFM_H
#define SHEPHERD_ULFM_H

#include <stdbool.h>
#include <sys/types.h>

/* Does one of the processes of the session have an MPI library that can't?
 * Looks at the libraries that they have loaded; false where none is found. */
bool ulfm_missing(pid_t session);

#endif
