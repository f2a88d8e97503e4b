#include "broker/launch_msg.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "broker/surroundings.h"
#include "model/node.h"

/* ---- strings ------------------------------------------------------------- */

/* A message's string that may be "": protobuf-c frees what is not its own
 * empty string. */
static char *text(const char *s)
{
	return mem_strdup(s != NULL ? s : "");
}

static char **argv_of(json_t *a, size_t *n)
{
	char **v = mem_array(json_array_size(a) + 1, sizeof(v[0]));
	json_t *e;
	size_t i;

	json_array_foreach(a, i, e)
		v[i] = mem_strdup(json_string_value(e));
	*n = json_array_size(a);
	return v;
}

static char **env_of(json_t *o, size_t *n)
{
	char **v = mem_array(json_object_size(o) + 1, sizeof(v[0]));
	const char *key;
	json_t *e;

	*n = 0;
	json_object_foreach(o, key, e)
		v[(*n)++] = mem_printf("%s=%s", key, json_string_value(e));
	return v;
}

/* ---- slice --------------------------------------------------------------- */

static Berth__Device *device(const struct topology_device *d, const char *kind,
			     uint64_t mib)
{
	Berth__Device *out = mem_alloc(sizeof(*out));

	berth__device__init(out);
	out->pci = text(d->pci);
	out->uuid = text(d->uuid);
	out->vendor = text(d->vendor);
	out->kind = text(kind);
	out->name = text(d->name);
	out->mib = mib;
	return out;
}

static void add_devices(Berth__Slice *out, const struct slice *s)
{
	const struct topology *t = s->node->topology;

	out->devices = mem_array(t->ngpus + s->ndrives + t->nports + 1,
				 sizeof(out->devices[0]));
	for (size_t i = 0; i < t->ngpus && i < 64; i++)
		if ((s->gpus >> i & 1) != 0)
			out->devices[out->n_devices++] =
				device(&t->gpu[i], "gpu", t->gpu[i].mib);
	for (size_t i = 0; i < s->ndrives; i++)
		out->devices[out->n_devices++] =
			device(&t->drive[s->drives[i].drive], "drive",
			       s->drives[i].mib);
	for (size_t i = 0; i < t->nports && i < 64; i++)
		if ((s->ports >> i & 1) != 0)
			out->devices[out->n_devices++] =
				device(&t->port[i], "port", 0);
}

static void add_memory(Berth__Slice *out, const struct slice *s)
{
	const struct topology *t = s->node->topology;

	out->memory = mem_array(s->nmemory + 1, sizeof(out->memory[0]));
	for (size_t i = 0; i < s->nmemory; i++) {
		Berth__NumaMemory *m = mem_alloc(sizeof(*m));

		berth__numa_memory__init(m);
		m->os_index = t->numa[s->memory[i].numa].os_index;
		m->mib = s->memory[i].mib;
		out->memory[out->n_memory++] = m;
	}
}

static void add_pus(Berth__Slice *out, const struct slice *s)
{
	const struct topology *t = s->node->topology;
	struct bitset pus;

	bitset_init(&pus);
	topology_core_pus(t, &s->cores, &pus);
	out->pus = bitset_format(&pus);
	bitset_finish(&pus);
	out->core_pus = mem_array(bitset_count(&s->cores) + 1,
				  sizeof(out->core_pus[0]));
	bitset_foreach(&s->cores, core)
		out->core_pus[out->n_core_pus++] =
			bitset_format(&t->core[core].pus);
}

static Berth__Slice *wire_slice(const struct slice *s)
{
	Berth__Slice *out = mem_alloc(sizeof(*out));

	berth__slice__init(out);
	out->id = s->id;
	out->node = text(s->node->name);
	out->bind = !s->node->emulated;
	out->revocable = s->revocable;
	add_pus(out, s);
	add_memory(out, s);
	add_devices(out, s);
	return out;
}

/* ---- spec ---------------------------------------------------------------- */

static Berth__App *wire_app(const struct launch_app *a,
			    const struct launch_call *call)
{
	json_t *env = a->env != NULL ? a->env : call->env;
	const char *cwd = a->cwd != NULL ? a->cwd : call->cwd;
	Berth__App *out = mem_alloc(sizeof(*out));

	berth__app__init(out);
	out->argv = argv_of(a->argv, &out->n_argv);
	out->env = env != NULL ? env_of(env, &out->n_env)
			       : surroundings_create(0, &out->n_env);
	out->cwd = text(cwd[0] != '\0' ? cwd : "/");
	out->nprocs = a->ranks;
	return out;
}

