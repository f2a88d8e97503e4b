/*
 * launcher_link.h - the rank's link to its node's launcher: kept up, and the
 * launcher started again (berth-launcher --restart --dir NODE_DIR) when it
 * stays away.
 *
 * What is sent while the link is down is kept, up to 64 MiB, and goes out
 * when it is up again, in order; the launcher's own first word on a new link
 * is a full TaskReport.
 */
#ifndef BROKER_LAUNCHER_LINK_H
#define BROKER_LAUNCHER_LINK_H

#include <stdbool.h>

#include "base/error.h"
#include "io/loop.h"
#include "wire/frame.h"

struct launcher_link;

struct launcher_link_events {
	/* address: "host:port" of the launcher's TCP port, pid its own. */
	void (*up)(void *arg, const char *address, unsigned pid);
	void (*down)(void *arg);
	void (*message)(void *arg, const Berth__Msg *msg);
};

/* Strings are copied.  Nothing is called before the loop runs. */
struct launcher_link *launcher_link_create(struct loop *l, const char *node,
					   const char *node_dir,
					   const char *berth,
					   const struct launcher_link_events *ev,
					   void *arg);
void launcher_link_destroy(struct launcher_link *k);
bool launcher_link_up(const struct launcher_link *k);
/* -1: too large, or too much waits already. */
int launcher_link_send(struct launcher_link *k, const Berth__Msg *msg,
		       struct berth_error *err);
/* Start no launcher any more: this Berth ends. */
void launcher_link_retire(struct launcher_link *k);

#endif
