#include "broker/job_waits.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "broker/api.h"

struct waiter {
	LIST_ENTRY(waiter) entry;
	struct awaited *job;
	struct http_request *req;
	struct loop_timer *timer;
	bool with_tasks;
};

/* A job that somebody waits for. */
struct awaited {
	uint64_t id;
	struct job_waits *all;
	LIST_HEAD(, waiter) waiters; /* may be empty: they have left */
	bool over;		     /* it has ended: in all->over */
	TAILQ_ENTRY(awaited) over_link;
};

struct job_waits {
	struct loop *loop;
	job_waits_answer_f answer;
	void *arg;
	struct map *by_id;
	TAILQ_HEAD(, awaited) over; /* ended, waiters not yet answered */
	struct loop_timer *wake;
};

struct id_key {
	char text[24];
};

static struct id_key key_of(uint64_t id)
{
	struct id_key k;

	snprintf(k.text, sizeof(k.text), "%llx", (unsigned long long)id);
	return k;
}

/* ---- waiters ------------------------------------------------------------- */

static void waiter_destroy(struct waiter *w)
{
	LIST_REMOVE(w, entry);
	loop_timer_destroy(w->timer);
	free(w);
}

static void waiter_answer(struct waiter *w)
{
	struct job_waits *all = w->job->all;
	struct http_request *req = w->req;
	bool with_tasks = w->with_tasks;
	uint64_t id = w->job->id;

	waiter_destroy(w);
	all->answer(all->arg, id, req, with_tasks);
}

static void on_wait_over(void *arg)
{
	waiter_answer(arg);
}

static void on_waiter_left(void *arg)
{
	waiter_destroy(arg);
}

/* ---- jobs that are waited for -------------------------------------------- */

static struct awaited *awaited_of(struct job_waits *w, uint64_t id)
{
	struct id_key key = key_of(id);
	struct awaited *a = map_get(w->by_id, key.text);

	if (a != NULL)
		return a;
	a = mem_alloc(sizeof(*a));
	a->id = id;
	a->all = w;
	LIST_INIT(&a->waiters);
	map_put(w->by_id, key.text, a);
	return a;
}

/* Out of all lists; waiters are told that this leader ends. */
static void awaited_destroy(void *arg)
{
	struct awaited *a = arg;

	if (a->over)
		TAILQ_REMOVE(&a->all->over, a, over_link);
	while (!LIST_EMPTY(&a->waiters)) {
		struct http_request *req = LIST_FIRST(&a->waiters)->req;

		waiter_destroy(LIST_FIRST(&a->waiters));
		api_reply_ending(req);
	}
	free(a);
}

static void drop(struct job_waits *w, uint64_t id)
{
	struct id_key key = key_of(id);
	struct awaited *a = map_remove(w->by_id, key.text);

	if (a != NULL)
		awaited_destroy(a);
}

static void job_ended(struct job_waits *w, uint64_t id)
{
	struct id_key key = key_of(id);
	struct awaited *a = map_get(w->by_id, key.text);

	if (a == NULL || a->over)
		return;
	a->over = true;
	TAILQ_INSERT_TAIL(&w->over, a, over_link);
	if (!loop_timer_pending(w->wake))
		loop_timer_start(w->wake, 0);
}

static void on_wake(void *arg)
{
	struct job_waits *w = arg;
	struct awaited *a;

	while (!TAILQ_EMPTY(&w->over)) {
		a = TAILQ_FIRST(&w->over);
		while (!LIST_EMPTY(&a->waiters))
			waiter_answer(LIST_FIRST(&a->waiters));
		drop(w, a->id);
	}
}

void job_waits_event(struct job_waits *w, const struct event *ev)
{
	if (ev->type == EVENT_JOB_FINISHED)
		job_ended(w, ev->job.job);
	else if (ev->type == EVENT_JOB_FORGOTTEN)
		drop(w, ev->job.job);
}

void job_waits_add(struct job_waits *w, uint64_t job, uint32_t wait_ms,
		   struct http_request *req, bool with_tasks)
{
	struct awaited *a = awaited_of(w, job);
	struct waiter *one = mem_alloc(sizeof(*one));

	one->job = a;
	one->req = req;
	one->with_tasks = with_tasks;
	one->timer = loop_timer_create(w->loop, on_wait_over, one);
	loop_timer_start(one->timer, (uint64_t)wait_ms * 1000);
	LIST_INSERT_HEAD(&a->waiters, one, entry);
	http_on_close(req, on_waiter_left, one);
}

/* ---- create, destroy ----------------------------------------------------- */

struct job_waits *job_waits_create(struct loop *loop,
				   job_waits_answer_f answer, void *arg)
{
	struct job_waits *w = mem_alloc(sizeof(*w));

	w->loop = loop;
	w->answer = answer;
	w->arg = arg;
	w->by_id = map_create();
	w->wake = loop_timer_create(loop, on_wake, w);
	TAILQ_INIT(&w->over);
	return w;
}

void job_waits_destroy(struct job_waits *w)
{
	if (w == NULL)
		return;
	map_destroy(w->by_id, awaited_destroy);
	loop_timer_destroy(w->wake);
	free(w);
}
