#include "broker/json_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/json_text.h"

static void put(json_t *o, const char *key, json_t *v)
{
	json_object_set_new_nocheck(o, key, v);
}

static void put_int(json_t *o, const char *key, uint64_t v)
{
	put(o, key, json_integer((json_int_t)v));
}

static void put_str(json_t *o, const char *key, const char *s)
{
	put(o, key, json_text_safe(s));
}

/* Takes over s. */
static void put_taken(json_t *o, const char *key, char *s)
{
	put(o, key, json_text_safe(s));
	free(s);
}

json_t *json_time(uint64_t us)
{
	return json_integer((json_int_t)(us / 1000));
}

json_t *json_strings(char *const *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n && v != NULL && v[i] != NULL; i++)
		json_array_append_new(a, json_text_safe(v[i]));
	return a;
}

/* ---- jobs and tasks ------------------------------------------------------ */

json_t *json_job(const struct job *j)
{
	json_t *o = json_object(), *t = json_object();

	put_int(o, "id", j->id);
	put_str(o, "name", j->name);
	put_str(o, "framework", j->framework);
	put_str(o, "role", j->role);
	put_str(o, "user", j->user);
	put_str(o, "state", job_state_name(j->state));
	put_str(o, "outcome", job_outcome_name(j->outcome));
	put(o, "exit_code", json_integer(j->exit_code));
	put(o, "signal", json_integer(j->signal));
	put_str(o, "text", j->text);
	put(o, "submitted_at", json_time(j->submitted_us));
	put(o, "started_at", json_time(j->started_us));
	put(o, "ended_at", json_time(j->ended_us));
	put_int(t, "total", j->counts.total);
	put_int(t, "running", j->counts.running);
	put_int(t, "done", j->counts.done);
	put_int(t, "failed", j->counts.failed);
	put(o, "tasks", t);
	return o;
}

json_t *json_task(const struct task *t)
{
	const struct task_status *s = &t->status;
	json_t *o = json_object(), *ranks = json_array();
	char id[40];

	snprintf(id, sizeof(id), "%llu.%u", (unsigned long long)t->job->id,
		 t->index);
	put_str(o, "id", id);
	put_int(o, "job", t->job->id);
	put_int(o, "index", t->index);
	put(o, "array_index", json_integer(t->array_index));
	put_str(o, "node", t->where);
	put_int(o, "slice", t->slice_id);
	put_str(o, "state", task_state_name(s->state));
	put_str(o, "end",
		s->end == TASK_END_NONE ? "" : task_end_name(s->end));
	put(o, "exit_code", json_integer(s->exit_code));
	put(o, "signal", json_integer(s->signal));
	put(o, "rank", json_integer(s->rank));
	for (uint32_t i = 0; i < t->nranks; i++)
		json_array_append_new(ranks, json_integer(t->ranks[i]));
	put(o, "ranks", ranks);
	put_str(o, "text", s->text);
	put(o, "started_at", json_time(s->start_us));
	put(o, "ended_at", json_time(s->end_us));
	put_int(o, "cpu_ms", s->cpu_us / 1000);
	put_int(o, "max_rss_kib", s->max_rss_kib);
	return o;
}

/* ---- hardware ------------------------------------------------------------ */

static json_t *gpu(const struct topology_device *d)
{
	json_t *o = json_object();

	put_str(o, "pci", d->pci);
	put_str(o, "uuid", d->uuid);
	put_str(o, "vendor", d->vendor);
	put_str(o, "model", d->model);
	return o;
}

static json_t *drive(const struct topology_device *d, uint64_t mib)
{
	json_t *o = json_object();

	put_str(o, "name", d->name);
	put_str(o, "pci", d->pci);
	put_int(o, "mib", mib);
	return o;
}

static json_t *port(const struct topology_device *d)
{
	json_t *o = json_object();

	put_str(o, "name", d->name);
	put_str(o, "pci", d->pci);
	return o;
}

static void put_pus(json_t *o, const struct topology *t,
		    const struct bitset *cores)
{
	struct bitset pus;

	bitset_init(&pus);
	topology_core_pus(t, cores, &pus);
	put_taken(o, "pus", bitset_format(&pus));
	bitset_finish(&pus);
}

