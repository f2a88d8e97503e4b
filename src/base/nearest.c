/* nearest.c - see nearest.h. */
#include "base/nearest.h"

#include <string.h>

#define LENGTH_MAX 64

size_t nearest_distance(const char *a, const char *b)
{
	size_t row[LENGTH_MAX + 1];
	size_t na = strnlen(a, LENGTH_MAX);
	size_t nb = strnlen(b, LENGTH_MAX);

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

void nearest_offer(struct nearest *n, const char *known)
{
	size_t d = nearest_distance(n->wanted, known);

	/* A third of the name may be wrong, and one letter of a short one. */
	if (d > strlen(n->wanted) / 3 + 1 || d >= strlen(known))
		return;
	if (n->best == NULL || d < n->distance) {
		n->best = known;
		n->distance = d;
	}
}
