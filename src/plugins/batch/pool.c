#include "plugins/batch/pool.h"

#include <stdio.h>
#include <stdlib.h>

#include "plugins/common/keep.h"

struct pool *pool_create(struct want *want, unsigned number)
{
	struct pool *p = keep_alloc(sizeof(*p));

	p->want = want;
	p->number = number;
	TAILQ_INIT(&p->runners);
	TAILQ_INIT(&p->hungry);
	TAILQ_INIT(&p->turn);
	pool_new_demand(p);
	return p;
}

void pool_destroy(struct pool *p)
{
	if (!p)
		return;
	while (!TAILQ_EMPTY(&p->runners))
		pool_remove_runner(TAILQ_FIRST(&p->runners));
	want_destroy(p->want);
	free(p);
}

void pool_new_demand(struct pool *p)
{
	snprintf(p->demand, sizeof(p->demand), "%u.%u", p->number, p->round++);
	p->outstanding = 0;
}

/* ---- runners ---- */

struct runner *pool_add_runner(struct pool *p, uint64_t slice, uint64_t now_ms)
{
	struct runner *r = keep_alloc(sizeof(*r));

	r->slice = slice;
	r->pool = p;
	r->since_ms = now_ms;
	TAILQ_INSERT_TAIL(&p->runners, r, link);
	p->n_runners++;
	runner_hungry(r);
	return r;
}

void pool_remove_runner(struct runner *r)
{
	struct pool *p = r->pool;

	runner_serve(r, NULL);
	if (r->hungry)
		TAILQ_REMOVE(&p->hungry, r, hungry_link);
	TAILQ_REMOVE(&p->runners, r, link);
	p->n_runners--;
	free(r);
}

void runner_hungry(struct runner *r)
{
	if (r->hungry)
		return;
	r->hungry = true;
	TAILQ_INSERT_TAIL(&r->pool->hungry, r, hungry_link);
}

struct runner *pool_next_hungry(struct pool *p)
{
	struct runner *r = TAILQ_FIRST(&p->hungry);

	if (!r)
		return NULL;
	TAILQ_REMOVE(&p->hungry, r, hungry_link);
	r->hungry = false;
	return r;
}

void runner_serve(struct runner *r, struct batch_job *j)
{
	if (r->job)
		r->job->n_runners--;
	r->job = j;
	if (j)
		j->n_runners++;
}

struct runner *pool_cheaper(const struct runner *r, uint64_t least_ms)
{
	struct runner *c, *best = NULL;

	TAILQ_FOREACH (c, &r->pool->runners, link) {
		if (c->wanted_back || c->gone)
			continue;
		if (!c->in_flight)
			return c;
		if (c->started_ms < r->started_ms + least_ms)
			continue;
		if (!best || c->started_ms > best->started_ms)
			best = c;
	}
	return best;
}

/* ---- jobs in turn ---- */

void pool_queue_job(struct pool *p, struct batch_job *j)
{
	if (j->queued || !j->array.pending)
		return;
	j->queued = true;
	TAILQ_INSERT_TAIL(&p->turn, j, in_turn);
	p->n_turn++;
}

void pool_unqueue_job(struct pool *p, struct batch_job *j)
{
	if (!j->queued)
		return;
	j->queued = false;
	TAILQ_REMOVE(&p->turn, j, in_turn);
	p->n_turn--;
}

struct batch_job *pool_next_job(struct pool *p)
{
	for (size_t n = p->n_turn; n > 0; n--) {
		struct batch_job *j = TAILQ_FIRST(&p->turn);

		TAILQ_REMOVE(&p->turn, j, in_turn);
		TAILQ_INSERT_TAIL(&p->turn, j, in_turn);
		if (batch_job_ready(j))
			return j;
	}
	return NULL;
}

size_t pool_need(const struct pool *p)
{
	struct batch_job *j;
	size_t need = 0;

	TAILQ_FOREACH (j, &p->turn, in_turn)
		need += batch_job_ready(j);
	return need;
}

/* ---- how much ahead ---- */

unsigned runner_depth(const struct runner *r)
{
	const struct batch_job *j = r->job;
	double depth, part;

	/* A limit means tasks side by side, not one behind the other. */
	if (j->task_ms < 0 || j->array.limit)
		return 1;
	depth = POOL_AHEAD_MS / (j->task_ms < 1 ? 1 : j->task_ms);
	if (depth > POOL_AHEAD_TASKS)
		depth = POOL_AHEAD_TASKS;
	/* What is left is shared by the job's runners. */
	part = (double)(j->tasks.count + j->array.pending) /
	       (j->n_runners ? j->n_runners : 1);
	if (depth > part)
		depth = part;
	return depth < 1 ? 1 : (unsigned)depth;
}

bool runner_should_change(const struct runner *r)
{
	const struct pool *p = r->pool;
	size_t part;

	if (p->n_turn < 2)
		return false;
	part = (p->n_runners + p->n_turn - 1) / p->n_turn;
	return r->job->n_runners > part;
}
