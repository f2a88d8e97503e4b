/*
 * nodes.h - the nodes as peers: hellos, heartbeats, reports and loss.
 *
 *   state      rank       gets offers   launches to it
 *   coming     is here    no            wait          hello came, report not
 *   up         is here    yes           are sent
 *   away       silent or  no            wait          its tasks run on
 *              gone
 *   down       gone       no            are dropped   its tasks are lost
 *
 *   event \ state     unknown, down   coming     up        away
 *   hello             coming          coming     coming    coming
 *   full report       -               up         (applied) -
 *   any message       -               -          -         up, if the same
 *                                                          rank was silent
 *   peer down         -               away       away      away
 *   silence           -               away       away      -
 *   node_timeout      -               down       -         down
 */
#ifndef BROKER_NODES_H
#define BROKER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/book.h"
#include "broker/lease.h"
#include "broker/net.h"
#include "io/loop.h"

struct nodes;

struct nodes_config {
	const struct records *records; /* what was agreed on; or NULL */
	const char *version; /* of the leader; stays the caller's */
	uint64_t term;
	uint32_t heartbeat_ms, heartbeat_timeout_ms, node_timeout_ms;
	struct lease *lease; /* without it messages wait; NULL: none */
};

struct nodes *nodes_create(struct loop *loop, struct net *net,
			   struct book *book,
			   const struct nodes_config *config);
void nodes_destroy(struct nodes *n);

/* Call changed when a node has come up and what was sent to its old rank may
 * be lost, and when it is down (up: false).  Those who asked first are told
 * first. */
typedef void (*nodes_change_f)(void *arg, const char *node, bool up);
void nodes_on_change(struct nodes *n, nodes_change_f changed, void *arg);
/* Call heard with each report that is taken, before the ledger has it. */
typedef void (*nodes_report_f)(void *arg, const char *node,
			       const Berth__TaskReport *report);
void nodes_on_report(struct nodes *n, nodes_report_f heard, void *arg);

/* Tell every peer that this rank leads: a Ping. */
void nodes_announce(struct nodes *n);
void nodes_peer_up(struct nodes *n, const char *node);
void nodes_peer_down(struct nodes *n, const char *node, const char *why);
/* Anything that came from node shows that it lives. */
void nodes_heard(struct nodes *n, const char *node);
void nodes_hello(struct nodes *n, const char *node,
		 const Berth__NodeHello *hello);
/* false: it says nothing, since the node is to tell all that runs once more. */
bool nodes_report(struct nodes *n, const char *node,
		  const Berth__TaskReport *report);
void nodes_pong(struct nodes *n, const char *node, const Berth__Pong *pong);

/* Send msg, which is taken over, now or when the node is up again and we may
 * act.  -1: the node is down or not known, msg is gone. */
int nodes_post(struct nodes *n, const char *node, Berth__Msg *msg);
/* Send now or not at all: -1.  msg stays the caller's. */
int nodes_send(struct nodes *n, const char *node, const Berth__Msg *msg);

/* known: is there such a node?  One that was drained under an earlier leader
 * and has not come to this one is.
 * No offers of it from now on, also when it comes again, until undrained; what
 * runs runs on.  Asking twice changes the reason (one line, may be ""). */
int nodes_known(struct nodes *n, const char *node, struct berth_error *err);
int nodes_drain(struct nodes *n, const char *node, const char *why,
		struct berth_error *err);
int nodes_undrain(struct nodes *n, const char *node, struct berth_error *err);
/* NULL: it is not. */
const char *nodes_why_drained(const struct nodes *n, const char *node);

/* "up", "away", "coming", "down", "drained". */
const char *nodes_state(const struct nodes *n, const char *node);
/* How many can be sent to now. */
size_t nodes_count_up(const struct nodes *n);
/* Why it is not up, one line; NULL: it is, or nobody can say. */
const char *nodes_why_absent(const struct nodes *n, const char *node);
/* When the rank that is there began (wall clock, microseconds; 0: none is) and
 * its version ("": not heard of). */
uint64_t nodes_rank_since_us(const struct nodes *n, const char *node);
const char *nodes_rank_version(const struct nodes *n, const char *node);
/* Median-ish: the last round trip of a Ping, microseconds; 0: none yet. */
uint64_t nodes_rtt_us(const struct nodes *n, const char *node);

/* Tell all agents that this Berth ends. */
void nodes_shutdown(struct nodes *n, const char *reason, bool kill_tasks);

#endif
