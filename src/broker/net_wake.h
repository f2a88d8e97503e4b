/*
 * net_wake.h - rings when one of the TCP connections that the MPI library
 * opened has something to read or has room to write again.
 *
 * MPI has no descriptor to wait on; but all its traffic here goes over TCP
 * sockets, and those can be found: they are this process's connected stream
 * sockets that did not come from a listener of ours.  They lie in an epoll
 * instance of their own, edge-triggered, so that neither a number that is
 * used again nor a socket that the library closed can confuse the loop; the
 * loop watches that instance.
 */
#ifndef BROKER_NET_WAKE_H
#define BROKER_NET_WAKE_H

#include <stdbool.h>

#include "base/error.h"
#include "io/loop.h"

struct net_wake;

/* Create before MPI_Init: what listens then is ours, what listens when
 * net_wake_started is called is the library's. */
struct net_wake *net_wake_create(struct loop *l, loop_f ring, void *arg,
				 struct berth_error *err);
void net_wake_destroy(struct net_wake *w);
void net_wake_started(struct net_wake *w);

/* Look for new sockets: after a first message to a peer, after a join, and
 * now and then.  Costs about a microsecond a descriptor. */
void net_wake_scan(struct net_wake *w);

/* Does a socket that rang still hold bytes that the library has not read?
 * The edge will not come again for those. */
bool net_wake_unread(struct net_wake *w);
/* Forget which sockets rang: the library does not read them. */
void net_wake_give_up(struct net_wake *w);

/* Has a listener of the library's rung since the last scan? */
bool net_wake_wants_scan(const struct net_wake *w);
/* Has a connection been closed since the last call? */
bool net_wake_hung_up(struct net_wake *w);

#endif
