/*
 * gang.c - jobs whose tasks run side by side to the end: rigid MPI jobs, which
 * get all their slices at once, services, whose tasks start one by one, and
 * jobs of a recorded log, which are the one or the other.
 *
 * One demand a job.  An MPI job that loses a task begins again from nothing; a
 * service replaces what it lost.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sim/pool.h"

struct gang {
	struct work *work;
	uint64_t id;
	char demand[32];
	uint32_t running, ended;
	bool broken; /* lost a task: begins again when the rest has ended */
	uint64_t done_us; /* of its length, that a checkpoint kept */
	uint64_t kept_us; /* by the run that was broken */
	uint64_t lost_us; /* all runs that were revoked, in vain … */
	uint64_t firm_until_us; /* … so long it then takes nothing revocable */
	uint32_t next_task; /* recorded: of its lengths … */
	uint32_t *again;    /* … but first those that were lost */
	size_t nagain;
	struct gang *next;
};

struct gangs {
	struct gang *first;
};

static void gangs_create(struct app *a)
{
	a->own = mem_alloc(sizeof(struct gangs));
}

static void gangs_destroy(struct app *a)
{
	struct gangs *own = a->own;

	while (own->first != NULL) {
		struct gang *g = own->first;

		own->first = g->next;
		free(g->again);
		free(g);
	}
	free(own);
}

static bool is_gang(const struct app *a, const struct work *w)
{
	return a->ops == &app_mpi || w->gang;
}

static void state(struct app *a, struct gang *g)
{
	struct demand *d = demand_create(g->demand);

	d->count = g->work->workers - g->running - g->ended;
	d->max = d->count;
	d->gang = is_gang(a, g->work);
	d->separate = true;
	d->unit = g->work->unit.cores > 0 ? g->work->unit : a->conf->unit;
	d->role = mem_strdup(g->work->role);
	d->per_node = a->conf->per_node;
	d->packing = a->conf->packing;
	d->priority = a->conf->priority;
	d->revocable_ok = !a->conf->firm && g->firm_until_us == 0;
	pool_demand(a->pool, a, d);
	demand_destroy(d);
}

/* Those whose time has come state their demands. */
static void gangs_wake(struct app *a)
{
	struct gangs *own = a->own;
	uint64_t next = UINT64_MAX, now = pool_now(a->pool);

	for (struct gang *g = own->first; g != NULL; g = g->next) {
		uint64_t at = g->work->submit_us + g->work->setup_us;

		if (g->work->began_us > 0 && g->firm_until_us == 0)
			continue;
		if (g->work->began_us > 0)
			at = g->firm_until_us;
		if (at <= now) {
			if (g->work->began_us == 0)
				g->work->began_us = now;
			g->firm_until_us = 0;
			if (g->running == 0)
				state(a, g);
		} else if (at < next) {
			next = at;
		}
	}
	if (next != UINT64_MAX)
		app_wake(a, next);
}

static void gangs_submit(struct app *a, struct work *w, uint64_t id)
{
	struct gangs *own = a->own;
	struct gang *g = mem_alloc(sizeof(*g));

	g->work = w;
	g->id = id;
	snprintf(g->demand, sizeof(g->demand), "job%llu",
		 (unsigned long long)id);
	g->next = own->first;
	own->first = g;
	app_soon(a);
}

static struct gang *find(const struct app *a, const char *demand)
{
	const struct gangs *own = a->own;
	struct gang *g = own->first;
	unsigned long long id = strtoull(demand + 3, NULL, 10);

	while (g != NULL && g->id != id)
		g = g->next;
	return g;
}

static void gangs_offer(struct app *a, const char *demand, struct grant *g,
			size_t n)
{
	const struct gang *gang = find(a, demand);

	for (size_t i = 0; i < n; i++)
		g[i].want = gang != NULL;
}

static uint32_t next_task(struct gang *gang)
{
	if (gang->work->length_us == NULL)
		return gang->running;
	if (gang->nagain > 0)
		return gang->again[--gang->nagain];
	return gang->next_task++;
}

static void lost(struct gang *gang, const struct run *r)
{
	if (gang->work->length_us == NULL)
		return;
	gang->again = mem_resize(gang->again, gang->nagain + 1,
				 sizeof(*gang->again));
	gang->again[gang->nagain++] = r->task;
}

