/*
 * settle.h - a new leader's first moments: it waits until the nodes that may
 * run something have told what they run, or no more of them come for now,
 * before frameworks hear how things are (one that learns more later has its
 * framework register again); what was recalled of nodes that stay silent is
 * lost when they are given up.
 */
#ifndef BROKER_SETTLE_H
#define BROKER_SETTLE_H

#include "broker/nodes.h"
#include "broker/records.h"

struct settle;

/* settled is called once, from the loop; at once where no node is expected.
 * silent_ms: after that, nodes that have not come are given up. */
struct settle *settle_create(struct loop *loop, struct book *book,
			     struct nodes *nodes, const struct records *r,
			     uint32_t silent_ms, loop_f settled, void *arg);
void settle_destroy(struct settle *s); /* NULL is fine */
/* nodes_change_f */
void settle_node(void *settle, const char *node, bool up);

#endif
