/*
 * workers.c - jobs that run their tasks in slices which they keep: Spark-like
 * (executors held from the first to the last stage) and elastic (as many
 * workers as there are to be had, each given back after hold_us, so that they
 * go to whoever has least).
 *
 * One demand a job.  A worker runs one task at a time; the next one is started
 * when the model hears of the end of the last.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sim/pool.h"

struct worker {
	struct grant at;
	uint64_t since_us;
	bool busy;
};

struct crew {
	struct work *work;
	uint64_t id;
	char demand[32];
	struct worker *worker;
	size_t nworkers, room;
	uint32_t asked; /* workers that the demand still wants */
	unsigned stage;
	uint32_t next; /* task of the stage */
	uint32_t running;
	uint32_t *again; /* tasks of the stage that were lost */
	size_t nagain;
	bool begun; /* has had its least */
	struct crew *link;
};

struct crews {
	struct crew *first;
};

static void crews_create(struct app *a)
{
	a->own = mem_alloc(sizeof(struct crews));
}

static void free_crew(struct crew *c)
{
	free(c->worker);
	free(c->again);
	free(c);
}

static void crews_destroy(struct app *a)
{
	struct crews *own = a->own;

	while (own->first != NULL) {
		struct crew *c = own->first;

		own->first = c->link;
		free_crew(c);
	}
	free(own);
}

static bool is_elastic(const struct app *a)
{
	return a->ops == &app_elastic;
}

/* ---- demands ---- */

static uint32_t left_of_stage(const struct crew *c)
{
	const struct stage *s = &c->work->stage[c->stage];

	return s->tasks - c->next + (uint32_t)c->nagain;
}

/* Workers beyond those it has. */
static uint32_t lacks(const struct app *a, const struct crew *c)
{
	uint32_t most = c->work->workers, want = most;

	if (is_elastic(a)) {
		want = left_of_stage(c) + c->running;
		want = want < most ? want : most;
	}
	return want > c->nworkers ? want - (uint32_t)c->nworkers : 0;
}

static void state(struct app *a, struct crew *c)
{
	struct demand *d = demand_create(c->demand);

	c->asked = lacks(a, c);
	d->count = c->asked;
	d->max = c->asked;
	d->separate = true;
	d->unit = a->conf->unit;
	d->packing = a->conf->packing;
	d->priority = a->conf->priority;
	d->revocable_ok = !a->conf->firm;
	/* Its least at once, or a job might wait with a part in its hands. */
	if (!c->begun && c->work->least > 1 && c->nworkers == 0) {
		d->gang = true;
		d->count = c->work->least;
	}
	pool_demand(a->pool, a, d);
	demand_destroy(d);
}

static void crews_wake(struct app *a)
{
	struct crews *own = a->own;
	uint64_t next = UINT64_MAX, now = pool_now(a->pool);

	for (struct crew *c = own->first; c != NULL; c = c->link) {
		uint64_t at = c->work->submit_us + c->work->setup_us;

		if (c->work->began_us > 0)
			continue;
		if (at <= now) {
			c->work->began_us = now;
			state(a, c);
		} else if (at < next) {
			next = at;
		}
	}
	if (next != UINT64_MAX)
		app_wake(a, next);
}

static void crews_submit(struct app *a, struct work *w, uint64_t id)
{
	struct crews *own = a->own;
	struct crew *c = mem_alloc(sizeof(*c));

	c->work = w;
	c->id = id;
	snprintf(c->demand, sizeof(c->demand), "job%llu",
		 (unsigned long long)id);
	c->link = own->first;
	own->first = c;
	app_soon(a);
}

/* ---- tasks ---- */

static struct crew *find(const struct app *a, const char *demand)
{
	const struct crews *own = a->own;
	struct crew *c = own->first;
	unsigned long long id = strtoull(demand + 3, NULL, 10);

	while (c != NULL && c->id != id)
		c = c->link;
	return c;
}

static void start_task(struct app *a, struct crew *c, struct worker *w)
{
	struct run r = {
		.job = c,
		.work = c->work,
		.id = c->id,
		.stage = c->stage,
		.at = w->at,
	};

	r.task = c->nagain > 0 ? c->again[--c->nagain] : c->next++;
	r.length_us = work_task_us(c->work, r.stage, r.task);
	w->busy = true;
	c->running++;
	pool_launch(a->pool, a, &r);
}

/* Those who have nothing to do. */
static void fill(struct app *a, struct crew *c)
{
	if (!c->begun)
		return;
	for (size_t i = 0; i < c->nworkers && left_of_stage(c) > 0; i++) {
		if (!c->worker[i].busy &&
		    pool_usable(a->pool, c->worker[i].at.slice))
			start_task(a, c, &c->worker[i]);
	}
}