static void launch(struct app *a, struct gang *gang, const struct grant *g)
{
	uint32_t task = next_task(gang);
	bool recorded = gang->work->length_us != NULL;
	struct run r = {
		.job = gang,
		.work = gang->work,
		.id = gang->id,
		.at = *g,
		/* All its ranks end together, but what is recorded. */
		.length_us = work_task_us(gang->work, 0, recorded ? task : 0) -
			     gang->done_us,
		.ranked = is_gang(a, gang->work),
		.kept = a->conf->checkpoint,
		.task = task,
	};

	gang->running++;
	pool_launch(a->pool, a, &r);
}

static void gangs_granted(struct app *a, const char *demand, struct grant *g,
			  size_t n)
{
	struct gang *gang = find(a, demand);

	for (size_t i = 0; i < n; i++)
		launch(a, gang, &g[i]);
	if (gang->running + gang->ended == gang->work->workers &&
	    gang->work->gathered_us == 0)
		gang->work->gathered_us = pool_now(a->pool);
}

static void remove_gang(struct app *a, struct gang *gang)
{
	struct gangs *own = a->own;
	struct gang **at = &own->first;

	while (*at != gang)
		at = &(*at)->next;
	*at = gang->next;
	free(gang->again);
	free(gang);
}

/* As mpi_job_lost does. */
static void wait_firm(struct app *a, struct gang *gang, uint64_t lost_us)
{
	gang->lost_us += lost_us;
	gang->firm_until_us = pool_now(a->pool) + gang->lost_us;
	app_wake(a, gang->firm_until_us);
}

/* None goes on without the others; what a checkpoint keeps is what the first
 * one to go had done. */
static void broken(struct app *a, struct gang *gang, const struct run *r)
{
	bool revoked = r->end == TASK_END_REVOKED;

	if (gang->broken)
		return;
	gang->broken = true;
	gang->kept_us = 0;
	if (r->kept && revoked)
		gang->kept_us = r->ran_us;
	else
		pool_kill(a->pool, a, gang->id);
	if (revoked && !r->kept)
		wait_firm(a, gang, r->ran_us);
}

static void begin_again(struct app *a, struct gang *gang)
{
	gang->broken = false;
	gang->ended = 0;
	gang->next_task = 0;
	gang->nagain = 0;
	gang->done_us += gang->kept_us;
	state(a, gang);
}

static void gangs_ended(struct app *a, struct run *r, bool held)
{
	struct gang *gang = r->job;

	gang->running--;
	if (held)
		pool_release(a->pool, a, &r->at.slice, 1);
	if (r->end == TASK_END_EXITED && !gang->broken) {
		gang->ended++;
	} else if (is_gang(a, gang->work)) {
		broken(a, gang, r);
	} else {
		lost(gang, r);
		state(a, gang);
	}
	if (gang->broken && gang->running == 0)
		begin_again(a, gang);
	if (gang->ended < gang->work->workers)
		return;
	pool_finished(a->pool, a, gang->work, gang->id);
	remove_gang(a, gang);
}

const struct app_ops app_mpi = {
	.kind = "mpi",
	.doc = "rigid gangs: all tasks at once, ended together",
	.create = gangs_create,
	.destroy = gangs_destroy,
	.submit = gangs_submit,
	.offer = gangs_offer,
	.granted = gangs_granted,
	.ended = gangs_ended,
	.wake = gangs_wake,
};

const struct app_ops app_service = {
	.kind = "service",
	.doc = "tasks that run long, started as slices come, replaced when "
	       "lost",
	.create = gangs_create,
	.destroy = gangs_destroy,
	.submit = gangs_submit,
	.offer = gangs_offer,
	.granted = gangs_granted,
	.ended = gangs_ended,
	.wake = gangs_wake,
};

const struct app_ops app_recorded = {
	.kind = "recorded",
	.doc = "jobs of an event log, as they were",
	.create = gangs_create,
	.destroy = gangs_destroy,
	.submit = gangs_submit,
	.offer = gangs_offer,
	.granted = gangs_granted,
	.ended = gangs_ended,
	.wake = gangs_wake,
};
