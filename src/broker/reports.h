/*
 * reports.h - what the nodes say of their tasks, into the ledger.
 */
#ifndef BROKER_REPORTS_H
#define BROKER_REPORTS_H

#include "broker/net.h"
#include "broker/node_sync.h"
#include "broker/records.h"
#include "ledger/ledger.h"

/*
 * A node is not believed more than it can know: what it says of tasks that it
 * was not given, of ended ones or in words without end changes nothing; lines
 * in the log about it are limited.
 */

/* Changes of single tasks.  One that the ledger does not know is killed over
 * the net. */
void reports_apply(struct ledger *l, struct net *net, const char *node,
		   const Berth__TaskReport *report, struct node_sync *sync);

/* All that runs on the node: what the ledger has there and the report has not
 * is lost, but for what sync knows to be under way; what the ledger does not
 * have is killed and put down in sync as a stray.  What an earlier leader gave
 * the node is adopted, by what records say of it, and ends when the node does
 * not know it.  remembers: the node knows all that ever came to it, so that
 * what it does not know and nobody heard of never began. */
void reports_reconcile(struct ledger *l, struct net *net,
		       const struct records *records, const char *node,
		       const Berth__TaskReport *report, bool remembers,
		       struct node_sync *sync);

#endif
