/* bind.c - see bind.h. */
#include "shepherd/bind.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/bind.h"
#include "topo/topo.h"

struct binder {
	struct topology *topology; /* NULL: nobody has asked yet */
};

struct binder *binder_create(void)
{
	return mem_alloc(sizeof(struct binder));
}

void binder_destroy(struct binder *b)
{
	if (b == NULL)
		return;
	topology_unref(b->topology);
	free(b);
}

static int want_topology(struct binder *b, struct berth_error *err)
{
	if (b->topology == NULL)
		b->topology = topo_load_system(TOPO_NO_DEVICES, NULL, err);
	return b->topology ? 0 : -1;
}

static int parse_pus(const Berth__Slice *s, const char *text,
		     struct bitset *out, struct berth_error *err)
{
	bitset_clear_all(out);
	if (bitset_parse(out, text) != 0 || bitset_empty(out))
		return error_set(err, BERTH_EINPUT,
				 "slice %lu: \"%.80s\" is no list of processors",
				 (unsigned long)s->id, text);
	return 0;
}

int bind_slice(const Berth__Slice *s, struct bitset *out,
	       struct berth_error *err)
{
	return parse_pus(s, s->pus, out, err);
}

/* The part of the tree that holds the core; -1: unknown. */
static int part_of(const struct topology *t, const struct bitset *core,
		   enum topo_bind kind)
{
	for (size_t i = 0; i < t->ncores; i++) {
		const struct topology_core *c = &t->core[i];

		if (!bitset_intersects(&c->pus, core))
			continue;
		if (kind == TOPO_BIND_L3)
			return c->l3;
		return kind == TOPO_BIND_NUMA ? c->numa : c->package;
	}
	return -1;
}

/*
 * Deal the cores out anew, so that blocks of `block` cores come from one part
 * after the other, as long as each has any left.
 */
static void deal(const struct topology *t, enum topo_bind kind, size_t block,
		 struct bitset *cores, size_t n)
{
	struct bitset *to = mem_array(n, sizeof(*to));
	int *part = mem_array(n, sizeof(*part));
	bool *taken = mem_array(n, sizeof(*taken));
	size_t done = 0;
	int last = -1;

	for (size_t i = 0; i < n; i++) {
		part[i] = part_of(t, &cores[i], kind) + 1;
		last = part[i] > last ? part[i] : last;
	}
	while (done < n) {
		for (int p = 0; p <= last; p++) {
			size_t got = 0;

			for (size_t i = 0; i < n && got < block; i++) {
				if (taken[i] || part[i] != p)
					continue;
				taken[i] = true;
				to[done++] = cores[i];
				got++;
			}
		}
	}
	memcpy(cores, to, n * sizeof(*to));
	free(taken);
	free(part);
	free(to);
}

static int parse_cores(const Berth__Slice *s, struct bitset *cores, size_t n,
		       struct berth_error *err)
{
	if (s->n_core_pus == 0)
		return bind_slice(s, &cores[0], err);
	for (size_t i = 0; i < n; i++) {
		if (parse_pus(s, s->core_pus[i], &cores[i], err) != 0)
			return -1;
	}
	return 0;
}

int bind_ranks(struct binder *b, const Berth__Slice *s, const char *bind_to,
	       const char *map_by, size_t n, struct bitset *out,
	       struct berth_error *err)
{
	size_t ncores = s->n_core_pus ? s->n_core_pus : 1;
	struct bitset *cores = mem_array(ncores, sizeof(*cores));
	enum topo_bind to = TOPO_BIND_CORE, by = TOPO_BIND_CORE;
	int rc = -1;

	if (topo_bind_parse(bind_to, &to, err) != 0 ||
	    topo_bind_parse(map_by, &by, err) != 0 ||
	    parse_cores(s, cores, ncores, err) != 0)
		goto out;
	if (by == TOPO_BIND_NONE)
		by = TOPO_BIND_CORE;
	if (by != TOPO_BIND_CORE ||
	    (to != TOPO_BIND_CORE && to != TOPO_BIND_NONE)) {
		if (want_topology(b, err) != 0)
			goto out;
	}
	if (by != TOPO_BIND_CORE)
		deal(b->topology, by, n && ncores >= n ? ncores / n : 1, cores,
		     ncores);
	rc = topo_bind_split(b->topology, cores, ncores, to, n, out, err);
out:
	for (size_t i = 0; i < ncores; i++)
		bitset_finish(&cores[i]);
	free(cores);
	return rc;
}
