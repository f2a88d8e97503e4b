/*
 * fill.c - the decisions of one pass: which slice gets which tasks, which
 * slices go back, how many more to ask for.
 */
#include <stdlib.h>

#include "plugins/batch/batch.h"
#include "plugins/common/keep.h"

/* A slice is kept from task to task for so long; then it goes back, and the
 * pool's demand steps behind those of others, who may have waited. */
enum { TURN_MS = 5000 };

/* Another slice is named instead of a revoked one when its task has run for so
 * much less. */
enum { CHEAPER_MS = 1000 };

/* More units than this are not asked for at once. */
enum { MOST_WANTED = 65536 };

/* ---- tasks into slices ---- */

static void start(struct batch *b, struct runner *r)
{
	struct batch_task *t = batch_job_next(r->job);
	struct batch_start *s;

	if (b->n_starts == b->room) {
		b->room = b->room ? b->room * 2 : 256;
		b->starts = keep_resize(b->starts, b->room,
					sizeof(*b->starts));
	}
	t->runner = r;
	r->in_flight++;
	s = &b->starts[b->n_starts];
	s->job = r->job;
	s->task = t;
	s->order = b->n_starts++;
}

static bool turn_over(struct batch *b, uint64_t since_ms)
{
	return b->ops->now_ms(b->host) - since_ms > TURN_MS;
}

/* Its slice is to go back: it goes now, or one instead whose task has just
 * begun. */
static void answer(struct batch *b, struct runner *r)
{
	struct runner *c;

	r->noticed = false;
	if (!r->in_flight || r->gone || !BERTH_HAS(b->ops, yield))
		return; /* it is released below, or told by the broker */
	c = pool_cheaper(r, CHEAPER_MS);
	if (c) {
		c->wanted_back = true;
		runner_hungry(c);
	}
	b->ops->yield(b->host, &r->slice, 1, c ? &c->slice : NULL, c ? 1 : 0,
		      NULL);
}

/* 1. An empty slice goes back or to the job whose turn it is.
 * 2. One with few tasks ahead gets more of its job. */
static void feed(struct batch *b, struct runner *r)
{
	bool last = r->wanted_back || r->gone || turn_over(b, r->since_ms);
	unsigned depth;

	if (!r->in_flight) {
		struct batch_job *j = last ? NULL : pool_next_job(r->pool);

		if (!j) {
			batch_drop_runner(b, r);
			return;
		}
		runner_serve(r, j);
	} else if (last || !r->job || runner_should_change(r)) {
		return;
	}
	depth = runner_depth(r);
	if (r->in_flight > depth / 2)
		return;
	while (r->in_flight < depth && batch_job_ready(r->job))
		start(b, r);
	if (!r->job->array.pending)
		pool_unqueue_job(r->pool, r->job);
}

/* ---- launches ---- */

static int by_job(const void *a, const void *b)
{
	const struct batch_start *x = a, *y = b;

	if (x->job->id != y->job->id)
		return x->job->id < y->job->id ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void launch(struct batch *b, const struct batch_start *s, size_t n)
{
	struct berth_launch_task *tasks = keep_array(n, sizeof(*tasks));
	const struct berth_launch_task **list = keep_array(n, sizeof(*list));
	struct berth_launch l = BERTH_INIT(l);
	struct batch_job *j = s->job;
	struct berth_error err;

	for (size_t i = 0; i < n; i++) {
		tasks[i].size = sizeof(tasks[i]);
		tasks[i].index = s[i].task->index;
		tasks[i].slice = s[i].task->runner->slice;
		tasks[i].array_index = j->is_array ? s[i].task->array_index :
						     BERTH_NO_INDEX;
		list[i] = &tasks[i];
	}
	l.job = j->id;
	l.tasks = list;
	l.n_tasks = n;
	if (b->ops->launch(b->host, &l, &err) < 0) {
		b->ops->log(b->host, BERTH_LOG_ERROR, "job %llu: launch: %s",
			    (unsigned long long)j->id, err.text);
		for (size_t i = 0; i < n; i++) {
			runner_hungry(s[i].task->runner);
			s[i].task->runner->in_flight--;
			batch_job_return(j, s[i].task);
		}
		batch_refuse(b, j, err.text);
	} else if (!j->running) {
		j->running = true;
		b->ops->job_running(b->host, j->id, NULL);
	}
	free(list);
	free(tasks);
}

static void launch_all(struct batch *b)
{
	size_t n = b->n_starts, from = 0;

	if (n)
		qsort(b->starts, n, sizeof(*b->starts), by_job);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && b->starts[i].job == b->starts[from].job)
			continue;
		launch(b, b->starts + from, i - from);
		from = i;
	}
	b->n_starts = 0;
}

/* ---- demands ---- */

/* State a new number when the broker's is far from what is needed: too small,
 * or so large that many offers would be in vain. */
static void want_more(struct batch *b, struct pool *p)
{
	uint64_t need = pool_need(p);
	struct berth_demand d = want_demand(p->want, p->demand);
	struct berth_error err;

	if (need > MOST_WANTED)
		need = MOST_WANTED;
	if (need <= p->outstanding && p->outstanding <= need * 2)
		return;
	if (p->outstanding >= MOST_WANTED / 2 && need >= MOST_WANTED)
		return;
	d.count = d.max = (unsigned)need;
	d.separate = true;
	if (!p->outstanding)
		p->stated_ms = b->ops->now_ms(b->host);
	p->outstanding = need;
	if (!need)
		b->ops->withdraw(b->host, p->demand, NULL);
	else if (b->ops->demand(b->host, &d, &err) < 0)
		b->ops->log(b->host, BERTH_LOG_ERROR, "demand: %s", err.text);
}

static void fill_pool(struct batch *b, struct pool *p)
{
	struct runner *r;

	TAILQ_FOREACH (r, &p->runners, link) {
		if (r->noticed)
			answer(b, r);
	}
	/* Who has nothing yet keeps its place among those who wait. */
	if (p->outstanding && p->n_runners && turn_over(b, p->stated_ms)) {
		b->ops->withdraw(b->host, p->demand, NULL);
		pool_new_demand(p);
	}
	for (r = pool_next_hungry(p); r; r = pool_next_hungry(p))
		feed(b, r);
}

void batch_fill(struct batch *b)
{
	struct pool *p, *next;

	TAILQ_FOREACH (p, &b->pools, link)
		fill_pool(b, p);
	launch_all(b);
	for (p = TAILQ_FIRST(&b->pools); p; p = next) {
		next = TAILQ_NEXT(p, link);
		want_more(b, p);
		if (p->n_jobs || p->n_runners)
			continue;
		TAILQ_REMOVE(&b->pools, p, link);
		pool_destroy(p);
	}
}
