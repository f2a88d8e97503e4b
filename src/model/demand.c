/* demand.c - see demand.h. */
#include "model/demand.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct demand *demand_create(const char *id)
{
	struct demand *d = mem_alloc(sizeof(*d));

	d->id = mem_strdup(id);
	d->count = 1;
	d->max = 1;
	d->unit.cores = 1;
	d->fit = FIT_NODE;
	d->revocable_ok = true;
	return d;
}

void demand_destroy(struct demand *d)
{
	if (d == NULL)
		return;
	free(d->id);
	free(d->unit.gpu_vendor);
	label_free(d->label, d->nlabels);
	mem_strv_free(d->nodes);
	mem_strv_free(d->exclude);
	mem_strv_free(d->datasets);
	mem_strv_free(d->prefer_nodes);
	mem_strv_free(d->prefer_datasets);
	label_free(d->prefer_label, d->nprefer_labels);
	free(d->role);
	map_destroy(d->named, NULL);
	map_destroy(d->excluded, NULL);
	map_destroy(d->liked, NULL);
	free(d->needs);
	free(d->likes);
	idmap_finish(&d->filters);
	free(d->within);
	free(d);
}

static size_t count_names(char *const *names)
{
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	return n;
}

static char **copy_names(char *const *names)
{
	size_t n = count_names(names);

	return n > 0 ? mem_strv_dup(names, n) : NULL;
}

struct demand *demand_copy(const struct demand *from)
{
	struct demand *d = demand_create(from->id);

	d->count = from->count;
	d->max = from->max;
	d->gang = from->gang;
	d->separate = from->separate;
	d->unit = from->unit;
	d->unit.gpu_vendor = mem_strdup(from->unit.gpu_vendor);
	d->label = label_copy(from->label, from->nlabels);
	d->nlabels = from->nlabels;
	d->nodes = copy_names(from->nodes);
	d->exclude = copy_names(from->exclude);
	d->exclusive = from->exclusive;
	d->per_node = from->per_node;
	d->min_per_node = from->min_per_node;
	d->fit = from->fit;
	d->datasets = copy_names(from->datasets);
	d->prefer_nodes = copy_names(from->prefer_nodes);
	d->prefer_datasets = copy_names(from->prefer_datasets);
	d->prefer_label = label_copy(from->prefer_label, from->nprefer_labels);
	d->nprefer_labels = from->nprefer_labels;
	d->wait_us = from->wait_us;
	d->packing = from->packing;
	d->layout = from->layout;
	d->role = mem_strdup(from->role);
	d->priority = from->priority;
	d->revocable_ok = from->revocable_ok;
	return d;
}

static int refuse(const struct demand *d, struct berth_error *err,
		  const char *why)
{
	return error_set(err, BERTH_EINPUT, "demand %s: %s", d->id, why);
}

/* Sums of amounts must stay far from overflow. */
#define MOST_UNITS 100000000u
#define MOST_CORES 1000000u
#define MOST_MIB (UINT64_C(1) << 34)

int demand_check(struct demand *d, struct berth_error *err)
{
	if (d->max == 0)
		d->max = d->count;
	if (d->id == NULL || *d->id == '\0')
		return error_set(err, BERTH_EINPUT,
				 "a demand without id: give it a name");
	if (d->unit.cores == 0)
		return refuse(d, err, "cores: at least 1 is needed");
	if (d->unit.cores > MOST_CORES || d->unit.gpus > TREE_MAX_DEVICES ||
	    d->unit.memory_mib > MOST_MIB || d->unit.drive_mib > MOST_MIB)
		return refuse(d, err, "no node is as large as one unit");
	if (d->count > MOST_UNITS || d->max > MOST_UNITS)
		return refuse(d, err, "count: at most 100000000 units");
	if (d->max < d->count)
		return refuse(d, err, "max is less than count");
	if (d->fit == FIT_CORE && d->unit.cores > 1)
		return refuse(d, err,
			      "a unit of several cores does not fit in one core");
	if (d->per_node > 0 && d->min_per_node > d->per_node)
		return refuse(d, err, "min_per_node is more than per_node");
	if (d->per_node > 0 && d->count % d->per_node != 0)
		return refuse(d, err, "count is not a multiple of per_node");
	if (d->wait_us > DEMAND_MOST_WAIT_US)
		return refuse(d, err, "wait_ms: at most 5000");
	if (d->wait_us > 0 && !demand_prefers(d))
		return refuse(d, err, "wait_ms: it prefers no nodes that it "
				      "could wait for");
	if (d->min_per_node > d->max)
		return refuse(d, err, "min_per_node is more than max");
	return 0;
}

unsigned demand_open(const struct demand *d)
{
	return d->max > d->offered ? d->max - d->offered : 0;
}

bool demand_prefers(const struct demand *d)
{
	return count_names(d->prefer_nodes) > 0 ||
	       count_names(d->prefer_datasets) > 0 || d->nprefer_labels > 0;
}

bool demand_gathers(const struct demand *d)
{
	return d->gang && d->count > d->offered;
}

unsigned demand_least(const struct demand *d)
{
	unsigned least = demand_gathers(d) ? d->count - d->offered : 1;

	if (least < d->per_node)
		least = d->per_node;
	return least < d->min_per_node ? d->min_per_node : least;
}

struct amount request_amount(const struct request *r)
{
	struct amount a = {
		.cores = r->cores,
		.memory_mib = r->memory_mib,
		.gpus = r->gpus,
		.drive_mib = r->drive_mib,
	};

	return a;
}

static uint64_t times(uint64_t have, uint64_t unit)
{
	return unit > 0 ? have / unit : UINT64_MAX;
}

uint64_t request_units(const struct request *r, const struct amount *a)
{
	uint64_t n = times(a->cores, r->cores), k;

	k = times(a->memory_mib, r->memory_mib);
	n = k < n ? k : n;
	k = times(a->gpus, r->gpus);
	n = k < n ? k : n;
	k = times(a->drive_mib, r->drive_mib);
	return k < n ? k : n;
}

const char *packing_name(enum packing p)
{
	static const char *const names[] = {
		[PACKING_ANY] = "any",
		[PACKING_PACK] = "pack",
		[PACKING_SPREAD] = "spread",
	};

	return names[p];
}

static const char *const layouts[] = {
	[LAYOUT_ANY] = "",
	[LAYOUT_SWITCHES] = "switches",
	[LAYOUT_NODES] = "nodes",
	[LAYOUT_EQUAL] = "equal",
};

const char *layout_name(enum layout l)
{
	return layouts[l];
}

int layout_parse(const char *name, enum layout *out, struct berth_error *err)
{
	for (enum layout l = LAYOUT_ANY; l <= LAYOUT_EQUAL; l++) {
		if (strcmp(name, layouts[l]) != 0)
			continue;
		*out = l;
		return 0;
	}
	return error_set(err, BERTH_EINPUT,
			 "\"%.40s\" is none of switches, nodes, equal", name);
}
