/*
 * agent_join.h - how ranks that did not start together find each other.
 *
 * A rank that comes late, or that the leader has dropped, opens a port and
 * asks one rank after the other, by way of the launchers, all in JoinOffers:
 * it asks (step 0), the other one answers that it has time (1), it says
 * "now" (2) and calls net_accept, and on that word the other one calls
 * net_connect.  So nobody enters a blocking call unless the other side is in
 * it or about to be, and a word that comes too late does no harm.
 *
 * A rank has one such conversation at a time.  Of those that ask and are
 * asked at once only the one with the greater name answers: who waits for
 * whom then has no circle.  Whoever does not answer is asked again later.
 */
#ifndef BROKER_AGENT_JOIN_H
#define BROKER_AGENT_JOIN_H

#include "base/error.h"
#include "broker/net.h"
#include "io/loop.h"
#include "wire/frame.h"

struct agent_join;

struct agent_join_events {
	/* To the launcher, which routes JoinOffer and JoinFailed. */
	void (*send)(void *arg, const Berth__Msg *msg);
};

struct agent_join *agent_join_create(struct loop *l, struct net *net,
				     uint64_t incarnation,
				     const struct agent_join_events *ev,
				     void *arg);
void agent_join_destroy(struct agent_join *j);

/* Join this node's rank, now and until net has it. */
void agent_join_want(struct agent_join *j, const char *node);
/* It has come by itself, or is not wanted any more. */
void agent_join_settled(struct agent_join *j, const char *node);

void agent_join_offer(struct agent_join *j, const Berth__JoinOffer *offer);
void agent_join_failed(struct agent_join *j, const Berth__JoinFailed *failed);

#endif
