/* run.c - a job's way from its demand to its end. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"
#include "plugins/mpi/mpi.h"

/* Slices are handed from job to job for so long; then they go back, so that
 * the broker can give others their share. */
enum { TURN_MS = 5000 };

static void complain(struct mpi *m, const struct mpi_job *j, const char *what,
		     const struct berth_error *err)
{
	m->ops->log(m->host, BERTH_LOG_ERROR, "job %llu: %s: %s",
		    (unsigned long long)j->id, what, err->text);
}

void mpi_want(struct mpi *m, struct mpi_job *j)
{
	struct berth_demand d = mpi_job_demand(j);
	struct berth_error err;
	struct verdict v = { .outcome = BERTH_FAILED, .exit_code = 2 };

	j->asked = m->ops->demand(m->host, &d, &err) == 0;
	if (j->asked)
		return;
	complain(m, j, "demand", &err);
	snprintf(v.text, sizeof(v.text), "demand: %.300s", err.text);
	mpi_end(m, j, &v);
}

void mpi_loosen(void *arg)
{
	struct mpi *m = arg;
	uint64_t now = m->ops->now_ms(m->host), next = UINT64_MAX;
	struct mpi_job *j, *after;

	for (j = TAILQ_FIRST(&m->jobs); j; j = after) {
		after = TAILQ_NEXT(j, link);
		if (!j->firm_until_ms)
			continue;
		if (j->firm_until_ms > now) {
			if (j->firm_until_ms < next)
				next = j->firm_until_ms;
			continue;
		}
		j->firm_until_ms = 0;
		if (j->state == MPI_WAITING)
			mpi_want(m, j);
	}
	if (next == UINT64_MAX)
		return;
	next -= now;
	m->ops->timer_start(m->firm, next < INT_MAX ? (unsigned)next : INT_MAX);
}

/* ---- starting ---- */

static void fill_apps(const struct mpi_options *o, struct berth_app *apps,
		      const struct berth_app **list)
{
	for (size_t i = 0; i < o->n_apps; i++) {
		const struct mpi_app *from = &o->apps[i];

		apps[i].size = sizeof(apps[i]);
		apps[i].argv = (const char *const *)from->argv;
		apps[i].n_argv = from->n_argv;
		apps[i].env = (const char *const *)from->env;
		apps[i].n_env = from->n_env;
		apps[i].has_env = from->env != NULL;
		apps[i].cwd = from->cwd;
		apps[i].ranks = from->ranks;
		list[i] = &apps[i];
	}
}

static int launch(struct mpi *m, const struct mpi_job *j,
		  const struct map_place *places, size_t n,
		  struct berth_error *err)
{
	struct berth_launch_task *tasks = keep_array(n, sizeof(*tasks));
	const struct berth_launch_task **list = keep_array(n, sizeof(*list));
	struct berth_app *apps = keep_array(j->options.n_apps, sizeof(*apps));
	const struct berth_app **app_list =
		keep_array(j->options.n_apps, sizeof(*app_list));
	struct berth_launch l = BERTH_INIT(l);
	int rc;

	for (size_t i = 0; i < n; i++) {
		struct berth_launch_task *t = &tasks[l.n_tasks];

		if (!places[i].n_ranks)
			continue;
		t->size = sizeof(*t);
		t->index = j->tasks[l.n_tasks].index;
		t->slice = j->slices[l.n_tasks].id;
		t->ranks = places[i].ranks;
		t->n_ranks = places[i].n_ranks;
		t->array_index = BERTH_NO_INDEX;
		list[l.n_tasks++] = t;
	}
	fill_apps(&j->options, apps, app_list);
	l.job = j->id;
	l.tasks = list;
	l.pmix = true;
	l.bind_to = j->options.bind_to;
	l.map_by = mpi_map_name(j->options.map_by);
	l.apps = app_list;
	l.n_apps = j->options.n_apps;
	l.report_bindings = j->options.report_bindings;
	l.ft = j->options.ft;
	rc = m->ops->launch(m->host, &l, err);
	free(app_list);
	free(apps);
	free(list);
	free(tasks);
	return rc;
}

static int accept_used(struct mpi *m, const struct mpi_job *j, uint64_t offer,
		       struct berth_error *err)
{
	uint64_t *ids = keep_array(j->n_slices, sizeof(*ids));
	int rc;

	for (size_t i = 0; i < j->n_slices; i++)
		ids[i] = j->slices[i].id;
	rc = m->ops->accept(m->host, offer, ids, j->n_slices, err);
	free(ids);
	return rc;
}

/* A demand whose units are all accepted is met and gone. */
static unsigned units_of(const struct mpi_job *j)
{
	unsigned units = 0;

	for (size_t i = 0; i < j->n_slices; i++)
		units += j->slices[i].units;
	return units;
}

