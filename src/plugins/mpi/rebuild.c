/* rebuild.c - the framework's state from what the broker knows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"
#include "plugins/mpi/mpi.h"

void mpi_forget(struct mpi *m)
{
	while (!TAILQ_EMPTY(&m->jobs)) {
		struct mpi_job *j = TAILQ_FIRST(&m->jobs);

		TAILQ_REMOVE(&m->jobs, j, link);
		mpi_job_destroy(j);
	}
	idmap_finish(&m->by_id);
	idmap_finish(&m->by_slice);
}

/* A job whose options are wrong ends at once; NULL then. */
struct mpi_job *mpi_add(struct mpi *m, const struct berth_job *job)
{
	struct berth_job_end end = BERTH_INIT(end);
	struct berth_error err;
	struct mpi_job *j;

	if (idmap_get(&m->by_id, job->id))
		return NULL;
	j = mpi_job_create(job, &err);
	if (!j) {
		end.outcome = BERTH_FAILED;
		end.exit_code = 2;
		end.text = err.text;
		m->ops->job_ended(m->host, job->id, &end, NULL);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&m->jobs, j, link);
	idmap_put(&m->by_id, j->id, j);
	return j;
}

static int by_index_down(const void *a, const void *b)
{
	const struct berth_task *x = *(const struct berth_task *const *)a;
	const struct berth_task *y = *(const struct berth_task *const *)b;

	return (x->index < y->index) - (x->index > y->index);
}

/* Tasks of the last attempt: the highest indices that hold all ranks
 * together.  Returns how many of the list (highest first) those are. */
static size_t last_attempt(const struct berth_task *const *tasks, size_t n,
			   unsigned ranks)
{
	size_t have = 0, i;

	for (i = 0; i < n && have < ranks; i++)
		have += tasks[i]->n_ranks;
	return have == ranks ? i : 0;
}

static const struct berth_slice *find_slice(const struct berth_state *s,
					    uint64_t id)
{
	for (size_t i = 0; i < s->n_slices; i++)
		if (s->slices[i]->id == id)
			return s->slices[i];
	return NULL;
}

static void adopt_task(struct mpi *m, struct mpi_job *j,
		       const struct berth_task *t, const struct berth_state *s)
{
	const struct berth_slice *from = find_slice(s, t->slice);
	struct mpi_slice *slice = &j->slices[j->n_slices++];
	struct mpi_task *task = &j->tasks[j->n_tasks++];

	task->index = t->index;
	task->n_ranks = (unsigned)t->n_ranks;
	slice->id = t->slice;
	slice->node = keep_string(t->node);
	slice->units = from ? from->units : 0;
	slice->gone = !from;
	slice->revocable = from && from->revocable;
	slice->since_ms = m->ops->now_ms(m->host);
	/* A slice of an ended task may serve another job by now. */
	if (from && t->state == BERTH_TASK_ENDED &&
	    from->job && from->job != j->id)
		slice->gone = true;
	if (!slice->gone && !idmap_get(&m->by_slice, slice->id))
		idmap_put(&m->by_slice, slice->id, j);
}

/* Attempts before the last that failed: each has the one task with rank 0, its
 * first; those that were revoked do not count. */
static unsigned count_restarts(const struct berth_task *const *tasks, size_t n)
{
	unsigned count = 0;
	bool revoked = false;

	for (size_t i = 0; i < n; i++) {
		revoked |= tasks[i]->end == BERTH_END_REVOKED;
		if (tasks[i]->n_ranks == 0 || tasks[i]->ranks[0] != 0)
			continue;
		count += !revoked;
		revoked = false;
	}
	return count;
}

/* Find out how far the job is, from its tasks (highest index first). */
static void resume(struct mpi *m, struct mpi_job *j,
		   const struct berth_task *const *tasks, size_t n,
		   const struct berth_state *s)
{
	size_t last = last_attempt(tasks, n, j->options.ranks);

	j->next_index = n ? tasks[0]->index + 1 : 0;
	j->n_restarts = count_restarts(tasks + last, n - last);
	if (!last)
		return;
	j->state = MPI_RUNNING;
	j->began_ms = m->ops->now_ms(m->host);
	j->slices = keep_array(last, sizeof(*j->slices));
	j->tasks = keep_array(last, sizeof(*j->tasks));
	for (size_t i = last; i > 0; i--)
		adopt_task(m, j, tasks[i - 1], s);
	for (size_t i = last; i > 0; i--)
		if (tasks[i - 1]->state == BERTH_TASK_ENDED &&
		    mpi_job_task_ended(j, tasks[i - 1],
				       m->ops->now_ms(m->host)))
			mpi_kill(m, j);
	for (size_t i = last; i > 0; i--)
		mpi_bury(m, j, tasks[i - 1]->index);
}

static void release_unused(struct mpi *m, const struct berth_state *s)
{
	for (size_t i = 0; i < s->n_slices; i++)
		if (s->slices[i]->state == BERTH_SLICE_HELD &&
		    !idmap_get(&m->by_slice, s->slices[i]->id))
			m->ops->release(m->host, &s->slices[i]->id, 1, NULL);
}

static void add_and_resume(struct mpi *m, const struct berth_job *job,
			   const struct berth_task **room,
			   const struct berth_state *s)
{
	struct mpi_job *j = mpi_add(m, job);
	size_t n = 0;

	if (!j)
		return;
	for (size_t i = 0; i < s->n_tasks; i++)
		if (s->tasks[i]->job == j->id)
			room[n++] = s->tasks[i];
	qsort(room, n, sizeof(*room), by_index_down);
	resume(m, j, room, n, s);
}

void mpi_rebuild(struct mpi *m, const struct berth_state *s)
{
	const struct berth_task **room = keep_array(s->n_tasks, sizeof(*room));
	struct mpi_job *j, *next;

	mpi_forget(m);
	for (size_t i = 0; i < s->n_jobs; i++)
		add_and_resume(m, s->jobs[i], room, s);
	free(room);
	release_unused(m, s);
	/* Those that ended while nobody looked, then those that wait. */
	for (j = TAILQ_FIRST(&m->jobs); j; j = next) {
		next = TAILQ_NEXT(j, link);
		if (j->n_tasks && j->n_ended == j->n_tasks)
			mpi_finish(m, j);
	}
	for (j = TAILQ_FIRST(&m->jobs); j; j = next) {
		next = TAILQ_NEXT(j, link);
		if (j->state == MPI_WAITING)
			mpi_want(m, j);
	}
}
