/* survivors.c - see survivors.h. */
#include "broker/survivors.h"

#include <string.h>

static bool runs(const struct task *t)
{
	return t->nranks > 0 && t->status.state != TASK_ENDED;
}

static bool was_lost(const struct task *t)
{
	return t->nranks > 0 && t->status.state == TASK_ENDED &&
	       t->status.end == TASK_END_LOST;
}

/* Its ranks were started anew since, with the whole job. */
static bool is_past(const struct job *j, const struct task *t)
{
	const struct task *other;

	TAILQ_FOREACH(other, &j->tasks, of_job) {
		for (uint32_t i = 0; other->index > t->index &&
				     i < other->nranks; i++)
			if (other->ranks[i] == t->ranks[0])
				return true;
	}
	return false;
}

static void tell(struct survivors *s, const struct job *j, const char *lost,
		 const char *node)
{
	Berth__RanksDied d = BERTH__RANKS_DIED__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	if (strcmp(lost, node) == 0)
		return;
	d.job = j->id;
	d.node = (char *)lost;
	msg.body_case = BERTH__MSG__BODY_RANKS_DIED;
	msg.ranks_died = &d;
	nodes_send(s->nodes, node, &msg);
}

void survivors_event(void *survivors, const struct event *ev)
{
	struct survivors *s = survivors;
	const struct task *lost, *t;

	if (ev->type != EVENT_TASK_FINISHED ||
	    ev->task.status.end != TASK_END_LOST)
		return;
	lost = ledger_task(book_ledger(s->book), ev->task.job, ev->task.index);
	if (lost == NULL || lost->nranks == 0)
		return;
	TAILQ_FOREACH(t, &lost->job->tasks, of_job)
		if (runs(t))
			tell(s, t->job, lost->where, t->where);
}

static bool runs_on(const struct job *j, const char *node)
{
	const struct task *t;

	TAILQ_FOREACH(t, &j->tasks, of_job)
		if (runs(t) && strcmp(t->where, node) == 0)
			return true;
	return false;
}

void survivors_node(void *survivors, const char *node, bool up)
{
	struct survivors *s = survivors;
	const struct job *j = ledger_first_job(book_ledger(s->book));

	for (; up && j != NULL; j = TAILQ_NEXT(j, of_ledger)) {
		const struct task *t;

		if (!runs_on(j, node))
			continue;
		TAILQ_FOREACH(t, &j->tasks, of_job)
			if (was_lost(t) && !is_past(j, t))
				tell(s, j, t->where, node);
	}
}
