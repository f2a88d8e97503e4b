/*
 * roster_keeper.h - the leader's list of launchers, for a Berth whose ranks
 * were started by mpirun: there nobody else can tell the launchers of each
 * other.  It goes to every rank, which hands it to its launcher.
 */
#ifndef BROKER_ROSTER_KEEPER_H
#define BROKER_ROSTER_KEEPER_H

#include "broker/net.h"
#include "io/loop.h"

struct roster_keeper;

struct roster_keeper *roster_keeper_create(struct loop *l, struct net *net,
					   const char *berth);
void roster_keeper_destroy(struct roster_keeper *k);
/* A node has said where its launcher is. */
void roster_keeper_hello(struct roster_keeper *k,
			 const Berth__NodeHello *hello);

#endif
