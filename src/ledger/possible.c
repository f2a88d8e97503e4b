/* possible.c - whether a demand could ever be met, and if not, why. */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/fit.h"

/* More nodes than this are not listed for one demand. */
#define FEW_NODES 64

/* The most that any one node has of something. */
struct most {
	struct amount amount; /* drive_mib: of one drive */
	unsigned vendor_gpus;
};

static unsigned gpus_of(const struct node *n, const char *vendor)
{
	struct request r = {
		.cores = 1,
		.gpus = 1,
		.gpu_vendor = (char *)vendor,
	};
	unsigned count = (unsigned)n->total.gpus;

	if (vendor == NULL || *vendor == '\0' || count == 0)
		return count;
	/* One core a unit: with fewer cores than GPUs it is not exact, but
	 * such a node could not use more either. */
	return fit_capacity(n, &r, FIT_NODE, count);
}

static void raise_to(uint64_t *most, uint64_t value)
{
	if (value > *most)
		*most = value;
}

static void see(struct most *m, const struct node *n, const struct demand *d)
{
	unsigned gpus = gpus_of(n, d->unit.gpu_vendor);

	raise_to(&m->amount.cores, n->total.cores);
	raise_to(&m->amount.memory_mib, n->total.memory_mib);
	raise_to(&m->amount.gpus, n->total.gpus);
	for (size_t i = 0; i < n->topology->ndrives; i++)
		raise_to(&m->amount.drive_mib, n->topology->drive[i].mib);
	if (gpus > m->vendor_gpus)
		m->vendor_gpus = gpus;
}

static int too_much(const struct demand *d, const char *what, uint64_t asked,
		    uint64_t most, const char *unit, struct berth_error *err)
{
	return error_set(err, BERTH_EINPUT,
			 "demand %s: %s: %llu%s asked for one unit, but no node "
			 "it may go to has more than %llu", d->id, what,
			 (unsigned long long)asked, unit,
			 (unsigned long long)most);
}

/* Why no node can have a unit. */
static int say_why(const struct demand *d, const struct most *m, size_t allowed,
		   struct berth_error *err)
{
	const struct request *u = &d->unit;

	if (allowed == 0)
		return error_set(err, BERTH_EINPUT,
				 "demand %s: no node passes its constraints "
				 "(labels, nodes, exclude)", d->id);
	if (u->cores > m->amount.cores)
		return too_much(d, "cores", u->cores, m->amount.cores, "", err);
	if (u->memory_mib > m->amount.memory_mib)
		return too_much(d, "memory_mib", u->memory_mib,
				m->amount.memory_mib, " MiB", err);
	if (u->gpus > 0 && m->amount.gpus > 0 && m->vendor_gpus == 0)
		return error_set(err, BERTH_EINPUT,
				 "demand %s: gpu_vendor: no node has GPUs of "
				 "\"%.40s\"", d->id, u->gpu_vendor);
	if (u->gpus > m->vendor_gpus)
		return too_much(d, "gpus", u->gpus, m->vendor_gpus, "", err);
	if (u->drive_mib > m->amount.drive_mib)
		return too_much(d, "drive_mib", u->drive_mib,
				m->amount.drive_mib, " MiB", err);
	if (d->per_node > 1 || d->min_per_node > 1)
		return error_set(err, BERTH_EINPUT,
				 "demand %s: no node is large enough for %u "
				 "units of it", d->id,
				 d->per_node > d->min_per_node ?
					 d->per_node : d->min_per_node);
	return error_set(err, BERTH_EINPUT,
			 "demand %s: one unit does not fit inside one %s of any "
			 "node: ask for less or a wider fit", d->id,
			 fit_level_name(d->fit));
}

static bool listed(char *const *names, const char *name)
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static bool allowed_on(const struct demand *d, const struct node *n)
{
	if (d->exclude != NULL && listed(d->exclude, n->name))
		return false;
	return place_allows(d, n);
}

static unsigned units_on(const struct demand *d, const struct node *n,
			 unsigned limit)
{
	unsigned units;

	if (d->per_node > 0)
		limit = d->per_node;
	if (limit < d->min_per_node)
		limit = d->min_per_node;
	units = fit_capacity(n, &d->unit, d->fit, limit);
	return units < d->per_node || units < d->min_per_node ? 0 : units;
}

/* Known names alone; then by them or over all nodes, one after the other. */
static int check_names(const struct ledger *l, const struct demand *d,
		       struct berth_error *err)
{
	for (char **name = d->nodes; name != NULL && *name != NULL; name++) {
		if (map_get(l->nodes, *name) == NULL)
			return error_set(err, BERTH_EINPUT,
					 "demand %s: constraints.nodes: no node "
					 "is called \"%.64s\"", d->id, *name);
	}
	return 0;
}

static const struct node *next_node(const struct ledger *l,
				    const struct demand *d, size_t i)
{
	if (d->nodes == NULL || d->nodes[0] == NULL)
		return i < l->nnodes ? l->node[i] : NULL;
	return d->nodes[i] != NULL ? map_get(l->nodes, d->nodes[i]) : NULL;
}

void ledger_set_incomplete(struct ledger *l, bool incomplete)
{
	l->incomplete = incomplete;
}

int ledger_demand_possible(const struct ledger *l, const struct demand *d,
			   struct berth_error *err)
{
	unsigned need = d->gang ? d->count : 1;
	struct most most = {{0, 0, 0, 0}, 0};
	const struct node *n;
	uint64_t units = 0;
	size_t allowed = 0;

	if (l->nnodes == 0 || l->incomplete)
		return 0;
	if (check_names(l, d, err) != 0)
		return -1;
	n = next_node(l, d, 0);
	for (size_t i = 1; n != NULL; n = next_node(l, d, i++)) {
		if (!allowed_on(d, n))
			continue;
		allowed++;
		see(&most, n, d);
		units += units_on(d, n, need);
		if (units >= need)
			return 0;
	}
	if (units == 0)
		return say_why(d, &most, allowed, err);
	return error_set(err, BERTH_EINPUT,
			 "demand %s: %u units at once are asked for, but all "
			 "nodes it may go to together have room for %llu", d->id,
			 need, (unsigned long long)units);
}

struct node *const *place_within(struct ledger *l, struct demand *d,
				 size_t *n)
{
	if (d->nlabels == 0 && d->named == NULL)
		return NULL;
	if (d->within_at != l->nodes_at) {
		d->within_at = l->nodes_at;
		free(d->within);
		d->within = mem_array(FEW_NODES, sizeof(*d->within));
		d->nwithin = 0;
		for (size_t i = 0; i < l->nnodes && d->within != NULL; i++) {
			if (!place_allows(d, l->node[i]))
				continue;
			if (d->nwithin < FEW_NODES) {
				d->within[d->nwithin++] = l->node[i];
				continue;
			}
			free(d->within);
			d->within = NULL;
		}
	}
	*n = d->nwithin;
	return d->within;
}
