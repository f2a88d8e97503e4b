/*
 * hadoop.c - a Hadoop-like framework: jobs of a map and a reduce stage, each
 * task in a slice of its own, slices shared fairly between its jobs.
 *
 * Two demands.  "near" is limited to nodes that hold data of jobs which still
 * wait for such a node (delay scheduling: M. Zaharia et al., EuroSys 2010);
 * "any" is for those that have waited long enough, or read nothing.  A slice
 * goes, whatever it was offered for, to the job with the fewest running tasks
 * among those that can use it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/blocks.h"
#include "sim/pool.h"

struct mr_job {
	struct work *work;
	uint64_t id;
	unsigned stage;
	bool begun;
	struct blocks blocks; /* of the stage */
	uint64_t waits_since; /* for a node with its data */
	uint32_t running;
	struct mr_job *next;
};

struct hadoop {
	struct mr_job *first, **last; /* in the order of submission */
	uint32_t near_asked, any_asked;
	uint64_t near_nodes; /* which, as a hash */
};

static void hadoop_create(struct app *a)
{
	struct hadoop *h = mem_alloc(sizeof(*h));

	h->last = &h->first;
	a->own = h;
}

static void free_job(struct mr_job *j)
{
	if (j->begun)
		blocks_finish(&j->blocks);
	free(j);
}

static void hadoop_destroy(struct app *a)
{
	struct hadoop *h = a->own;

	while (h->first != NULL) {
		struct mr_job *j = h->first;

		h->first = j->next;
		free_job(j);
	}
	free(h);
}

/* ---- jobs ---- */

static bool reads(const struct mr_job *j)
{
	return j->work->stage[j->stage].reads;
}

static bool wants(const struct mr_job *j)
{
	return j->begun && j->blocks.left > 0;
}

/* May its tasks run anywhere? */
static bool is_loose(const struct app *a, const struct mr_job *j)
{
	return !reads(j) || a->conf->replicas == 0 ||
	       pool_now(a->pool) >= j->waits_since + a->conf->delay_us;
}

static bool has_local(const struct mr_job *j, uint32_t node)
{
	return j->blocks.replicas > 0 && j->blocks.count[node] > 0;
}

static void begin_stage(struct app *a, struct mr_job *j)
{
	const struct stage *s = &j->work->stage[j->stage];

	if (j->begun)
		blocks_finish(&j->blocks);
	blocks_init(&j->blocks, s->tasks, a->pool->options.cluster,
		    s->reads ? a->conf->replicas : 0,
		    work_mix(j->work->seed, 1000 + j->stage));
	j->begun = true;
	j->waits_since = pool_now(a->pool);
	if (j->work->began_us == 0)
		j->work->began_us = pool_now(a->pool);
}

static void hadoop_submit(struct app *a, struct work *w, uint64_t id)
{
	struct hadoop *h = a->own;
	struct mr_job *j = mem_alloc(sizeof(*j));

	j->work = w;
	j->id = id;
	*h->last = j;
	h->last = &j->next;
	app_soon(a);
}

static void remove_job(struct app *a, struct mr_job *j)
{
	struct hadoop *h = a->own;
	struct mr_job **at = &h->first;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	if (j->next == NULL)
		h->last = at;
	free_job(j);
}

/* ---- demands ---- */

/* Nodes with data of those that are loose, or of those that are not; NULL:
 * none of ours. */
static char **nodes_with_data(const struct app *a, bool loose, uint64_t *hash)
{
	const struct hadoop *h = a->own;
	unsigned count = a->pool->options.nodes, first = a->pool->options.first;
	bool *with = mem_array(count, sizeof(*with));
	char **names = mem_array((size_t)count + 1, sizeof(*names));
	size_t n = 0;

	for (const struct mr_job *j = h->first; j != NULL; j = j->next) {
		if (!wants(j) || !reads(j) || is_loose(a, j) != loose)
			continue;
		for (unsigned i = 0; i < count; i++)
			with[i] |= has_local(j, first + i);
	}
	*hash = 0;
	for (unsigned i = 0; i < count; i++) {
		if (!with[i])
			continue;
		names[n++] = mem_printf("n%05u", first + i);
		*hash = work_mix(*hash, i);
	}
	free(with);
	if (n > 0)
		return names;
	free(names);
	return NULL;
}

static void state(struct app *a, const char *id, uint32_t count, char **only,
		  char **prefer)
{
	struct demand *d = demand_create(id);

	d->count = count;
	d->max = count;
	d->separate = true;
	d->unit = a->conf->unit;
	d->packing = a->conf->packing;
	d->priority = a->conf->priority;
	d->revocable_ok = !a->conf->firm;
	d->nodes = only;
	d->prefer_nodes = prefer;
	pool_demand(a->pool, a, d);
	demand_destroy(d);
}

static void state_near(struct app *a, uint32_t count)
{
	struct hadoop *h = a->own;
	uint64_t hash = 0;
	char **only = NULL;

	if (count == 0 && h->near_asked == 0)
		return;
	if (count > 0)
		only = nodes_with_data(a, false, &hash);
	if (only == NULL)
		count = 0;
	if (count != h->near_asked || hash != h->near_nodes) {
		h->near_asked = count;
		h->near_nodes = hash;
		state(a, "near", count, only, NULL);
	} else {
		mem_strv_free(only);
	}
}