static json_t *core_pus(const struct topology *t, const struct bitset *cores)
{
	json_t *a = json_array();

	bitset_foreach(cores, core) {
		char *s = bitset_format(&t->core[core].pus);

		json_array_append_new(a, json_string(s));
		free(s);
	}
	return a;
}

static void put_devices(json_t *o, const struct slice *s,
			const struct topology *t)
{
	json_t *gpus = json_array(), *drives = json_array(),
	       *ports = json_array();

	for (size_t i = 0; i < t->ngpus && i < 64; i++)
		if ((s->gpus >> i & 1) != 0)
			json_array_append_new(gpus, gpu(&t->gpu[i]));
	for (size_t i = 0; i < s->ndrives; i++)
		json_array_append_new(drives,
				      drive(&t->drive[s->drives[i].drive],
					    s->drives[i].mib));
	for (size_t i = 0; i < t->nports && i < 64; i++)
		if ((s->ports >> i & 1) != 0)
			json_array_append_new(ports,
					      json_text_safe(t->port[i].name));
	put(o, "gpus", gpus);
	put(o, "drives", drives);
	put(o, "ports", ports);
}

json_t *json_slice(const struct slice *s)
{
	const struct topology *t = s->node->topology;
	json_t *o = json_object(), *memory = json_array();

	put_int(o, "id", s->id);
	put_str(o, "node", s->node->name);
	put_int(o, "units", s->units);
	put_int(o, "cores", s->amount.cores);
	put_pus(o, t, &s->cores);
	put(o, "core_pus", core_pus(t, &s->cores));
	put_int(o, "memory_mib", s->amount.memory_mib);
	for (size_t i = 0; i < s->nmemory; i++) {
		json_t *m = json_object();

		put_int(m, "numa", t->numa[s->memory[i].numa].os_index);
		put_int(m, "mib", s->memory[i].mib);
		json_array_append_new(memory, m);
	}
	put(o, "memory", memory);
	put_devices(o, s, t);
	put_str(o, "fit", fit_level_name(s->fit));
	put_int(o, "gpu_distance", s->gpu_distance);
	put(o, "revocable", json_boolean(s->revocable));
	put(o, "lent", json_boolean(s->lent_for != 0));
	put_str(o, "state", slice_state_name(s->state));
	put_str(o, "framework", s->framework != NULL ? s->framework->name : "");
	put_int(o, "job", s->job);
	return o;
}

static json_t *labels(const struct label *label, size_t n)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++)
		put_str(o, label[i].name, label[i].value);
	return o;
}

static json_t *free_part(const struct node *n)
{
	json_t *o = json_object();

	put_int(o, "cores", n->free.cores);
	put_int(o, "memory_mib", n->free.memory_mib);
	put_int(o, "gpus", n->free.gpus);
	put_int(o, "drive_mib", n->free.drive_mib);
	return o;
}

json_t *json_node(const struct node *n, const char *state, bool leader)
{
	const struct topology *t = n->topology;
	json_t *o = json_object(), *gpus = json_array(),
	       *drives = json_array(), *ports = json_array();

	put_str(o, "name", n->name);
	put_str(o, "state", state);
	put(o, "emulated", json_boolean(n->emulated));
	put_int(o, "packages", t->npackages);
	put_int(o, "numa_nodes", t->nnumas);
	put_int(o, "l3_caches", t->nl3s);
	put_int(o, "cores", t->ncores);
	put_int(o, "pus", t->npus);
	put_int(o, "memory_mib", t->total_mib);
	for (size_t i = 0; i < t->ngpus; i++)
		json_array_append_new(gpus, gpu(&t->gpu[i]));
	for (size_t i = 0; i < t->ndrives; i++)
		json_array_append_new(drives,
				      drive(&t->drive[i], t->drive[i].mib));
	for (size_t i = 0; i < t->nports; i++)
		json_array_append_new(ports, port(&t->port[i]));
	put(o, "gpus", gpus);
	put(o, "drives", drives);
	put(o, "fabric_ports", ports);
	put(o, "labels", labels(n->label, n->nlabels));
	put(o, "free", free_part(n));
	put_int(o, "tasks", n->ntasks);
	put(o, "leader", json_boolean(leader));
	return o;
}

