/* scenario.c - see scenario.h. */
#include "sim/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "sim/input.h"
#include "sim/reader.h"
#include "sim/trace.h"

#define COUNT_MAX 1000000

/* ---- the cluster ---- */

uint64_t scenario_slots(const struct scenario *s, const struct app_conf *a,
			unsigned nodes)
{
	uint64_t n = s->cores / a->unit.cores;

	if (a->unit.memory_mib > 0 && s->memory_mib / a->unit.memory_mib < n)
		n = s->memory_mib / a->unit.memory_mib;
	if (a->per_node > 0)
		n = n < a->per_node ? 0 : a->per_node;
	return n * nodes;
}

unsigned scenario_partition(const struct scenario *s, const struct app_conf *a)
{
	uint64_t n = (uint64_t)a->partition * s->nodes / s->file_nodes;

	if (a->partition == 0)
		n = s->nodes / s->napps;
	return n > 0 ? (unsigned)n : 1;
}

uint64_t scenario_cores(const struct scenario *s)
{
	return s->topologies != NULL ? s->all_cores
				     : (uint64_t)s->nodes * s->cores;
}

uint64_t scenario_mib(const struct scenario *s)
{
	return s->topologies != NULL ? s->all_mib : s->nodes * s->memory_mib;
}

static void read_cluster(struct reader *r, const struct scenario_changes *ch)
{
	struct scenario *s = r->s;
	struct topology_shape shape = {.packages = 1};

	s->nodes = (unsigned)reader_get_int(r, "cluster.nodes", 1, 100000, 16);
	s->file_nodes = s->nodes;
	if (ch != NULL && ch->nodes > 0)
		s->nodes = ch->nodes;
	s->cores = (unsigned)reader_get_int(r, "cluster.cores", 1, 1024, 4);
	s->memory_mib =
		reader_get_int(r, "cluster.memory_mib", 1, 1LL << 30, 15360);
	s->latency_us = reader_get_us(r, "timing.latency_ms", 1e3, 0.5);
	if (s->latency_us == 0)
		s->latency_us = 1; /* nothing is heard before it is said */
	s->start_us = reader_get_us(r, "timing.start_ms", 1e3, 20);
	s->round_us = reader_get_us(r, "timing.round_ms", 1e3, 1);
	s->stop_us = reader_get_us(r, "timing.stop_ms", 1e3, 20);
	s->mtbf_us = reader_get_us(r, "cluster.mtbf_s", 1e6, 0);
	s->repair_us = reader_get_us(r, "cluster.repair_s", 1e6, 600);
	s->bin_us = reader_get_us(r, "bin_s", 1e6, 10);
	s->measure_us = reader_get_us(r, "measure_s", 1e6, 0);
	if (s->bin_us == 0)
		reader_fail(r, "bin_s", "more than 0 is needed");
	shape.cores = s->cores;
	shape.mib = s->memory_mib;
	s->topology = topology_create_regular(&shape);
}

static void read_failures(struct reader *r)
{
	struct scenario *s = r->s;
	int n = reader_length(r, "failures");

	s->failure = mem_array((size_t)n + 1, sizeof(*s->failure));
	for (int i = 0; i < n && !r->failed; i++) {
		size_t before = reader_enter(r, "failures", i);
		struct failure *f = &s->failure[s->nfailures++];

		f->node = (unsigned)reader_get_int(r, "node", 0,
						   (long long)s->nodes - 1, 0);
		f->at_us = reader_get_us(r, "at_s", 1e6, 0);
		f->for_us = reader_get_us(r, "for_s", 1e6, 600);
		if (f->for_us == 0)
			reader_fail(r, "for_s", "more than 0 is needed");
		reader_leave(r, before);
	}
}

/* ---- jobs that the file lists ---- */

