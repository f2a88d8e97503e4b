/* usage.c - see usage.h. */
#include "broker/usage.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "model/task.h"

/* ---- when ---------------------------------------------------------------- */

/* From when to when it ran, by its node's clock; false: it never did, as far
 * as anybody knows.  Of a task that is lost the start may not have been
 * heard. */
static bool span_of(const Berth__RecordTask *t, uint64_t *from, uint64_t *to)
{
	*from = t->start_us;
	*to = t->end_us;
	if (*from == 0 && t->end == TASK_END_LOST)
		*from = t->launched_us;
	return t->end != 0 && *from != 0 && *to >= *from;
}

/* ---- the most at one time ------------------------------------------------ */

/* A task begins or ends. */
struct turn {
	uint64_t at_us;
	bool ends;
	const Berth__RecordTask *task;
};

/* At the same time, ends first. */
static int by_time(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us > y->at_us ? 1 : -1;
	return (int)y->ends - (int)x->ends;
}

static void raise(uint64_t *most, uint64_t now)
{
	if (now > *most)
		*most = now;
}

static void add_peak(Berth__RecordUsage *u, struct turn *turn, size_t n)
{
	uint64_t cores = 0, mib = 0, gpus = 0;

	if (n > 0)
		qsort(turn, n, sizeof(*turn), by_time);
	for (size_t i = 0; i < n; i++) {
		const Berth__RecordTask *t = turn[i].task;

		if (turn[i].ends) {
			cores -= t->cores;
			mib -= t->memory_mib;
			gpus -= t->gpus;
			continue;
		}
		cores += t->cores;
		mib += t->memory_mib;
		gpus += t->gpus;
		raise(&u->cores, cores);
		raise(&u->memory_mib, mib);
		raise(&u->gpus, gpus);
	}
}

/* ---- tasks --------------------------------------------------------------- */

/* While the tasks are gone through, in the order of their launches. */
struct sum {
	Berth__RecordUsage *u;
	struct turn *turn;
	size_t nturns;
	struct idmap slices;   /* those that it had */
	struct idmap elements; /* of its array, that were started once */
	struct map *nodes;
	struct buf names;
	bool first; /* one with rank 0, or without ranks, was started */
};

/* Has this part of the job been started before?  A job of many ranks goes
 * back to the queue as a whole: its rank 0 stands for it. */
static bool started_before(struct sum *s, const Berth__RecordTask *t)
{
	bool before = s->first;

	if (t->array_index >= 0)
		return idmap_put(&s->elements, (uint64_t)t->array_index, s) !=
		       NULL;
	if (t->n_ranks > 0 && t->ranks[0] != 0)
		return false;
	s->first = true;
	return before;
}

static void add_node(struct sum *s, const char *name)
{
	if (map_put(s->nodes, name, s) != NULL)
		return;
	buf_printf(&s->names, "%s%s", s->u->n_nodes > 0 ? "," : "", name);
	s->u->n_nodes++;
}

static void add_task(struct sum *s, const Berth__RecordTask *t)
{
	Berth__RecordUsage *u = s->u;
	uint64_t from, to;

	u->tasks++;
	u->failed += t->end != TASK_END_EXITED || t->exit_code != 0;
	u->requeues += started_before(s, t);
	u->revocations += t->end == TASK_END_REVOKED;
	u->cpu_us += t->cpu_us;
	raise(&u->max_rss_kib, t->max_rss_kib);
	if (t->slice_id != 0)
		idmap_put(&s->slices, t->slice_id, s);
	add_node(s, t->node);
	if (!span_of(t, &from, &to))
		return;
	u->core_us += (to - from) * t->cores;
	u->gpu_us += (to - from) * t->gpus;
	s->turn[s->nturns++] = (struct turn){from, false, t};
	s->turn[s->nturns++] = (struct turn){to, true, t};
}

static int by_index(const void *a, const void *b)
{
	const Berth__RecordTask *x = *(Berth__RecordTask *const *)a;
	const Berth__RecordTask *y = *(Berth__RecordTask *const *)b;

	return (x->index > y->index) - (x->index < y->index);
}

Berth__RecordUsage *usage_sum(const struct idmap *tasks)
{
	size_t n = tasks->count, pos = 0;
	Berth__RecordTask **all = mem_array(n + 1, sizeof(*all));
	struct sum s = {
		.u = mem_alloc(sizeof(*s.u)),
		.turn = mem_array(2 * n + 1, sizeof(*s.turn)),
		.nodes = map_create(),
	};

	berth__record_usage__init(s.u);
	idmap_init(&s.slices);
	idmap_init(&s.elements);
	buf_init(&s.names);
	for (size_t i = 0; i < n; i++)
		all[i] = idmap_next(tasks, &pos);
	if (n > 0)
		qsort(all, n, sizeof(*all), by_index);
	for (size_t i = 0; i < n; i++)
		add_task(&s, all[i]);
	add_peak(s.u, s.turn, s.nturns);
	s.u->n_slices = (uint32_t)s.slices.count;
	s.u->nodes = mem_strdup(s.names.len > 0 ? s.names.data : "");
	buf_finish(&s.names);
	idmap_finish(&s.slices);
	idmap_finish(&s.elements);
	map_destroy(s.nodes, NULL);
	free(s.turn);
	free(all);
	return s.u;
}
