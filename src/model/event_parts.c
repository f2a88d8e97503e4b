/* event_parts.c - see event_parts.h. */
#include "model/event_parts.h"

#include <stdlib.h>

#include "base/mem.h"

/* Room for number n of a list that grows; what is new is zeroed. */
static void *one_more(void *list, size_t n, size_t size)
{
	char *p = mem_resize(list, n + 1, size);

	for (size_t i = 0; i < size; i++)
		p[n * size + i] = 0;
	return p;
}

static void i32_of(struct scribe *s, const char *key, int *v)
{
	int32_t wide = *v;

	scribe_i32(s, key, &wide);
	*v = wide;
}

static void u32_of(struct scribe *s, const char *key, unsigned *v)
{
	uint32_t wide = *v;

	scribe_u32(s, key, &wide);
	*v = wide;
}

/* ---- topologies ---- */

static const char *memory_name(int kind)
{
	return topology_memory_name((enum topology_memory)kind);
}

static const char *device_name(int kind)
{
	return topology_device_kind_name((enum topology_device_kind)kind);
}

/* A string of a topology's own, "" is left out. */
static void own_text(struct scribe *s, const char *key, char **v)
{
	const char *text = *v != NULL && **v != '\0' ? *v : NULL;

	scribe_text(s, key, &text);
	if (scribe_reads(s))
		*v = mem_strdup(text != NULL ? text : "");
}

static void cores(struct scribe *s, struct topology *t)
{
	bool reads = scribe_reads(s);
	size_t i = 0;

	if (!scribe_list(s, "cores", t->ncores > 0))
		return;
	while (scribe_more(s, i < t->ncores)) {
		struct topology_core *c;

		if (reads)
			t->core = one_more(t->core, t->ncores++, sizeof(*c));
		c = &t->core[i++];
		scribe_bits(s, "pus", &c->pus);
		i32_of(s, "l2", &c->l2);
		i32_of(s, "l3", &c->l3);
		i32_of(s, "numa", &c->numa);
		i32_of(s, "package", &c->package);
		scribe_close(s);
	}
}

static void numas(struct scribe *s, struct topology *t)
{
	bool reads = scribe_reads(s);
	size_t i = 0;

	if (!scribe_list(s, "numas", t->nnumas > 0))
		return;
	while (scribe_more(s, i < t->nnumas)) {
		struct topology_numa *n;
		int kind;

		if (reads)
			t->numa = one_more(t->numa, t->nnumas++, sizeof(*n));
		n = &t->numa[i++];
		kind = n->kind;
		u32_of(s, "os_index", &n->os_index);
		scribe_u64(s, "mib", &n->mib);
		scribe_choice(s, "kind", &kind, TOPOLOGY_GPU_MEMORY + 1,
			      memory_name);
		n->kind = (enum topology_memory)kind;
		scribe_bool(s, "cpuless", &n->cpuless);
		i32_of(s, "package", &n->package);
		scribe_close(s);
	}
}

static void l3s(struct scribe *s, struct topology *t)
{
	bool reads = scribe_reads(s);
	size_t i = 0;

	if (!scribe_list(s, "l3s", t->nl3s > 0))
		return;
	while (scribe_more(s, i < t->nl3s)) {
		if (reads)
			t->l3 = one_more(t->l3, t->nl3s++, sizeof(*t->l3));
		scribe_u64(s, "kib", &t->l3[i].kib);
		i32_of(s, "package", &t->l3[i].package);
		i++;
		scribe_close(s);
	}
}

static void devices(struct scribe *s, const char *key,
		    struct topology_device **list, size_t *n)
{
	bool reads = scribe_reads(s);
	size_t i = 0;

	if (!scribe_list(s, key, *n > 0))
		return;
	while (scribe_more(s, i < *n)) {
		struct topology_device *d;
		int kind;

		if (reads)
			*list = one_more(*list, (*n)++, sizeof(*d));
		d = &(*list)[i++];
		kind = d->kind;
		scribe_choice(s, "kind", &kind, TOPOLOGY_PORT + 1, device_name);
		d->kind = (enum topology_device_kind)kind;
		own_text(s, "name", &d->name);
		own_text(s, "pci", &d->pci);
		own_text(s, "uuid", &d->uuid);
		own_text(s, "vendor", &d->vendor);
		own_text(s, "model", &d->model);
		scribe_u64(s, "mib", &d->mib);
		scribe_bits(s, "cores", &d->cores);
		i32_of(s, "numa", &d->numa);
		i32_of(s, "package", &d->package);
		scribe_close(s);
	}
}

