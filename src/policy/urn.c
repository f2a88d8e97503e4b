/* urn.c - see urn.h. */
#include "policy/urn.h"

#include <stdlib.h>

#include "base/mem.h"

void urn_init(struct urn *u, size_t n)
{
	u->places = 1;
	while (u->places < n)
		u->places *= 2;
	u->sum = mem_array(2 * u->places, sizeof(*u->sum));
}

void urn_finish(struct urn *u)
{
	free(u->sum);
	u->sum = NULL;
}

void urn_put(struct urn *u, size_t ticket, double weight)
{
	size_t i = u->places + ticket;

	u->sum[i] = weight;
	for (i /= 2; i > 0; i /= 2)
		u->sum[i] = u->sum[2 * i] + u->sum[2 * i + 1];
}

long urn_draw(const struct urn *u, struct rand_state *rand)
{
	double at = rand_double(rand) * u->sum[1];
	size_t i = 1;

	if (!(u->sum[1] > 0))
		return -1;
	while (i < u->places) {
		double left = u->sum[2 * i];

		i *= 2;
		/* Rounding must not lead to where nothing is. */
		if (at >= left && u->sum[i + 1] > 0) {
			at -= left;
			i++;
		} else if (!(left > 0)) {
			i++;
		}
	}
	return (long)(i - u->places);
}
