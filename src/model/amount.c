/* amount.c - see amount.h. */
#include "model/amount.h"

void amount_add(struct amount *a, const struct amount *b)
{
	a->cores += b->cores;
	a->memory_mib += b->memory_mib;
	a->gpus += b->gpus;
	a->drive_mib += b->drive_mib;
}

static void drop(uint64_t *a, uint64_t b)
{
	*a -= b < *a ? b : *a;
}

void amount_sub(struct amount *a, const struct amount *b)
{
	drop(&a->cores, b->cores);
	drop(&a->memory_mib, b->memory_mib);
	drop(&a->gpus, b->gpus);
	drop(&a->drive_mib, b->drive_mib);
}

bool amount_equal(const struct amount *a, const struct amount *b)
{
	return a->cores == b->cores && a->memory_mib == b->memory_mib &&
	       a->gpus == b->gpus && a->drive_mib == b->drive_mib;
}

bool amount_zero(const struct amount *a)
{
	return a->cores == 0 && a->memory_mib == 0 && a->gpus == 0 &&
	       a->drive_mib == 0;
}

bool amount_contains(const struct amount *a, const struct amount *b)
{
	return a->cores >= b->cores && a->memory_mib >= b->memory_mib &&
	       a->gpus >= b->gpus && a->drive_mib >= b->drive_mib;
}

uint64_t amount_get(const struct amount *a, enum resource r)
{
	const uint64_t part[RESOURCES] = {
		[RESOURCE_CORES] = a->cores,
		[RESOURCE_MEMORY] = a->memory_mib,
		[RESOURCE_GPUS] = a->gpus,
		[RESOURCE_DRIVE] = a->drive_mib,
	};

	return part[r];
}

void amount_set(struct amount *a, enum resource r, uint64_t value)
{
	uint64_t *const part[RESOURCES] = {
		[RESOURCE_CORES] = &a->cores,
		[RESOURCE_MEMORY] = &a->memory_mib,
		[RESOURCE_GPUS] = &a->gpus,
		[RESOURCE_DRIVE] = &a->drive_mib,
	};

	*part[r] = value;
}

const char *resource_name(enum resource r)
{
	static const char *const names[RESOURCES] = {
		[RESOURCE_CORES] = "cores",
		[RESOURCE_MEMORY] = "memory",
		[RESOURCE_GPUS] = "gpus",
		[RESOURCE_DRIVE] = "drive",
	};

	return names[r];
}

const char *resource_unit(enum resource r)
{
	return r == RESOURCE_MEMORY || r == RESOURCE_DRIVE ? " MiB" : "";
}

struct amount amount_times(const struct amount *a, uint64_t n)
{
	return (struct amount){
		.cores = a->cores * n,
		.memory_mib = a->memory_mib * n,
		.gpus = a->gpus * n,
		.drive_mib = a->drive_mib * n,
	};
}

void amount_raise(struct amount *a, const struct amount *b)
{
	for (int r = 0; r < RESOURCES; r++) {
		uint64_t v = amount_get(b, r);

		if (v > amount_get(a, r))
			amount_set(a, r, v);
	}
}

static void larger(double *share, uint64_t part, uint64_t total)
{
	double s = total > 0 ? (double)part / (double)total : 0;

	if (s > *share)
		*share = s;
}

double amount_dominant(const struct amount *a, const struct amount *total)
{
	double share = 0;

	larger(&share, a->cores, total->cores);
	larger(&share, a->memory_mib, total->memory_mib);
	larger(&share, a->gpus, total->gpus);
	larger(&share, a->drive_mib, total->drive_mib);
	return share;
}
