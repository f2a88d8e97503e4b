/*
 * batch.c - the framework for single commands and arrays: what it does on
 * each event.
 *
 * Jobs that want slices of the same size share a pool.  A slice that was
 * accepted is kept from task to task, without a new offer, while the pool has
 * work; settle (fill.c) decides once for all that arrived.
 */
#include "plugins/batch/batch.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

/* Launches of a job refused so often, one after the other, are its own
 * fault. */
enum { MAX_REFUSALS = 3 };

static void *create(const struct berth_setup *setup, struct berth_error *err)
{
	struct batch *b = keep_alloc(sizeof(*b));

	b->host = setup->host;
	b->ops = setup->ops;
	TAILQ_INIT(&b->jobs);
	TAILQ_INIT(&b->pools);
	idmap_init(&b->by_id);
	idmap_init(&b->by_slice);
	return b;
}

static void destroy(void *self)
{
	struct batch *b = self;

	batch_forget(b);
	free(b->starts);
	free(b);
}

static void on_state(void *self, const struct berth_state *state)
{
	batch_rebuild(self, state);
}

static void on_job(void *self, const struct berth_job *job)
{
	batch_add(self, job);
}

static void on_cancel(void *self, uint64_t job)
{
	struct batch *b = self;
	struct batch_job *j = idmap_get(&b->by_id, job);

	if (!j || j->cancelled)
		return;
	j->cancelled = true;
	array_clear(&j->array);
	pool_unqueue_job(j->pool, j);
	if (j->tasks.count)
		b->ops->kill(b->host, j->id, -1, 0, 0, NULL);
	batch_check_over(b, j);
}

/* ---- offers ---- */

static struct pool *pool_of_demand(struct batch *b, const char *demand)
{
	struct pool *p;

	TAILQ_FOREACH (p, &b->pools, link)
		if (!strcmp(p->demand, demand))
			return p;
	return NULL;
}

static void on_offer(void *self, const struct berth_offer *o)
{
	struct batch *b = self;
	struct pool *p = pool_of_demand(b, o->demand);
	size_t need = p ? pool_need(p) : 0, n;
	uint64_t *ids;

	if (!need) {
		b->ops->decline(b->host, o->id, 0, NULL, 0, NULL);
		return;
	}
	n = need < o->n_slices ? need : o->n_slices;
	ids = keep_array(n, sizeof(*ids));
	for (size_t i = 0; i < n; i++) {
		uint64_t units = o->slices[i]->units ? o->slices[i]->units : 1;

		ids[i] = o->slices[i]->id;
		p->outstanding -= units < p->outstanding ? units :
							   p->outstanding;
		batch_add_runner(b, p, ids[i]);
	}
	b->ops->accept(b->host, o->id, ids, n, NULL);
	free(ids);
}

/* ---- tasks and slices ---- */

static void runner_lost_task(struct runner *r)
{
	if (!r)
		return;
	r->in_flight--;
	runner_hungry(r);
}

static void on_task(void *self, const struct berth_task *t)
{
	struct batch *b = self;
	struct batch_job *j = idmap_get(&b->by_id, t->job);
	struct batch_task *task;

	task = j ? batch_job_task(j, t->index) : NULL;
	if (!task)
		return;
	if (t->state != BERTH_TASK_ENDED) {
		if (task->runner)
			task->runner->started_ms = b->ops->now_ms(b->host);
		return;
	}
	runner_lost_task(task->runner);
	batch_job_ended(j, t);
	pool_queue_job(j->pool, j);
	batch_check_over(b, j);
}

static void on_revoke(void *self, uint64_t slice, unsigned deadline_ms)
{
	struct batch *b = self;
	struct runner *r = idmap_get(&b->by_slice, slice);

	if (!r)
		return;
	/* Its tasks are ended by the broker and run again elsewhere. */
	r->noticed = !r->wanted_back;
	r->wanted_back = true;
	runner_hungry(r);
}

