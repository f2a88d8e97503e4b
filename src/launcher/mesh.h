/*
 * mesh.h - the links between the launchers of a Berth, over TCP.
 *
 * A link is made when there is something to say, by either side; where both
 * do so at once both links stay, and each side says all it has to say on one
 * of them, so that messages between two launchers never overtake each other.
 * While a node cannot be reached messages for it are kept up to MESH_QUEUE
 * bytes; after MESH_LOST_US without a link it counts as lost, what was kept
 * comes back, and from then on a message that cannot be delivered at once
 * comes back at once.
 */
#ifndef LAUNCHER_MESH_H
#define LAUNCHER_MESH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/loop.h"
#include "launcher/roster.h"
#include "launcher/settings.h"

#define MESH_LOST_US (30u * 1000 * 1000)
#define MESH_QUEUE (64u << 20)

struct mesh;

struct mesh_events {
	/* The node can be reached; again: it could be before, or was lost,
	 * and messages may have gone astray since. */
	void (*up)(void *arg, const char *node, bool again);
	/* The link broke: what was under way on it may be lost. */
	void (*broken)(void *arg, const char *node);
	/* Given up.  up is called should the node come back. */
	void (*lost)(void *arg, const char *node);
	void (*message)(void *arg, const char *node, const Berth__Msg *msg);
	/* `berth down`, without a broker, says Shutdown. */
	void (*tool)(void *arg, const Berth__Msg *msg);
	/* msg was kept for node and will not get there. */
	void (*undelivered)(void *arg, const char *node,
			    const Berth__Msg *msg);
};

/* settings and roster stay the caller's and must outlive the mesh. */
struct mesh *mesh_create(struct loop *l, const struct settings *s,
			 struct roster *r, const struct mesh_events *ev,
			 void *arg);
void mesh_destroy(struct mesh *m);

/* Listen on host (NULL: all) and port (0: any); returns the port. */
int mesh_listen(struct mesh *m, const char *host, unsigned port,
		struct berth_error *err);

/* -1: no such node in the roster, or it is this one. */
int mesh_send(struct mesh *m, const char *node, const Berth__Msg *msg);
void mesh_send_all(struct mesh *m, const Berth__Msg *msg);
/* Link to every node of the roster now. */
void mesh_link_all(struct mesh *m);
bool mesh_is_up(const struct mesh *m, const char *node);
/* Bytes that wait in all links: nothing must be lost at an orderly end. */
size_t mesh_queued(const struct mesh *m);

#endif
