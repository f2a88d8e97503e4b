#include "plugins/mpi/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

static uint64_t sum_limits(const struct map_place *places, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += places[i].limit;
	return sum;
}

/* Places of one node share its limit; the first ones take most. */
static void limit_nodes(struct map_place *places, size_t n, unsigned per_node)
{
	for (size_t i = 0; i < n; i++) {
		unsigned left = per_node;

		for (size_t j = 0; j < i && left; j++) {
			if (strcmp(places[j].node, places[i].node))
				continue;
			left -= places[j].limit < left ? places[j].limit : left;
		}
		if (places[i].limit > left)
			places[i].limit = left;
	}
}

/* Raise the limits in proportion until they hold all ranks. */
static void stretch(struct map_place *places, size_t n, unsigned ranks)
{
	uint64_t units = sum_limits(places, n);
	uint64_t before = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t after = before + places[i].limit;

		places[i].limit = (unsigned)(after * ranks / units -
					     before * ranks / units);
		before = after;
	}
}

static void fill(struct map_place *places, size_t n, unsigned ranks)
{
	unsigned rank = 0;

	for (size_t i = 0; i < n; i++)
		while (rank < ranks && places[i].n_ranks < places[i].limit)
			places[i].ranks[places[i].n_ranks++] = rank++;
}

static void round_robin(struct map_place *places, size_t n, unsigned ranks)
{
	unsigned rank = 0;

	while (rank < ranks) {
		for (size_t i = 0; i < n && rank < ranks; i++)
			if (places[i].n_ranks < places[i].limit)
				places[i].ranks[places[i].n_ranks++] = rank++;
	}
}

bool map_ranks(struct map_place *places, size_t n, unsigned ranks,
	       unsigned per_node, enum map_by by, bool oversubscribe)
{
	uint64_t room;

	for (size_t i = 0; i < n; i++)
		places[i].limit = places[i].units;
	room = sum_limits(places, n);
	if (!room || !ranks)
		return false;
	if (room < ranks && oversubscribe)
		stretch(places, n, ranks);
	if (per_node)
		limit_nodes(places, n, per_node);
	if (sum_limits(places, n) < ranks)
		return false;
	for (size_t i = 0; i < n; i++) {
		places[i].n_ranks = 0;
		places[i].ranks = keep_array(places[i].limit + 1,
					     sizeof(*places[i].ranks));
	}
	if (by == MAP_NODE)
		round_robin(places, n, ranks);
	else
		fill(places, n, ranks);
	return true;
}

void map_finish(struct map_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(places[i].ranks);
		places[i].ranks = NULL;
	}
}
