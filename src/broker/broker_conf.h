/*
 * broker_conf.h - what a rank was told about itself: by options, by the
 * environment that its launcher gave it, by the files in its node's folder
 * (token, berth.conf) and in the state directory.
 *
 * berth.conf, all of it optional:
 *
 *   broker = {
 *     policy = "fifo";               # drf, lottery, static, a path
 *     host = "10.0.0.1"; port = 7077; # of the HTTP API; port 0: any
 *     frameworks = ["mpi", "batch"]; # hosts that the leader starts
 *     offer_expiry_ms = 5000; lend_after_ms = 5000;
 *     heartbeat_ms = 1000; heartbeat_timeout_ms = 5000;
 *     node_timeout_ms = 30000;
 *     failover_ms = 60000; framework_timeout_ms = 30000;
 *     max_jobs = 200000;
 *     keep_jobs = 10000; keep_events = 4096;
 *     topology_conf = "/etc/slurm/topology.conf"; # see model/switch.h
 *     event_log = "events.log";     # none; see recorder.h
 *   };
 *   launcher = { network = "10.1.0.0/16"; folder = "/local"; rsh = "ssh"; };
 *                                    # read by `berth up`
 *   forget_voters = "n1 MARK";     # as berth up --forget-voters n1 wrote it
 *   roles = ( … );                 # see role_conf.h
 *   labels = { arch = "x"; rack = "7"; };  # of every node
 */
#ifndef BROKER_BROKER_CONF_H
#define BROKER_BROKER_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/role_conf.h"

struct broker_conf {
	char *node;	 /* this node's name */
	char *node_dir;	 /* its folder */
	char *state_dir; /* of the Berth; may not be there on this node */
	char *berth;	 /* name of the Berth */
	char *topology;	 /* NULL: the machine */
	char *conf_path; /* NULL: none */
	char *token;	 /* NULL: the leader makes one */
	char *forget_voters; /* "NODE MARK": see broker.c; NULL: no */
	bool hosted;	 /* started by a launcher, not by mpirun */

	char *network; /* NULL: the launcher finds out; see launcher */
	char *policy, *host, *event_log;
	char *topology_conf; /* NULL: none; else switches is what it holds */
	char *switches;
	char **frameworks;
	char **labels; /* "name=value" */
	struct role_conf *roles;
	size_t nroles;
	unsigned port;
	uint32_t offer_expiry_ms, lend_after_ms, heartbeat_ms, heartbeat_timeout_ms,
		node_timeout_ms, failover_ms, framework_timeout_ms;
	size_t max_jobs, keep_jobs, keep_events;
};

/* What options gave; NULL: not given. */
struct broker_options {
	const char *node, *dir, *conf, *topology;
};

int broker_conf_init(struct broker_conf *c, const struct broker_options *o,
		     struct berth_error *err);
void broker_conf_finish(struct broker_conf *c);
/* The node's launcher is at "host:port": where nothing else was said the API is
 * to be reached there too. */
void broker_conf_reach(struct broker_conf *c, const char *address);

#endif
