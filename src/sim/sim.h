/*
 * sim.h - one run of a scenario under one policy, and what came out.
 *
 * "static" is the partitioned cluster: each framework alone on nodes of its
 * own, under its own ledger.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "ledger/ledger.h"
#include "sim/scenario.h"

struct outcome {
	char *policy;
	const struct scenario *scenario;
	struct worklist work; /* as it went */
	struct app *app;      /* of each framework; pool and own are gone */
	unsigned *nodes;      /* that each could use */
	uint64_t end_us;      /* the last job's end */
	uint64_t rounds, round_spent_us; /* of processor time */
	uint64_t events;
	uint64_t offers_made, offers_accepted, offers_declined, offers_expired,
		offers_rescinded;
	uint64_t slices_revoked, failures; /* failures: of nodes */
};

/* check: the ledger's invariants after every alarm; slow.  The scenario has to
 * stay.  NULL: it cannot run, or a job never ended. */
struct outcome *sim_run(const struct scenario *s, const char *policy,
			bool check, struct berth_error *err);
void outcome_destroy(struct outcome *o); /* NULL is fine */

#endif