static void add_stages(struct reader *r, struct work *w, bool reads)
{
	struct stage first = {.reads = reads}, second = {.tasks = 0};
	double spread = 0;
	uint64_t rounds = reader_get_int(r, "rounds", 1, 10000, 1);

	reader_get(r, "spread", 0, 10, &spread);
	first.tasks = (uint32_t)reader_get_int(r, "tasks", 1, COUNT_MAX, 1);
	first.mean_us = reader_get_us(r, "task_s", 1e6, 10);
	first.spread = spread;
	second.tasks = (uint32_t)reader_get_int(r, "reduces", 0, COUNT_MAX, 0);
	second.mean_us = reader_get_us(r, "reduce_s", 1e6, 10);
	second.spread = spread;
	for (uint64_t i = 0; i < rounds && !r->failed; i++)
		work_add_stage(w, &first);
	if (second.tasks > 0)
		work_add_stage(w, &second);
}

static bool holds_workers(const struct app_ops *ops)
{
	return ops != &app_hadoop;
}

static void check_workers(struct reader *r, const struct app_conf *a,
			  uint32_t workers)
{
	uint64_t slots = scenario_slots(r->s, a, r->s->nodes);
	char text[128];

	if (workers <= slots)
		return;
	snprintf(text, sizeof(text),
		 "%u tasks at a time, but the cluster holds %llu such tasks",
		 workers, (unsigned long long)slots);
	reader_fail(r, NULL, text);
}

static void add_job(struct reader *r, unsigned app, const char *group,
		    unsigned number)
{
	struct scenario *s = r->s;
	const struct app_conf *a = &s->app[app];
	char *name = mem_printf("%s-%u", group, number);
	struct work *w = worklist_add(&s->work, name, group);

	free(name);
	w->app = app;
	w->seed = work_mix(s->seed, s->work.count);
	w->setup_us = reader_get_us(r, "setup_s", 1e6, 0);
	w->after_last = reader_get_bool(r, "sequential");
	add_stages(r, w, a->ops == &app_hadoop);
	if (!holds_workers(a->ops))
		return;
	w->workers = (uint32_t)reader_get_int(r, "workers", 1, COUNT_MAX, 1);
	w->least = (uint32_t)reader_get_int(r, "least", 1, COUNT_MAX, 1);
	if (a->ops == &app_mpi || a->ops == &app_service) {
		w->stage[0].tasks = w->workers;
		w->least = a->ops == &app_mpi ? w->workers : 1;
	}
	if (w->least > w->workers)
		reader_fail(r, "least", "more than workers");
	check_workers(r, a, a->ops == &app_service ? w->workers : w->least);
}

/* Jobs of one entry: the time of each. */
static void read_jobs(struct reader *r, unsigned app)
{
	const char *group = reader_get_string(r, "class", "jobs");
	unsigned count = (unsigned)reader_get_int(r, "count", 1, COUNT_MAX, 1);
	uint64_t at = reader_get_us(r, "at_s", 1e6, 0);
	uint64_t every = reader_get_us(r, "every_s", 1e6, 0);
	uint64_t over = reader_get_us(r, "over_s", 1e6, 0);
	struct rand_state rand;

	rand_seed(&rand, work_mix(r->s->seed, 7777 + r->s->work.count));
	for (unsigned i = 0; i < count && !r->failed; i++) {
		struct work *w;

		add_job(r, app, group, i + 1);
		w = &r->s->work.at[r->s->work.count - 1];
		w->submit_us = at + i * every;
		if (over > 0)
			w->submit_us += rand_below(&rand, over);
	}
}

/* ---- jobs from a trace ---- */

static void read_trace_options(struct reader *r, struct trace_options *o)
{
	reader_get(r, "trace.from_s", 0, 1e10, &o->from_s);
	reader_get(r, "trace.until_s", 0, 1e10, &o->until_s);
	reader_get(r, "trace.speed", 1e-3, 1e6, &o->speed);
	reader_get(r, "trace.scale", 1e-9, 1e9, &o->scale);
	reader_get(r, "trace.block_mib", 1, 1e9, &o->block_mib);
	reader_get(r, "trace.reduce_mib", 1, 1e9, &o->reduce_mib);
	reader_get(r, "trace.mib_s", 1e-3, 1e9, &o->mib_s);
	reader_get(r, "trace.task_s", 0, 1e6, &o->task_s);
	reader_get(r, "trace.setup_s", 0, 1e6, &o->setup_s);
	reader_get(r, "trace.spread", 0, 10, &o->spread);
	o->jobs = reader_get_int(r, "trace.jobs", 1, 1LL << 40, 0);
}

