/*
 * watch.h - what came out of a Berth, by watching its events: an outcome like
 * that of a simulated run, and a scenario of the same nodes and jobs to run
 * under other policies.
 *
 * Times are those since the first event.  A job's tasks are those that were
 * not lost or taken back, each with the time that it ran.
 */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include "base/error.h"
#include "ledger/ledger.h"
#include "sim/scenario.h"
#include "sim/sim.h"

struct watch;

/* The ledger is the caller's and outlives it.  bin_us: of the curves. */
struct watch *watch_create(const struct ledger *l, const char *name,
			   const char *policy, uint64_t bin_us);
void watch_destroy(struct watch *w); /* NULL is fine */

/* The ledger has applied it (ledger_event_f); arg is a struct watch. */
void watch_event(void *arg, const struct event *ev);

/* Once, at the end: both are the caller's then, the outcome is of the
 * scenario. */
void watch_take(struct watch *w, struct scenario **s, struct outcome **o);

#endif
