/*
 * leftover.h - ending what runs of a Berth when its broker does not answer:
 * launchers by their address and the Berth's secret, shepherds of a folder on
 * this machine by the process behind their socket.  So nothing is ended that
 * is not this Berth's.
 */
#ifndef CLI_LEFTOVER_H
#define CLI_LEFTOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/statedir.h"

/* Does a launcher listen there?  Where its folder is on this machine, does it
 * hold the lock of the folder? */
bool leftover_answers(const struct statedir_node *n);
/* Tell the launcher to end its node; blocks for at most 5 s. */
int leftover_shutdown(const struct statedir_node *n, const char *berth,
		      const char *secret, bool kill_tasks);
/* End the processes that still hold sockets in the node's folder: SIGTERM, and
 * SIGKILL after 5 s.  Returns how many there were. */
size_t leftover_end(const char *folder);

/* Have what a launcher that died has left in the folder removed, and its
 * cgroups: by berth-launcher --tidy.  No launcher must be there. */
void leftover_tidy(const char *folder);

#endif