static void parse_trace(struct reader *r, const struct trace_options *o,
			const char *format, const struct buf *text)
{
	struct worklist *work = &r->s->work;
	struct trace_counts counts;
	int rc;

	if (strcmp(format, "swim") == 0) {
		rc = trace_swim(text->data, text->len, o, work, &counts,
				r->err);
		if (rc == 0)
			trace_made_up_swim(o, &counts, &r->s->made_up);
	} else {
		rc = trace_swf(text->data, text->len, o, work, &counts, r->err);
		if (rc == 0)
			trace_made_up_swf(o, &counts, &r->s->made_up);
	}
	r->failed |= rc != 0;
}

static void read_trace(struct reader *r, unsigned app)
{
	const struct app_conf *a = &r->s->app[app];
	const char *file = reader_get_string(r, "trace.file", NULL);
	const char *format = reader_get_string(r, "trace.format", "");
	bool rigid = a->ops == &app_mpi;
	struct trace_options o;
	struct buf text;
	char *path;

	if (file == NULL || r->failed)
		return;
	if (strcmp(format, rigid ? "swf" : "swim") != 0 ||
	    (!rigid && a->ops != &app_hadoop)) {
		reader_fail(r, "trace.format",
			    "\"swim\" for the model hadoop, \"swf\" for mpi");
		return;
	}
	trace_defaults(&o);
	read_trace_options(r, &o);
	path = input_path(r->path, file);
	o.name = path;
	o.app = app;
	o.seed = work_mix(r->s->seed, 99 + app);
	o.largest = scenario_slots(r->s, a, r->s->nodes);
	buf_init(&text);
	if (!r->failed) {
		r->failed = input_read(path, &text, r->err) != 0;
		if (r->failed)
			error_prefix(r->err, "%s%s",
				     conf_where(r->conf,
						reader_key(r, "trace.file")),
				     file[0] == '$' && !input_data_set()
					     ? ": BERTH_DATA is not set"
					     : "");
	}
	if (!r->failed)
		parse_trace(r, &o, format, &text);
	buf_finish(&text);
	free(path);
}

/* ---- frameworks ---- */

static enum packing read_packing(struct reader *r)
{
	const char *name = reader_get_string(r, "packing", "");

	for (enum packing p = PACKING_ANY; p <= PACKING_SPREAD; p++) {
		if (strcmp(name, packing_name(p)) == 0)
			return p;
	}
	if (*name != '\0')
		reader_fail(r, "packing", "\"pack\" or \"spread\"");
	return PACKING_ANY;
}

/* One of several alike: "name-3". */
static void read_app(struct reader *r, struct app_conf *a, unsigned copy)
{
	const char *model = reader_get_string(r, "model", "");
	const char *name = reader_get_string(r, "name", "");
	struct berth_error why;
	double remote = 1.5;

	a->name = copy > 0 ? mem_printf("%s-%u", name, copy) : mem_strdup(name);
	if (*name == '\0')
		reader_fail(r, NULL, "a framework without name");
	a->role = mem_strdup(reader_get_string(r, "role", a->name));
	a->ops = app_find(model, &why);
	if (a->ops == NULL)
		reader_fail(r, "model", why.text);
	a->unit.cores = (unsigned)reader_get_int(r, "cores", 1, 1024, 1);
	a->unit.memory_mib = reader_get_int(r, "memory_mib", 0, 1LL << 30, 0);
	a->partition = (unsigned)reader_get_int(r, "partition", 1, 100000, 0);
	a->delay_us = reader_get_us(r, "delay_s", 1e6, 0);
	a->hold_us = reader_get_us(r, "hold_s", 1e6, 0);
	reader_get(r, "remote", 1, 1000, &remote);
	a->remote = remote;
	a->replicas = (unsigned)reader_get_int(r, "replicas", 0, 100, 0);
	a->fifo = reader_get_bool(r, "one_by_one");
	a->per_node = (unsigned)reader_get_int(r, "per_node", 1, 1024, 0);
	a->priority = (int)reader_get_int(r, "priority", 0, 1000000, 0);
	a->packing = read_packing(r);
	a->firm = reader_get_bool(r, "firm");
	a->checkpoint = reader_get_bool(r, "checkpoint");
	a->grace_us = reader_get_us(r, "grace_s", 1e6, 0);
	if (!r->failed && scenario_slots(r->s, a, r->s->nodes) == 0)
		reader_fail(r, NULL, "no node holds one of its tasks");
}

