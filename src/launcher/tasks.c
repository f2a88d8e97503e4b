/* tasks.c - see tasks.h. */
#include "launcher/tasks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/map.h"
#include "base/mem.h"

struct task {
	char *key, *shepherd;
	Berth__TaskStatus *status;
	bool reported;
};

struct tasks {
	char *node;
	struct map *by_key;
};

struct tasks *tasks_create(const char *node)
{
	struct tasks *t = mem_alloc(sizeof *t);

	t->node = mem_strdup(node);
	t->by_key = map_create();
	return t;
}

static void task_destroy(void *p)
{
	struct task *task = p;

	berth__task_status__free_unpacked(task->status, NULL);
	free(task->key);
	free(task->shepherd);
	free(task);
}

void tasks_destroy(struct tasks *t)
{
	if (t == NULL)
		return;
	map_destroy(t->by_key, task_destroy);
	free(t->node);
	free(t);
}

static Berth__TaskStatus *status_copy(const Berth__TaskStatus *s)
{
	size_t len = berth__task_status__get_packed_size(s);
	uint8_t *packed = mem_array(len + 1, 1);
	Berth__TaskStatus *copy;

	berth__task_status__pack(s, packed);
	copy = berth__task_status__unpack(NULL, len, packed);
	free(packed);
	return copy;
}

static void make_key(char key[64], uint64_t job, uint32_t index)
{
	snprintf(key, 64, "%" PRIu64 ".%" PRIu32, job, index);
}

static bool is_ended(const struct task *task)
{
	return task->status->state == BERTH__TASK_STATE__TASK_ENDED;
}

/* Put in a status, with a copy. */
static struct task *put(struct tasks *t, const char *shepherd,
			const Berth__TaskStatus *s)
{
	char key[64];
	struct task *task;

	make_key(key, s->job, s->index);
	task = map_get(t->by_key, key);
	if (task == NULL) {
		task = mem_alloc(sizeof *task);
		task->key = mem_strdup(key);
		map_put(t->by_key, key, task);
	} else {
		berth__task_status__free_unpacked(task->status, NULL);
		free(task->shepherd);
	}
	task->shepherd = mem_strdup(shepherd);
	task->status = status_copy(s);
	return task;
}

/* What there is to say of a task that its shepherd has not told of. */
static struct task *put_spec(struct tasks *t, const Berth__Launch *launch,
			     const Berth__TaskSpec *spec)
{
	Berth__TaskStatus s = BERTH__TASK_STATUS__INIT;
	struct task *task;

	s.job = spec->job;
	s.index = spec->index;
	s.node = t->node;
	s.rank = -1;
	if (launch->spec)
		s.framework = launch->spec->framework;
	if (spec->slice)
		s.slice = spec->slice->id;
	task = put(t, launch->shepherd, &s);
	task->reported = false;
	return task;
}

void tasks_launched(struct tasks *t, const Berth__Launch *launch)
{
	for (size_t i = 0; i < launch->n_tasks; i++)
		put_spec(t, launch, launch->tasks[i]);
}

static bool names(const Berth__TaskReport *r, const struct task *task)
{
	for (size_t i = 0; i < r->n_tasks; i++) {
		if (r->tasks[i]->job == task->status->job &&
		    r->tasks[i]->index == task->status->index)
			return true;
	}
	return false;
}

static void end_task(struct task *task, Berth__TaskEnd end, const char *text,
		     tasks_lost_f lost, void *arg)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	task->status->state = BERTH__TASK_STATE__TASK_ENDED;
	task->status->end = end;
	task->status->end_us = (uint64_t)now.tv_sec * 1000000 +
			       (uint64_t)now.tv_nsec / 1000;
	/* An absent text points at the library's one empty string. */
	if (task->status->text != protobuf_c_empty_string)
		free(task->status->text);
	task->status->text = mem_strdup(text);
	if (lost)
		lost(arg, task->status);
}

void tasks_report(struct tasks *t, const char *shepherd,
		  const Berth__TaskReport *report, tasks_lost_f lost,
		  void *arg)
{
	struct task *task;

	for (size_t i = 0; i < report->n_tasks; i++)
		put(t, shepherd, report->tasks[i])->reported = true;
	if (!report->full)
		return;
	map_foreach(t->by_key, task) {
		/* A task that is only under way is still in the pipe. */
		if (strcmp(task->shepherd, shepherd) == 0 && task->reported &&
		    !is_ended(task) && !names(report, task))
			end_task(task, BERTH__TASK_END__END_LOST,
				 "its shepherd does not know it any more",
				 lost, arg);
	}
}

