/* ledger_rig.h - a ledger with a few nodes to play with. */
#ifndef TESTS_LEDGER_RIG_H
#define TESTS_LEDGER_RIG_H

#include "ledger/ledger.h"

struct ledger_rig {
	struct ledger *l;
	struct topology *t; /* of every node */
	struct rand_state rand; /* the rounds' */
	uint64_t now; /* µs, from 1 s */
	struct berth_error err;
};

/* Nodes n0, n1 and so on, all of this shape. */
void ledger_rig_init(struct ledger_rig *r, const struct topology_shape *shape,
		     unsigned nodes, const struct ledger_options *o);
/* Checks the ledger. */
void ledger_rig_finish(struct ledger_rig *r);
void ledger_rig_node(struct ledger_rig *r, unsigned i,
		     const struct label *label, size_t nlabels);
/* One for each letter, under a role of its name. */
void ledger_rig_frameworks(struct ledger_rig *r, const char *letters);

/* count units of one core, a slice each. */
struct demand *ledger_rig_demand(const char *id, unsigned count);
/* Takes the demand. */
void ledger_rig_state(struct ledger_rig *r, const char *framework,
		      struct demand *d);
/* Until nothing more is offered; checks the ledger. */
void ledger_rig_rounds(struct ledger_rig *r);
/* Accept all that is offered to it; cb (if any) sees each slice before.
 * Returns the units. */
unsigned ledger_rig_take(struct ledger_rig *r, const char *framework,
			 void (*cb)(void *arg, const struct slice *s),
			 void *arg);

#endif
