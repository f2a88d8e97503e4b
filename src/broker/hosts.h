/*
 * hosts.h - the framework hosts that the leader has started on its own node:
 * plain tasks of the node's launcher (job 0, shepherd "f.NAME"), started
 * again with a growing pause when they end.
 */
#ifndef BROKER_HOSTS_H
#define BROKER_HOSTS_H

#include "broker/leader_parts.h"

struct hosts;

/* Task indices of job 0 from here on are framework hosts. */
#define HOSTS_FIRST_INDEX 1000u

struct hosts *hosts_create(struct leader *l);
void hosts_destroy(struct hosts *h); /* they run on */

/* A report of a node came; other nodes than ours are none of its matter.  A
 * full one says all that runs there: hosts that are not in it are started,
 * those of a leader before us ended first (nodes_report_f). */
void hosts_report(void *hosts, const char *node,
		  const Berth__TaskReport *report);

#endif