static void check_names(struct reader *r, size_t app)
{
	for (size_t i = 0; i < app && !r->failed; i++) {
		if (strcmp(r->s->app[i].name, r->s->app[app].name) == 0)
			reader_fail(r, "name", "two frameworks have it");
	}
}

static void add_app(struct reader *r, unsigned copy)
{
	struct scenario *s = r->s;
	unsigned app = (unsigned)s->napps++;
	int jobs;

	s->app = mem_resize(s->app, s->napps, sizeof(*s->app));
	memset(&s->app[app], 0, sizeof(*s->app));
	read_app(r, &s->app[app], copy);
	check_names(r, app);
	jobs = reader_length(r, "jobs");
	for (int k = 0; k < jobs && !r->failed; k++) {
		size_t here = reader_enter(r, "jobs", k);

		read_jobs(r, app);
		reader_leave(r, here);
	}
	read_trace(r, app);
}

static void read_apps(struct reader *r)
{
	int n = reader_length(r, "frameworks");

	if (n == 0 && !r->failed) {
		r->failed = true;
		error_set(r->err, BERTH_EINPUT, "%s: no frameworks", r->path);
	}
	for (int i = 0; i < n && !r->failed; i++) {
		size_t before = reader_enter(r, "frameworks", i);
		unsigned copies =
			(unsigned)reader_get_int(r, "copies", 1, 1000, 0);

		for (unsigned k = 1; k <= copies && !r->failed; k++)
			add_app(r, k);
		if (copies == 0)
			add_app(r, 0);
		reader_leave(r, before);
	}
}

static void read_all(struct reader *r, const struct scenario_changes *ch)
{
	struct scenario *s = r->s;

	s->seed = reader_get_int(r, "seed", 0, 1LL << 62, 1);
	if (ch != NULL && ch->seed > 0)
		s->seed = ch->seed;
	s->name = mem_strdup(reader_get_string(r, "name", r->path));
	s->policy = mem_strdup(reader_get_string(r, "policy", "drf"));
	buf_puts(&s->made_up, reader_get_string(r, "note", ""));
	if (s->made_up.len > 0)
		buf_puts(&s->made_up, "\n");
	read_cluster(r, ch);
	read_failures(r);
	scenario_read_roles(r);
	read_apps(r);
	if (ch != NULL && ch->guarantee && !r->failed)
		scenario_guarantee(r);
	if (!r->failed && conf_done(r->conf, r->err) != 0)
		r->failed = true;
	if (!r->failed && s->work.count == 0) {
		r->failed = true;
		error_set(r->err, BERTH_EINPUT, "%s: no jobs", r->path);
	}
}

struct scenario *scenario_read(const char *path,
			       const struct scenario_changes *changes,
			       struct berth_error *err)
{
	struct berth_error own;
	struct reader r = {.path = path, .err = err != NULL ? err : &own};

	r.conf = conf_read(path, r.err);
	if (r.conf == NULL)
		return NULL;
	r.s = mem_alloc(sizeof(*r.s));
	worklist_init(&r.s->work);
	buf_init(&r.s->made_up);
	read_all(&r, changes);
	conf_destroy(r.conf);
	if (!r.failed) {
		worklist_sort(&r.s->work);
		return r.s;
	}
	scenario_destroy(r.s);
	return NULL;
}

void scenario_destroy(struct scenario *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->napps; i++) {
		free(s->app[i].name);
		free(s->app[i].role);
	}
	for (size_t i = 0; i < s->nroles; i++) {
		free((char *)s->role[i].name);
		free((char *)s->role[i].parent);
	}
	free(s->role);
	free(s->failure);
	free(s->app);
	free(s->name);
	free(s->policy);
	topology_unref(s->topology);
	for (unsigned i = 0; s->topologies != NULL && i < s->nodes; i++)
		topology_unref(s->topologies[i]);
	free(s->topologies);
	worklist_finish(&s->work);
	buf_finish(&s->made_up);
	free(s);
}
