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

/* The same by number, for what treats all of them alike. */
enum resource {
	RESOURCE_CORES,
	RESOURCE_MEMORY,
	RESOURCE_GPUS,
	RESOURCE_DRIVE,
};
#define RESOURCES (RESOURCE_DRIVE + 1)

uint64_t amount_get(const struct amount *a, enum resource r);
void amount_set(struct amount *a, enum resource r, uint64_t value);
/* "cores", "memory", "gpus", "drive", and what they are counted in: "", " MiB",
 * … */
const char *resource_name(enum resource r);
const char *resource_unit(enum resource r);

/* So many times a. */
struct amount amount_times(const struct amount *a, uint64_t n);
/* Of each part the larger of the two. */
void amount_raise(struct amount *a, const struct amount *b);

/* The largest of the parts' shares of total, 0 … 1: the dominant share of
 * Ghodsi et al. (2011).  A resource that total has none of does not count. */
double amount_dominant(const struct amount *a, const struct amount *total);

#endif
