#include "plugins/mpi/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

struct mpi_job *mpi_job_create(const struct berth_job *from,
			       struct berth_error *err)
{
	struct mpi_job *j = keep_alloc(sizeof(*j));

	j->id = from->id;
	j->no_requeue = BERTH_HAS(from, no_requeue) && from->no_requeue;
	j->grace_ms = from->grace_ms;
	j->restarts = BERTH_HAS(from, restarts) ? from->restarts : 0;
	j->keeps = BERTH_HAS(from, checkpoint_signal) &&
		   from->checkpoint_signal;
	snprintf(j->demand, sizeof(j->demand), "%" PRIu64, from->id);
	if (mpi_options_read(&j->options, from->options, err) < 0) {
		free(j);
		return NULL;
	}
	j->want = want_create(from);
	if (!j->options.ranks_per_node)
		j->options.ranks_per_node = j->want->constraints.per_node;
	j->want->constraints.per_node = j->options.ranks_per_node;
	if (j->want->prefer.packing == BERTH_PACK_ANY)
		j->want->prefer.packing = j->options.map_by == MAP_NODE ?
						  BERTH_SPREAD :
						  BERTH_PACK;
	j->state = MPI_WAITING;
	return j;
}

void mpi_job_destroy(struct mpi_job *j)
{
	if (!j)
		return;
	mpi_job_clear(j);
	mpi_options_finish(&j->options);
	want_destroy(j->want);
	free(j);
}

/* Exactly per_node units on a node: the last node's may stay in part unused. */
static unsigned rounded(unsigned ranks, unsigned per_node)
{
	return per_node ? (ranks + per_node - 1) / per_node * per_node : ranks;
}

struct berth_demand mpi_job_demand(const struct mpi_job *j)
{
	struct berth_demand d = want_demand(j->want, j->demand);
	unsigned per_node = j->options.ranks_per_node;

	d.gang = true;
	d.count = d.max = rounded(j->options.ranks, per_node);
	/* Whatever there is at the moment: one unit, or one node's. */
	if (j->options.oversubscribe)
		d.count = per_node ? per_node : 1;
	d.no_revocable = j->firm_until_ms > 0;
	return d;
}

bool mpi_job_map(const struct mpi_job *j, const struct mpi_slice *slices,
		 size_t n, struct map_place *places)
{
	const struct mpi_options *o = &j->options;

	for (size_t i = 0; i < n; i++) {
		memset(&places[i], 0, sizeof(places[i]));
		places[i].node = slices[i].node;
		places[i].units = slices[i].units;
	}
	return map_ranks(places, n, o->ranks,
			 o->oversubscribe ? 0 : o->ranks_per_node, o->map_by,
			 o->oversubscribe);
}

void mpi_job_place(struct mpi_job *j, struct mpi_slice *slices, size_t n,
		   const struct map_place *places)
{
	j->slices = keep_array(n, sizeof(*j->slices));
	j->tasks = keep_array(n, sizeof(*j->tasks));
	for (size_t i = 0; i < n; i++) {
		if (!places[i].n_ranks)
			continue;
		j->slices[j->n_slices++] = slices[i];
		memset(&slices[i], 0, sizeof(slices[i]));
		j->tasks[j->n_tasks].index = j->next_index++;
		j->tasks[j->n_tasks++].n_ranks = places[i].n_ranks;
	}
}

struct mpi_task *mpi_job_task(struct mpi_job *j, unsigned index)
{
	size_t i;

	/* The indices of an attempt follow one another. */
	if (!j->n_tasks || index < j->tasks[0].index)
		return NULL;
	i = index - j->tasks[0].index;
	return i < j->n_tasks ? &j->tasks[i] : NULL;
}

struct mpi_slice *mpi_job_slice(struct mpi_job *j, uint64_t id)
{
	for (size_t i = 0; i < j->n_slices; i++)
		if (j->slices[i].id == id)
			return &j->slices[i];
	return NULL;
}

static void name_rank(const struct berth_task *t, char *out, size_t size)
{
	if (t->rank >= 0)
		snprintf(out, size, "rank %d", t->rank);
	else if (t->n_ranks == 1)
		snprintf(out, size, "rank %u", t->ranks[0]);
	else if (t->n_ranks)
		snprintf(out, size, "ranks %u-%u", t->ranks[0],
			 t->ranks[t->n_ranks - 1]);
	else
		snprintf(out, size, "a rank");
}

/* The broker's clock and ours are read at different times; the grace of a job
 * that says nothing. */
