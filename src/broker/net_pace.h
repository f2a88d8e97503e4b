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
typedef enum pace_found (*pace_poll_f)(void *arg);

/* Before MPI_Init; *wakes counts the rings. */
struct net_pace *net_pace_create(struct loop *l, pace_poll_f poll, void *arg,
				 uint64_t *wakes, struct berth_error *err);
void net_pace_destroy(struct net_pace *p);
/* After MPI_Init. */
void net_pace_start(struct net_pace *p);
/* Something was sent: look at it soon. */
void net_pace_kick(struct net_pace *p);
/* The library may have opened a connection. */
void net_pace_new_sockets(struct net_pace *p);

#endif
