/*
 * failures.h - nodes that fail and come back: those that a scenario lists, and
 * those drawn from its seed, the same under every policy.
 */
#ifndef SIM_FAILURES_H
#define SIM_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/clock.h"
#include "sim/scenario.h"

/* A node of the cluster, by number, fails or is back.  Never twice the same in
 * turn. */
typedef void (*failures_f)(void *arg, unsigned node, bool up);

struct failures;

struct failures *failures_create(const struct scenario *s, struct clock *clock,
				 failures_f tell, void *arg);
void failures_destroy(struct failures *f); /* NULL is fine */
/* So far. */
uint64_t failures_count(const struct failures *f);

#endif
