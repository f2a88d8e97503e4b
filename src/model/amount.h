/*
 * amount.h - how much of each resource: cores, memory, GPUs, drive space.
 *
 * Plain sums without a place; where in a node they lie says a slice.
 */
#ifndef MODEL_AMOUNT_H
#define MODEL_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct amount {
	uint64_t cores;
	uint64_t memory_mib;
	uint64_t gpus;
	uint64_t drive_mib;
};

void amount_add(struct amount *a, const struct amount *b);
/* What would fall below zero becomes zero. */
void amount_sub(struct amount *a, const struct amount *b);
bool amount_equal(const struct amount *a, const struct amount *b);
bool amount_zero(const struct amount *a);
/* Is every part of b in a? */
bool amount_contains(const struct amount *a, const struct amount *b);

/* The largest of the parts' shares of total, 0 … 1: the dominant share of
 * Ghodsi et al. (2011).  A resource that total has none of does not count. */
double amount_dominant(const struct amount *a, const struct amount *total);

#endif
