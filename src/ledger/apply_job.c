/* apply_job.c - jobs and tasks: from queued to a short record. */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/mem.h"

static int wrong_state(struct berth_error *err, const struct job *j)
{
	return error_set(err, BERTH_ECONFLICT, "job %llu is %s",
			 (unsigned long long)j->id, job_state_name(j->state));
}

static char *text_or_null(const char *text)
{
	return text != NULL && *text != '\0' ? mem_strdup(text) : NULL;
}

/* ---- jobs ---- */

int apply_job_submitted(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct framework *f;
	struct job *j;

	if (ev->job_submitted.job < l->next_job)
		return error_set(err, BERTH_ECONFLICT,
				 "job %llu: the next one is %llu",
				 (unsigned long long)ev->job_submitted.job,
				 (unsigned long long)l->next_job);
	f = state_framework(l, ev->job_submitted.framework, err);
	if (f == NULL)
		return -1;
	j = job_create(ev->job_submitted.job);
	j->name = mem_strdup(ev->job_submitted.name);
	j->framework = state_intern(l, f->name);
	j->role = state_intern(l, ev->job_submitted.role);
	j->user = state_intern(l, ev->job_submitted.user);
	j->spec = mem_strdup(ev->job_submitted.spec);
	j->priority = ev->job_submitted.priority;
	j->grace_us = ev->job_submitted.grace_us;
	if (ev->job_submitted.nleaves > 0)
		j->leaves = mem_strv_dup(
			(char *const *)ev->job_submitted.leaves,
			ev->job_submitted.nleaves);
	j->submitted_us = ev->at_us;
	idmap_put(&l->jobs, j->id, j);
	TAILQ_INSERT_TAIL(&l->live, j, of_ledger);
	l->next_job = j->id + 1;
	f->njobs++;
	l->count.jobs_submitted++;
	return 0;
}

int apply_job_cancelled(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct job *j = state_job(l, ev->job.job, err);

	if (j == NULL)
		return -1;
	if (j->state == JOB_ENDED)
		return wrong_state(err, j);
	j->cancelled = true;
	return 0;
}

int apply_job_started(struct ledger *l, const struct event *ev,
		      struct berth_error *err)
{
	struct job *j = state_job(l, ev->job.job, err);

	if (j == NULL)
		return -1;
	if (j->state != JOB_QUEUED)
		return wrong_state(err, j);
	j->state = JOB_RUNNING;
	j->started_us = ev->at_us;
	return 0;
}

int apply_job_finished(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct job *j = state_job(l, ev->job.job, err);
	struct framework *f;

	if (j == NULL)
		return -1;
	if (j->state == JOB_ENDED)
		return wrong_state(err, j);
	if (ev->job.outcome <= JOB_NONE || ev->job.outcome > JOB_LOST)
		return error_set(err, BERTH_EINPUT,
				 "job %llu: an end without an outcome",
				 (unsigned long long)j->id);
	if (j->counts.starting + j->counts.running > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "job %llu: %u of its tasks still run: end "
				 "them first", (unsigned long long)j->id,
				 j->counts.starting + j->counts.running);
	j->state = JOB_ENDED;
	j->outcome = ev->job.outcome;
	j->exit_code = ev->job.exit_code;
	j->signal = ev->job.signal;
	j->text = text_or_null(ev->job.text);
	j->ended_us = ev->at_us;
	TAILQ_REMOVE(&l->live, j, of_ledger);
	TAILQ_INSERT_TAIL(&l->ended, j, of_ledger);
	l->nended++;
	l->ended_tasks += j->by_index.count;
	if (l->uncollapsed == NULL)
		l->uncollapsed = j;
	f = map_get(l->frameworks, j->framework);
	f->njobs--;
	if (f->gone)
		l->changed = true;
	l->count.jobs_ended++;
	return 0;
}

static bool failed(const struct task *t)
{
	return t->status.end != TASK_END_EXITED || t->status.exit_code != 0;
}

/* Of failed tasks the end remains, of the first `most` that is. */
static void leave_traces(struct job *j, size_t most)
{
	size_t n = j->counts.failed < most ? j->counts.failed : most;
	struct task *t;

	if (n == 0)
		return;
	j->trace = mem_array(n, sizeof(*j->trace));
	TAILQ_FOREACH(t, &j->tasks, of_job) {
		if (!failed(t) || j->ntraces == n)
			continue;
		j->trace[j->ntraces++] = (struct task_trace){
			.index = t->index,
			.end = t->status.end,
			.array_index = t->array_index,
			.exit_code = t->status.exit_code,
			.signal = t->status.signal,
		};
	}
}

int apply_job_collapsed(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct job *j = state_job(l, ev->job.job, err);

	if (j == NULL)
		return -1;
	if (j->state != JOB_ENDED || j->collapsed)
		return wrong_state(err, j);
	l->ended_tasks -= j->by_index.count;
	leave_traces(j, l->options.keep_failed);
	if (ev->job.launched > 0) {
		j->counts.total = ev->job.launched;
		j->counts.done = ev->job.done;
		j->counts.failed = ev->job.failed;
	}
	while (!TAILQ_EMPTY(&j->tasks)) {
		struct task *t = TAILQ_FIRST(&j->tasks);

		TAILQ_REMOVE(&j->tasks, t, of_job);
		task_destroy(t);
	}
	idmap_finish(&j->by_index);
	free(j->spec);
	j->spec = NULL;
	j->collapsed = true;
	while (l->uncollapsed != NULL && l->uncollapsed->collapsed)
		l->uncollapsed = TAILQ_NEXT(l->uncollapsed, of_ledger);
	return 0;
}

