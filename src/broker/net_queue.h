/*
 * net_queue.h - how messages become transfers between two ranks and come
 * back: batching, the split into eager and bulk, order.  Pure; which library
 * moves the transfers is not known here.
 *
 * A transfer is either eager (at most NET_EAGER_MAX bytes: one control
 * record, or one or more whole frames), which the receiver takes from anybody
 * at any time, or bulk (one frame of any size), for which the receiver makes
 * room when an eager record BULK has announced it.  A sender sends nothing
 * more to a peer until its bulk transfer is through.
 *
 * A control record is 16 bytes, big endian, and its text:
 *   u32 magic "BNET"   u32 kind   u64 value   text
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
	NET_BULK = 2,  /* value: bytes of the bulk transfer that follows */
	NET_GONE = 3,  /* the sender has dropped the receiver */
	NET_LEAVE = 4, /* the sender ends in good order */
};

bool net_is_control(const void *data, size_t len);

/* ---- out: what waits for one peer ---- */

struct net_out_item {
	STAILQ_ENTRY(net_out_item) link;
	struct buf bytes;
};

struct net_out {
	STAILQ_HEAD(, net_out_item) items;
	size_t bytes;
	bool announced; /* the BULK record of the first item has been taken */
};

void net_out_init(struct net_out *q);
void net_out_finish(struct net_out *q);
/* -1: the frame or the queue would be too large. */
int net_out_message(struct net_out *q, const Berth__Msg *msg, size_t *size,
		    struct berth_error *err);
void net_out_control(struct net_out *q, enum net_control kind, uint64_t value,
		     const char *text);
/* Take the next transfer; false when nothing waits.  out must be empty and is
 * the caller's.  *bulk: take no more until it is through. */
bool net_out_next(struct net_out *q, struct buf *out, bool *bulk);

/* ---- in: what has come from one peer ---- */

struct net_in_events {
	/* False: stop, the peer is gone. */
	bool (*message)(void *arg, const Berth__Msg *msg);
	bool (*control)(void *arg, enum net_control kind, uint64_t value,
			const char *text);
};

struct net_in {
	/* Eager transfers that came behind a bulk transfer under way. */
	STAILQ_HEAD(, net_out_item) held;
	bool bulk; /* one is under way */
};

void net_in_init(struct net_in *q);
void net_in_finish(struct net_in *q);
/*
 * An eager transfer has come: hands on what is in it.  A BULK record goes to
 * control after it was checked, and holds up what follows until net_in_bulk
 * brings the bytes.  -1: nonsense, the peer cannot be trusted any more.
 * 0: stopped by a handler (q may be gone).  1: fine.
 */
int net_in_eager(struct net_in *q, const void *data, size_t len,
		 const struct net_in_events *ev, void *arg,
		 struct berth_error *err);
int net_in_bulk(struct net_in *q, const void *data, size_t len,
		const struct net_in_events *ev, void *arg,
		struct berth_error *err);

#endif
