/*
 * net_impl.h - what the two transports of net.h have in common: the table of
 * peers by name, delivery to oneself, the figures.  A transport embeds struct
 * net as its first member.  For net*.c only.
 */
#ifndef BROKER_NET_IMPL_H
#define BROKER_NET_IMPL_H

#include <sys/queue.h>

#include "base/map.h"
#include "broker/net.h"

/* Common head of a transport's peer. */
struct net_peer {
	char *node;
};

struct net_ops {
	void (*start)(struct net *n);
	void (*destroy)(struct net *n);
	/* p is never oneself. */
	int (*send)(struct net *n, struct net_peer *p, const Berth__Msg *msg,
		    struct berth_error *err);
	void (*drop)(struct net *n, struct net_peer *p);
	int (*open_port)(struct net *n, char **port, struct berth_error *err);
	int (*accept)(struct net *n, const char *port,
		      struct berth_error *err);
	int (*connect)(struct net *n, const char *node, const char *port,
		       struct berth_error *err);
};

struct net_self_msg {
	STAILQ_ENTRY(net_self_msg) link;
	Berth__Msg *msg;
};

struct net {
	const struct net_ops *ops;
	struct loop *loop;
	char *self, *first;
	uint64_t term; /* of what is sent */
	bool founding, started;
	/* Inside a handler; destruction waits until it is back. */
	unsigned busy;
	bool doomed;
	struct net_events ev;
	void *arg;
	struct map *peers; /* of struct net_peer, by node */
	const char **names; /* for net_peers */
	STAILQ_HEAD(, net_self_msg) to_self;
	struct loop_timer *self_timer;
	struct net_stats stats;
};

void net_base_init(struct net *n, const struct net_ops *ops, struct loop *l,
		   const char *node);
void net_base_finish(struct net *n);

/* Call a handler.  False: the net was destroyed in it, or is about to be;
 * whoever entered first (net_enter) must unwind. */
bool net_call_up(struct net *n, const char *node);
bool net_call_down(struct net *n, const char *node, const char *why);
bool net_call_message(struct net *n, const char *node, const Berth__Msg *msg);

/* Bracket whatever may call a handler.  net_leave returns false when the net
 * was destroyed meanwhile and is gone. */
void net_enter(struct net *n);
bool net_leave(struct net *n);

#endif
