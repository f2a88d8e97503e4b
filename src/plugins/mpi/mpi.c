/*
 * mpi.c - the framework for MPI jobs: what it does on each event.
 *
 * A job waits with a demand for all its ranks (a gang), is launched as one
 * PMIx job with a task in each slice, and ends with its first failure or when
 * all its tasks have.  What runs where is map.c's, a job's state job.c's.
 */
#include "plugins/mpi/mpi.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

/* A launch that is refused so often is the job's own fault. */
enum { MAX_REFUSALS = 3 };
/* No offer for the same demand so soon after one that did not fit. */
enum { MISFIT_MS = 1000 };

static void *create(const struct berth_setup *setup, struct berth_error *err)
{
	struct mpi *m = keep_alloc(sizeof(*m));

	m->host = setup->host;
	m->ops = setup->ops;
	TAILQ_INIT(&m->jobs);
	idmap_init(&m->by_id);
	idmap_init(&m->by_slice);
	m->firm = m->ops->timer_create(m->host, mpi_loosen, m);
	return m;
}

static void destroy(void *self)
{
	struct mpi *m = self;

	mpi_forget(m);
	m->ops->timer_destroy(m->firm);
	free(m);
}

static void on_state(void *self, const struct berth_state *state)
{
	mpi_rebuild(self, state);
}

static void on_job(void *self, const struct berth_job *job)
{
	struct mpi_job *j = mpi_add(self, job);

	if (j && j->state == MPI_WAITING)
		mpi_want(self, j);
}

static void on_cancel(void *self, uint64_t job)
{
	struct mpi *m = self;
	struct mpi_job *j = idmap_get(&m->by_id, job);
	struct verdict v = { .outcome = BERTH_CANCELLED,
			     .exit_code = 130,
			     .text = "cancelled" };

	if (!j)
		return;
	switch (j->state) {
	case MPI_WAITING:
		m->ops->withdraw(m->host, j->demand, NULL);
		mpi_end(m, j, &v);
		break;
	case MPI_RUNNING:
	case MPI_ENDING:
		if (j->decided)
			break;
		j->verdict = v;
		j->decided = true;
		mpi_kill(m, j);
		break;
	}
}

/* ---- offers ---- */

/* Ranks follow the nodes' names: n2 before n10. */
static int by_node(const void *a, const void *b)
{
	const struct mpi_slice *x = a, *y = b;

	return strverscmp(x->node, y->node);
}

static struct mpi_slice *copy_slices(struct mpi *m, const struct berth_offer *o)
{
	struct mpi_slice *slices = keep_array(o->n_slices, sizeof(*slices));

	for (size_t i = 0; i < o->n_slices; i++) {
		slices[i].id = o->slices[i]->id;
		slices[i].node = keep_string(o->slices[i]->node);
		slices[i].units = o->slices[i]->units;
		slices[i].revocable = o->slices[i]->revocable;
		slices[i].since_ms = m->ops->now_ms(m->host);
	}
	qsort(slices, o->n_slices, sizeof(*slices), by_node);
	return slices;
}

static void on_offer(void *self, const struct berth_offer *o)
{
	struct mpi *m = self;
	struct mpi_job *j = idmap_get(&m->by_id,
				      strtoull(o->demand, NULL, 10));
	struct mpi_slice *slices;

	if (!j || j->state != MPI_WAITING) {
		/* Its job went elsewhere while the offer was on its way. */
		m->ops->decline(m->host, o->id, 0, NULL, 0, NULL);
		m->ops->withdraw(m->host, o->demand, NULL);
		return;
	}
	slices = copy_slices(m, o);
	if (!mpi_start(m, j, slices, o->n_slices, o->id)) {
		m->ops->log(m->host, BERTH_LOG_WARN,
			    "job %" PRIu64 ": its %u ranks do not fit into the "
			    "offered slices",
			    j->id, j->options.ranks);
		m->ops->decline(m->host, o->id, MISFIT_MS, NULL, 0, NULL);
	}
	mpi_slices_free(slices, o->n_slices);
}

