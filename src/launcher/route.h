/*
 * route.h - messages from shepherd to shepherd: delivered here, passed to the
 * node where they belong, or answered with Undeliverable.
 *
 * A ModexRequest or SpawnStart whose answer can't come any more (its
 * destination's shepherd ended, its node's link broke or never came) is
 * answered with Undeliverable too, so nobody waits for the dead.
 */
#ifndef LAUNCHER_ROUTE_H
#define LAUNCHER_ROUTE_H

#include "io/loop.h"
#include "launcher/coll.h"
#include "launcher/post.h"

struct route;

struct route_config {
	const char *node; /* must outlive the route */
	struct post post;
	coll_shepherd_f shepherd; /* is there such a one here? */
	/* A shepherd is needed for what was spawned. */
	void (*start)(void *arg, const char *key, const Berth__Spec *spec);
	void *arg;
};

struct route *route_create(struct loop *l, const struct route_config *conf);
void route_destroy(struct route *r);

/* From a shepherd of this node; the sender's name is filled in here. */
void route_from_shepherd(struct route *r, const char *shepherd,
			 Berth__Msg *msg);
/* From another node's launcher. */
void route_from_node(struct route *r, const char *node, const Berth__Msg *msg);

/* Something that was kept for the node comes back. */
void route_undelivered(struct route *r, const char *node,
		       const Berth__Msg *msg);
void route_shepherd_up(struct route *r, const char *shepherd);
void route_shepherd_gone(struct route *r, const char *shepherd);
void route_node_broken(struct route *r, const char *node);

#endif
