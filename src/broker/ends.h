/*
 * ends.h - the ends of tasks that nodes have told: each is confirmed to its
 * node when it is on record, so that agent, launcher and shepherd, which keep
 * it until then and tell it to the next leader, need not any more.
 *
 * An end that says nothing new, or of a task that nobody knows, is confirmed
 * as well.  Where another rank leads meanwhile, that one hears them all again.
 */
#ifndef BROKER_ENDS_H
#define BROKER_ENDS_H

#include "broker/commit.h"
#include "broker/net.h"
#include "io/loop.h"

struct ends;

struct ends *ends_create(struct loop *loop, struct commit *commit,
			 struct net *net);
void ends_destroy(struct ends *e); /* NULL is fine */

/* The ledger has taken this report. */
void ends_heard(struct ends *e, const char *node,
		const Berth__TaskReport *report);

#endif