static void state_any(struct app *a, uint32_t count, bool reading)
{
	struct hadoop *h = a->own;
	char **prefer = NULL;
	uint64_t hash;

	if (count == h->any_asked)
		return;
	if (reading)
		prefer = nodes_with_data(a, true, &hash);
	h->any_asked = count;
	state(a, "any", count, NULL, prefer);
}

/* Begin what is due, say what is wanted, and when to look again. */
static void hadoop_wake(struct app *a)
{
	struct hadoop *h = a->own;
	uint64_t next = UINT64_MAX, now = pool_now(a->pool);
	uint32_t near = 0, any = 0;
	bool reading = false;

	for (struct mr_job *j = h->first; j != NULL; j = j->next) {
		uint64_t at = j->work->submit_us + j->work->setup_us;

		if (!j->begun && at <= now)
			begin_stage(a, j);
		if (wants(j) && is_loose(a, j)) {
			any += j->blocks.left;
			reading |= reads(j) && a->conf->replicas > 0;
		} else if (wants(j)) {
			near += j->blocks.left;
			at = j->waits_since + a->conf->delay_us;
		}
		if (at > now && at < next)
			next = at;
	}
	state_near(a, near);
	state_any(a, any, reading);
	if (next != UINT64_MAX)
		app_wake(a, next);
}

/* ---- slices ---- */

/* Whose task the slice is for; NULL: nobody can use it. */
static struct mr_job *pick(const struct app *a, uint32_t node)
{
	const struct hadoop *h = a->own;
	struct mr_job *best = NULL;

	for (struct mr_job *j = h->first; j != NULL; j = j->next) {
		if (!wants(j) || !(has_local(j, node) || is_loose(a, j)))
			continue;
		if (best == NULL || j->running < best->running)
			best = j;
		if (a->conf->fifo)
			break;
	}
	return best;
}

/* How long a task waited for a node with its data, at most: since the job's
 * last task that found one; one that did not has waited the delay. */
static void count_wait(struct app *a, const struct mr_job *j, bool in_vain)
{
	uint64_t us = pool_now(a->pool) - j->waits_since;

	if (in_vain && us > a->conf->delay_us)
		us = a->conf->delay_us;
	a->wait_s += (double)us / 1e6;
	a->waits++;
}

/* Take a task out of the job's book for this slice. */
static void assign(struct app *a, struct grant *g, struct mr_job *j)
{
	g->job = j;
	g->task = blocks_take_local(&j->blocks, g->node);
	if (g->task != BLOCKS_NONE) {
		count_wait(a, j, false);
		j->waits_since = pool_now(a->pool);
	} else {
		g->task = blocks_take_any(&j->blocks);
		if (reads(j) && a->conf->replicas > 0)
			count_wait(a, j, true);
	}
	j->running++;
}

static void start(struct app *a, const struct grant *g)
{
	struct mr_job *j = g->job;
	struct run r = {
		.job = j,
		.work = j->work,
		.id = j->id,
		.stage = j->stage,
		.task = g->task,
		.at = *g,
		.length_us = work_task_us(j->work, j->stage, g->task),
	};

	if (reads(j) && a->conf->replicas > 0) {
		bool local = blocks_lies_on(&j->blocks, g->task, g->node);

		j->work->read++;
		j->work->local += local;
		if (!local)
			r.length_us = (uint64_t)((double)r.length_us *
						 a->conf->remote);
	}
	pool_launch(a->pool, a, &r);
}

static void hadoop_offer(struct app *a, const char *demand, struct grant *g,
			 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mr_job *j = pick(a, g[i].node);

		g[i].want = j != NULL;
		g[i].since_us = pool_now(a->pool);
		if (j != NULL)
			assign(a, &g[i], j);
	}
}

static void hadoop_granted(struct app *a, const char *demand, struct grant *g,
			   size_t n)
{
	struct hadoop *h = a->own;
	uint32_t *asked =
		strcmp(demand, "near") == 0 ? &h->near_asked : &h->any_asked;

	*asked -= *asked < n ? *asked : (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		start(a, &g[i]);
	app_soon(a);
}

/* The slice goes on with another task, or back. */
static void go_on(struct app *a, const struct grant *old)
{
	uint64_t age = pool_now(a->pool) - old->since_us;
	struct grant g = *old;
	struct mr_job *j = NULL;

	if (age < a->conf->hold_us && pool_usable(a->pool, g.slice))
		j = pick(a, g.node);
	if (j == NULL) {
		pool_release(a->pool, a, &g.slice, 1);
		return;
	}
	assign(a, &g, j);
	start(a, &g);
}

static void hadoop_ended(struct app *a, struct run *r, bool held)
{
	struct mr_job *j = r->job;

	j->running--;
	if (r->end != TASK_END_EXITED) {
		blocks_put_back(&j->blocks, r->task);
		if (held) /* what was taken from us is not used again */
			pool_release(a->pool, a, &r->at.slice, 1);
	} else if (held) {
		go_on(a, &r->at);
	}
	app_soon(a);
	if (j->running > 0 || j->blocks.left > 0)
		return;
	if (++j->stage < j->work->nstages) {
		begin_stage(a, j);
		return;
	}
	pool_finished(a->pool, a, j->work, j->id);
	remove_job(a, j);
}

const struct app_ops app_hadoop = {
	.kind = "hadoop",
	.doc = "map and reduce tasks, near their data, a slice a task",
	.create = hadoop_create,
	.destroy = hadoop_destroy,
	.submit = hadoop_submit,
	.offer = hadoop_offer,
	.granted = hadoop_granted,
	.ended = hadoop_ended,
	.wake = hadoop_wake,
};
