/*
 * recall.h - what was agreed on before this rank led, into its fresh ledger;
 * and the tasks that nodes tell of, which an earlier leader gave them.
 */
#ifndef BROKER_RECALL_H
#define BROKER_RECALL_H

#include "broker/jobs.h"
#include "broker/records.h"

/* Frameworks (away), jobs, what became of their tasks. */
void recall_all(const struct records *r, struct jobs *jobs, struct ledger *l);

/* A task that was recalled runs on this node, which the ledger has: it takes
 * what its record says.  -1: that is not known, or not free. */
int recall_adopt(const struct records *r, struct ledger *l, const char *node,
		 uint64_t job, uint32_t index, struct berth_error *err);

#endif
