/*
 * urn.h - tickets of different weights, drawn by lot: a tree of sums, so that
 * a draw and a ticket that is taken out cost a step a level.
 *
 * Sums are made anew on the way up, never by taking something off: however
 * many tickets go, the rest is drawn by its exact weights.
 */
#ifndef POLICY_URN_H
#define POLICY_URN_H

#include <stddef.h>

#include "base/rand.h"

struct urn {
	double *sum; /* sum[1]: all; sum[places + i]: ticket i */
	size_t places; /* a power of two */
};

/* Tickets 0 to n - 1, of weight 0. */
void urn_init(struct urn *u, size_t n);
void urn_finish(struct urn *u);
/* weight not negative; 0: it is out. */
void urn_put(struct urn *u, size_t ticket, double weight);
/* -1: all are out. */
long urn_draw(const struct urn *u, struct rand_state *rand);

#endif