static void distances(struct scribe *s, struct topology *t)
{
	size_t n = t->distance != NULL ? t->nnumas * t->nnumas : 0;
	uint32_t *list = t->distance;

	scribe_u32s(s, "distances", &list, &n);
	if (!scribe_reads(s) || n == 0)
		return;
	if (n != t->nnumas * t->nnumas)
		scribe_fail(s, "%zu distances between %zu NUMA nodes", n,
			    t->nnumas);
	else
		t->distance = mem_dup(list, n * sizeof(*list));
}

const struct topology *event_part_topology(struct scribe *s,
					   const struct topology *of)
{
	/* Written, it is only read. */
	struct topology *t = scribe_reads(s) ? topology_create()
					     : (struct topology *)of;
	struct berth_error err;

	cores(s, t);
	numas(s, t);
	l3s(s, t);
	scribe_size(s, "packages", &t->npackages);
	devices(s, "gpus", &t->gpu, &t->ngpus);
	devices(s, "drives", &t->drive, &t->ndrives);
	devices(s, "ports", &t->port, &t->nports);
	distances(s, t);
	if (!scribe_reads(s))
		return t;
	if (t->npackages > t->ncores)
		scribe_fail(s, "%zu packages of %zu cores", t->npackages,
			    t->ncores);
	if (!s->failed) {
		t->package = mem_array(t->npackages, sizeof(*t->package));
		if (topology_seal(t, &err) != 0)
			scribe_fail(s, "%s", err.text);
	} else {
		t->npackages = 0;
	}
	if (!s->failed)
		return t;
	topology_unref(t);
	return NULL;
}

/* ---- labels, names ---- */

void event_part_labels(struct scribe *s, const char *key,
		       const struct label **labels, size_t *n)
{
	bool reads = scribe_reads(s);
	struct label *list = NULL;
	size_t i = 0;

	if (reads) {
		*labels = NULL;
		*n = 0;
	}
	if (!scribe_list(s, key, *n > 0))
		return;
	while (scribe_more(s, i < *n)) {
		const char *name, *value;

		name = reads ? NULL : (*labels)[i].name;
		value = reads ? NULL : (*labels)[i].value;
		scribe_name(s, "name", &name);
		scribe_name(s, "value", &value);
		scribe_close(s);
		if (reads) {
			list = one_more(list, i, sizeof(*list));
			list[i].name = (char *)name;
			list[i].value = (char *)value;
		}
		i++;
	}
	if (!reads)
		return;
	*n = i;
	*labels = list != NULL ? scribe_keep(s, list) : NULL;
}

/* A NULL-terminated list. */
static void names(struct scribe *s, const char *key, char ***v)
{
	const char **list = (const char **)*v;
	size_t n = 0;

	while (!scribe_reads(s) && list != NULL && list[n] != NULL)
		n++;
	scribe_texts(s, key, &list, &n);
	*v = (char **)list;
}

/* ---- demands ---- */

static const char *level_name(int level)
{
	return fit_level_name((enum fit_level)level);
}

static void request(struct scribe *s, struct request *r)
{
	u32_of(s, "cores", &r->cores);
	scribe_u64(s, "memory_mib", &r->memory_mib);
	u32_of(s, "gpus", &r->gpus);
	scribe_text(s, "gpu_vendor", (const char **)&r->gpu_vendor);
	scribe_u64(s, "drive_mib", &r->drive_mib);
}

static void wishes(struct scribe *s, struct demand *d)
{
	uint32_t packing = d->packing, layout = d->layout;

	names(s, "prefer_nodes", &d->prefer_nodes);
	names(s, "prefer_datasets", &d->prefer_datasets);
	event_part_labels(s, "prefer_labels",
			  (const struct label **)&d->prefer_label,
			  &d->nprefer_labels);
	scribe_u64(s, "wait_us", &d->wait_us);
	scribe_u32(s, "packing", &packing);
	scribe_u32(s, "layout", &layout);
	if (packing > PACKING_SPREAD || layout > LAYOUT_EQUAL) {
		scribe_fail(s, "no such packing or layout");
		return;
	}
	d->packing = (enum packing)packing;
	d->layout = (enum layout)layout;
}

