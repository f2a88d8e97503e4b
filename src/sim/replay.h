/*
 * replay.h - the event log of a Berth, applied again to a ledger: what came
 * out of it, and the same jobs as a scenario for other policies.
 */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "sim/scenario.h"
#include "sim/sim.h"

/* check: the ledger's invariants after every event; slow.  -1: err names file
 * and line, what is wrong there and what to do. */
int replay_file(const char *path, bool check, struct scenario **s,
		struct outcome **o, struct berth_error *err);
/* The same of a text; name stands for it in err. */
int replay_text(const char *name, const char *text, size_t len, bool check,
		struct scenario **s, struct outcome **o,
		struct berth_error *err);

#endif