void tasks_shepherd_gone(struct tasks *t, const char *shepherd,
			 Berth__TaskEnd end, const char *text,
			 tasks_lost_f lost, void *arg)
{
	struct task *task;

	map_foreach(t->by_key, task) {
		if (strcmp(task->shepherd, shepherd) == 0 && !is_ended(task))
			end_task(task, end, text, lost, arg);
	}
}

void tasks_refused(struct tasks *t, const Berth__Launch *launch,
		   const char *text, tasks_lost_f lost, void *arg)
{
	char key[64];

	for (size_t i = 0; i < launch->n_tasks; i++) {
		const Berth__TaskSpec *spec = launch->tasks[i];

		make_key(key, spec->job, spec->index);
		if (map_get(t->by_key, key) == NULL)
			end_task(put_spec(t, launch, spec),
				 BERTH__TASK_END__END_REVOKED, text, lost,
				 arg);
	}
}

Berth__TaskReport *tasks_full(const struct tasks *t)
{
	Berth__TaskReport *r = mem_alloc(sizeof *r);
	struct task *task;

	berth__task_report__init(r);
	r->full = true;
	r->tasks = mem_array(map_count(t->by_key) + 1, sizeof(r->tasks[0]));
	map_foreach(t->by_key, task)
		r->tasks[r->n_tasks++] = task->status;
	return r;
}

void tasks_report_free(Berth__TaskReport *report)
{
	free(report->tasks);
	free(report);
}

/* Ends of one shepherd, one behind the other. */
struct row {
	char *shepherd; /* NULL: none yet */
	Berth__TaskReport ends;
};

static void row_flush(struct row *r, tasks_confirmed_f confirmed, void *arg)
{
	if (r->ends.n_tasks > 0 && confirmed)
		confirmed(arg, r->shepherd, &r->ends);
	r->ends.n_tasks = 0;
	free(r->shepherd);
	r->shepherd = NULL;
}

void tasks_confirm(struct tasks *t, const Berth__TaskReport *ends,
		   tasks_confirmed_f confirmed, void *arg)
{
	struct row row = {.ends = BERTH__TASK_REPORT__INIT};
	char key[64];

	row.ends.tasks = mem_array(ends->n_tasks + 1,
				   sizeof(row.ends.tasks[0]));
	for (size_t i = 0; i < ends->n_tasks; i++) {
		Berth__TaskStatus *s = ends->tasks[i];
		struct task *task;

		make_key(key, s->job, s->index);
		task = map_get(t->by_key, key);
		if (task == NULL || !is_ended(task) ||
		    task->status->end_us != s->end_us)
			continue;
		if (row.shepherd && strcmp(row.shepherd, task->shepherd) != 0)
			row_flush(&row, confirmed, arg);
		if (row.shepherd == NULL)
			row.shepherd = mem_strdup(task->shepherd);
		row.ends.tasks[row.ends.n_tasks++] = s;
		map_remove(t->by_key, key);
		task_destroy(task);
	}
	row_flush(&row, confirmed, arg);
	free(row.ends.tasks);
}

size_t tasks_count(const struct tasks *t)
{
	return map_count(t->by_key);
}

bool tasks_reported(const struct tasks *t, uint64_t job, uint32_t index)
{
	char key[64];
	const struct task *task;

	make_key(key, job, index);
	task = map_get(t->by_key, key);
	return task && task->reported;
}

size_t tasks_of(const struct tasks *t, const char *shepherd)
{
	struct task *task;
	size_t n = 0;

	map_foreach(t->by_key, task)
		n += strcmp(task->shepherd, shepherd) == 0 && !is_ended(task);
	return n;
}

void tasks_shepherds(const struct tasks *t, uint64_t job, tasks_shepherd_f f,
		     void *arg)
{
	struct map *seen = map_create();
	struct task *task;

	map_foreach(t->by_key, task) {
		if (task->status->job == job && !is_ended(task) &&
		    map_get(seen, task->shepherd) == NULL) {
			map_put(seen, task->shepherd, task);
			f(arg, task->shepherd);
		}
	}
	map_destroy(seen, NULL);
}
