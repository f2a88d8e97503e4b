/* jobs.c - jobs and slices as they come and go, and all of them anew from
 * what the broker knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/batch/batch.h"
#include "plugins/common/keep.h"

static struct pool *pool_for(struct batch *b, const struct berth_job *job)
{
	struct want *want = want_create(job);
	struct pool *p;

	TAILQ_FOREACH (p, &b->pools, link) {
		if (!want_equal(p->want, want))
			continue;
		want_destroy(want);
		return p;
	}
	p = pool_create(want, b->n_pools++);
	TAILQ_INSERT_TAIL(&b->pools, p, link);
	return p;
}

static void report(struct batch *b, uint64_t job, const struct verdict *v)
{
	struct berth_job_end end = BERTH_INIT(end);

	end.outcome = v->outcome;
	end.exit_code = v->exit_code;
	end.text = v->text;
	b->ops->job_ended(b->host, job, &end, NULL);
}

struct batch_job *batch_add(struct batch *b, const struct berth_job *job)
{
	struct verdict v = { .outcome = BERTH_FAILED, .exit_code = 2 };
	struct berth_error err;
	struct batch_job *j;

	if (idmap_get(&b->by_id, job->id))
		return NULL;
	j = batch_job_create(job, &err);
	if (!j) {
		snprintf(v.text, sizeof(v.text), "%.300s", err.text);
		report(b, job->id, &v);
		return NULL;
	}
	j->pool = pool_for(b, job);
	j->pool->n_jobs++;
	TAILQ_INSERT_TAIL(&b->jobs, j, link);
	idmap_put(&b->by_id, j->id, j);
	pool_queue_job(j->pool, j);
	return j;
}

static void remove_job(struct batch *b, struct batch_job *j)
{
	struct runner *r;

	TAILQ_FOREACH (r, &j->pool->runners, link)
		if (r->job == j)
			runner_serve(r, NULL);
	pool_unqueue_job(j->pool, j);
	j->pool->n_jobs--;
	TAILQ_REMOVE(&b->jobs, j, link);
	idmap_remove(&b->by_id, j->id);
	batch_job_destroy(j);
}

void batch_check_over(struct batch *b, struct batch_job *j)
{
	struct verdict v;

	if (!batch_job_over(j))
		return;
	batch_job_result(j, &v);
	report(b, j->id, &v);
	remove_job(b, j);
}

void batch_refuse(struct batch *b, struct batch_job *j, const char *why)
{
	if (!j->refusal)
		j->refusal = keep_string(why);
	pool_unqueue_job(j->pool, j);
	if (j->tasks.count)
		b->ops->kill(b->host, j->id, -1, 0, 0, NULL);
	batch_check_over(b, j);
}

/* ---- slices ---- */

struct runner *batch_add_runner(struct batch *b, struct pool *p, uint64_t slice)
{
	struct runner *r = idmap_get(&b->by_slice, slice);

	if (r)
		return r;
	r = pool_add_runner(p, slice, b->ops->now_ms(b->host));
	idmap_put(&b->by_slice, slice, r);
	return r;
}

void batch_drop_runner(struct batch *b, struct runner *r)
{
	if (!r->gone)
		b->ops->release(b->host, &r->slice, 1, NULL);
	idmap_remove(&b->by_slice, r->slice);
	pool_remove_runner(r);
}

/* ---- all of it ---- */

void batch_forget(struct batch *b)
{
	while (!TAILQ_EMPTY(&b->jobs))
		remove_job(b, TAILQ_FIRST(&b->jobs));
	while (!TAILQ_EMPTY(&b->pools)) {
		struct pool *p = TAILQ_FIRST(&b->pools);

		TAILQ_REMOVE(&b->pools, p, link);
		pool_destroy(p);
	}
	idmap_finish(&b->by_id);
	idmap_finish(&b->by_slice);
	b->n_starts = 0;
}

/* Is it ours?  Of a node that has not come back yet it is not. */
static bool slice_there(const struct berth_state *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_slices; i++)
		if (s->slices[i]->id == id)
			return true;
	return false;
}

static void adopt(struct batch *b, const struct berth_task *t,
		  const struct berth_state *s)
{
	struct batch_job *j = idmap_get(&b->by_id, t->job);
	struct batch_task *task = j ? batch_job_adopt(j, t) : NULL;
	struct runner *r;

	if (!task)
		return;
	j->running = true;
	if (t->state == BERTH_TASK_ENDED) {
		batch_job_ended(j, t);
		return;
	}
	r = batch_add_runner(b, j->pool, t->slice);
	r->gone |= !slice_there(s, t->slice);
	r->in_flight++;
	task->runner = r;
	if (!r->job)
		runner_serve(r, j);
}

void batch_rebuild(struct batch *b, const struct berth_state *s)
{
	struct batch_job *j, *next;

	batch_forget(b);
	for (size_t i = 0; i < s->n_jobs; i++)
		batch_add(b, s->jobs[i]);
	for (size_t i = 0; i < s->n_tasks; i++)
		adopt(b, s->tasks[i], s);
	for (size_t i = 0; i < s->n_slices; i++)
		if (!idmap_get(&b->by_slice, s->slices[i]->id) &&
		    s->slices[i]->state == BERTH_SLICE_HELD)
			b->ops->release(b->host, &s->slices[i]->id, 1, NULL);
	for (j = TAILQ_FIRST(&b->jobs); j; j = next) {
		next = TAILQ_NEXT(j, link);
		pool_queue_job(j->pool, j);
		batch_check_over(b, j);
	}
}
