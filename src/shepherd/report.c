/* report.c - see report.h. */
#include "shepherd/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"

/* Changes this close together travel in one message. */
#define GATHER_US 1500

struct entry {
	TAILQ_ENTRY(entry) next; /* among the dirty ones */
	bool dirty;
	Berth__TaskStatus st;
};

struct report {
	struct loop *loop;
	struct uplink *up;
	char *key;
	loop_f confirmed;
	void *arg;
	struct map *tasks; /* "job.index" -> struct entry */
	TAILQ_HEAD(, entry) dirty;
	size_t ndirty, nended;
	struct loop_timer *timer;
	uint64_t sent_us;
};

static void send_dirty(void *arg)
{
	report_flush(arg);
}

struct report *report_create(struct loop *l, struct uplink *u, const char *key,
			     loop_f confirmed, void *arg)
{
	struct report *r = mem_alloc(sizeof(*r));

	r->loop = l;
	r->up = u;
	r->key = mem_strdup(key);
	r->confirmed = confirmed;
	r->arg = arg;
	r->tasks = map_create();
	TAILQ_INIT(&r->dirty);
	r->timer = loop_timer_create(l, send_dirty, r);
	return r;
}

static void entry_free(void *p)
{
	struct entry *e = p;

	free(e->st.framework);
	free(e->st.node);
	free(e->st.text);
	free(e);
}

void report_destroy(struct report *r)
{
	if (r == NULL)
		return;
	loop_timer_destroy(r->timer);
	map_destroy(r->tasks, entry_free);
	free(r->key);
	free(r);
}

static void name_of(char out[40], uint64_t job, uint32_t index)
{
	snprintf(out, 40, "%lu.%u", (unsigned long)job, index);
}

static void set_clean(struct report *r, struct entry *e)
{
	if (!e->dirty)
		return;
	TAILQ_REMOVE(&r->dirty, e, next);
	e->dirty = false;
	r->ndirty--;
}

static struct entry *take(struct report *r, const Berth__TaskStatus *st)
{
	struct entry *e;
	char name[40];

	name_of(name, st->job, st->index);
	e = map_get(r->tasks, name);
	if (e == NULL) {
		e = mem_alloc(sizeof(*e));
		map_put(r->tasks, name, e);
	} else {
		if (e->st.state == BERTH__TASK_STATE__TASK_ENDED)
			r->nended--;
		free(e->st.framework);
		free(e->st.node);
		free(e->st.text);
	}
	e->st = *st;
	e->st.framework = mem_strdup(st->framework);
	e->st.node = mem_strdup(st->node);
	e->st.text = mem_strdup(st->text);
	if (st->state == BERTH__TASK_STATE__TASK_ENDED)
		r->nended++;
	return e;
}

void report_task(struct report *r, const Berth__TaskStatus *st)
{
	struct entry *e = take(r, st);
	uint64_t now;

	if (!e->dirty) {
		TAILQ_INSERT_TAIL(&r->dirty, e, next);
		e->dirty = true;
		r->ndirty++;
	}
	if (loop_timer_pending(r->timer))
		return;
	now = loop_now_us();
	loop_timer_start(r->timer, now - r->sent_us < GATHER_US
					   ? GATHER_US - (now - r->sent_us)
					   : 0);
}

void report_waiting(struct report *r, const Berth__TaskStatus *st)
{
	take(r, st);
}

static void send_entries(struct report *r, Berth__TaskStatus **v, size_t n,
			 bool full)
{
	Berth__TaskReport tr = BERTH__TASK_REPORT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	tr.full = full;
	tr.shepherd = r->key;
	tr.tasks = v;
	tr.n_tasks = n;
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = &tr;
	uplink_send(r->up, &msg);
	r->sent_us = loop_now_us();
}

void report_flush(struct report *r)
{
	Berth__TaskStatus **v;
	struct entry *e;
	size_t n = 0;

	loop_timer_stop(r->timer);
	if (r->ndirty == 0 || !uplink_is_up(r->up))
		return;
	v = mem_array(r->ndirty, sizeof(*v));
	while ((void)(e = TAILQ_FIRST(&r->dirty)), e != NULL) {
		v[n++] = &e->st;
		set_clean(r, e);
	}
	send_entries(r, v, n, false);
	free(v);
}

void report_full(struct report *r)
{
	Berth__TaskStatus **v =
		mem_array(map_count(r->tasks) + 1, sizeof(*v));
	struct entry *e;
	size_t n = 0;

	map_foreach(r->tasks, e)
	{
		v[n++] = &e->st;
		set_clean(r, e);
	}
	send_entries(r, v, n, true);
	free(v);
}

static void drop(struct report *r, struct entry *e, const char *name)
{
	set_clean(r, e);
	map_remove(r->tasks, name);
	r->nended--;
	entry_free(e);
	if (r->nended == 0)
		r->confirmed(r->arg);
}

void report_confirm(struct report *r, const Berth__TaskReport *tr)
{
	for (size_t i = 0; i < tr->n_tasks; i++) {
		const Berth__TaskStatus *st = tr->tasks[i];
		struct entry *e;
		char name[40];

		if (st->state != BERTH__TASK_STATE__TASK_ENDED)
			continue;
		name_of(name, st->job, st->index);
		e = map_get(r->tasks, name);
		/* Not the end of an earlier run of the same task. */
		if (e && e->st.state == BERTH__TASK_STATE__TASK_ENDED &&
		    (st->end_us == 0 || st->end_us == e->st.end_us))
			drop(r, e, name);
	}
}

void report_forget(struct report *r, uint64_t job)
{
	const char *name;
	struct entry *e;
	size_t pos = 0;

	while ((void)(e = map_next(r->tasks, &pos, &name)), e != NULL) {
		if (e->st.job == job &&
		    e->st.state == BERTH__TASK_STATE__TASK_ENDED) {
			char *copy = mem_strdup(name);

			drop(r, e, copy);
			free(copy);
		}
	}
}

bool report_unconfirmed(const struct report *r)
{
	return r->nended > 0;
}