static void drop_worker(struct app *a, struct crew *c, size_t i, bool held)
{
	uint64_t slice = c->worker[i].at.slice;

	c->worker[i] = c->worker[--c->nworkers];
	if (held)
		pool_release(a->pool, a, &slice, 1);
}

static void finish(struct app *a, struct crew *c)
{
	struct crews *own = a->own;
	struct crew **at = &own->first;

	if (c->asked > 0) {
		struct demand *d = demand_create(c->demand);

		d->count = 0;
		d->max = 0;
		pool_demand(a->pool, a, d);
		demand_destroy(d);
	}
	while (c->nworkers > 0)
		drop_worker(a, c, c->nworkers - 1, true);
	pool_finished(a->pool, a, c->work, c->id);
	while (*at != c)
		at = &(*at)->link;
	*at = c->link;
	free_crew(c);
}

static void crews_offer(struct app *a, const char *demand, struct grant *g,
			size_t n)
{
	const struct crew *c = find(a, demand);

	for (size_t i = 0; i < n; i++)
		g[i].want = c != NULL && i < lacks(a, c);
}

static void crews_granted(struct app *a, const char *demand, struct grant *g,
			  size_t n)
{
	struct crew *c = find(a, demand);

	if (c->nworkers + n > c->room) {
		c->room = 2 * (c->nworkers + n);
		c->worker = mem_resize(c->worker, c->room, sizeof(*c->worker));
	}
	for (size_t i = 0; i < n; i++) {
		struct worker w = {
			.at = g[i],
			.since_us = pool_now(a->pool),
		};

		c->worker[c->nworkers++] = w;
	}
	c->asked -= c->asked < n ? c->asked : (uint32_t)n;
	if (c->nworkers >= c->work->least) {
		c->begun = true;
		if (c->work->gathered_us == 0)
			c->work->gathered_us = pool_now(a->pool);
	}
	fill(a, c);
}

/* An elastic job lets go of what it had long enough, or needs no more. */
static bool lets_go(const struct app *a, const struct crew *c,
		    const struct worker *w)
{
	if (!is_elastic(a))
		return false;
	return left_of_stage(c) == 0 ||
	       pool_now(a->pool) - w->since_us >= a->conf->hold_us;
}

static void lost(struct crew *c, const struct run *r)
{
	c->again = mem_resize(c->again, c->nagain + 1, sizeof(*c->again));
	c->again[c->nagain++] = r->task;
}

static void crews_ended(struct app *a, struct run *r, bool held)
{
	struct crew *c = r->job;
	size_t i = 0;

	c->running--;
	if (r->end != TASK_END_EXITED)
		lost(c, r);
	while (i < c->nworkers && c->worker[i].at.slice != r->at.slice)
		i++;
	if (i < c->nworkers) {
		c->worker[i].busy = false;
		if (!held || r->end != TASK_END_EXITED ||
		    !pool_usable(a->pool, r->at.slice) ||
		    lets_go(a, c, &c->worker[i]))
			drop_worker(a, c, i, held);
	}
	if (c->running == 0 && left_of_stage(c) == 0) {
		c->next = 0;
		if (++c->stage == c->work->nstages) {
			finish(a, c);
			return;
		}
	}
	fill(a, c);
	if (lacks(a, c) != c->asked)
		state(a, c);
}

/* One that does nothing goes back at once; what runs ends soon. */
static void crews_taken(struct app *a, uint64_t slice, bool held)
{
	struct crews *own = a->own;

	for (struct crew *c = own->first; c != NULL; c = c->link) {
		for (size_t i = 0; i < c->nworkers; i++) {
			if (c->worker[i].at.slice != slice ||
			    c->worker[i].busy)
				continue;
			drop_worker(a, c, i, held);
			if (lacks(a, c) != c->asked)
				state(a, c);
			return;
		}
	}
}

const struct app_ops app_spark = {
	.kind = "spark",
	.doc = "executors held over the stages of a job",
	.create = crews_create,
	.destroy = crews_destroy,
	.submit = crews_submit,
	.offer = crews_offer,
	.granted = crews_granted,
	.ended = crews_ended,
	.taken = crews_taken,
	.wake = crews_wake,
};

const struct app_ops app_elastic = {
	.kind = "elastic",
	.doc = "as many workers as there are, each given back after a while",
	.create = crews_create,
	.destroy = crews_destroy,
	.submit = crews_submit,
	.offer = crews_offer,
	.granted = crews_granted,
	.ended = crews_ended,
	.taken = crews_taken,
	.wake = crews_wake,
};
