/*
 * leadership.h - who leads, for this rank: owns the agreement, begins it where
 * nobody has yet, keeps as many voters as the Berth can have, and tells its
 * owner when this rank is to lead, when it is not, and who does.
 *
 * A new agreement is begun by the first founder, when all founders have said
 * that they hold none (Standing): one that does may be of the majority that
 * knows what was accepted.
 */
#ifndef BROKER_LEADERSHIP_H
#define BROKER_LEADERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/agree.h"
#include "broker/net.h"
#include "broker/records.h"
#include "io/loop.h"
#include "wire/frame.h"

struct leadership;

struct leadership_config {
	const char *dir;	  /* of the agreement's files on this node */
	struct records *records;  /* what is agreed on goes there */
	bool forget_others;	  /* see agree.h */
	uint32_t node_timeout_ms; /* a voter that is away for longer is
				     replaced */
	/* A topology.conf and its name, over whose switches the voters are
	 * spread; NULL: none.  See model/switch.h. */
	const char *topology_conf, *switches;
};

/* All from the loop. */
struct leadership_events {
	void (*lead)(void *arg, uint64_t term);
	void (*yield)(void *arg); /* after lead: this rank leads no more */
	/* Another rank leads; NULL: nobody, or nobody known. */
	void (*follow)(void *arg, const char *node, uint64_t term);
	/* Nobody can: too few of the voters are here.  One line for a person;
	 * called once for each that is new. */
	void (*stuck)(void *arg, const char *text);
};

struct leadership *leadership_create(struct loop *l, struct net *net,
				     const struct leadership_config *config,
				     const struct leadership_events *ev,
				     void *arg, struct berth_error *err);
void leadership_destroy(struct leadership *s);

/* For those who propose, and who ask for the lease. */
struct agree *leadership_agree(struct leadership *s);

/* What the owner of the net hears. */
void leadership_peer_up(struct leadership *s, const char *node);
void leadership_peer_down(struct leadership *s, const char *node);
/* Agree and Standing are its own. */
void leadership_message(struct leadership *s, const char *node,
			const Berth__Msg *msg);
/* Its launcher says that the node's rank has ended. */
void leadership_rank_died(struct leadership *s, const char *node);

#endif
