/*
 * net_ranks.h - the broker's ranks over a carrier that moves transfers
 * (net_queue.h) between numbered ranks: who is called what, what waits for
 * whom, whose connection has closed, who has been dropped, has left or was
 * replaced.  Knows nothing of the carrier's library; net_mpi.c is the carrier.
 *
 * A channel is a set of numbered ranks: the founders' one, or one with a
 * single peer that joined later.  On a pair channel the first transfer each
 * way is a HELLO with the sender's node; the side that comes late speaks
 * first, so that only one of them opens a connection.
 */
#ifndef BROKER_NET_RANKS_H
#define BROKER_NET_RANKS_H

#include <sys/queue.h>

#include "broker/net_conn.h"
#include "broker/net_impl.h"
#include "broker/net_queue.h"

struct net_ranks;

struct rank_peer {
	struct net_peer base; /* first; node is NULL until its HELLO came */
	struct rank_channel *ch;
	int rank;
	struct net_out out;
	struct net_in in;
	struct conns conns;
	unsigned in_flight;
	bool greeted;	     /* our HELLO has been queued, or is not due */
	uint64_t suspect_us; /* since when its connection is closed, or 0 */
	const char *failed;  /* to be taken down by ranks_check */
};

/* The carrier embeds it as its channel's first member. */
struct rank_channel {
	LIST_ENTRY(rank_channel) link;
	bool pair;
	bool over; /* nothing can come any more: closed by ranks_check */
	int size;
	struct rank_peer **by_rank; /* NULL: oneself, or dropped */
	uint64_t *stray_us;	    /* when it was last told so */
	char *closed_node;	    /* pair: whose it was */
};

struct carrier_ops {
	/* Start a transfer; bytes are taken over.  p (NULL: nobody's) hears
	 * of its end by ranks_sent, not before this returns.  -1: not
	 * possible. */
	int (*send)(struct net_ranks *r, struct rank_channel *ch, int rank,
		    struct buf *bytes, struct rank_peer *p);
	/* p is about to be freed: its transfers have no owner from now on. */
	void (*orphan)(struct net_ranks *r, struct rank_peer *p);
	/* Stop receiving on a channel and free it, after channel_finish. */
	void (*close)(struct net_ranks *r, struct rank_channel *ch);
	/* Something was sent from outside of a poll. */
	void (*kick)(struct net_ranks *r);
	/* A new connection may be there. */
	void (*connected)(struct net_ranks *r);
	/* Call ranks_check_conns soon. */
	void (*look)(struct net_ranks *r);
};

struct net_ranks {
	struct net net; /* first */
	const struct carrier_ops *carrier;
	LIST_HEAD(, rank_channel) channels;
	struct rank_peer *reading; /* whose transfer is being handed on */
	bool polling; /* the carrier's: it will look at what is sent itself */
	bool some_failed, some_over, some_wait;
	bool unclean; /* a peer was lost or has joined */
};

void ranks_init(struct net_ranks *r, const struct net_ops *ops,
		const struct carrier_ops *carrier, struct loop *l,
		const char *node);
/* Frees the peers; the channels must be gone. */
void ranks_finish(struct net_ranks *r);

void ranks_channel_init(struct net_ranks *r, struct rank_channel *ch,
			bool pair, int size);
void ranks_channel_finish(struct rank_channel *ch);
/* The founders: names of all ranks of ch, room bytes each, ours among them. */
int ranks_found(struct net_ranks *r, struct rank_channel *ch, int self,
		char *names, size_t room, struct berth_error *err);
/* A send to p was made since conn_probe: a connection that has come to be is
 * p's.  (For sends that the carrier makes of its own accord.) */
void ranks_connected(struct net_ranks *r, struct rank_peer *p, int probe);
/* The one at the other end of a new pair; first: we speak first. */
void ranks_pair(struct net_ranks *r, struct rank_channel *ch, bool first);

/* ---- what the carrier reports; each may call handlers ---- */
void ranks_take(struct net_ranks *r, struct rank_channel *ch, int rank,
		const void *data, size_t len);
void ranks_sent(struct net_ranks *r, struct rank_peer *p, bool ok);
void ranks_lost(struct net_ranks *r, struct rank_peer *p, const char *why);
/* Once after each poll: peers that failed meanwhile, channels that are over. */
void ranks_check(struct net_ranks *r);
/* Look at all connections, when all that has come was read: peers whose
 * connection is closed are lost, after a moment.  True: look again soon. */
bool ranks_check_conns(struct net_ranks *r);
/* In each poll: go on with what waited for room in a socket; true: some still
 * does, poll again soon. */
bool ranks_push(struct net_ranks *r);

/* Tell everybody that this rank ends; true once all has gone out. */
void ranks_leave(struct net_ranks *r);
bool ranks_drained(const struct net_ranks *r);

/* For net_ops. */
int ranks_send(struct net *n, struct net_peer *p, const Berth__Msg *msg,
	       struct berth_error *err);
void ranks_drop(struct net *n, struct net_peer *p);

#endif