bool mpi_start(struct mpi *m, struct mpi_job *j, struct mpi_slice *slices,
	       size_t n, uint64_t offer)
{
	struct map_place *places = keep_array(n, sizeof(*places));
	struct berth_error err;
	bool fits = mpi_job_map(j, slices, n, places);

	if (!fits)
		goto out;
	mpi_job_place(j, slices, n, places);
	for (size_t i = 0; i < j->n_slices; i++)
		idmap_put(&m->by_slice, j->slices[i].id, j);
	j->offer = offer;
	j->state = MPI_RUNNING;
	j->began_ms = m->ops->now_ms(m->host);
	if ((offer && accept_used(m, j, offer, &err) < 0) ||
	    launch(m, j, places, n, &err) < 0) {
		/* Nothing of it is on its way: no task will ever report. */
		complain(m, j, "launch", &err);
		j->decided = true;
		j->verdict.outcome = BERTH_FAILED;
		j->verdict.exit_code = 2;
		snprintf(j->verdict.text, sizeof(j->verdict.text), "%.300s",
			 err.text);
		mpi_finish(m, j);
		goto out;
	}
	if (j->asked && (!offer || units_of(j) < mpi_job_demand(j).max))
		m->ops->withdraw(m->host, j->demand, NULL);
	j->asked = false;
	m->ops->job_running(m->host, j->id, NULL);
out:
	map_finish(places, n);
	free(places);
	return fits;
}

void mpi_kill(struct mpi *m, struct mpi_job *j)
{
	j->state = MPI_ENDING;
	if (j->n_ended < j->n_tasks)
		m->ops->kill(m->host, j->id, -1, 0, 0, NULL);
}

void mpi_bury(struct mpi *m, struct mpi_job *j, unsigned index)
{
	struct mpi_task *t = mpi_job_task(j, index);
	struct mpi_slice *s;

	if (!t || !t->died || j->n_ended == j->n_tasks)
		return;
	s = &j->slices[t - j->tasks];
	if (s->gone)
		return;
	m->ops->release(m->host, &s->id, 1, NULL);
	idmap_remove(&m->by_slice, s->id);
	s->gone = true;
}

/* ---- ending ---- */

/* The first in the queue, when it wants such slices as these. */
static struct mpi_job *next_alike(struct mpi *m, const struct mpi_job *like)
{
	struct mpi_job *j;

	TAILQ_FOREACH (j, &m->jobs, link) {
		if (j == like || j->state != MPI_WAITING || j->firm_until_ms)
			continue;
		if (want_equal(j->want, like->want) &&
		    j->options.ranks_per_node == like->options.ranks_per_node &&
		    j->options.ranks == like->options.ranks)
			return j;
		return NULL;
	}
	return NULL;
}

static bool may_keep(struct mpi *m, const struct mpi_slice *slices, size_t n)
{
	uint64_t now = m->ops->now_ms(m->host);

	for (size_t i = 0; i < n; i++)
		if (slices[i].gone || slices[i].wanted_back ||
		    now - slices[i].since_ms > TURN_MS)
			return false;
	return n > 0;
}

/* One call a slice: a call is refused whole, and a slice may have been lost a
 * moment ago. */
static void release(struct mpi *m, const struct mpi_slice *slices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slices[i].id && !slices[i].gone)
			m->ops->release(m->host, &slices[i].id, 1, NULL);
}

/* Give the slices of an ended job to the next one, or back. */
static void pass_on(struct mpi *m, const struct mpi_job *like,
		    struct mpi_slice *slices, size_t n)
{
	struct mpi_job *next = NULL;

	for (size_t i = 0; i < n; i++)
		idmap_remove(&m->by_slice, slices[i].id);
	if (may_keep(m, slices, n))
		next = next_alike(m, like);
	if (next)
		mpi_start(m, next, slices, n, 0);
	release(m, slices, n); /* those that were not taken over */
}

static void report(struct mpi *m, const struct mpi_job *j,
		   const struct verdict *v)
{
	struct berth_job_end end = BERTH_INIT(end);

	end.outcome = v->outcome;
	end.exit_code = v->exit_code;
	end.text = v->text;
	m->ops->job_ended(m->host, j->id, &end, NULL);
}

void mpi_end(struct mpi *m, struct mpi_job *j, const struct verdict *v)
{
	report(m, j, v);
	TAILQ_REMOVE(&m->jobs, j, link);
	idmap_remove(&m->by_id, j->id);
	mpi_job_destroy(j);
}

void mpi_finish(struct mpi *m, struct mpi_job *j)
{
	struct mpi_slice *slices = j->slices;
	size_t n = j->n_slices;
	struct verdict done;
	bool again = j->again && !j->decided;

	if (again)
		mpi_job_lost(j, m->ops->now_ms(m->host));
	j->slices = NULL;
	j->n_slices = 0;
	if (again) {
		release(m, slices, n);
		for (size_t i = 0; i < n; i++)
			idmap_remove(&m->by_slice, slices[i].id);
		mpi_job_clear(j);
		j->state = MPI_WAITING;
		mpi_want(m, j);
		mpi_loosen(m);
	} else {
		if (j->decided)
			done = j->verdict;
		else
			mpi_job_done(j, &done);
		verdict_add_restarts(&done, j->n_restarts);
		report(m, j, &done);
		TAILQ_REMOVE(&m->jobs, j, link);
		idmap_remove(&m->by_id, j->id);
		pass_on(m, j, slices, n);
		mpi_job_destroy(j);
	}
	mpi_slices_free(slices, n);
}