json_t *json_node_tree(const struct node *n)
{
	const struct topology *t = n->topology;
	const struct slice *s;
	json_t *a = json_array(), *o;

	for (size_t i = 0; i < t->ncores; i++) {
		const struct topology_core *c = &t->core[i];

		o = json_object();
		put_int(o, "core", i);
		put_taken(o, "pus", bitset_format(&c->pus));
		put(o, "l3", json_integer(c->l3));
		put(o, "numa", json_integer(c->numa));
		put(o, "package", json_integer(c->package));
		put_int(o, "slice", 0);
		json_array_append_new(a, o);
	}
	TAILQ_FOREACH(s, &n->slices, of_node)
		bitset_foreach(&s->cores, core) {
			o = json_array_get(a, (size_t)core);
			put_int(o, "slice", s->id);
			put_int(o, "job", s->job);
			put_str(o, "state", slice_state_name(s->state));
			put_str(o, "framework",
				s->framework != NULL ? s->framework->name : "");
		}
	return a;
}

/* ---- offers, demands, frameworks ----------------------------------------- */

json_t *json_offer(const struct offer *o, uint64_t now_us)
{
	json_t *v = json_object(), *slices = json_array();
	const struct slice *s;

	put_int(v, "offer", o->id);
	put_str(v, "framework", o->framework->name);
	put_str(v, "demand", o->demand_id);
	TAILQ_FOREACH(s, &o->slices, of_owner)
		json_array_append_new(slices, json_slice(s));
	put(v, "slices", slices);
	put_int(v, "expires_ms", o->expires_us > now_us
					 ? (o->expires_us - now_us) / 1000
					 : 0);
	return v;
}

static json_t *strv(char *const *v)
{
	return json_strings(v, SIZE_MAX);
}

static json_t *constraints(const struct demand *d)
{
	json_t *o = json_object();

	put(o, "labels", labels(d->label, d->nlabels));
	put(o, "nodes", strv(d->nodes));
	put(o, "exclude", strv(d->exclude));
	put(o, "datasets", strv(d->datasets));
	put(o, "exclusive", json_boolean(d->exclusive));
	put_int(o, "per_node", d->per_node);
	put_int(o, "min_per_node", d->min_per_node);
	put_str(o, "fit", fit_level_name(d->fit));
	return o;
}

static json_t *prefer(const struct demand *d)
{
	json_t *o = json_object();

	put(o, "nodes", strv(d->prefer_nodes));
	put(o, "datasets", strv(d->prefer_datasets));
	put(o, "labels", labels(d->prefer_label, d->nprefer_labels));
	put_int(o, "wait_ms", d->wait_us / 1000);
	if (d->packing != PACKING_ANY)
		put(o, "pack", json_boolean(d->packing == PACKING_PACK));
	if (d->layout != LAYOUT_ANY)
		put_str(o, "layout", layout_name(d->layout));
	return o;
}

json_t *json_demand(const struct demand *d)
{
	json_t *o = json_object(), *unit = json_object();

	put_str(o, "id", d->id);
	put_str(o, "framework", d->framework != NULL ? d->framework->name : "");
	put_int(o, "count", d->count);
	put_int(o, "max", d->max);
	put(o, "gang", json_boolean(d->gang));
	put(o, "separate", json_boolean(d->separate));
	put_int(unit, "cores", d->unit.cores);
	put_int(unit, "memory_mib", d->unit.memory_mib);
	put_int(unit, "gpus", d->unit.gpus);
	put_str(unit, "gpu_vendor", d->unit.gpu_vendor);
	put_int(unit, "drive_mib", d->unit.drive_mib);
	put(o, "slice", unit);
	put(o, "constraints", constraints(d));
	put(o, "prefer", prefer(d));
	put_str(o, "role", d->role);
	put(o, "priority", json_integer(d->priority));
	put(o, "revocable_ok", json_boolean(d->revocable_ok));
	return o;
}

json_t *json_framework(const struct framework *f)
{
	json_t *o = json_object();

	put_str(o, "name", f->name);
	put_str(o, "role", f->role != NULL ? f->role->name : "");
	put(o, "connected", json_boolean(f->connected));
	put(o, "suppressed", json_boolean(f->suppressed));
	put_int(o, "failover_ms", f->failover_us / 1000);
	put_int(o, "jobs", f->njobs);
	put_int(o, "slices", f->nslices);
	put_int(o, "offers", f->noffers);
	put_int(o, "demands", f->ndemands);
	put_int(o, "cores", f->used.cores);
	return o;
}
