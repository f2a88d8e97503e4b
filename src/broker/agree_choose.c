/* agree_choose.c - which nodes should vote. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "broker/agree.h"

static bool in(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; name && i < n; i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

/* How many of the chosen share the switch of this node. */
static size_t crowd(const char *const *switches, size_t node,
		    const size_t *out, size_t n)
{
	size_t same = 0;

	for (size_t i = 0; i < n; i++) {
		const char *a = switches ? switches[node] : NULL;
		const char *b = switches ? switches[out[i]] : NULL;

		same += a && b && strcmp(a, b) == 0;
	}
	return same;
}

/* The one that shares its switch with the fewest of those that are chosen;
 * of several a present voter, of several the first. */
static size_t next(const char *const *nodes, const char *const *switches,
		   size_t count, const char *const *voters, size_t nvoters,
		   const size_t *out, size_t n)
{
	size_t best = count, least = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t rank = 2 * crowd(switches, i, out, n) +
			      !in(nodes[i], voters, nvoters);
		bool taken = false;

		for (size_t k = 0; k < n; k++)
			taken |= out[k] == i;
		if (!taken && rank < least) {
			least = rank;
			best = i;
		}
	}
	return best;
}

size_t agree_choose(const char *const *nodes, const char *const *switches,
		    size_t count, const char *const *voters, size_t nvoters,
		    size_t out[AGREE_VOTERS_MAX])
{
	size_t want = count >= 5 ? 5 : count >= 3 ? 3 : count >= 1 ? 1 : 0;
	size_t n = 0;

	/* The first one leads; it stays where it votes. */
	if (count > 0 && in(nodes[0], voters, nvoters))
		out[n++] = 0;
	while (n < want) {
		out[n] = next(nodes, switches, count, voters, nvoters, out, n);
		n++;
	}
	return n;
}
