/*
 * sim_loop.c - io/loop.h with a clock of its own, for simulations in one
 * process: the time stands still while anything is left to do, then jumps to
 * the next timer.  Descriptors are libevent's and real; what one end of a
 * socket wrote is there for the other at once.  Linked in place of loop.c.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "io/loop.h"

enum { PASSES = 6 }; /* over the descriptors, before the time goes on */

struct deferred {
	STAILQ_ENTRY(deferred) next;
	loop_f cb;
	void *arg;
};

struct loop_timer {
	TAILQ_ENTRY(loop_timer) link;
	struct loop *loop;
	uint64_t due;
	bool pending;
	loop_f cb;
	void *arg;
};

struct loop {
	struct event_base *base;
	STAILQ_HEAD(, deferred) deferred;
	TAILQ_HEAD(timers, loop_timer) timers; /* the next one first */
};

struct loop_fd {
	struct loop *loop;
	struct event *ev;
	int fd;
	unsigned events;
	loop_fd_f cb;
	void *arg;
};

#define BEGIN_US UINT64_C(1000000000)

static uint64_t now = BEGIN_US;

uint64_t loop_now_us(void)
{
	return now;
}

uint64_t loop_wall_us(void)
{
	return now + 1700000000000000;
}

struct loop *loop_create(struct berth_error *err)
{
	struct event_config *config = event_config_new();
	struct loop *l = mem_alloc(sizeof(*l));

	now = BEGIN_US; /* every simulation begins then */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	STAILQ_INIT(&l->deferred);
	TAILQ_INIT(&l->timers);
	return l;
}

void loop_destroy(struct loop *l)
{
	if (l == NULL)
		return;
	while (!STAILQ_EMPTY(&l->deferred)) {
		struct deferred *d = STAILQ_FIRST(&l->deferred);

		STAILQ_REMOVE_HEAD(&l->deferred, next);
		free(d);
	}
	event_base_free(l->base);
	free(l);
}

static void run_deferred(struct loop *l)
{
	STAILQ_HEAD(, deferred) batch = STAILQ_HEAD_INITIALIZER(batch);

	STAILQ_CONCAT(&batch, &l->deferred);
	while (!STAILQ_EMPTY(&batch)) {
		struct deferred *d = STAILQ_FIRST(&batch);

		STAILQ_REMOVE_HEAD(&batch, next);
		d->cb(d->arg);
		free(d);
	}
}

int loop_once(struct loop *l, uint64_t max_wait_us, struct berth_error *err)
{
	uint64_t until = now + max_wait_us;
	struct loop_timer *t;

	for (int i = 0; i < PASSES; i++) {
		event_base_loop(l->base, EVLOOP_NONBLOCK | EVLOOP_ONCE |
						 EVLOOP_NO_EXIT_ON_EMPTY);
		run_deferred(l);
	}
	if (!STAILQ_EMPTY(&l->deferred))
		return 0;
	t = TAILQ_FIRST(&l->timers);
	if (t && t->due <= now) {
		loop_timer_stop(t);
		t->cb(t->arg);
		return 0;
	}
	now = t && t->due < until ? t->due : until;
	return 0;
}

int loop_run(struct loop *l, struct berth_error *err)
{
	return -1;
}

void loop_stop(struct loop *l)
{
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

void loop_defer(struct loop *l, loop_f cb, void *arg)
{
	struct deferred *d = mem_alloc(sizeof(*d));

	d->cb = cb;
	d->arg = arg;
	STAILQ_INSERT_TAIL(&l->deferred, d, next);
}

/* ---- timers ---- */

struct loop_timer *loop_timer_create(struct loop *l, loop_f cb, void *arg)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->loop = l;
	t->cb = cb;
	t->arg = arg;
	return t;
}

void loop_timer_destroy(struct loop_timer *t)
{
	if (t)
		loop_timer_stop(t);
	free(t);
}

void loop_timer_start(struct loop_timer *t, uint64_t delay_us)
{
	struct loop_timer *before;

	loop_timer_stop(t);
	t->due = now + delay_us;
	t->pending = true;
	TAILQ_FOREACH_REVERSE(before, &t->loop->timers, timers, link) {
		if (before->due <= t->due) {
			TAILQ_INSERT_AFTER(&t->loop->timers, before, t, link);
			return;
		}
	}
	TAILQ_INSERT_HEAD(&t->loop->timers, t, link);
}

void loop_timer_stop(struct loop_timer *t)
{
	if (t->pending)
		TAILQ_REMOVE(&t->loop->timers, t, link);
	t->pending = false;
}

bool loop_timer_pending(const struct loop_timer *t)
{
	return t->pending;
}

/* ---- descriptors ---- */

static void fd_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *w = arg;

	w->cb(w->arg, w->fd, (what & EV_READ ? LOOP_READ : 0) |
				     (what & EV_WRITE ? LOOP_WRITE : 0));
}

struct loop_fd *loop_fd_create(struct loop *l, int fd, unsigned events,
			       loop_fd_f cb, void *arg)
{
	struct loop_fd *w = mem_alloc(sizeof(*w));

	w->loop = l;
	w->fd = fd;
	w->cb = cb;
	w->arg = arg;
	w->ev = event_new(l->base, fd, EV_PERSIST, fd_ready, w);
	loop_fd_set(w, events);
	return w;
}

void loop_fd_set(struct loop_fd *w, unsigned events)
{
	short what = EV_PERSIST;

	if (w->events == events)
		return;
	event_del(w->ev);
	w->events = events;
	what |= events & LOOP_READ ? EV_READ : 0;
	what |= events & LOOP_WRITE ? EV_WRITE : 0;
	what |= events & LOOP_EDGE ? EV_ET : 0;
	event_assign(w->ev, w->loop->base, w->fd, what, fd_ready, w);
	if (events & (LOOP_READ | LOOP_WRITE))
		event_add(w->ev, NULL);
}

void loop_fd_destroy(struct loop_fd *w)
{
	if (w)
		event_free(w->ev);
	free(w);
}

/* ---- signals and bells: nothing comes from outside ---- */

struct loop_signal *loop_signal_create(struct loop *l, int signo,
				       loop_signal_f cb, void *arg)
{
	return NULL;
}

void loop_signal_destroy(struct loop_signal *s)
{
}

struct loop_wake {
	struct loop *loop;
	loop_f cb;
	void *arg;
};

struct loop_wake *loop_wake_create(struct loop *l, loop_f cb, void *arg)
{
	struct loop_wake *w = mem_alloc(sizeof(*w));

	*w = (struct loop_wake){l, cb, arg};
	return w;
}

void loop_wake_destroy(struct loop_wake *w)
{
	free(w);
}

void loop_wake_signal(struct loop_wake *w)
{
	loop_defer(w->loop, w->cb, w->arg);
}
