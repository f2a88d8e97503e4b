/* network.h - which of a node's addresses the others reach it at. */
#ifndef LAUNCHER_NETWORK_H
#define LAUNCHER_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * The address for the wish: an interface ("ib0"), a network ("10.1.0.0/16"),
 * an address, or "": the one that an ssh login came to, that of the host's
 * name, the first of an interface that is up, the loopback.  A numeric
 * address into out.
 */
int network_choose(const char *wish, char *out, size_t size,
		   struct berth_error *err);

/* "network/prefix" of the interface that has the address of "host:port", for
 * Open MPI; false: none has (or it is not IPv4). */
bool network_of(const char *address, char *out, size_t size);

#endif
