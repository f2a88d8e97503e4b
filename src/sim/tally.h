/*
 * tally.h - how much of something was used over time: exact sums in bins of
 * equal width.
 */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally {
	uint64_t bin_us;
	uint64_t value, last_us;
	double *bin; /* value × microseconds in each */
	size_t nbins;
};

void tally_init(struct tally *t, uint64_t bin_us, uint64_t now_us);
void tally_finish(struct tally *t);
/* From now on it is this much. */
void tally_set(struct tally *t, uint64_t value, uint64_t now_us);
/* So much of something that is counted, not measured: bins are then sums. */
void tally_count(struct tally *t, double n, uint64_t now_us);
/* Mean over [0, until) after the start; the last tally_set lies behind. */
double tally_mean(const struct tally *t, uint64_t until_us);
/* Mean over one bin; 0 behind the last. */
double tally_bin(const struct tally *t, size_t bin);

#endif
