/* pool.c - see pool.h. */
#include "sim/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/* A further task of a job in the slice where one of it ran needs no new
 * shepherd. */
#define START_AGAIN 10

/* A message to a framework. */
struct post {
	struct pool *pool;
	struct app *app;
	uint64_t offer;	   /* or … */
	struct run *ended; /* … */
	struct alarm alarm;
	struct post *next, **at; /* all of the pool */
};

static void fail(struct pool *p, const struct berth_error *err)
{
	if (p->failed)
		return;
	p->failed = true;
	p->error = *err;
}

/* What a model asked for is refused: model and ledger disagree. */
static bool ok(struct pool *p, int rc, const struct berth_error *err)
{
	if (rc != 0)
		fail(p, err);
	return rc == 0;
}

/* ---- posts ---- */

static void post_destroy(struct post *post)
{
	clock_stop(post->pool->clock, &post->alarm);
	*post->at = post->next;
	if (post->next != NULL)
		post->next->at = post->at;
	free(post->ended);
	free(post);
}

static void post_ring(void *arg);

static void send_post(struct pool *p, struct app *a, uint64_t offer,
		      struct run *ended)
{
	struct post *post = mem_alloc(sizeof(*post));

	post->pool = p;
	post->app = a;
	post->offer = offer;
	post->ended = ended;
	post->next = p->posts;
	post->at = &p->posts;
	if (p->posts != NULL)
		p->posts->at = &post->next;
	p->posts = post;
	alarm_init(&post->alarm, post_ring, post);
	/* There, and the answer back. */
	clock_after(p->clock, &post->alarm, 2 * p->options.latency_us);
}

/* ---- tallies ---- */

static void tally_busy(struct pool *p, struct run *r, bool busy)
{
	struct app *a = r->app;

	if (r->busy == busy)
		return;
	r->busy = busy;
	if (busy)
		amount_add(&a->busy, &r->amount);
	else
		amount_sub(&a->busy, &r->amount);
	tally_set(&a->busy_cores, a->busy.cores, pool_now(p));
	tally_set(&a->busy_mib, a->busy.memory_mib, pool_now(p));
}

static void tally_used(struct pool *p, const char *framework)
{
	struct app *a = map_get(p->by_name, framework);
	const struct framework *f = ledger_framework(p->ledger, framework);

	if (a == NULL || f == NULL)
		return;
	tally_set(&a->used_cores, f->used.cores, pool_now(p));
	tally_set(&a->used_mib, f->used.memory_mib, pool_now(p));
}

/* ---- offers ---- */

static void answer(struct pool *p, struct app *a, const struct offer *o,
		   struct grant *g, size_t n)
{
	uint64_t *taken = mem_array(n + 1, sizeof(*taken)), id = o->id;
	char *demand = mem_strdup(o->demand_id);
	struct berth_error err;
	size_t ntaken = 0;
	int rc;

	a->ops->offer(a, demand, g, n);
	for (size_t i = 0; i < n; i++) {
		if (g[i].want) {
			taken[ntaken] = g[i].slice;
			g[ntaken++] = g[i];
		}
	}
	a->offers++;
	a->declined += ntaken == 0;
	a->partly += ntaken > 0 && ntaken < n;
	a->units_offered += n;
	a->units_taken += ntaken;
	if (ntaken > 0)
		rc = ledger_accept(p->ledger, a->conf->name, id, taken, ntaken,
				   pool_now(p), &err);
	else
		rc = ledger_decline(p->ledger, a->conf->name, id, 1000000, NULL,
				    0, pool_now(p), &err);
	if (ok(p, rc, &err) && ntaken > 0)
		a->ops->granted(a, demand, g, ntaken);
	free(demand);
	free(taken);
}

static void deliver_offer(struct pool *p, struct app *a, uint64_t id)
{
	const struct offer *o = ledger_offer(p->ledger, id);
	const struct slice *s;
	struct grant *g;
	size_t n = 0;

	if (o == NULL)
		return; /* rescinded on its way */
	g = mem_array(o->nslices, sizeof(*g));
	TAILQ_FOREACH (s, &o->slices, of_owner) {
		g[n].slice = s->id;
		g[n++].node = p->options.first + s->node->id;
	}
	answer(p, a, o, g, n);
	free(g);
}

/* ---- tasks ---- */

static uint64_t run_key(uint64_t job, uint32_t index)
{
	return job << 24 | index;
}

static void report(struct pool *p, struct run *r, enum task_state state)
{
	const struct slice *s = ledger_slice(p->ledger, r->at.slice);
	struct ledger_report rep = {
		.job = r->id,
		.index = r->index,
		.status =
			{
				.state = state,
				.rank = -1,
				.start_us = r->began_us,
			},
	};
	struct berth_error err;

	if (state == TASK_ENDED) {
		rep.status.end = TASK_END_EXITED;
		rep.status.end_us = pool_now(p);
	}
	if (s != NULL)
		ok(p,
		   ledger_task_report(p->ledger, s->node->name, &rep,
				      pool_now(p), &err),
		   &err);
}