enum { SLACK_MS = 200, GRACE_MS = 5000 };

void mpi_job_want_back(struct mpi_job *j, uint64_t id, unsigned deadline_ms,
		       uint64_t now_ms)
{
	struct mpi_slice *s = mpi_job_slice(j, id);
	unsigned grace_ms = (j->grace_ms ? j->grace_ms : GRACE_MS) + SLACK_MS;

	s->wanted_back = true;
	s->signals_ms = now_ms;
	if (deadline_ms > grace_ms)
		s->signals_ms += deadline_ms - grace_ms;
}

static bool told_to_end(const struct mpi_job *j, uint64_t now_ms)
{
	for (size_t i = 0; i < j->n_slices; i++)
		if (j->slices[i].wanted_back &&
		    now_ms >= j->slices[i].signals_ms)
			return true;
	return false;
}

/* What the user reads when it is not queued again. */
static void set_revoked(struct verdict *v, const struct berth_task *t,
			const char *who)
{
	struct berth_task revoked = *t;

	revoked.end = BERTH_END_REVOKED;
	verdict_task(v, &revoked, who);
}

/* Its ranks are gone, and the others may go on without them. */
static bool outlives(const struct mpi_job *j, const struct berth_task *t)
{
	if (!j->options.ft)
		return false;
	return t->end == BERTH_END_SIGNALED ||
	       t->end == BERTH_END_NO_FINALIZE || t->end == BERTH_END_LOST;
}

/* true: nobody is left. */
static bool bury(struct mpi_job *j, struct mpi_task *task,
		 const struct berth_task *t, const char *who)
{
	task->died = true;
	if (!*j->death.text)
		verdict_task(&j->death, t, who);
	if (++j->n_died < j->n_tasks)
		return false;
	j->verdict = j->death;
	return true;
}

/* Some of its ranks died, the others came to their end. */
static void note_deaths(struct mpi_job *j, const struct berth_task *t)
{
	if (j->options.ft && t->text && *t->text && !*j->death.text)
		snprintf(j->death.text, sizeof(j->death.text), "%s", t->text);
}

bool mpi_job_task_ended(struct mpi_job *j, const struct berth_task *t,
			uint64_t now_ms)
{
	struct mpi_task *task = mpi_job_task(j, t->index);
	char who[48];

	if (!task || task->ended)
		return false;
	task->ended = true;
	j->n_ended++;
	if (j->decided || j->again)
		return false;
	name_rank(t, who, sizeof(who));
	/* Its ranks may fail for what the others, which are being ended, left
	 * undone; whoever is done is done. */
	if (t->end == BERTH_END_REVOKED ||
	    (told_to_end(j, now_ms) && !verdict_task(&j->verdict, t, who))) {
		j->again = !j->no_requeue;
		j->decided = j->no_requeue;
		set_revoked(&j->verdict, t, who);
		return true;
	}
	if (outlives(j, t)) {
		if (!bury(j, task, t, who))
			return false;
	} else if (verdict_task(&j->verdict, t, who)) {
		note_deaths(j, t);
		return false;
	}
	if (j->n_restarts < j->restarts && verdict_restarts(t)) {
		j->n_restarts++;
		j->again = true;
	} else {
		j->decided = true;
	}
	return true;
}

void mpi_job_lost(struct mpi_job *j, uint64_t now_ms)
{
	bool taken = false;

	for (size_t i = 0; i < j->n_slices; i++)
		taken |= j->slices[i].wanted_back && j->slices[i].revocable;
	if (!taken || j->keeps)
		return;
	j->lost_ms += now_ms - j->began_ms;
	j->firm_until_ms = now_ms + j->lost_ms;
}

void mpi_job_done(const struct mpi_job *j, struct verdict *v)
{
	v->outcome = BERTH_DONE;
	v->exit_code = 0;
	v->text[0] = '\0';
	if (*j->death.text)
		snprintf(v->text, sizeof(v->text), "went on without others: "
			 "%.340s", j->death.text);
}

void mpi_job_clear(struct mpi_job *j)
{
	mpi_slices_free(j->slices, j->n_slices);
	free(j->tasks);
	j->slices = NULL;
	j->tasks = NULL;
	j->n_slices = j->n_tasks = j->n_ended = j->n_died = 0;
	j->death.text[0] = '\0';
	j->offer = 0;
	j->again = j->decided = false;
}

void mpi_slices_free(struct mpi_slice *slices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(slices[i].node);
	free(slices);
}
