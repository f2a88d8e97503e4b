/* task_table.c - see task_table.h. */
#include "broker/task_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct task {
	Berth__Msg *status; /* a report of this task alone */
	bool early;	    /* launched before the link's full report */
	bool named;	    /* in the full report that is being read */
};

struct task_table {
	struct map *tasks; /* by "job.index" */
	bool awaits_full;
	uint64_t life; /* of the launcher's last full report */
};

static void task_free(void *p)
{
	struct task *t = p;

	msg_free(t->status);
	free(t);
}

struct task_table *task_table_create(void)
{
	struct task_table *t = mem_alloc(sizeof(*t));

	t->tasks = map_create();
	t->awaits_full = true;
	return t;
}

void task_table_destroy(struct task_table *t)
{
	if (t == NULL)
		return;
	map_destroy(t->tasks, task_free);
	free(t);
}

static void key_of(char key[40], uint64_t job, uint32_t index)
{
	snprintf(key, 40, "%" PRIu64 ".%" PRIu32, job, index);
}

static Berth__Msg *wrap(const Berth__TaskStatus *status)
{
	Berth__TaskStatus *one = (Berth__TaskStatus *)status;
	Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	report.n_tasks = 1;
	report.tasks = &one;
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = &report;
	return msg_copy(&msg);
}

static const Berth__TaskStatus *status_of(const struct task *t)
{
	return t->status->report->tasks[0];
}

static void task_set(struct task_table *t, const Berth__TaskStatus *status,
		     bool early)
{
	struct task *task;
	char key[40];

	key_of(key, status->job, status->index);
	task = map_get(t->tasks, key);
	if (task == NULL) {
		task = mem_alloc(sizeof(*task));
		map_put(t->tasks, key, task);
	}
	msg_free(task->status);
	task->status = wrap(status);
	task->early = early;
	task->named = true;
}

static void task_remove(struct task_table *t, struct task *task)
{
	char key[40];

	key_of(key, status_of(task)->job, status_of(task)->index);
	task_free(map_remove(t->tasks, key));
}

void task_table_launched(struct task_table *t, const Berth__Launch *launch,
			 const char *node)
{
	for (size_t i = 0; i < launch->n_tasks; i++) {
		const Berth__TaskSpec *spec = launch->tasks[i];
		Berth__TaskStatus s = BERTH__TASK_STATUS__INIT;

		s.job = spec->job;
		s.index = spec->index;
		s.node = (char *)node;
		s.state = BERTH__TASK_STATE__TASK_UNKNOWN;
		s.rank = -1;
		if (launch->spec)
			s.framework = launch->spec->framework;
		if (spec->slice)
			s.slice = spec->slice->id;
		task_set(t, &s, t->awaits_full);
	}
}

static bool ended(const struct task *task)
{
	return status_of(task)->state == BERTH__TASK_STATE__TASK_ENDED;
}

/* What a full report does not name, is no more. */
static void sweep_unnamed(struct task_table *t)
{
	struct task *task;

	map_foreach(t->tasks, task) {
		if (!task->named && !task->early && !ended(task))
			task_remove(t, task);
	}
	t->awaits_full = false;
}

void task_table_report(struct task_table *t, const Berth__TaskReport *report)
{
	struct task *task;

	if (report->full) {
		map_foreach(t->tasks, task)
			task->named = false;
	}
	for (size_t i = 0; i < report->n_tasks; i++)
		task_set(t, report->tasks[i], false);
	if (report->full) {
		t->life = report->life;
		sweep_unnamed(t);
	}
}

void task_table_confirm(struct task_table *t,
			const Berth__TaskReport *confirmed)
{
	for (size_t i = 0; i < confirmed->n_tasks; i++) {
		const Berth__TaskStatus *s = confirmed->tasks[i];
		struct task *task;
		char key[40];

		key_of(key, s->job, s->index);
		task = map_get(t->tasks, key);
		if (task && ended(task) &&
		    status_of(task)->end_us == s->end_us)
			task_remove(t, task);
	}
}

void task_table_link_down(struct task_table *t)
{
	t->awaits_full = true;
}

Berth__Msg *task_table_full(const struct task_table *t)
{
	Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT, *copy;
	struct task *task;

	report.full = true;
	report.life = t->life;
	report.tasks = mem_array(map_count(t->tasks) + 1,
				 sizeof(*report.tasks));
	map_foreach(t->tasks, task)
		report.tasks[report.n_tasks++] =
			(Berth__TaskStatus *)status_of(task);
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = &report;
	copy = msg_copy(&msg);
	free(report.tasks);
	return copy;
}

bool task_table_lives(const struct task_table *t, uint64_t job, uint32_t index)
{
	struct task *task;
	char key[40];

	key_of(key, job, index);
	task = map_get(t->tasks, key);
	return task && !ended(task);
}

size_t task_table_count(const struct task_table *t)
{
	return map_count(t->tasks);
}