static void on_spared(void *self, uint64_t slice)
{
	struct batch *b = self;
	struct runner *r = idmap_get(&b->by_slice, slice);

	if (!r)
		return;
	r->wanted_back = r->noticed = false;
	runner_hungry(r);
}

static void on_lost(void *self, const uint64_t *slices, size_t n,
		    const char *node)
{
	struct batch *b = self;

	for (size_t i = 0; i < n; i++) {
		struct runner *r = idmap_get(&b->by_slice, slices[i]);

		if (!r)
			continue;
		r->gone = true;
		runner_hungry(r);
	}
}

/* ---- refusals ---- */

static void demand_refused(struct batch *b, const struct berth_refusal *r)
{
	struct pool *p = pool_of_demand(b, r->demand);
	struct batch_job *j, *next;

	if (!p || !p->outstanding)
		return;
	for (j = TAILQ_FIRST(&p->turn); j; j = next) {
		next = TAILQ_NEXT(j, in_turn);
		batch_refuse(b, j, r->text);
	}
	p->outstanding = 0;
}

static void accept_refused(struct batch *b, const struct berth_refusal *r)
{
	for (size_t i = 0; i < r->n_slices; i++) {
		struct runner *run = idmap_get(&b->by_slice, r->slices[i]);

		if (!run)
			continue;
		run->gone = true;
		run->pool->outstanding++;
		runner_hungry(run);
	}
}

static void launch_refused(struct batch *b, const struct berth_refusal *r)
{
	struct batch_job *j = idmap_get(&b->by_id, r->job);
	bool own_fault = true;

	if (!j)
		return;
	for (size_t i = 0; i < r->n_tasks; i++) {
		struct batch_task *t = batch_job_task(j, r->tasks[i]);

		if (!t)
			continue;
		if (t->runner && t->runner->gone)
			own_fault = false;
		runner_lost_task(t->runner);
		if (j->cancelled)
			array_clear(&j->array);
		batch_job_return(j, t);
	}
	if (j->cancelled)
		array_clear(&j->array);
	pool_queue_job(j->pool, j);
	if (own_fault && ++j->refusals >= MAX_REFUSALS)
		batch_refuse(b, j, r->text);
	else
		batch_check_over(b, j);
}

/* What was named in place of others will not do: the others go. */
static void yield_refused(struct batch *b, const struct berth_refusal *r)
{
	for (size_t i = 0; i < r->n_instead; i++) {
		struct runner *run = idmap_get(&b->by_slice, r->instead[i]);

		if (!run)
			continue;
		run->wanted_back = false;
		runner_hungry(run);
	}
	if (r->n_instead)
		b->ops->yield(b->host, r->slices, r->n_slices, NULL, 0, NULL);
}

static void on_error(void *self, const struct berth_refusal *r)
{
	switch (r->call) {
	case BERTH_CALL_DEMAND:
		demand_refused(self, r);
		break;
	case BERTH_CALL_ACCEPT:
		accept_refused(self, r);
		break;
	case BERTH_CALL_LAUNCH:
		launch_refused(self, r);
		break;
	case BERTH_CALL_YIELD:
		yield_refused(self, r);
		break;
	default:
		break;
	}
}

static void on_settle(void *self)
{
	batch_fill(self);
}

const struct berth_plugin berth_plugin = {
	.abi = BERTH_PLUGIN_ABI,
	.size = sizeof(struct berth_plugin),
	.name = "batch",
	.options_doc =
		"array: the indices to run the command for: 0-9999, 1,3,5-9, "
		"0-100:10; %LIMIT behind it: no more than LIMIT at a time",
	.create = create,
	.destroy = destroy,
	.state = on_state,
	.job = on_job,
	.cancel = on_cancel,
	.offer = on_offer,
	.task = on_task,
	.revoke = on_revoke,
	.lost = on_lost,
	.error = on_error,
	.settle = on_settle,
	.spared = on_spared,
	.react_ms = 50,
};
