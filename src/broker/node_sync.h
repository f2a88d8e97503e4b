/*
 * node_sync.h - what stands between a node and the leader while its rank is
 * away or has just come back: messages that wait or are on their way, and tasks
 * that run there
 * though the ledger does not know them, which have to end first.
 */
#ifndef BROKER_NODE_SYNC_H
#define BROKER_NODE_SYNC_H

#include <stdbool.h>

#include "broker/net.h"
#include "io/loop.h"

struct node_sync;

struct node_sync *node_sync_create(void);
void node_sync_destroy(struct node_sync *s); /* NULL is fine */
void node_sync_clear(struct node_sync *s);

/* Takes msg over. */
void node_sync_keep(struct node_sync *s, Berth__Msg *msg);
/* Each task of the Launches that wait, and of those sent a moment ago: a
 * report may have crossed them. */
void node_sync_tasks(const struct node_sync *s,
		     void (*cb)(void *arg, uint64_t job, uint32_t index),
		     void *arg);
/* A Launch has just been sent. */
void node_sync_sent(struct node_sync *s, const Berth__Launch *launch);
/* What was sent went to a rank that is no more. */
void node_sync_anew(struct node_sync *s);
/* Send all that waits, in order. */
void node_sync_flush(struct node_sync *s, struct net *net, const char *node);

/* May a line about the node's odd reports go to the log?  Now and then. */
bool node_sync_tells(struct node_sync *s);

/* A task there is to end before the node is taken as free. */
void node_sync_stray(struct node_sync *s, uint64_t job, uint32_t index);
/* Some of them may have. */
void node_sync_ended(struct node_sync *s, const Berth__TaskReport *report);
/* Call done, from the loop, when none is left, or after some seconds. */
void node_sync_wait(struct node_sync *s, struct loop *loop, loop_f done,
		    void *arg);

#endif
