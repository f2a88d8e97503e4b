#include "broker/json_demand.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/json_decode.h"

#define FIELD(s, m, t, ...)                                                    \
	{.name = #m, .type = (t), .offset = offsetof(struct s, m), __VA_ARGS__}

struct constraints_in {
	json_t *labels, *nodes, *exclude, *datasets;
	bool exclusive;
	uint32_t per_node, min_per_node;
	const char *fit;
};

static const struct json_field constraints_fields[] = {
	FIELD(constraints_in, labels, JSON_T_OBJECT),
	FIELD(constraints_in, nodes, JSON_T_STRINGS),
	FIELD(constraints_in, exclude, JSON_T_STRINGS),
	FIELD(constraints_in, datasets, JSON_T_NAMES, .max = 64),
	FIELD(constraints_in, exclusive, JSON_T_BOOL),
	FIELD(constraints_in, per_node, JSON_T_U32, .max = 65536),
	FIELD(constraints_in, min_per_node, JSON_T_U32, .max = 65536),
	FIELD(constraints_in, fit, JSON_T_STRING, .max = 16),
};

struct prefer_in {
	json_t *nodes, *datasets, *labels;
	uint32_t wait_ms;
	bool pack;
	const char *layout;
};

static const struct json_field prefer_fields[] = {
	FIELD(prefer_in, nodes, JSON_T_STRINGS),
	FIELD(prefer_in, datasets, JSON_T_NAMES, .max = 64),
	FIELD(prefer_in, labels, JSON_T_OBJECT),
	FIELD(prefer_in, wait_ms, JSON_T_U32,
	      .max = DEMAND_MOST_WAIT_US / 1000),
	FIELD(prefer_in, pack, JSON_T_BOOL),
	FIELD(prefer_in, layout, JSON_T_STRING, .max = 16),
};

struct unit_in {
	uint32_t cores, gpus;
	uint64_t memory_mib, drive_mib;
	const char *gpu_vendor;
};

static const struct json_field unit_fields[] = {
	FIELD(unit_in, cores, JSON_T_U32, .min = 1, .max = 65536),
	FIELD(unit_in, gpus, JSON_T_U32, .max = 64),
	FIELD(unit_in, memory_mib, JSON_T_U64, .max = 1ll << 40),
	FIELD(unit_in, drive_mib, JSON_T_U64, .max = 1ll << 40),
	FIELD(unit_in, gpu_vendor, JSON_T_NAME0),
};

struct demand_in {
	const char *id, *role;
	uint32_t count, max;
	bool gang, separate, revocable_ok;
	int priority;
	json_t *slice, *constraints, *prefer;
};

static const struct json_field demand_fields[] = {
	FIELD(demand_in, id, JSON_T_STRING, .min = 1, .max = 64, .needed = true),
	FIELD(demand_in, count, JSON_T_U32, .max = 1 << 24, .needed = true),
	FIELD(demand_in, max, JSON_T_U32, .max = 1 << 24),
	FIELD(demand_in, gang, JSON_T_BOOL),
	FIELD(demand_in, separate, JSON_T_BOOL),
	FIELD(demand_in, slice, JSON_T_OBJECT),
	FIELD(demand_in, constraints, JSON_T_OBJECT),
	FIELD(demand_in, prefer, JSON_T_OBJECT),
	FIELD(demand_in, role, JSON_T_NAME0),
	FIELD(demand_in, priority, JSON_T_INT, .min = INT32_MIN),
	FIELD(demand_in, revocable_ok, JSON_T_BOOL),
};

/* NULL when there is none: "all" to the ledger. */
static char **strings(json_t *a)
{
	size_t n = json_array_size(a), i;
	char **v;
	json_t *e;

	if (n == 0)
		return NULL;
	v = mem_array(n + 1, sizeof(v[0]));
	json_array_foreach(a, i, e)
		v[i] = mem_strdup(json_string_value(e));
	return v;
}

static int take_labels(json_t *o, const char *place, struct label **label,
		       size_t *n, struct berth_error *err)
{
	const char *key;
	json_t *e;

	json_object_foreach(o, key, e)
		if (!json_is_string(e))
			return error_set(err, BERTH_EINPUT,
					 "%s.labels.%.64s: a string is wanted",
					 place, key);
	*label = mem_array(json_object_size(o) + 1, sizeof(**label));
	json_object_foreach(o, key, e) {
		(*label)[*n].name = mem_strdup(key);
		(*label)[(*n)++].value = mem_strdup(json_string_value(e));
	}
	return 0;
}

int json_demand_constraints(json_t *v, const char *place, struct demand *d,
			    struct berth_error *err)
{
	struct constraints_in in = {.fit = ""};

	if (v == NULL)
		return 0;
	if (JSON_DECODE(v, place, constraints_fields, &in, err) != 0)
		return -1;
	if (fit_level_parse(in.fit, &d->fit, err) != 0)
		return error_prefix(err, "%s.fit", place);
	if (in.labels != NULL && take_labels(in.labels, place, &d->label,
					     &d->nlabels, err) != 0)
		return -1;
	d->nodes = strings(in.nodes);
	d->exclude = strings(in.exclude);
	d->datasets = strings(in.datasets);
	d->exclusive = in.exclusive;
	d->per_node = in.per_node;
	d->min_per_node = in.min_per_node;
	return 0;
}

int json_demand_prefer(json_t *v, const char *place, struct demand *d,
		       struct berth_error *err)
{
	struct prefer_in in = {.layout = ""};

	if (v == NULL)
		return 0;
	if (JSON_DECODE(v, place, prefer_fields, &in, err) != 0)
		return -1;
	if (in.labels != NULL &&
	    take_labels(in.labels, place, &d->prefer_label,
			&d->nprefer_labels, err) != 0)
		return -1;
	d->prefer_nodes = strings(in.nodes);
	d->prefer_datasets = strings(in.datasets);
	d->wait_us = (uint64_t)in.wait_ms * 1000;
	if (d->wait_us > 0 && !demand_prefers(d))
		return error_set(err, BERTH_EINPUT,
				 "%s.wait_ms: name the nodes, datasets or "
				 "labels that it is to wait for", place);
	if (layout_parse(in.layout, &d->layout, err) != 0)
		return error_prefix(err, "%s.layout", place);
	if (json_object_get(v, "pack") != NULL)
		d->packing = in.pack ? PACKING_PACK : PACKING_SPREAD;
	return 0;
}

static int take_unit(json_t *v, const char *place, struct request *unit,
		     struct berth_error *err)
{
	struct unit_in in = {.cores = 1};

	if (v != NULL && JSON_DECODE(v, place, unit_fields, &in, err) != 0)
		return -1;
	unit->cores = in.cores;
	unit->gpus = in.gpus;
	unit->memory_mib = in.memory_mib;
	unit->drive_mib = in.drive_mib;
	free(unit->gpu_vendor);
	unit->gpu_vendor = mem_strdup(in.gpu_vendor);
	return 0;
}

struct demand *json_demand_decode(json_t *v, const char *place,
				  struct berth_error *err)
{
	struct demand_in in = {.revocable_ok = true};
	struct demand *d = NULL;
	char at[3][64];

	snprintf(at[0], sizeof(at[0]), "%s.slice", place);
	snprintf(at[1], sizeof(at[1]), "%s.constraints", place);
	snprintf(at[2], sizeof(at[2]), "%s.prefer", place);
	if (JSON_DECODE(v, place, demand_fields, &in, err) != 0)
		return NULL;
	d = demand_create(in.id);
	if (take_unit(in.slice, at[0], &d->unit, err) != 0 ||
	    json_demand_constraints(in.constraints, at[1], d, err) != 0 ||
	    json_demand_prefer(in.prefer, at[2], d, err) != 0)
		goto fail;
	d->count = in.count;
	d->max = in.max;
	d->gang = in.gang;
	d->separate = in.separate;
	d->revocable_ok = in.revocable_ok;
	d->priority = in.priority;
	if (in.role != NULL && in.role[0] != '\0') {
		free(d->role);
		d->role = mem_strdup(in.role);
	}
	return d;
fail:
	demand_destroy(d);
	return NULL;
}
