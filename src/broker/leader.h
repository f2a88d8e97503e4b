/*
 * leader.h - the rank that leads: owns the ledger, answers the HTTP API,
 * turns what the ledger decides into messages to the agents and what the
 * agents report into events of the ledger.
 *
 * One a process, on the loop's thread.  It sends by net_send (to its own node
 * too, where an agent runs like everywhere else) and never reads from the
 * net: its owner passes on what it hears.
 */
#ifndef BROKER_LEADER_H
#define BROKER_LEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/api_server.h"
#include "broker/commit.h"
#include "broker/history.h"
#include "broker/net.h"
#include "broker/role_conf.h"
#include "io/loop.h"

struct leader;

/* Strings are copied.  0 and NULL mean the default named. */
struct leader_config {
	const char *berth;	  /* name of this Berth; needed */
	const char *version;	  /* NULL: the package's */
	uint64_t term;		  /* of its messages; 0: none */
	bool by_mpirun;		  /* the ranks are not the launchers' */
	/* Who votes on leaders, for GET /v1/status; NULL: nobody. */
	const char *const *(*voters)(void *arg, size_t *count);
	void *voters_arg;
	/* What was agreed on, and how more is; NULL: a table of its own. */
	struct records *records;
	commit_propose_f propose;
	void *propose_arg;
	struct history *history;  /* which is asked; NULL: none is kept */
	/* May it act right now?  See lease.h; NULL: always. */
	bool (*may_act)(void *arg);
	void *may_act_arg;
	const char *node_dir;	  /* this node's folder: log/ lies in it */
	const char *state_dir;	  /* for BERTH_STATE_DIR of the hosts */
	const char *policy;	  /* NULL: "fifo" */
	const char *const *frameworks; /* NULL-terminated; NULL: mpi, batch.
					  Hosts that the leader starts. */
	const struct role_conf *roles; /* set at the start; copied */
	size_t nroles;
	/* A topology.conf and its name; NULL: none.  See model/switch.h. */
	const char *topology_conf, *switches;
	uint64_t seed;		  /* of the policy; 0: random */
	uint32_t offer_expiry_ms; /* 5000 */
	uint32_t lend_after_ms;	  /* 5000: see options.lend_us of ledger.h */
	uint32_t heartbeat_ms;	  /* 1000: a Ping to each agent */
	uint32_t heartbeat_timeout_ms; /* 5000: silence that makes it away */
	uint32_t node_timeout_ms; /* 30000: away for so long is down, and its
				     tasks are lost */
	uint32_t failover_ms;	  /* 60000: of frameworks that do not say */
	uint32_t framework_timeout_ms; /* 30000: one that does not answer */
	size_t max_jobs;	  /* 200000: of a framework, not ended */
	size_t keep_jobs;	  /* 10000: ended jobs that stay visible */
	size_t keep_events;	  /* 4096: for /v1/events */
	const char *event_log;	  /* see recorder.h; NULL: none is kept.  A
				     relative path: from state_dir */
};

/* Takes the requests of the server, which it is the caller's to refer to
 * somebody else after leader_destroy.  Tells every peer that it leads, by a
 * Ping; nodes come with NodeHello.  The hosts of the frameworks are started
 * when this node has come. */
struct leader *leader_create(struct loop *loop, struct net *net,
			     struct api_server *server,
			     const struct leader_config *config,
			     struct berth_error *err);
/* Sends nothing; requests that wait are told to come again. */
void leader_destroy(struct leader *l);

/* What the owner of the net hears. */
void leader_peer_up(struct leader *l, const char *node);
void leader_peer_down(struct leader *l, const char *node, const char *why);
/* NodeHello, TaskReport, StdinAck, OutputData, Pong and LauncherInfo are the
 * leader's; others are ignored. */
void leader_message(struct leader *l, const char *node, const Berth__Msg *msg);

/* POST /v1/shutdown came: Shutdown has been sent to every agent and the
 * answer to the client.  Called once, from the loop; may be NULL. */
typedef void (*leader_ended_f)(void *arg, const char *reason, bool kill_tasks);
void leader_on_shutdown(struct leader *l, leader_ended_f ended, void *arg);

#endif