static void run_ring(void *arg)
{
	struct run *r = arg;
	struct pool *p = r->app->pool;

	if (r->busy) {
		report(p, r, TASK_ENDED); /* the listener does the rest */
		return;
	}
	r->began_us = pool_now(p);
	tally_busy(p, r, true);
	clock_after(p->clock, &r->alarm, r->length_us);
	report(p, r, TASK_RUNNING);
}

/* The next task that waits in the slice begins. */
static void begin_next(struct pool *p, uint64_t slice)
{
	const struct slice *s = ledger_slice(p->ledger, slice);
	const struct task *t = s != NULL ? TAILQ_FIRST(&s->tasks) : NULL;
	struct run *r;

	if (t == NULL)
		return;
	r = idmap_get(&p->runs, run_key(t->job->id, t->index));
	if (r != NULL && !r->busy && !alarm_is_set(&r->alarm))
		clock_after(p->clock, &r->alarm,
			    p->options.start_us / START_AGAIN);
}

static void task_over(struct pool *p, const struct event *ev)
{
	uint64_t key = run_key(ev->task.job, ev->task.index);
	struct run *r = idmap_remove(&p->runs, key);

	if (r == NULL)
		return;
	clock_stop(p->clock, &r->alarm);
	r->end = ev->task.status.end;
	if (r->end != TASK_END_EXITED) {
		r->work->again++;
		if (r->busy)
			r->work->lost_us += pool_now(p) - r->began_us;
	}
	tally_busy(p, r, false);
	begin_next(p, r->at.slice);
	send_post(p, r->app, 0, r);
}

static void deliver_end(struct post *post)
{
	struct run *r = post->ended;
	const struct slice *s = ledger_slice(post->pool->ledger, r->at.slice);

	post->ended = NULL;
	post->app->ops->ended(post->app, r, s != NULL);
	free(r);
}

static void post_ring(void *arg)
{
	struct post *post = arg;

	if (post->ended != NULL)
		deliver_end(post);
	else
		deliver_offer(post->pool, post->app, post->offer);
	post_destroy(post);
}

static void listen(void *arg, const struct event *ev)
{
	struct pool *p = arg;

	switch (ev->type) {
	case EVENT_OFFER_MADE:
		tally_used(p, ev->offer_made.framework);
		send_post(p, map_get(p->by_name, ev->offer_made.framework),
			  ev->offer_made.offer, NULL);
		break;
	case EVENT_OFFER_ACCEPTED:
	case EVENT_OFFER_DECLINED:
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		tally_used(p, ev->offer.framework);
		break;
	case EVENT_SLICE_RELEASED:
	case EVENT_SLICE_LOST:
		tally_used(p, ev->slice.framework);
		break;
	case EVENT_TASK_FINISHED:
		task_over(p, ev);
		break;
	default:
		break;
	}
}

/* ---- rounds ---- */

static uint64_t spent_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void round_ring(void *arg)
{
	struct pool *p = arg;
	uint64_t before = spent_us();

	while (ledger_round(p->ledger, pool_now(p), &p->rand) == 1)
		continue;
	p->round_spent_us += spent_us() - before;
}

void pool_settle(struct pool *p)
{
	struct berth_error err;
	uint64_t at = ledger_next_deadline(p->ledger);

	if (p->options.check)
		ok(p, ledger_check(p->ledger, &err), &err);
	if (ledger_wants_round(p->ledger) &&
	    at > pool_now(p) + p->options.round_us)
		at = pool_now(p) + p->options.round_us;
	if (at == UINT64_MAX)
		return;
	if (!alarm_is_set(&p->round) || at < p->round.due.key)
		clock_set(p->clock, &p->round, at);
}

/* ---- its making ---- */

int pool_init(struct pool *p, const struct pool_options *options,
	      struct clock *clock, pool_done_f done, void *arg,
	      struct berth_error *err)
{
	struct ledger_options o = {
		.policy = options->policy,
		.keep_jobs = 16,
		.keep_tasks_us = 1,
		.keep_tasks = 1,
		.keep_failed = 1,
		.listen = listen,
		.arg = p,
	};
	char name[16];

	memset(p, 0, sizeof(*p));
	p->options = *options;
	p->clock = clock;
	p->done = done;
	p->arg = arg;
	p->ledger = ledger_create(&o);
	p->by_name = map_create();
	idmap_init(&p->runs);
	rand_seed(&p->rand, options->seed);
	alarm_init(&p->round, round_ring, p);
	for (unsigned i = 0; i < options->nodes; i++) {
		snprintf(name, sizeof(name), "n%05u", options->first + i);
		if (ledger_node_up(p->ledger, name, options->topology, NULL, 0,
				   true, clock->now_us, err) != 0)
			return -1;
	}
	return 0;
}