int apply_job_forgotten(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct job *j = state_job(l, ev->job.job, err);

	if (j == NULL)
		return -1;
	if (!j->collapsed)
		return error_set(err, BERTH_ECONFLICT,
				 "job %llu: it is not collapsed yet",
				 (unsigned long long)j->id);
	idmap_remove(&l->jobs, j->id);
	TAILQ_REMOVE(&l->ended, j, of_ledger);
	l->nended--;
	job_destroy(j);
	return 0;
}

/* ---- tasks ---- */

static int check_launch(const struct job *j, const struct slice *s,
			const struct event *ev, struct berth_error *err)
{
	unsigned long long id = j->id;
	uint32_t index = ev->task_launched.index;

	if (j->state == JOB_ENDED)
		return wrong_state(err, j);
	if (idmap_get(&j->by_index, index) != NULL)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: there is one of this index", id,
				 index);
	if (index == UINT32_MAX)
		return error_set(err, BERTH_EINPUT,
				 "task %llu.%u: the index is too large", id,
				 index);
	if (s->state == SLICE_OFFERED)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: slice %llu is only offered: "
				 "accept it first", id, index,
				 (unsigned long long)s->id);
	if (s->revoking)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: slice %llu is being taken back",
				 id, index, (unsigned long long)s->id);
	return 0;
}

int apply_task_launched(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct job *j = state_job(l, ev->task_launched.job, err);
	struct slice *s;
	struct task *t;

	if (j == NULL)
		return -1;
	s = state_slice(l, ev->task_launched.slice, err);
	if (s == NULL || check_launch(j, s, ev, err) != 0)
		return -1;
	t = task_create(j, ev->task_launched.index);
	t->array_index = ev->task_launched.array_index;
	t->nranks = ev->task_launched.nranks;
	if (t->nranks > 0)
		t->ranks = mem_dup(ev->task_launched.ranks,
				   t->nranks * sizeof(*t->ranks));
	t->slice = s;
	t->slice_id = s->id;
	t->node = s->node;
	t->where = s->node->name;
	TAILQ_INSERT_TAIL(&j->tasks, t, of_job);
	TAILQ_INSERT_TAIL(&s->tasks, t, of_slice);
	idmap_put(&j->by_index, t->index, t);
	if (t->index >= j->next_index)
		j->next_index = t->index + 1;
	j->counts.total++;
	j->counts.starting++;
	s->ntasks++;
	s->state = SLICE_BUSY;
	s->job = j->id;
	s->node->ntasks++;
	l->count.tasks_launched++;
	return 0;
}

static int ended_already(struct berth_error *err, const struct task *t)
{
	return error_set(err, BERTH_ECONFLICT, "task %llu.%u is %s already",
			 (unsigned long long)t->job->id, t->index,
			 task_state_name(t->status.state));
}

int apply_task_started(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct task *t = state_task(l, ev->task.job, ev->task.index, err);

	if (t == NULL)
		return -1;
	if (t->status.state != TASK_STARTING)
		return ended_already(err, t);
	t->status.state = TASK_RUNNING;
	t->status.start_us = ev->task.status.start_us > 0 ?
			     ev->task.status.start_us : ev->at_us;
	t->job->counts.starting--;
	t->job->counts.running++;
	return 0;
}

static void copy_status(struct task *t, const struct event *ev)
{
	uint64_t start_us = t->status.start_us;

	t->status = ev->task.status;
	t->status.state = TASK_ENDED;
	t->status.text = text_or_null(ev->task.status.text);
	if (t->status.start_us == 0)
		t->status.start_us = start_us;
	if (t->status.end_us == 0)
		t->status.end_us = ev->at_us;
}

int apply_task_finished(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct task *t = state_task(l, ev->task.job, ev->task.index, err);
	struct slice *s;

	if (t == NULL)
		return -1;
	if (t->status.state == TASK_ENDED)
		return ended_already(err, t);
	if (ev->task.status.end <= TASK_END_NONE ||
	    ev->task.status.end >= TASK_ENDS)
		return error_set(err, BERTH_EINPUT,
				 "task %llu.%u: an end of unknown kind %d",
				 (unsigned long long)t->job->id, t->index,
				 (int)ev->task.status.end);
	if (t->status.state == TASK_STARTING)
		t->job->counts.starting--;
	else
		t->job->counts.running--;
	copy_status(t, ev);
	if (failed(t))
		t->job->counts.failed++;
	else
		t->job->counts.done++;
	l->count.tasks_ended++;
	s = t->slice;
	if (s == NULL) {
		TAILQ_REMOVE(&l->recalled, t, of_slice);
		return 0;
	}
	TAILQ_REMOVE(&s->tasks, t, of_slice);
	t->slice = NULL;
	t->node->ntasks--;
	s->ntasks--;
	if (s->ntasks == 0) {
		s->state = SLICE_HELD;
		if (s->revoking) {
			s->emptied = true;
			l->changed = true;
		}
		if (s->framework->gone)
			l->changed = true;
	}
	return 0;
}
