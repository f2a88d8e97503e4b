/*
 * own_launcher.h - a rank that no launcher started (mpirun -N 1 berthd) finds
 * its node's launcher or starts it.
 *
 * The launchers of a Berth share a secret: the file "secret" of the state
 * directory, which therefore lies on a file system that all nodes have.  Who
 * knows the other nodes is the leader (roster_keeper.h).  The ranks share the
 * token of the HTTP API in the same way: the file "token".
 */
#ifndef BROKER_OWN_LAUNCHER_H
#define BROKER_OWN_LAUNCHER_H

#include "base/error.h"
#include "broker/broker_conf.h"

/* Blocks until the launcher listens in the node's folder, at most 20 s; to be
 * called before MPI is there, since it forks.  Sets the token.  *address:
 * "host:port" of the launcher, the caller's to free. */
int own_launcher_ensure(struct broker_conf *c, char **address,
			struct berth_error *err);

#endif
