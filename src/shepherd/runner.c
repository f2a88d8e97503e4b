/* runner.c - see runner.h; ends are in ending.c. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "shepherd/runner_impl.h"

struct runner *runner_create(const struct runner_config *c,
			     const struct runner_events *ev, void *arg,
			     struct berth_error *err)
{
	struct runner *r = mem_alloc(sizeof(*r));
	struct starter_config sc = {
		.node = c->node,
		.key = c->key,
		.node_dir = c->node_dir,
		.jobs_fd = c->jobs_fd,
	};

	r->loop = c->loop;
	r->report = c->report;
	r->node = mem_strdup(c->node);
	r->key = mem_strdup(c->key);
	r->ev = *ev;
	r->arg = arg;
	r->binder = binder_create();
	r->clear_timer = loop_timer_create(r->loop, ending_look_again, r);
	task_table_init(&r->table);
	TAILQ_INIT(&r->feeds);
	r->starter = starter_create(&sc, err);
	if (r->starter == NULL) {
		runner_destroy(r);
		return NULL;
	}
	return r;
}

void runner_destroy(struct runner *r)
{
	if (r == NULL)
		return;
	task_table_finish(&r->table);
	runner_finish_feeds(r);
	loop_timer_destroy(r->clear_timer);
	starter_destroy(r->starter);
	binder_destroy(r->binder);
	free(r->node);
	free(r->key);
	free(r);
}

void runner_set_pmix(struct runner *r, const struct runner_pmix *p, void *arg)
{
	r->pmix = *p;
	r->pmix_arg = arg;
	starter_set_pmix(r->starter, p->setup, arg);
}

const struct task_table *runner_tasks(const struct runner *r)
{
	return &r->table;
}

bool runner_idle(const struct runner *r)
{
	return r->table.count == 0;
}

/* Tell the owner when the first task came or the last one went. */
static void check_idle(struct runner *r)
{
	bool busy = r->table.count > 0;

	if (busy == r->busy)
		return;
	r->busy = busy;
	r->ev.idle(r->arg, !busy);
}

/* ---- reports ----------------------------------------------------------- */

void runner_report(struct runner *r, const struct task *t, bool over)
{
	Berth__TaskStatus st = BERTH__TASK_STATUS__INIT;
	const struct proc *first = TAILQ_FIRST(&t->procs);

	st.job = t->job;
	st.index = t->index;
	st.framework = t->launch->spec->framework;
	st.node = r->node;
	st.slice = t->spec->slice->id;
	st.start_us = t->start_us;
	st.rank = -1;
	if (over) {
		st.state = BERTH__TASK_STATE__TASK_ENDED;
		st.end = t->verdict.end;
		st.exit_code = t->verdict.code;
		st.signal = t->verdict.signal;
		st.rank = t->verdict.rank;
		st.text = (char *)t->verdict.text;
		st.end_us = loop_wall_us();
		st.cpu_us = t->cpu_us;
		st.max_rss_kib = t->max_rss_kib;
	} else if (t->state == TASK_WAITING) {
		st.state = BERTH__TASK_STATE__TASK_WAITING;
		report_waiting(r->report, &st);
		return;
	} else {
		st.state = BERTH__TASK_STATE__TASK_RUNNING;
		st.pid = first ? (uint32_t)first->pid : 0;
	}
	report_task(r->report, &st);
}

void runner_refuse(struct runner *r, const Berth__Launch *l, const char *text)
{
	for (size_t i = 0; i < l->n_tasks; i++) {
		Berth__TaskStatus st = BERTH__TASK_STATUS__INIT;

		st.job = l->spec ? l->spec->job : l->tasks[i]->job;
		st.index = l->tasks[i]->index;
		st.framework = l->spec ? l->spec->framework : (char *)"";
		st.node = r->node;
		st.slice = l->tasks[i]->slice ? l->tasks[i]->slice->id : 0;
		st.state = BERTH__TASK_STATE__TASK_ENDED;
		st.end = BERTH__TASK_END__END_FAILED_START;
		st.exit_code = 1;
		st.rank = -1;
		st.text = (char *)text;
		st.start_us = st.end_us = loop_wall_us();
		report_task(r->report, &st);
	}
}

/* ---- starting ---------------------------------------------------------- */