const struct demand *event_part_demand(struct scribe *s,
				       const struct demand *of)
{
	struct demand *d = scribe_alloc(s, 1, sizeof(*d));
	int fit;

	if (of != NULL)
		*d = *of;
	scribe_name(s, "demand", (const char **)&d->id);
	u32_of(s, "count", &d->count);
	u32_of(s, "max", &d->max);
	scribe_bool(s, "gang", &d->gang);
	scribe_bool(s, "separate", &d->separate);
	request(s, &d->unit);
	event_part_labels(s, "labels", (const struct label **)&d->label,
			  &d->nlabels);
	names(s, "nodes", &d->nodes);
	names(s, "exclude", &d->exclude);
	names(s, "datasets", &d->datasets);
	scribe_bool(s, "exclusive", &d->exclusive);
	u32_of(s, "per_node", &d->per_node);
	u32_of(s, "min_per_node", &d->min_per_node);
	fit = d->fit;
	scribe_choice(s, "fit", &fit, FIT_LEVELS, level_name);
	d->fit = (enum fit_level)fit;
	wishes(s, d);
	scribe_text(s, "role", (const char **)&d->role);
	i32_of(s, "priority", &d->priority);
	scribe_bool(s, "revocable_ok", &d->revocable_ok);
	return d;
}

/* ---- roles ---- */

static void quota(struct scribe *s, const char *key, struct quota *q)
{
	char written[QUOTA_TEXT];
	const char *text = NULL;
	struct berth_error err;

	if (!scribe_reads(s)) {
		quota_print(q, written, sizeof(written));
		text = written[0] != '\0' ? written : NULL;
	}
	scribe_text(s, key, &text);
	if (scribe_reads(s) && text != NULL && quota_parse(text, q, &err) != 0)
		scribe_fail(s, "\"%s\": %s", key, err.text);
}

const struct role_setting *event_part_setting(struct scribe *s,
					      const struct role_setting *of)
{
	struct role_setting *r = scribe_alloc(s, 1, sizeof(*r));

	if (of != NULL)
		*r = *of;
	scribe_name(s, "role", &r->name);
	scribe_text(s, "parent", &r->parent);
	quota(s, "guarantee", &r->guarantee);
	quota(s, "limit", &r->limit);
	scribe_double(s, "weight", &r->weight);
	i32_of(s, "priority", &r->priority);
	if (!(r->weight > 0))
		scribe_fail(s, "\"weight\": more than 0 is needed");
	return r;
}

/* ---- slices ---- */

static void slice_memory(struct scribe *s, struct slice *sl)
{
	const struct topology *t = sl->node != NULL ? sl->node->topology : NULL;
	bool reads = scribe_reads(s);
	size_t i = 0;

	if (!scribe_list(s, "memory", sl->nmemory > 0))
		return;
	while (scribe_more(s, i < sl->nmemory)) {
		struct slice_memory *m;

		if (reads)
			sl->memory = one_more(sl->memory, sl->nmemory++,
					      sizeof(*m));
		m = &sl->memory[i++];
		u32_of(s, "numa", &m->numa);
		scribe_u64(s, "mib", &m->mib);
		scribe_close(s);
		if (!reads || s->failed)
			continue;
		if (m->numa >= t->nnumas || m->mib > t->numa[m->numa].mib ||
		    (i > 1 && m->numa <= m[-1].numa))
			scribe_fail(s, "no such memory on that node");
		else
			sl->amount.memory_mib += m->mib;
	}
}