static Berth__Spec *wire_spec(const struct launch_ident *id,
			      const struct launch_call *call,
			      const struct job_spec *spec)
{
	Berth__Spec *out = mem_alloc(sizeof(*out));

	berth__spec__init(out);
	out->job = id->job;
	out->job_name = text(spec->name);
	out->framework = text(id->framework);
	out->uid = spec->uid;
	out->gid = spec->gid;
	out->apps = mem_array(call->napps + 1, sizeof(out->apps[0]));
	for (size_t i = 0; i < call->napps; i++)
		out->apps[out->n_apps++] = wire_app(&call->app[i], call);
	out->pmix = call->pmix;
	out->bind_to = text(call->bind_to);
	out->map_by = text(call->map_by);
	out->report_bindings = call->report_bindings;
	out->ft = call->ft;
	out->output = text(call->output);
	out->error = text(call->error);
	out->want_stdin = call->want_stdin;
	out->stop_signal = call->stop_signal;
	out->grace_ms = call->grace_ms;
	out->walltime_ms = call->walltime_ms;
	return out;
}

/* ---- map of a PMIx job --------------------------------------------------- */

static int by_rank(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static Berth__NodeRanks *node_ranks(Berth__JobMap *map, struct map *seen,
				    const char *node)
{
	Berth__NodeRanks *nr = map_get(seen, node);

	if (nr != NULL)
		return nr;
	nr = mem_alloc(sizeof(*nr));
	berth__node_ranks__init(nr);
	nr->node = text(node);
	map->nodes[map->n_nodes++] = nr;
	map_put(seen, node, nr);
	return nr;
}

static Berth__JobMap *wire_map(const char *nspace,
			       const struct launch_call *call,
			       const struct slice *const *slices)
{
	Berth__JobMap *out = mem_alloc(sizeof(*out));
	struct map *seen = map_create();

	berth__job_map__init(out);
	out->nspace = text(nspace);
	out->nodes = mem_array(call->ntasks + 1, sizeof(out->nodes[0]));
	for (size_t i = 0; i < call->ntasks; i++) {
		const struct launch_task *t = &call->task[i];
		Berth__NodeRanks *nr =
			node_ranks(out, seen, slices[i]->node->name);

		nr->ranks = mem_resize(nr->ranks, nr->n_ranks + t->nranks,
				       sizeof(nr->ranks[0]));
		memcpy(nr->ranks + nr->n_ranks, t->rank,
		       t->nranks * sizeof(t->rank[0]));
		nr->n_ranks += t->nranks;
	}
	for (size_t i = 0; i < out->n_nodes; i++)
		qsort(out->nodes[i]->ranks, out->nodes[i]->n_ranks,
		      sizeof(uint32_t), by_rank);
	out->app_sizes = mem_array(call->napps + 1, sizeof(uint32_t));
	for (size_t i = 0; i < call->napps; i++)
		out->app_sizes[out->n_app_sizes++] = call->app[i].ranks;
	map_destroy(seen, NULL);
	return out;
}

/* ---- the message --------------------------------------------------------- */

Berth__Msg *launch_msg_create(const struct launch_ident *id,
			      const struct launch_call *call,
			      const struct job_spec *spec,
			      const struct slice *const *slices)
{
	Berth__Launch *launch = mem_alloc(sizeof(*launch));
	Berth__Msg *msg = mem_alloc(sizeof(*msg));

	berth__launch__init(launch);
	launch->shepherd = text(id->shepherd);
	launch->spec = wire_spec(id, call, spec);
	if (call->pmix)
		launch->map = wire_map(id->nspace, call, slices);
	berth__msg__init(msg);
	msg->body_case = BERTH__MSG__BODY_LAUNCH;
	msg->launch = launch;
	return msg;
}

void launch_msg_add(Berth__Msg *msg, uint64_t job, const struct launch_task *t,
		    const struct slice *slice)
{
	Berth__Launch *launch = msg->launch;
	Berth__TaskSpec *out = mem_alloc(sizeof(*out));
	size_t n = launch->n_tasks;

	berth__task_spec__init(out);
	out->job = job;
	out->index = t->index;
	out->slice = wire_slice(slice);
	if (t->nranks > 0) {
		out->ranks = mem_dup(t->rank, t->nranks * sizeof(t->rank[0]));
		out->n_ranks = t->nranks;
	}
	out->args = argv_of(t->args, &out->n_args);
	out->env = env_of(t->env, &out->n_env);
	out->array_index = t->array_index;
	/* Room doubles at powers of two. */
	if ((n & (n - 1)) == 0)
		launch->tasks = mem_resize(launch->tasks, n > 0 ? 2 * n : 1,
					   sizeof(launch->tasks[0]));
	launch->tasks[launch->n_tasks++] = out;
}
