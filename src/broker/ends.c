#include "broker/ends.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"

/* What is said of an end. */
struct end {
	uint64_t job, end_us;
	uint32_t index;
};

/* Ends of one node that wait for the same commit. */
struct told {
	char *node;
	struct end *end;
	size_t n, room;
};

/* What was heard in one turn of the loop. */
struct turn {
	TAILQ_ENTRY(turn) entry;
	struct ends *all;
	struct map *told; /* by node */
};

struct ends {
	struct commit *commit;
	struct net *net;
	struct turn *open;	       /* NULL: nothing was heard yet */
	TAILQ_HEAD(, turn) under_way; /* in the order of their commits */
	struct loop_timer *flush;
};

/* ---- turns --------------------------------------------------------------- */

static void told_free(void *p)
{
	struct told *t = p;

	free(t->node);
	free(t->end);
	free(t);
}

static void turn_free(struct turn *t)
{
	if (t == NULL)
		return;
	map_destroy(t->told, told_free);
	free(t);
}

static struct told *told_by(struct ends *e, const char *node)
{
	struct told *t;

	if (e->open == NULL) {
		e->open = mem_alloc(sizeof(*e->open));
		e->open->all = e;
		e->open->told = map_create();
		loop_timer_start(e->flush, 0);
	}
	t = map_get(e->open->told, node);
	if (t != NULL)
		return t;
	t = mem_alloc(sizeof(*t));
	t->node = mem_strdup(node);
	map_put(e->open->told, node, t);
	return t;
}

/* ---- out ----------------------------------------------------------------- */

/* A node that is not there (any more) tells them again when it comes. */
static void confirm(struct net *net, const struct told *t)
{
	Berth__TaskStatus *s = mem_array(t->n, sizeof(*s));
	Berth__TaskStatus **list = mem_array(t->n, sizeof(*list));
	Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	for (size_t i = 0; i < t->n; i++) {
		list[i] = &s[i];
		berth__task_status__init(&s[i]);
		s[i].job = t->end[i].job;
		s[i].index = t->end[i].index;
		s[i].end_us = t->end[i].end_us;
		s[i].state = BERTH__TASK_STATE__TASK_ENDED;
	}
	report.tasks = list;
	report.n_tasks = t->n;
	msg.body_case = BERTH__MSG__BODY_CONFIRM;
	msg.confirm = &report;
	net_send(net, t->node, &msg, NULL);
	free(list);
	free(s);
}

static void on_committed(void *arg, const struct berth_error *err)
{
	struct turn *turn = arg;
	struct ends *e = turn->all;
	struct told *t;

	TAILQ_REMOVE(&e->under_way, turn, entry);
	if (err == NULL)
		map_foreach(turn->told, t)
			confirm(e->net, t);
	turn_free(turn);
}

static void on_flush(void *arg)
{
	struct ends *e = arg;
	struct turn *turn = e->open;

	e->open = NULL;
	TAILQ_INSERT_TAIL(&e->under_way, turn, entry);
	commit_wait(e->commit, on_committed, turn);
}

/* ---- in ------------------------------------------------------------------ */

void ends_heard(struct ends *e, const char *node,
		const Berth__TaskReport *report)
{
	struct told *told = NULL;

	for (size_t i = 0; i < report->n_tasks; i++) {
		const Berth__TaskStatus *s = report->tasks[i];

		if (s->state != BERTH__TASK_STATE__TASK_ENDED)
			continue;
		if (told == NULL)
			told = told_by(e, node);
		if (told->n == told->room) {
			told->room = told->room > 0 ? 2 * told->room : 64;
			told->end = mem_resize(told->end, told->room,
					       sizeof(told->end[0]));
		}
		told->end[told->n++] =
			(struct end){s->job, s->end_us, s->index};
	}
}

/* ---- create, destroy ----------------------------------------------------- */

struct ends *ends_create(struct loop *loop, struct commit *commit,
			 struct net *net)
{
	struct ends *e = mem_alloc(sizeof(*e));

	e->commit = commit;
	e->net = net;
	TAILQ_INIT(&e->under_way);
	e->flush = loop_timer_create(loop, on_flush, e);
	return e;
}

void ends_destroy(struct ends *e)
{
	struct turn *t;

	if (e == NULL)
		return;
	while ((void)(t = TAILQ_FIRST(&e->under_way)), t != NULL) {
		TAILQ_REMOVE(&e->under_way, t, entry);
		turn_free(t);
	}
	turn_free(e->open);
	loop_timer_destroy(e->flush);
	free(e);
}
