/*
 * agent.h - what every rank does for its node, the leader's own rank too: it
 * tells the leader what the node is and what runs on it, hands the leader's
 * orders to the node's launcher and the launcher's reports to the leader, and
 * reads output for those who ask.
 *
 * It owns the link to the launcher and remembers nothing that the launcher
 * could not tell again.  It sends by net_send and never reads from the net:
 * its owner passes on what it hears.
 */
#ifndef BROKER_AGENT_H
#define BROKER_AGENT_H

#include <stdbool.h>

#include "base/error.h"
#include "broker/net.h"
#include "io/loop.h"
#include "model/topology.h"
#include "wire/frame.h"

struct agent;

/* Strings are copied; topology stays the caller's. */
struct agent_config {
	const char *node_dir;
	const char *berth;
	const char *version;
	const char *topology_xml;
	const struct topology *topology;
	bool emulated;
	const char *uri; /* of the rank's HTTP API */
	/* "name=value", NULL-terminated; may be NULL. */
	const char *const *labels;
};

struct agent_events {
	/* This Berth ends; the launcher has been told. */
	void (*shutdown)(void *arg, const char *reason, bool kill_tasks);
	/* Its launcher says that this node's rank has ended. */
	void (*rank_died)(void *arg, const char *node);
	/* Where the leader and the others are. */
	void (*contact)(void *arg, const Berth__Contact *contact);
};

struct agent *agent_create(struct loop *l, struct net *net,
			   const struct agent_config *config,
			   const struct agent_events *ev, void *arg,
			   struct berth_error *err);
void agent_destroy(struct agent *a);

/* What the owner of the net hears. */
void agent_peer_up(struct agent *a, const char *node);
void agent_peer_down(struct agent *a, const char *node, const char *why);
/* Launch, Kill, Confirm, StdinData, OutputRead, OutputCancel, ForgetJob,
 * NodeWelcome, Ping, Roster, Contact and Shutdown are the agent's; others are
 * ignored. */
void agent_message(struct agent *a, const char *node, const Berth__Msg *msg);

/* This node leads since that term, as this rank knows for sure.  (Others hear
 * of it by the leader's first message.) */
void agent_follow(struct agent *a, const char *node, uint64_t term);
/* It leads no more. */
void agent_yield(struct agent *a);

/* NULL while none is known. */
const char *agent_leader(const struct agent *a);

#endif
