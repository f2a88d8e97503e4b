/*
 * leader_parts.h - the leader as its own parts see it.  Each part is opaque
 * to the others and keeps its state in its own .c; what they share is the
 * ledger, the loop and the net.
 */
#ifndef BROKER_LEADER_PARTS_H
#define BROKER_LEADER_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/leader.h"
#include "broker/net.h"
#include "io/http.h"
#include "io/loop.h"

/* leader_config with its strings owned and its defaults filled in. */
struct leader_settings {
	char *berth, *version, *contact_path, *unix_path, *listen_host;
	char *node_dir, *state_dir, *policy;
	char **frameworks;
	struct role_conf *roles;
	size_t nroles;
	unsigned listen_port;
	bool listen_local, no_tcp;
	uint64_t seed;
	uint32_t offer_expiry_ms, heartbeat_ms, heartbeat_timeout_ms,
		node_timeout_ms;
	size_t keep_jobs, keep_events;
};

struct leader {
	struct loop *loop;
	struct net *net;
	struct leader_settings set;
	char token[65];
	uint64_t started_us; /* loop_now_us */

	struct book *book;	       /* the ledger and what follows from it */
	struct shares *shares;	       /* what is set for roles */
	struct nodes *nodes;	       /* hellos, heartbeats, loss */
	struct jobs *jobs;	       /* specs, waiters */
	struct submits *submits;       /* jobs whose framework is yet to come */
	struct frameworks *frameworks; /* registrations, event streams */
	struct launches *launches;     /* Launch and Kill on their way out */
	struct outputs *outputs;       /* readers of output */
	struct stdins *stdins;	       /* writers of standard input */
	struct events *events;	       /* the last events as text */
	struct hosts *hosts;	       /* the framework hosts we started */
	struct api *api;	       /* HTTP server and contact file */

	leader_ended_f ended;
	void *ended_arg;
	bool ending;
};

#endif
