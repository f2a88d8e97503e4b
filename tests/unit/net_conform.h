/*
 * net_conform.h - what every transport of net.h has to do, from the view of
 * one rank: the same test runs over net_local (all ranks in one process) and
 * over MPI (one rank a process).
 *
 * Each rank sends every other one, and itself, the same series of messages,
 * from nothing to 10 MB, all at once, and checks that those of each peer come
 * whole and in order.
 */
#ifndef NET_CONFORM_H
#define NET_CONFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/net.h"

enum { CONFORM_PEERS = 16 };

struct conform_peer {
	char node[65];
	unsigned came;	   /* messages, over all series */
	unsigned finished; /* series of ours that it has */
	unsigned series;   /* that it was sent */
};

struct conform {
	struct net *net;
	struct conform_peer peer[CONFORM_PEERS];
	unsigned npeers; /* oneself among them */
	unsigned bad;	 /* messages that were not as they should be */
	unsigned up, down;
};

/* Starts the net with the handlers below. */
void conform_start(struct conform *c, struct net *n);
/* For a program that has handlers of its own: they call these. */
void conform_init(struct conform *c, struct net *n);
void conform_up(void *c, const char *node);
void conform_down(void *c, const char *node, const char *why);
void conform_message(void *c, const char *node, const Berth__Msg *msg);
/* Send the series (again) to everybody that is there. */
void conform_send(struct conform *c);
/* Everything has come from everybody, and everybody has everything, if each
 * has sent as many series as we have. */
bool conform_done(const struct conform *c);

#endif
