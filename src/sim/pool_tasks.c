/*
 * pool_tasks.c - the tasks of a pool: what agents, launchers and shepherds are
 * to those of a real cluster.  They start, take the time that their run says,
 * and end; where they are told to, before their time.
 */
#include "sim/pool.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/event.h"

/* A further task of a job in the slice where one of it ran needs no new
 * shepherd. */
#define START_AGAIN 10

static uint64_t run_key(uint64_t job, uint32_t index)
{
	return job << 24 | index;
}

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

/* ---- from the start to the end ---- */

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
		rep.status.end = r->told != TASK_END_NONE ? r->told :
							    TASK_END_EXITED;
		rep.status.end_us = pool_now(p);
	}
	if (s != NULL &&
	    ledger_task_report(p->ledger, s->node->name, &rep, pool_now(p),
			       &err) != 0)
		pool_fail(p, &err);
}

static void run_ring(void *arg)
{
	struct run *r = arg;
	struct pool *p = r->app->pool;

	if (r->busy || r->told != TASK_END_NONE) {
		report(p, r, TASK_ENDED); /* the listener does the rest */
		return;
	}
	r->began_us = pool_now(p);
	tally_busy(p, r, true);
	clock_after(p->clock, &r->alarm, r->length_us);
	report(p, r, TASK_RUNNING);
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
	launch.ranks = &r->task;
	launch.nranks = r->ranked ? 1 : 0;
	r->launched_us = pool_now(p);
	r->busy = false;
	alarm_init(&r->alarm, run_ring, r);
	if (r->work->first_us == 0)
		r->work->first_us = pool_now(p);
	if (ledger_launch(p->ledger, a->conf->name, r->id, &launch, 1,
			  pool_now(p), &err) != 0) {
		pool_fail(p, &err);
		free(r);
		return;
	}
	r->amount = ledger_slice(p->ledger, r->at.slice)->amount;
	idmap_put(&p->runs, run_key(r->id, r->index), r);
	if (!waits)
		clock_after(p->clock, &r->alarm, p->options.latency_us + start);
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

static void count_lost(struct pool *p, const struct run *r)
{
	struct app *a = r->app;
	struct work *w = r->work;

	if (r->end == TASK_END_REVOKED) {
		w->revoked++;
		tally_count(&a->taken, 1, pool_now(p));
	} else {
		w->again++;
	}
	if (r->ran_us > 0 && !(r->kept && r->end == TASK_END_REVOKED)) {
		w->lost_us += r->ran_us;
		tally_count(&a->lost_work, (double)r->amount.cores *
				    (double)r->ran_us / 1e6,
			    pool_now(p));
	}
}

void pool_tasks_over(struct pool *p, const struct event *ev)
{
	uint64_t key = run_key(ev->task.job, ev->task.index);
	struct run *r = idmap_remove(&p->runs, key);

	if (r == NULL)
		return;
	clock_stop(p->clock, &r->alarm);
	r->end = ev->task.status.end;
	r->ran_us = r->busy ? pool_now(p) - r->began_us : 0;
	if (r->end != TASK_END_EXITED)
		count_lost(p, r);
	tally_busy(p, r, false);
	begin_next(p, r->at.slice);
	pool_post_end(p, r);
}

/* ---- before its time ---- */

/* It is told to leave, and has left after a while. */
static void tell(struct pool *p, const struct task *t, enum task_end why,
		 uint64_t at_us)
{
	struct run *r = idmap_get(&p->runs, run_key(t->job->id, t->index));

	if (r == NULL || r->told != TASK_END_NONE)
		return;
	if (r->busy && r->alarm.due.key <= at_us)
		return; /* it is over by then */
	r->told = why;
	clock_set(p->clock, &r->alarm, at_us);
}

static void tell_job(struct pool *p, const struct job *j, enum task_end why,
		     uint64_t at_us)
{
	uint64_t left = (uint64_t)j->counts.starting + j->counts.running;
	const struct task *t;

	/* A job that began again and again has a long list, whose last ones
	 * live. */
	TAILQ_FOREACH_REVERSE (t, &j->tasks, task_list, of_job) {
		if (left == 0)
			break;
		if (t->slice == NULL)
			continue;
		tell(p, t, why, at_us);
		left--;
	}
}

void pool_tasks_revoke(struct pool *p, const struct event *ev)
{
	const struct slice *s = ledger_slice(p->ledger, ev->revoking.slice);
	uint64_t at = pool_now(p) + p->options.latency_us + p->options.stop_us;
	const struct task *t;

	if (s == NULL)
		return;
	if (at > ev->revoking.deadline_us)
		at = ev->revoking.deadline_us;
	TAILQ_FOREACH (t, &s->tasks, of_slice) {
		if (t->nranks > 0)
			tell_job(p, t->job, TASK_END_REVOKED, at);
		else
			tell(p, t, TASK_END_REVOKED, at);
	}
}

void pool_kill(struct pool *p, struct app *a, uint64_t job)
{
	const struct job *j = ledger_job(p->ledger, job);

	(void)a;
	if (j != NULL)
		tell_job(p, j, TASK_END_KILLED,
			 pool_now(p) + p->options.latency_us);
}

void pool_tasks_free(struct pool *p)
{
	size_t pos = 0;
	struct run *r;

	while ((r = idmap_next(&p->runs, &pos)) != NULL) {
		clock_stop(p->clock, &r->alarm);
		free(r);
	}
	idmap_finish(&p->runs);
}
