/*
 * net.h - the broker's ranks as peers, named by node.  Above this line nobody
 * knows of MPI; net_mpi.c is the transport, net_local.c its in-process twin
 * for tests.
 *
 * All calls belong to the loop's thread.  Messages between two peers arrive
 * whole and in order, or the peer goes down.  Nothing blocks, but for
 * net_accept and net_connect, see there.  Any call may be made from inside a
 * handler, net_destroy too.
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
	/* The transport says it is gone, it left, it sent rubbish, it dropped
	 * us, or a newer rank of its node has taken its place (up follows).
	 * Silence is not reported here: heartbeats are the caller's, since
	 * with Open MPI 4.1 a dead peer is only silent. */
	void (*down)(void *arg, const char *node, const char *why);
	/* msg is freed after the return. */
	void (*message)(void *arg, const char *node, const Berth__Msg *msg);
};

/* Handlers are set once, before any message is delivered; up is called for
 * every peer that is already there before net_start returns. */
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
/* Name of the node that leads at the start: rank 0 of the founders.  NULL in
 * a rank that comes later. */
const char *net_first(const struct net *n);

/* Queue msg for node.  To oneself is allowed and arrives by the loop.  -1
 * when there is no such peer or the message is too large.  What is queued for
 * a peer that does not read is kept up to a bound (256 MiB); beyond it the
 * peer goes down. */
int net_send(struct net *n, const char *node, const Berth__Msg *msg,
	     struct berth_error *err);
/* From now on what is sent, to oneself too, carries the term of the leader
 * that this rank is; 0: of none. */
void net_set_term(struct net *n, uint64_t term);
/* Forget a peer: pending sends are dropped, down is not called.  Should it be
 * alive after all, it is told when its next message arrives; its down handler
 * then says "dropped by NODE", and it has to join anew. */
void net_drop(struct net *n, const char *node);

/*
 * Joining.  The rank that comes late calls net_open_port and sends its port
 * to one other rank after the other; that one answers and calls net_connect,
 * the late one calls net_accept when it hears the answer (agent_join.h).  On
 * both sides up follows by the loop, when they have told each other who they
 * are; a peer of that name that was there before goes down first.
 *
 * Both calls block until the other side has made its own, 2 to 7 ms as a
 * rule.  When the other side dies in between they return -1 after at most
 * NET_JOIN_TIMEOUT_S (the PMIx servers end the exchange).  One that is stopped
 * when the two ranks already talk with each other holds the call up for longer:
 * after NET_JOIN_STUCK_S the process ends with status NET_EXIT_STUCK and is
 * started again by its launcher, as an MPI library cannot be taken out of this
 * call.  Meanwhile this rank may be the one that a majority of the voters
 * lacks, so these are short.
 */
enum { NET_JOIN_TIMEOUT_S = 2, NET_JOIN_STUCK_S = 4, NET_EXIT_STUCK = 75 };
int net_open_port(struct net *n, char **port, struct berth_error *err);
int net_accept(struct net *n, const char *port, struct berth_error *err);
int net_connect(struct net *n, const char *node, const char *port,
		struct berth_error *err);

/* Figures: messages and bytes each way, wakes by a socket, polls of MPI. */
struct net_stats {
	uint64_t sent, received, sent_bytes, received_bytes, wakes, polls;
};
void net_stats(const struct net *n, struct net_stats *out);

/* Over MPI.  Sets the environment that the broker wants of Open MPI where it
 * is unset, and calls MPI_Init; node names must be distinct over the ranks.
 * With BERTH_LATE=1 in the environment this rank is alone and joins later. */
struct net *net_mpi_create(struct loop *l, const char *node,
			   struct berth_error *err);
/* Ends the process after what is queued has gone out (at most 0.3 s):
 * through MPI_Finalize if no peer was ever lost, else at once, since
 * MPI_Finalize hangs after a failure.  n may be NULL. */
void net_mpi_exit(struct net *n, int status) __attribute__((noreturn));

/* In one process: members of a hub deliver to each other through the loop.
 * Members that were made before the first net_start are the founders. */
struct net_hub;
struct net_hub *net_hub_create(struct loop *l);
void net_hub_destroy(struct net_hub *h); /* after its members */
struct net *net_local_create(struct net_hub *h, const char *node,
			     struct berth_error *err);
/* Cut and mend the link between two members: what is sent over a link that is
 * cut waits, as with TCP. */
void net_hub_cut(struct net_hub *h, const char *a, const char *b, bool cut);
/* Every message takes so long from now on. */
void net_hub_delay(struct net_hub *h, uint64_t delay_us);

#endif
