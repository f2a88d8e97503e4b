/*
 * net_pace.h - how often to look whether MPI has something: at once when its
 * sockets ring, for a while after each message while messages come in quick
 * succession, and every 50 ms in any case.  Idle that costs next to nothing;
 * busy it answers within microseconds; and the rest of the loop has its turn
 * every 40 µs.
 */
#ifndef BROKER_NET_PACE_H
#define BROKER_NET_PACE_H

#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"

struct net_pace;

enum pace_found {
	PACE_NOTHING, /* nothing was done */
	PACE_SENT,    /* only sends were done: look again */
	PACE_CAME,    /* something came in */
	PACE_STOP,    /* the owner is going: touch nothing any more */
};

struct pace_events {
	enum pace_found (*poll)(void *arg);
	/* Nothing is left to read, and something may have to be looked after:
	 * a connection has closed or come to be, net_pace_look was called, a
	 * second has passed.  Returns in how many µs to call it again at the
	 * latest, 0: by the rule; PACE_GONE: the owner is going. */
	uint64_t (*quiet)(void *arg);
};
#define PACE_GONE UINT64_MAX

/* Before MPI_Init; *wakes counts the rings. */
struct net_pace *net_pace_create(struct loop *l, const struct pace_events *ev,
				 void *arg, uint64_t *wakes,
				 struct berth_error *err);
void net_pace_destroy(struct net_pace *p);
/* After MPI_Init. */
void net_pace_start(struct net_pace *p);
/* Something was sent: look at it soon. */
void net_pace_kick(struct net_pace *p);
/* Poll in so many µs at the latest. */
void net_pace_soon(struct net_pace *p, uint64_t us);
/* Call quiet soon. */
void net_pace_look(struct net_pace *p);
/* The library may have opened a connection: find it, and call quiet. */
void net_pace_connected(struct net_pace *p);

#endif