void pool_finish(struct pool *p)
{
	size_t pos = 0;
	struct run *r;

	if (p->ledger == NULL)
		return;
	for (size_t i = 0; i < p->napps; i++) {
		p->app[i]->ops->destroy(p->app[i]);
		clock_stop(p->clock, &p->app[i]->wake);
	}
	while (p->posts != NULL)
		post_destroy(p->posts);
	while ((r = idmap_next(&p->runs, &pos)) != NULL) {
		clock_stop(p->clock, &r->alarm);
		free(r);
	}
	clock_stop(p->clock, &p->round);
	idmap_finish(&p->runs);
	map_destroy(p->by_name, NULL);
	free(p->app);
	ledger_destroy(p->ledger);
	memset(p, 0, sizeof(*p));
}

static void wake_ring(void *arg)
{
	struct app *a = arg;

	a->ops->wake(a);
}

int pool_add(struct pool *p, struct app *a, struct berth_error *err)
{
	if (ledger_register(p->ledger, a->conf->name, a->conf->role, "", 0,
			    pool_now(p), err) != 0)
		return -1;
	a->pool = p;
	a->ops = a->conf->ops;
	alarm_init(&a->wake, wake_ring, a);
	p->app = mem_resize(p->app, p->napps + 1, sizeof(struct app *));
	p->app[p->napps++] = a;
	map_put(p->by_name, a->conf->name, a);
	a->ops->create(a);
	return 0;
}

/* ---- for the models ---- */

void app_wake(struct app *a, uint64_t at_us)
{
	if (!alarm_is_set(&a->wake) || at_us < a->wake.due.key)
		clock_set(a->pool->clock, &a->wake, at_us);
}

void app_soon(struct app *a)
{
	app_wake(a, pool_now(a->pool) + a->pool->options.latency_us);
}

void pool_submit(struct pool *p, struct app *a, struct work *w)
{
	struct ledger_job job = {
		.name = w->name,
		.framework = a->conf->name,
		.role = a->conf->role,
		.user = "sim",
		.spec = "",
		.priority = a->conf->priority,
	};
	struct berth_error err;
	uint64_t id;

	if (!ok(p, ledger_submit(p->ledger, &job, pool_now(p), &id, &err),
		&err) ||
	    !ok(p,
		ledger_job_started(p->ledger, a->conf->name, id, pool_now(p),
				   &err),
		&err))
		return;
	w->submitted = true;
	w->submit_us = pool_now(p);
	a->ops->submit(a, w, id);
}

void pool_demand(struct pool *p, struct app *a, struct demand *d)
{
	struct berth_error err;

	/* One that was met is gone: nothing is left to withdraw. */
	if (d->count == 0 && d->max == 0 &&
	    ledger_find_demand(p->ledger, a->conf->name, d->id) == NULL)
		return;
	ok(p, ledger_demand(p->ledger, a->conf->name, d, pool_now(p), &err),
	   &err);
}

void pool_launch(struct pool *p, struct app *a, const struct run *what)
{
	const struct slice *s = ledger_slice(p->ledger, what->at.slice);
	struct run *r = mem_dup(what, sizeof(*what));
	uint64_t start = p->options.start_us;
	struct ledger_launch launch = {
		.slice = what->at.slice,
		.array_index = -1,
	};
	struct berth_error err;
	bool waits = s != NULL && s->ntasks > 0;

	if (s != NULL && s->job == r->id)
		start /= START_AGAIN;
	r->app = a;
	r->index = r->work->launched++;
	launch.index = r->index;
	r->launched_us = pool_now(p);
	r->busy = false;
	alarm_init(&r->alarm, run_ring, r);
	if (r->work->first_us == 0)
		r->work->first_us = pool_now(p);
	if (!ok(p,
		ledger_launch(p->ledger, a->conf->name, r->id, &launch, 1,
			      pool_now(p), &err),
		&err)) {
		free(r);
		return;
	}
	r->amount = ledger_slice(p->ledger, r->at.slice)->amount;
	idmap_put(&p->runs, run_key(r->id, r->index), r);
	if (!waits)
		clock_after(p->clock, &r->alarm, p->options.latency_us + start);
}

void pool_release(struct pool *p, struct app *a, const uint64_t *slices,
		  size_t n)
{
	struct berth_error err;

	if (n > 0)
		ok(p,
		   ledger_release(p->ledger, a->conf->name, slices, n,
				  pool_now(p), &err),
		   &err);
}

void pool_finished(struct pool *p, struct app *a, struct work *w, uint64_t id)
{
	struct berth_error err;

	w->ended = true;
	w->end_us = pool_now(p);
	ok(p,
	   ledger_job_finished(p->ledger, a->conf->name, id, JOB_DONE, 0, 0,
			       NULL, pool_now(p), &err),
	   &err);
	p->done(p->arg, a, w);
}
