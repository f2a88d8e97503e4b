/*
 * joins.h - the word of ranks that come late: their JoinOffers go from
 * launcher to launcher to the other ranks, and when one side of a join dies,
 * the other side's wait in MPI is ended (its lookups of the port fail), so
 * that nobody hangs in MPI_Comm_accept or MPI_Comm_connect for ever.
 */
#ifndef LAUNCHER_JOINS_H
#define LAUNCHER_JOINS_H

#include "launcher/directory.h"
#include "launcher/post.h"

struct joins;

struct joins *joins_create(const char *node, const struct post *post,
			   struct directory *d);
void joins_destroy(struct joins *j);

/* JoinOffer and JoinFailed from this node's rank and from other launchers. */
void joins_from_rank(struct joins *j, const Berth__Msg *msg);
void joins_from_node(struct joins *j, const char *node,
		     const Berth__Msg *msg);
/* An offer that was kept for the node comes back. */
void joins_undelivered(struct joins *j, const char *node,
		       const Berth__Msg *msg);
/* This node's rank has died. */
void joins_rank_died(struct joins *j);
void joins_node_lost(struct joins *j, const char *node);

#endif
