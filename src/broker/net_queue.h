/*
 * net_queue.h - how messages become transfers between two ranks and come
 * back: batching, the cutting of large ones, order.  Pure; which library moves
 * the transfers is not known here.
 *
 * A transfer is at most NET_EAGER_MAX bytes, and transfers between two ranks
 * arrive in order.  Its first byte says what follows:
 *   'F'  one or more whole frames
 *   'C'  a control record: u8 kind, u64 value (big endian), text
 *   'P'  a piece of a large frame, whose size the record NET_LARGE before its
 *        first piece has told; other frames wait until it is complete
 */
#ifndef BROKER_NET_QUEUE_H
#define BROKER_NET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/frame.h"

#define NET_EAGER_MAX (60 * 1000)
#define NET_QUEUE_MAX (256u << 20)

enum net_control {
	NET_HELLO = 1, /* text: the sender's node; first on a new channel */
	NET_LARGE = 2, /* value: bytes of the large frame that follows */
	NET_GONE = 3,  /* the sender has dropped the receiver */
	NET_LEAVE = 4, /* the sender ends in good order */
	NET_SOCKET = 5, /* text: the sender's address of a new connection */
};

bool net_is_control(const void *data, size_t len);
/* A transfer with nothing but this record. */
void net_control(struct buf *out, enum net_control kind, uint64_t value,
		 const char *text);

/* ---- out: what waits for one peer ---- */

struct net_out_item {
	STAILQ_ENTRY(net_out_item) link;
	struct buf bytes; /* with the first byte */
};

struct net_out {
	STAILQ_HEAD(, net_out_item) items;
	STAILQ_HEAD(, net_out_item) urgent; /* records that overtake */
	size_t bytes;
	bool announced; /* NET_LARGE of the first item has been taken, */
	size_t at;	/* and so much of it */
};

void net_out_init(struct net_out *q);
void net_out_finish(struct net_out *q);
/* -1: the frame or the queue would be too large. */
int net_out_message(struct net_out *q, const Berth__Msg *msg, size_t *size,
		    struct berth_error *err);
/* urgent: before all that waits. */
void net_out_control(struct net_out *q, enum net_control kind, uint64_t value,
		     const char *text, bool urgent);
/* Take the next transfer; false when nothing waits.  out must be empty and is
 * the caller's. */
bool net_out_next(struct net_out *q, struct buf *out);
/* Bytes that net_out_next would give, at most. */
size_t net_out_size(const struct net_out *q);

/* ---- in: what has come from one peer ---- */

struct net_in_events {
	/* False: stop, the peer is gone. */
	bool (*message)(void *arg, const Berth__Msg *msg);
	bool (*control)(void *arg, enum net_control kind, uint64_t value,
			const char *text);
};

struct net_in {
	struct buf large; /* a large frame, as far as it has come */
	size_t want;	  /* its size; 0: none is under way */
};

void net_in_init(struct net_in *q);
void net_in_finish(struct net_in *q);
/*
 * A transfer has come: hands on what is in it.  -1: nonsense, the peer cannot
 * be trusted any more.  0: stopped by a handler (q may be gone).  1: fine.
 */
int net_in_take(struct net_in *q, const void *data, size_t len,
		const struct net_in_events *ev, void *arg,
		struct berth_error *err);

#endif