static int start_one(struct runner *r, struct proc *p, struct berth_error *err)
{
	int in = runner_take_feed(r, p);
	int rc = start_proc(r->starter, p, in, err);

	if (in >= 0)
		close(in);
	if (rc == 0) {
		p->task->live++;
		if (p->task->oldest == 0)
			p->task->oldest = p->pid;
	}
	return rc;
}

static void start_failed(struct runner *r, struct task *t, struct launch *l,
			 int32_t rank, const char *text)
{
	ending_decide(&t->verdict, BERTH__TASK_END__END_FAILED_START, 1, 0,
		      rank, "%s", text);
	if (l->map)
		r->ev.failed(r->arg, l, &t->verdict);
	if (t->live > 0)
		ending_stop(r, t, BERTH__TASK_END__END_NONE, SIGKILL, 0);
	else
		ending_soon(r, t);
}

static void start_task(struct runner *r, struct task *t)
{
	uint32_t wall = t->launch->spec->walltime_ms;
	struct berth_error err = { 0 };
	struct proc *p;

	if (t->launch->map == NULL) {
		p = proc_create(t, t->launch, -1);
		p->nlocal = 1;
		p->bound = t->spec->slice->bind;
		if (p->bound && bind_slice(t->spec->slice, &p->cpus, &err)) {
			start_failed(r, t, t->launch, -1, err.text);
			return;
		}
	}
	t->state = TASK_RUNS;
	t->start_us = loop_wall_us();
	TAILQ_FOREACH(p, &t->procs, next)
	{
		if (start_one(r, p, &err) == 0)
			continue;
		start_failed(r, t, t->launch, p->rank, err.text);
		return;
	}
	if (wall > 0) {
		t->wall_timer = loop_timer_create(r->loop, ending_wall, t);
		loop_timer_start(t->wall_timer, (uint64_t)wall * 1000);
	}
	runner_report(r, t, false);
	/* A rank list may be empty here: the job's ranks are elsewhere. */
	if (t->live == 0)
		ending_soon(r, t);
}

/* Start what is due in the lane. */
static void run_lane(struct runner *r, struct lane *lane)
{
	struct task *t = TAILQ_FIRST(&lane->waiting);

	if (lane->busy == NULL && t) {
		TAILQ_REMOVE(&lane->waiting, t, in_lane);
		t->queued = false;
		lane->busy = t;
		start_task(r, t);
	}
	task_lane_drop(&r->table, lane);
}

void runner_task_over(struct runner *r, struct task *t)
{
	struct lane *lane = task_lane(&r->table, t->spec->slice->id);
	bool was_busy = lane && lane->busy == t;
	bool broker = t->job == 0;

	runner_report(r, t, true);
	runner_drop_feed(r, t);
	if (was_busy)
		lane->busy = NULL;
	else if (t->queued)
		TAILQ_REMOVE(&lane->waiting, t, in_lane);
	task_destroy(&r->table, t);
	if (was_busy)
		run_lane(r, lane);
	else if (lane)
		task_lane_drop(&r->table, lane);
	if (r->table.count == 0 && !broker)
		ending_sweep();
	check_idle(r);
}

/* ---- launches ---------------------------------------------------------- */

static int bind_task(struct runner *r, struct task *t, struct berth_error *err)
{
	const Berth__Spec *spec = t->launch->spec;
	size_t n = t->spec->n_ranks;
	struct bitset *sets = mem_array(n ? n : 1, sizeof(*sets));
	bool bound = t->spec->slice->bind && n > 0;
	struct proc *p;
	size_t i = 0;
	int rc = 0;

	if (bound)
		rc = bind_ranks(r->binder, t->spec->slice, spec->bind_to,
				spec->map_by, n, sets, err);
	TAILQ_FOREACH(p, &t->procs, next)
	{
		p->local = (unsigned)i;
		p->nlocal = (unsigned)n;
		p->bound = bound && rc == 0;
		if (p->bound)
			bitset_copy(&p->cpus, &sets[i]);
		i++;
	}
	for (i = 0; i < n; i++)
		bitset_finish(&sets[i]);
	free(sets);
	return rc;
}

