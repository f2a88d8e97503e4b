/* nspace.c - see nspace.h. */
#include "shepherd/nspace.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

static Berth__JobMap *copy_map(const Berth__JobMap *map)
{
	size_t len = berth__job_map__get_packed_size(map);
	uint8_t *bytes = mem_alloc(len ? len : 1);
	Berth__JobMap *copy;

	berth__job_map__pack(map, bytes);
	copy = berth__job_map__unpack(NULL, len, bytes);
	free(bytes);
	return copy;
}

static void nspace_free(struct nspace *n)
{
	if (n->map)
		berth__job_map__free_unpacked(n->map, NULL);
	bitset_finish(&n->dead);
	free(n->node_of);
	free(n->local);
	free(n->name);
	free(n->shepherd);
	free(n);
}

static int place_ranks(struct nspace *n, struct berth_error *err)
{
	for (size_t i = 0; i < n->map->n_nodes; i++)
		n->size += (uint32_t)n->map->nodes[i]->n_ranks;
	n->node_of = mem_array(n->size + 1, sizeof(*n->node_of));
	memset(n->node_of, 0xff, (n->size + 1) * sizeof(*n->node_of));
	for (size_t i = 0; i < n->map->n_nodes; i++) {
		const Berth__NodeRanks *r = n->map->nodes[i];

		for (size_t k = 0; k < r->n_ranks; k++) {
			uint32_t rank = r->ranks[k];

			if (rank >= n->size || n->node_of[rank] != UINT32_MAX)
				return error_set(err, BERTH_EINPUT,
						 "map of %s: rank %u is twice "
						 "there or too large",
						 n->name, rank);
			n->node_of[rank] = (uint32_t)i;
		}
	}
	return 0;
}

struct nspace *nspace_add(struct nspace_list *list, const Berth__JobMap *map,
			  const char *shepherd, uint64_t job,
			  struct berth_error *err)
{
	struct nspace *n = mem_alloc(sizeof(*n));

	n->name = mem_strdup(map->nspace);
	n->shepherd = mem_strdup(shepherd);
	n->job = job;
	n->map = copy_map(map);
	bitset_init(&n->dead);
	if (n->map == NULL || place_ranks(n, err) != 0) {
		nspace_free(n);
		return NULL;
	}
	TAILQ_INSERT_TAIL(list, n, next);
	return n;
}

void nspace_remove(struct nspace_list *list, struct nspace *n)
{
	TAILQ_REMOVE(list, n, next);
	nspace_free(n);
}

struct nspace *nspace_find(const struct nspace_list *list, const char *name)
{
	struct nspace *n;

	TAILQ_FOREACH(n, list, next)
	{
		if (strcmp(n->name, name) == 0)
			return n;
	}
	return NULL;
}

const char *nspace_node(const struct nspace *n, uint32_t rank)
{
	if (rank >= n->size)
		return NULL;
	return n->map->nodes[n->node_of[rank]]->node;
}

const Berth__NodeRanks *nspace_on(const struct nspace *n, const char *node)
{
	for (size_t i = 0; i < n->map->n_nodes; i++) {
		if (strcmp(n->map->nodes[i]->node, node) == 0 &&
		    n->map->nodes[i]->n_ranks > 0)
			return n->map->nodes[i];
	}
	return NULL;
}

bool nspace_dead_on(const struct nspace *n, const char *node)
{
	const Berth__NodeRanks *r = nspace_on(n, node);

	for (size_t i = 0; r && i < r->n_ranks; i++) {
		if (!bitset_test(&n->dead, r->ranks[i]))
			return false;
	}
	return true;
}

void nspace_set_local(struct nspace *n, const uint32_t *ranks, size_t count)
{
	free(n->local);
	n->local = mem_array(count + 1, sizeof(*n->local));
	n->nlocal = count;
	for (size_t i = 0; i < count; i++)
		n->local[i].rank = ranks[i];
}

struct rank_state *nspace_local(struct nspace *n, uint32_t rank)
{
	for (size_t i = 0; i < n->nlocal; i++) {
		if (n->local[i].rank == rank)
			return &n->local[i];
	}
	return NULL;
}

uint32_t nspace_app(const struct nspace *n, uint32_t rank, uint32_t *leader)
{
	uint32_t first = 0;

	for (size_t i = 0; i < n->map->n_app_sizes; i++) {
		if (rank < first + n->map->app_sizes[i]) {
			*leader = first;
			return (uint32_t)i;
		}
		first += n->map->app_sizes[i];
	}
	*leader = 0;
	return 0;
}

void parties_add(struct parties *p, const char *node, const char *shepherd)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].node, node) == 0 &&
		    strcmp(p->v[i].shepherd, shepherd) == 0)
			return;
	}
	p->v = mem_resize(p->v, p->n + 1, sizeof(*p->v));
	berth__party__init(&p->v[p->n]);
	p->v[p->n].node = mem_strdup(node);
	p->v[p->n].shepherd = mem_strdup(shepherd);
	p->n++;
}

static int compare(const void *a, const void *b)
{
	const Berth__Party *x = a, *y = b;
	int by_node = strcmp(x->node, y->node);

	return by_node ? by_node : strcmp(x->shepherd, y->shepherd);
}

void parties_sort(struct parties *p)
{
	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(*p->v), compare);
	p->p = mem_resize(p->p, p->n, sizeof(*p->p));
	for (size_t i = 0; i < p->n; i++)
		p->p[i] = &p->v[i];
}

void parties_finish(struct parties *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].node);
		free(p->v[i].shepherd);
	}
	free(p->v);
	free(p->p);
	memset(p, 0, sizeof(*p));
}
