/* pool.c - see pool.h. */
#include "sim/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

/* A message to a framework. */
struct post {
	struct pool *pool;
	struct app *app;
	uint64_t offer;	   /* or … */
	struct run *ended; /* … or … */
	uint64_t slice;	   /* … that is taken back */
	struct alarm alarm;
	struct post *next, **at; /* all of the pool */
};

void pool_fail(struct pool *p, const struct berth_error *err)
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
		pool_fail(p, err);
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

static struct post *send_post(struct pool *p, struct app *a)
{
	struct post *post = mem_alloc(sizeof(*post));

	post->pool = p;
	post->app = a;
	post->next = p->posts;
	post->at = &p->posts;
	if (p->posts != NULL)
		p->posts->at = &post->next;
	p->posts = post;
	alarm_init(&post->alarm, post_ring, post);
	/* There, and the answer back. */
	clock_after(p->clock, &post->alarm, 2 * p->options.latency_us);
	return post;
}

void pool_post_end(struct pool *p, struct run *r)
{
	send_post(p, r->app)->ended = r;
}

/* A slice is to be given back, or was taken. */
static void post_taken(struct pool *p, const char *framework, uint64_t slice)
{
	struct app *a = map_get(p->by_name, framework);

	if (a != NULL && a->ops->taken != NULL)
		send_post(p, a)->slice = slice;
}

/* ---- tallies ---- */

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

/* ---- what is delivered ---- */

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
	else if (post->slice != 0)
		post->app->ops->taken(
			post->app, post->slice,
			ledger_slice(post->pool->ledger, post->slice) != NULL);
	else
		deliver_offer(post->pool, post->app, post->offer);
	post_destroy(post);
}

static void revoking(struct pool *p, const struct event *ev)
{
	struct app *a = map_get(p->by_name, ev->revoking.framework);

	p->revoked++;
	if (a != NULL)
		a->revoked++;
	pool_tasks_revoke(p, ev);
	post_taken(p, ev->revoking.framework, ev->revoking.slice);
}

static void listen(void *arg, const struct event *ev)
{
	struct pool *p = arg;
	struct berth_error err;

	if (p->options.check && guard_event(&p->guard, ev, &err) != 0)
		pool_fail(p, &err);
	switch (ev->type) {
	case EVENT_OFFER_MADE:
		tally_used(p, ev->offer_made.framework);
		send_post(p, map_get(p->by_name, ev->offer_made.framework))
			->offer = ev->offer_made.offer;
		break;
	case EVENT_OFFER_ACCEPTED:
	case EVENT_OFFER_DECLINED:
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		tally_used(p, ev->offer.framework);
		break;
	case EVENT_SLICE_REVOKING:
		revoking(p, ev);
		break;
	case EVENT_SLICE_LOST:
		post_taken(p, ev->slice.framework, ev->slice.slice);
		/* fall through */
	case EVENT_SLICE_RELEASED:
		tally_used(p, ev->slice.framework);
		break;
	case EVENT_TASK_FINISHED:
		pool_tasks_over(p, ev);
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

/* ---- nodes ---- */

#define NODE_NAME 16

static const char *node_name(unsigned node, char name[NODE_NAME])
{
	snprintf(name, NODE_NAME, "n%05u", node);
	return name;
}

static int node_up(struct pool *p, unsigned node, struct berth_error *err)
{
	const struct topology *t = p->options.topologies != NULL
					   ? p->options.topologies[node]
					   : p->options.topology;
	char name[NODE_NAME];

	return ledger_node_up(p->ledger, node_name(node, name), t, NULL, 0, true, pool_now(p),
			      err);
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
	memset(p, 0, sizeof(*p));
	p->options = *options;
	p->clock = clock;
	p->done = done;
	p->arg = arg;
	p->ledger = ledger_create(&o);
	p->by_name = map_create();
	idmap_init(&p->runs);
	guard_init(&p->guard, p->ledger);
	rand_seed(&p->rand, options->seed);
	alarm_init(&p->round, round_ring, p);
	for (unsigned i = 0; i < options->nodes; i++) {
		if (node_up(p, options->first + i, err) != 0)
			return -1;
	}
	return 0;
}

void pool_node(struct pool *p, unsigned node, bool up)
{
	char name[NODE_NAME];
	struct berth_error err;
	int rc;

	if (up)
		rc = node_up(p, node, &err);
	else
		rc = ledger_node_lost(p->ledger, node_name(node, name),
				      "it failed", pool_now(p), &err);
	ok(p, rc, &err);
}

void pool_finish(struct pool *p)
{
	if (p->ledger == NULL)
		return;
	for (size_t i = 0; i < p->napps; i++) {
		p->app[i]->ops->destroy(p->app[i]);
		clock_stop(p->clock, &p->app[i]->wake);
	}
	while (p->posts != NULL)
		post_destroy(p->posts);
	pool_tasks_free(p);
	guard_finish(&p->guard);
	clock_stop(p->clock, &p->round);
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
		.role = w->role != NULL ? w->role : a->conf->role,
		.user = "sim",
		.spec = "",
		.priority = a->conf->priority,
		.grace_us = a->conf->grace_us,
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

bool pool_usable(const struct pool *p, uint64_t slice)
{
	const struct slice *s = ledger_slice(p->ledger, slice);

	return s != NULL && !s->revoking;
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