/* Ranks of all the launch's tasks here, ascending, to the PMIx server. */
static int add_nspace(struct runner *r, struct launch *l, struct task **tasks,
		      size_t ntasks, struct berth_error *err)
{
	struct local_rank *v;
	struct proc *p;
	size_t n = 0;
	int rc;

	if (r->pmix_arg == NULL)
		return error_set(err, BERTH_EUNAVAIL,
				 "no PMIx server in this shepherd");
	for (size_t i = 0; i < ntasks; i++)
		n += tasks[i]->spec->n_ranks;
	v = mem_array(n ? n : 1, sizeof(*v));
	n = 0;
	for (size_t i = 0; i < ntasks; i++) {
		TAILQ_FOREACH(p, &tasks[i]->procs, next)
		{
			v[n].rank = (uint32_t)p->rank;
			v[n].crowded = start_crowded(p);
			v[n++].cpus = p->bound ? &p->cpus : NULL;
		}
	}
	rc = r->pmix.add(r->pmix_arg, l, v, n, err);
	free(v);
	return rc;
}

static int prepare_ranks(struct runner *r, struct launch *l,
			 struct task **tasks, size_t n, struct berth_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const Berth__TaskSpec *s = tasks[i]->spec;

		for (size_t k = 0; k < s->n_ranks; k++)
			proc_create(tasks[i], l, (int32_t)s->ranks[k]);
		if (bind_task(r, tasks[i], err) != 0)
			return -1;
	}
	return add_nspace(r, l, tasks, n, err);
}

static void enqueue(struct runner *r, struct task *t)
{
	struct lane *lane = task_lane(&r->table, t->spec->slice->id);

	if (lane == NULL) {
		start_task(r, t);
		return;
	}
	TAILQ_INSERT_TAIL(&lane->waiting, t, in_lane);
	t->queued = true;
	run_lane(r, lane);
}

void runner_launch(struct runner *r, struct launch *l)
{
	struct task **tasks = mem_array(l->ntasks ? l->ntasks : 1,
					sizeof(*tasks));
	struct berth_error err = { 0 };
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < l->ntasks; i++) {
		struct task *t = task_create(&r->table, l, l->tasks[i]);

		if (t == NULL) {
			log_warn("task %lu.%u is here already, launched twice",
				 (unsigned long)l->spec->job,
				 l->tasks[i]->index);
			continue;
		}
		t->owner = r;
		runner_report(r, t, false);
		tasks[n++] = t;
	}
	check_idle(r);
	if (n > 0)
		runner_want_feed(r, l);
	if (l->map && n > 0)
		rc = prepare_ranks(r, l, tasks, n, &err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0) {
			enqueue(r, tasks[i]);
			continue;
		}
		ending_decide(&tasks[i]->verdict,
			      BERTH__TASK_END__END_FAILED_START, 1, 0, -1, "%s",
			      err.text);
		if (i == 0)
			r->ev.failed(r->arg, l, &tasks[i]->verdict);
		runner_task_over(r, tasks[i]);
	}
	free(tasks);
}

/* The task of the job that has the fewest processes. */
static struct task *host_of(struct runner *r, uint64_t job)
{
	struct task *t, *best = NULL;

	TAILQ_FOREACH(t, &r->table.tasks, next)
	{
		if (t->job == job && t->launch->map && t->state == TASK_RUNS &&
		    (best == NULL || t->live < best->live))
			best = t;
	}
	return best;
}

int runner_spawn(struct runner *r, struct launch *l, const uint32_t *ranks,
		 size_t n, struct berth_error *err)
{
	struct task *t = host_of(r, l->spec->job);
	struct local_rank *v = NULL;
	struct proc *p, **made;
	int rc = -1;

	if (t == NULL && n > 0)
		return error_set(err, BERTH_ENOTFOUND,
				 "no task of job %lu runs on %s",
				 (unsigned long)l->spec->job, r->node);
	v = mem_array(n + 1, sizeof(*v));
	made = mem_array(n + 1, sizeof(*made));
	for (size_t i = 0; i < n; i++) {
		p = made[i] = proc_create(t, l, (int32_t)ranks[i]);
		p->local = (unsigned)i;
		p->nlocal = (unsigned)n;
		/* The cores are its parents' already: share the slice. */
		p->bound = t->spec->slice->bind &&
			   bind_slice(t->spec->slice, &p->cpus, err) == 0;
		v[i].rank = ranks[i];
		v[i].crowded = true;
		v[i].cpus = p->bound ? &p->cpus : NULL;
	}
	rc = r->pmix.add(r->pmix_arg, l, v, n, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = start_one(r, made[i], err);
	if (rc != 0)
		runner_abandon(r, launch_nspace(l));
	free(made);
	free(v);
	return rc;
}