/* ---- tasks and slices ---- */

static void on_task(void *self, const struct berth_task *t)
{
	struct mpi *m = self;
	struct mpi_job *j = idmap_get(&m->by_id, t->job);

	if (!j || t->state != BERTH_TASK_ENDED)
		return;
	if (mpi_job_task_ended(j, t, m->ops->now_ms(m->host)))
		mpi_kill(m, j);
	mpi_bury(m, j, t->index);
	if (j->n_tasks && j->n_ended == j->n_tasks)
		mpi_finish(m, j);
}

static void on_revoke(void *self, uint64_t slice, unsigned deadline_ms)
{
	struct mpi *m = self;
	struct mpi_job *j = idmap_get(&m->by_slice, slice);

	if (j)
		mpi_job_want_back(j, slice, deadline_ms,
				  m->ops->now_ms(m->host));
	/* The broker signals the task, then ends it; its end queues the job
	 * again. */
}

static void on_lost(void *self, const uint64_t *slices, size_t n,
		    const char *node)
{
	struct mpi *m = self;

	for (size_t i = 0; i < n; i++) {
		struct mpi_job *j = idmap_get(&m->by_slice, slices[i]);

		if (j)
			mpi_job_slice(j, slices[i])->gone = true;
	}
}

/* ---- refusals ---- */

/* The job never started: into the queue again, or, after too many, its end. */
static void start_refused(struct mpi *m, struct mpi_job *j, bool accepted,
			  const char *text)
{
	if (j->state != MPI_RUNNING && j->state != MPI_ENDING)
		return;
	for (size_t i = 0; !accepted && i < j->n_slices; i++)
		j->slices[i].gone = true; /* never were ours */
	if (accepted && ++j->refusals >= MAX_REFUSALS && !j->decided) {
		j->decided = true;
		j->verdict.outcome = BERTH_FAILED;
		j->verdict.exit_code = 2;
		snprintf(j->verdict.text, sizeof(j->verdict.text), "%.300s",
			 text);
	}
	j->again = true;
	mpi_finish(m, j);
}

static void on_error(void *self, const struct berth_refusal *r)
{
	struct mpi *m = self;
	struct mpi_job *j;
	struct verdict v = { .outcome = BERTH_FAILED, .exit_code = 2 };

	switch (r->call) {
	case BERTH_CALL_DEMAND:
		j = idmap_get(&m->by_id, strtoull(r->demand, NULL, 10));
		if (!j || j->state != MPI_WAITING)
			break;
		snprintf(v.text, sizeof(v.text), "%.300s", r->text);
		mpi_end(m, j, &v);
		break;
	case BERTH_CALL_ACCEPT:
		TAILQ_FOREACH (j, &m->jobs, link)
			if (j->offer == r->offer)
				break;
		if (j)
			start_refused(m, j, false, r->text);
		break;
	case BERTH_CALL_LAUNCH:
		j = idmap_get(&m->by_id, r->job);
		/* When its accept was refused it has begun anew already. */
		if (j && r->n_tasks && mpi_job_task(j, r->tasks[0]))
			start_refused(m, j, true, r->text);
		break;
	default:
		break;
	}
}

const struct berth_plugin berth_plugin = {
	.abi = BERTH_PLUGIN_ABI,
	.size = sizeof(struct berth_plugin),
	.name = "mpi",
	.options_doc =
		"ranks: number of ranks (default 1)\n"
		"ranks_per_node: exactly so many on a node (default any)\n"
		"map_by: core, slot, node, numa, l3, socket (default core)\n"
		"bind_to: core, numa, l3, socket, none (default core)\n"
		"oversubscribe: ranks may share cores (default false)\n"
		"report_bindings: print where each rank is bound\n"
		"tag_output: mark lines with their rank\n"
		"ft: ranks may die, the others are told and go on\n"
		"apps: list of {argv, env, cwd, ranks}, one a program (MPMD)",
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
};
