/*
 * hosts.h - the framework hosts that the leader has started on its own node:
 * plain tasks of the node's launcher (job 0, shepherd "f.NAME"), started
 * again with a growing pause when they end.
 */
#ifndef BROKER_HOSTS_H
#define BROKER_HOSTS_H

#include <stdbool.h>

#include "broker/doors.h"
#include "broker/net.h"
#include "io/loop.h"

struct hosts;

/* Task indices of job 0 from here on are framework hosts. */
#define HOSTS_FIRST_INDEX 1000u

/* All of it is the caller's and outlives the hosts. */
struct hosts_config {
	char *const *names;    /* of the frameworks; NULL-terminated */
	const char *uri;       /* where hosts on this node find the API */
	const char *token;
	uint64_t epoch;	       /* grows with each leader */
	struct doors *doors;   /* where else; NULL: nowhere */
	const char *node_dir;  /* their logs are in its log/; NULL: none */
	const char *state_dir; /* they run there; NULL: in / */
};

struct hosts *hosts_create(struct loop *loop, struct net *net,
			   const struct hosts_config *config);
void hosts_destroy(struct hosts *h); /* they run on */
/* From now on none is started. */
void hosts_end(struct hosts *h);

/* Is there one for this framework? */
bool hosts_has(const struct hosts *h, const char *framework);
/* Where they run. */
const char *hosts_node(const struct hosts *h);

/* Its host has hung: end it, another one is started. */
void hosts_replace(void *hosts, const char *framework);

/* A report of a node came (nodes_report_f).  A full one of our own says all
 * that runs here: hosts that are not in it are started, those of a leader
 * before us ended first.  Hosts on other nodes are of a leader before us: they
 * are ended. */
void hosts_report(void *hosts, const char *node,
		  const Berth__TaskReport *report);

#endif
