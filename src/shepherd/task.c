/* task.c - see task.h. */
#include "shepherd/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"

void task_table_init(struct task_table *t)
{
	TAILQ_INIT(&t->tasks);
	TAILQ_INIT(&t->lanes);
	t->by_name = map_create();
	t->count = 0;
}

void task_table_finish(struct task_table *t)
{
	struct task *task;
	struct lane *lane;

	while ((void)(task = TAILQ_FIRST(&t->tasks)), task != NULL)
		task_destroy(t, task);
	while ((void)(lane = TAILQ_FIRST(&t->lanes)), lane != NULL) {
		TAILQ_REMOVE(&t->lanes, lane, next);
		free(lane);
	}
	map_destroy(t->by_name, NULL);
}

static void name_of(char out[40], uint64_t job, uint32_t index)
{
	snprintf(out, 40, "%lu.%u", (unsigned long)job, index);
}

struct task *task_create(struct task_table *t, struct launch *l,
			 const Berth__TaskSpec *spec)
{
	char name[40];
	struct task *task;

	name_of(name, l->spec->job, spec->index);
	if (map_get(t->by_name, name))
		return NULL;
	task = mem_alloc(sizeof(*task));
	task->job = l->spec->job;
	task->index = spec->index;
	task->launch = launch_ref(l);
	task->spec = spec;
	task->verdict.rank = -1;
	TAILQ_INIT(&task->procs);
	TAILQ_INSERT_TAIL(&t->tasks, task, next);
	map_put(t->by_name, name, task);
	t->count++;
	return task;
}

static void proc_destroy(struct proc *p)
{
	TAILQ_REMOVE(&p->task->procs, p, next);
	for (int i = 0; i < 2; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
	}
	bitset_finish(&p->cpus);
	launch_unref(p->launch);
	free(p);
}

void task_destroy(struct task_table *t, struct task *task)
{
	struct proc *p;
	char name[40];

	name_of(name, task->job, task->index);
	while ((void)(p = TAILQ_FIRST(&task->procs)), p != NULL)
		proc_destroy(p);
	loop_timer_destroy(task->kill_timer);
	loop_timer_destroy(task->wall_timer);
	map_remove(t->by_name, name);
	TAILQ_REMOVE(&t->tasks, task, next);
	t->count--;
	launch_unref(task->launch);
	free(task);
}

struct task *task_find(const struct task_table *t, uint64_t job, uint32_t index)
{
	char name[40];

	name_of(name, job, index);
	return map_get(t->by_name, name);
}

struct proc *proc_create(struct task *task, struct launch *l, int32_t rank)
{
	struct proc *p = mem_alloc(sizeof(*p));

	p->task = task;
	p->launch = launch_ref(l);
	p->rank = rank;
	p->fd[0] = p->fd[1] = -1;
	bitset_init(&p->cpus);
	TAILQ_INSERT_TAIL(&task->procs, p, next);
	return p;
}

struct proc *task_find_pid(const struct task_table *t, pid_t pid)
{
	struct lane *lane;
	struct task *task;
	struct proc *p;

	/* Those that run lead their lanes: thousands may wait. */
	TAILQ_FOREACH(lane, &t->lanes, next)
	{
		if (lane->busy == NULL)
			continue;
		TAILQ_FOREACH(p, &lane->busy->procs, next)
		{
			if (p->pid == pid)
				return p;
		}
	}
	TAILQ_FOREACH(task, &t->tasks, next)
	{
		if (task->state == TASK_WAITING)
			continue;
		TAILQ_FOREACH(p, &task->procs, next)
		{
			if (p->pid == pid)
				return p;
		}
	}
	return NULL;
}

struct proc *task_find_rank(const struct task_table *t, const char *nspace,
			    uint32_t rank)
{
	struct task *task;
	struct proc *p;

	TAILQ_FOREACH(task, &t->tasks, next)
	{
		if (task->launch->map == NULL)
			continue;
		TAILQ_FOREACH(p, &task->procs, next)
		{
			if (p->rank == (int32_t)rank &&
			    strcmp(launch_nspace(p->launch), nspace) == 0)
				return p;
		}
	}
	return NULL;
}

struct lane *task_lane(struct task_table *t, uint64_t slice)
{
	struct lane *lane;

	if (slice == 0)
		return NULL;
	TAILQ_FOREACH(lane, &t->lanes, next)
	{
		if (lane->slice == slice)
			return lane;
	}
	lane = mem_alloc(sizeof(*lane));
	lane->slice = slice;
	TAILQ_INIT(&lane->waiting);
	TAILQ_INSERT_TAIL(&t->lanes, lane, next);
	return lane;
}

void task_lane_drop(struct task_table *t, struct lane *lane)
{
	if (lane->busy || !TAILQ_EMPTY(&lane->waiting))
		return;
	TAILQ_REMOVE(&t->lanes, lane, next);
	free(lane);
}
