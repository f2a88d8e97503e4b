/*
 * net.h - the broker's ranks as peers, named by node.  Above this line nobody
 * knows of MPI; net_mpi.c is the transport, net_local.c its in-process twin
 * for tests.
 *
 * All calls belong to the loop's thread; none blocks beyond a few
 * milliseconds (the join of one peer).  Messages between two peers arrive
 * whole and in order, or the peer goes down.
 */
#ifndef BROKER_NET_H
#define BROKER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"
#include "wire/frame.h"

struct net;

struct net_events {
	/* A peer can be reached (again). */
	void (*up)(void *arg, const char *node);
	/* MPI says it is gone, or a send to it failed.  Silence is not
	 * reported here: heartbeats are the caller's. */
	void (*down)(void *arg, const char *node, const char *why);
	/* msg is freed after the return. */
	void (*message)(void *arg, const char *node, const Berth__Msg *msg);
};

/* Handlers are set once, before net_start; up is then called for every peer
 * that is already there. */
void net_start(struct net *n, const struct net_events *ev, void *arg);
void net_destroy(struct net *n);

const char *net_self(const struct net *n);
/* Names of the peers, this node not among them; *count of them; the array is
 * net's and lives until the next call. */
const char *const *net_peers(struct net *n, size_t *count);
bool net_has(const struct net *n, const char *node);
/* Did this rank start together with the others (true), or does it come later
 * and has to join? */
bool net_founding(const struct net *n);
/* Name of the node that leads at the start: rank 0 of the founders. */
const char *net_first(const struct net *n);

/* Queue msg for node.  To oneself is allowed and arrives by the loop.  -1
 * when there is no such peer. */
int net_send(struct net *n, const char *node, const Berth__Msg *msg,
	     struct berth_error *err);
/* Forget a peer: pending sends are dropped, down is not called. */
void net_drop(struct net *n, const char *node);

/*
 * Joining.  The rank that comes late calls net_open_port and lets its
 * launcher spread the JoinOffer; net_accept then waits for one peer (it
 * blocks: a late rank has nothing else to do), each other rank answers with
 * net_connect when it hears the offer.  Both call up when it is done.
 */
int net_open_port(struct net *n, char **port, struct berth_error *err);
int net_accept(struct net *n, const char *port, struct berth_error *err);
int net_connect(struct net *n, const char *node, const char *port,
		struct berth_error *err);

/* Figures: messages and bytes each way, wakes, spins. */
struct net_stats {
	uint64_t sent, received, sent_bytes, received_bytes, wakes, polls;
};
void net_stats(const struct net *n, struct net_stats *out);

/* Over MPI.  Calls MPI_Init; node names must be distinct over the ranks. */
struct net *net_mpi_create(struct loop *l, const char *node,
			   struct berth_error *err);
/* Ends the process at once, without MPI_Finalize (it hangs after a failure). */
void net_mpi_exit(struct net *n, int status) __attribute__((noreturn));

/* In one process: members of a hub deliver to each other through the loop. */
struct net_hub;
struct net_hub *net_hub_create(struct loop *l);
void net_hub_destroy(struct net_hub *h);
struct net *net_local_create(struct net_hub *h, const char *node,
			     struct berth_error *err);
/* Break and mend the link between two members, for tests. */
void net_hub_cut(struct net_hub *h, const char *a, const char *b, bool cut);

#endif
