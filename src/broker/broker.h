/*
 * broker.h - one rank of the broker: its net, its agent, and the leader where
 * this rank leads; passes on between them.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "base/error.h"
#include "broker/broker_conf.h"
#include "broker/net.h"
#include "io/loop.h"
#include "model/topology.h"

struct broker;

/* Takes over net at once, also when it fails; the rest stays the caller's and
 * outlives the broker, but for xml.
 * xml: the topology for the leader. */
struct broker *broker_create(struct loop *l, struct net *net,
			     const struct broker_conf *conf,
			     const struct topology *topology, const char *xml,
			     struct berth_error *err);
/* Runs until the Berth ends; then the exit status. */
int broker_run(struct broker *b);
/* All but the net, which is the caller's again: for transports that can end
 * within a process. */
void broker_destroy(struct broker *b);
/* Ends the process: over MPI there is no other way. */
void broker_exit(struct broker *b, int status) __attribute__((noreturn));

#endif
