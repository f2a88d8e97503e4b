/* tally.c - see tally.h.  Times are those of a clock that starts at 0. */
#include "sim/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void tally_init(struct tally *t, uint64_t bin_us, uint64_t now_us)
{
	memset(t, 0, sizeof(*t));
	t->bin_us = bin_us;
	t->last_us = now_us;
}

void tally_finish(struct tally *t)
{
	free(t->bin);
	memset(t, 0, sizeof(*t));
}

static void need_bin(struct tally *t, size_t bin)
{
	size_t room = t->nbins > 0 ? t->nbins : 64;

	if (bin < t->nbins)
		return;
	while (room <= bin)
		room *= 2;
	t->bin = mem_resize(t->bin, room, sizeof(*t->bin));
	for (size_t i = t->nbins; i < room; i++)
		t->bin[i] = 0;
	t->nbins = room;
}

void tally_set(struct tally *t, uint64_t value, uint64_t now_us)
{
	while (t->last_us < now_us && t->value > 0) {
		size_t bin = (size_t)(t->last_us / t->bin_us);
		uint64_t end = ((uint64_t)bin + 1) * t->bin_us;

		if (end > now_us)
			end = now_us;
		need_bin(t, bin);
		t->bin[bin] += (double)t->value * (double)(end - t->last_us);
		t->last_us = end;
	}
	t->last_us = now_us;
	t->value = value;
}

void tally_count(struct tally *t, double n, uint64_t now_us)
{
	size_t bin = (size_t)(now_us / t->bin_us);

	need_bin(t, bin);
	t->bin[bin] += n * (double)t->bin_us;
}

double tally_mean(const struct tally *t, uint64_t until_us)
{
	double sum = 0;

	for (size_t i = 0; i < t->nbins && i * t->bin_us < until_us; i++) {
		uint64_t start = i * t->bin_us, end = start + t->bin_us;

		end = end < t->last_us ? end : t->last_us;
		/* Inside a bin only its mean is known. */
		sum += end <= until_us
			       ? t->bin[i]
			       : t->bin[i] * (double)(until_us - start) /
					 (double)(end - start);
	}
	return until_us > 0 ? sum / (double)until_us : 0;
}

double tally_bin(const struct tally *t, size_t bin)
{
	return bin < t->nbins ? t->bin[bin] / (double)t->bin_us : 0;
}
