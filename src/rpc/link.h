/*
 * link.h - a peer at the other end of a socket: handshake, then typed
 * messages both ways.
 *
 * On a Unix socket each side sends Hello, and the kernel's word
 * (SO_PEERCRED) that the peer is the same user or root is the proof.  On TCP
 * each side sends Hello with a fresh 32-byte nonce and then Auth with
 *   HMAC-SHA256(secret, "berth-link-1" 0 role 0 node 0 own-nonce peer-nonce)
 * (role and node its own), so neither side can be impersonated or replayed
 * without the Berth's secret.  A peer that is not authenticated within 5 s,
 * of another frame version or of another Berth, is dropped with one line.
 */
#ifndef RPC_LINK_H
#define RPC_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "io/loop.h"
#include "wire/frame.h"

struct link;

/* Who we are; the strings are copied. */
struct link_self {
	const char *role;   /* "launcher", "rank", "shepherd" */
	const char *node;
	const char *key;
	const char *berth;
	const void *secret; /* NULL on Unix sockets */
	size_t secret_len;
};

struct link_events {
	/* The handshake is done; link_peer is valid from now on. */
	void (*up)(void *arg, struct link *l);
	/* msg is freed after the return. */
	void (*message)(void *arg, struct link *l, const Berth__Msg *msg);
	/* Broken or refused; called once; the owner destroys the link, here or
	 * later. */
	void (*down)(void *arg, struct link *l, const char *text);
};

/* Take over a connected descriptor (from a listener or a connector). */
struct link *link_create(struct loop *loop, int fd, bool tcp,
			 const struct link_self *self,
			 const struct link_events *ev, void *arg);
void link_destroy(struct link *l);
/* Destroy after what is queued has gone out. */
void link_finish(struct link *l);

bool link_is_up(const struct link *l);
const Berth__Hello *link_peer(const struct link *l);

/* Queue msg.  Before the handshake is done it is kept.  -1: too large. */
int link_send(struct link *l, const Berth__Msg *msg, struct berth_error *err);
size_t link_queued(const struct link *l);
/* Stop reading from the peer: back-pressure. */
void link_pause(struct link *l, bool paused);

#endif