static void slice_drives(struct scribe *s, struct slice *sl)
{
	const struct topology *t = sl->node != NULL ? sl->node->topology : NULL;
	bool reads = scribe_reads(s);
	size_t i = 0;

	if (!scribe_list(s, "drives", sl->ndrives > 0))
		return;
	while (scribe_more(s, i < sl->ndrives)) {
		struct slice_drive *d;

		if (reads)
			sl->drives = one_more(sl->drives, sl->ndrives++,
					      sizeof(*d));
		d = &sl->drives[i++];
		u32_of(s, "drive", &d->drive);
		scribe_u64(s, "mib", &d->mib);
		scribe_close(s);
		if (!reads || s->failed)
			continue;
		if (d->drive >= t->ndrives || d->mib > t->drive[d->drive].mib ||
		    (i > 1 && d->drive <= d[-1].drive))
			scribe_fail(s, "no such drive on that node");
		else
			sl->amount.drive_mib += d->mib;
	}
}

typedef const struct node *(*find_f)(void *arg, const char *name);

static bool in_set(uint64_t bits, size_t n)
{
	return n >= 64 || bits >> n == 0;
}

/* The parts that the topology has, and their sums. */
static void complete(struct scribe *s, struct slice *sl)
{
	const struct topology *t;

	if (s->failed)
		return;
	t = sl->node->topology;
	if (bitset_next(&sl->cores, (unsigned)t->ncores) >= 0 ||
	    !in_set(sl->gpus, t->ngpus) || !in_set(sl->ports, t->nports))
		scribe_fail(s, "slice %llu: its node has no such parts",
			    (unsigned long long)sl->id);
	sl->amount.cores = bitset_count(&sl->cores);
	sl->amount.gpus = (uint64_t)__builtin_popcountll(sl->gpus);
}

static void slice(struct scribe *s, struct slice *sl, find_f find,
		  void *arg)
{
	bool reads = scribe_reads(s);
	const char *node = reads ? NULL : sl->node->name;
	int fit = sl->fit;

	scribe_u64(s, "id", &sl->id);
	scribe_name(s, "node", &node);
	if (reads && !s->failed) {
		sl->node = (struct node *)find(arg, node);
		if (sl->node == NULL)
			scribe_fail(s, "node %.64s is not known", node);
	}
	scribe_bits(s, "cores", &sl->cores);
	slice_memory(s, sl);
	scribe_u64(s, "gpus", &sl->gpus);
	slice_drives(s, sl);
	scribe_u64(s, "ports", &sl->ports);
	u32_of(s, "units", &sl->units);
	scribe_bool(s, "exclusive", &sl->exclusive);
	scribe_bool(s, "revocable", &sl->revocable);
	scribe_u64(s, "lent_for", &sl->lent_for);
	scribe_choice(s, "fit", &fit, FIT_LEVELS, level_name);
	sl->fit = (enum fit_level)fit;
	u32_of(s, "gpu_distance", &sl->gpu_distance);
	if (reads)
		complete(s, sl);
}

/* What was read goes with the scribe. */
static void keep_slice(struct scribe *s, struct slice *sl)
{
	scribe_keep(s, sl->cores.word);
	scribe_keep(s, sl->memory);
	scribe_keep(s, sl->drives);
}

void event_part_slice(struct scribe *s, const char *key,
		      const struct slice **of, find_f find, void *arg)
{
	bool reads = scribe_reads(s);
	/* Written, it is only read. */
	struct slice *sl = reads ? scribe_alloc(s, 1, sizeof(*sl))
				 : (struct slice *)*of;

	if (scribe_object(s, key, true)) {
		slice(s, sl, find, arg);
		scribe_close(s);
		if (reads)
			keep_slice(s, sl);
	} else {
		scribe_fail(s, "\"%s\" is missing", key);
	}
	*of = sl;
}

void event_part_slices(struct scribe *s, struct slice *const **slices,
		       size_t *n, find_f find, void *arg)
{
	bool reads = scribe_reads(s);
	struct slice **list = NULL;
	size_t i = 0;

	if (reads)
		*n = 0;
	if (scribe_list(s, "slices", *n > 0)) {
		while (scribe_more(s, i < *n)) {
			struct slice *sl = reads ? scribe_alloc(s, 1,
								sizeof(*sl))
						 : (*slices)[i];

			slice(s, sl, find, arg);
			scribe_close(s);
			if (reads) {
				keep_slice(s, sl);
				list = one_more(list, i, sizeof(struct slice *));
				list[i] = sl;
			}
			i++;
		}
	}
	if (!reads)
		return;
	*n = i;
	*slices = list != NULL ? scribe_keep(s, list) : NULL;
}
