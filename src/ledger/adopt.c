/*
 * adopt.c - what an earlier leader gave away: tasks are recalled from what was
 * agreed on, and adopted with their slices when their nodes tell of them.
 */
#include "ledger/state.h"

#include <string.h>

#include "base/mem.h"

/* ---- events ---- */

bool state_recalled(const struct task *t)
{
	return t->slice == NULL && t->status.state != TASK_ENDED;
}

static void count(struct job *j, const struct task_status *s)
{
	j->counts.total++;
	if (s->state == TASK_STARTING)
		j->counts.starting++;
	else if (s->end == TASK_END_EXITED && s->exit_code == 0)
		j->counts.done++;
	else
		j->counts.failed++;
}

int apply_task_recalled(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct job *j = state_job(l, ev->task_recalled.job, err);
	const struct task_status *s = &ev->task_recalled.status;
	struct task *t;

	if (j == NULL)
		return -1;
	if (j->state == JOB_ENDED || ev->task_recalled.index == UINT32_MAX ||
	    idmap_get(&j->by_index, ev->task_recalled.index) != NULL ||
	    s->state == TASK_RUNNING)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: it cannot be recalled",
				 (unsigned long long)j->id,
				 ev->task_recalled.index);
	t = task_create(j, ev->task_recalled.index);
	t->array_index = ev->task_recalled.array_index;
	t->nranks = ev->task_recalled.nranks;
	if (t->nranks > 0)
		t->ranks = mem_dup(ev->task_recalled.ranks,
				   t->nranks * sizeof(*t->ranks));
	t->slice_id = ev->task_recalled.slice;
	t->where = state_intern(l, ev->task_recalled.node);
	t->status = *s;
	t->status.text = s->text != NULL && *s->text != '\0'
				 ? mem_strdup(s->text)
				 : NULL;
	TAILQ_INSERT_TAIL(&j->tasks, t, of_job);
	idmap_put(&j->by_index, t->index, t);
	if (t->index >= j->next_index)
		j->next_index = t->index + 1;
	count(j, s);
	if (s->state == TASK_STARTING)
		TAILQ_INSERT_TAIL(&l->recalled, t, of_slice);
	return 0;
}

int apply_slice_adopted(struct ledger *l, const struct event *ev,
			struct berth_error *err)
{
	struct framework *f = state_framework(l, ev->slice_adopted.framework,
					      err);
	const struct slice *given = ev->slice_adopted.slice;
	struct slice *s;

	if (f == NULL)
		return -1;
	if (given->units == 0 || bitset_empty(&given->cores) ||
	    given->node->state == NODE_DOWN ||
	    idmap_get(&l->slices, given->id) != NULL)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu is empty, known already or on a "
				 "node that is down",
				 (unsigned long long)given->id);
	s = slice_copy(given);
	s->lent_for = 0;
	s->state = SLICE_HELD;
	s->framework = f;
	s->role = state_role(l, ev->slice_adopted.role);
	if (state_take(l, s, err) != 0) {
		slice_destroy(s);
		return -1;
	}
	TAILQ_INSERT_TAIL(&f->slices, s, of_owner);
	f->nslices++;
	if (l->next_slice <= s->id)
		l->next_slice = s->id + 1;
	return 0;
}

int apply_task_adopted(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct task *t = state_task(l, ev->task_adopted.job,
				    ev->task_adopted.index, err);
	struct slice *s = state_slice(l, ev->task_adopted.slice, err);

	if (t == NULL || s == NULL)
		return -1;
	if (!state_recalled(t) || s->state == SLICE_OFFERED ||
	    strcmp(s->framework->name, t->job->framework) != 0)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: it cannot be adopted",
				 (unsigned long long)t->job->id, t->index);
	TAILQ_REMOVE(&l->recalled, t, of_slice);
	t->slice = s;
	t->slice_id = s->id;
	t->node = s->node;
	TAILQ_INSERT_TAIL(&s->tasks, t, of_slice);
	s->ntasks++;
	s->state = SLICE_BUSY;
	s->job = t->job->id;
	s->node->ntasks++;
	return 0;
}

/* ---- calls ---- */

static int adopt_slice(struct ledger *l, const struct slice *s,
		       const char *role, const struct job *j,
		       struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_SLICE_ADOPTED,
		.at_us = l->now_us,
		.slice_adopted = {
			.slice = s,
			.framework = j->framework,
			.role = role,
		},
	};
	const struct slice *known = idmap_get(&l->slices, s->id);

	if (known == NULL)
		return ledger_apply(l, &ev, err);
	if (known->node != s->node)
		return error_set(err, BERTH_ECONFLICT,
				 "slice %llu is on node %s",
				 (unsigned long long)s->id, known->node->name);
	return 0;
}

int ledger_adopt(struct ledger *l, const char *node, const struct slice *s,
		 const char *role, uint64_t job, uint32_t index,
		 uint64_t now_us, struct berth_error *err)
{
	struct task *t = state_task(l, job, index, err);
	struct event ev = {
		.type = EVENT_TASK_ADOPTED,
		.task_adopted = {.job = job, .index = index, .slice = s->id},
	};

	if (t == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	if (!state_recalled(t) || strcmp(t->where, node) != 0)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: it is not waited for there",
				 (unsigned long long)job, index);
	if (adopt_slice(l, s, role, t->job, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	return ledger_apply(l, &ev, err);
}

void ledger_end_recalled(struct ledger *l, const char *node, bool never_came,
			 const char *why, uint64_t now_us)
{
	struct task *t, *next;

	if (call_begin(l, now_us, NULL) != 0)
		return;
	for (t = TAILQ_FIRST(&l->recalled); t != NULL; t = next) {
		struct event ev = {
			.type = EVENT_TASK_FINISHED,
			.at_us = l->now_us,
			.task = {.job = t->job->id, .index = t->index},
		};

		next = TAILQ_NEXT(t, of_slice);
		if (strcmp(t->where, node) != 0 || t->seen == l->search)
			continue;
		ev.task.status.end = never_came ? TASK_END_REVOKED
						: TASK_END_LOST;
		ev.task.status.rank = -1;
		ev.task.status.text = why;
		state_must(l, &ev);
	}
}
