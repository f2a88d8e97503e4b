/*
 * loop.c - see loop.h.  Each object wraps one libevent event and owns it.
 *
 * "No callback after destroy" comes for free from event_free, which takes an
 * event off the active queue as well; foreign threads never touch libevent,
 * they only write to a wake's eventfd.
 */
#include "io/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

struct deferred {
	STAILQ_ENTRY(deferred) next;
	loop_f cb;
	void *arg;
};

struct loop {
	struct event_base *base;
	struct event *defer_event;
	STAILQ_HEAD(, deferred) deferred;
	bool running_deferred;
	struct event *once_timer;
	bool stop;
};

struct loop_timer {
	struct event *ev;
	loop_f cb;
	void *arg;
};

struct loop_fd {
	struct loop *loop;
	struct event *ev;
	int fd;
	unsigned events;
	loop_fd_f cb;
	void *arg;
};

struct loop_signal {
	struct event *ev;
	loop_signal_f cb;
	void *arg;
};

struct loop_wake {
	struct event *ev;
	int fd;
	loop_f cb;
	void *arg;
};

/* libevent has no memory for an event: as mem.h has it. */
static struct event *must(struct event *ev)
{
	if (ev == NULL)
		abort();
	return ev;
}

static struct timeval to_timeval(uint64_t us)
{
	struct timeval tv = {.tv_sec = (time_t)(us / 1000000),
			     .tv_usec = (suseconds_t)(us % 1000000)};

	return tv;
}

uint64_t loop_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t loop_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---- the loop itself ---- */

/* What is deferred while this runs waits for the next pass, so that calls that
 * defer themselves do not keep the rest of the loop from its turn. */
static void run_deferred(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval at_once = {0, 0};
	STAILQ_HEAD(, deferred) batch = STAILQ_HEAD_INITIALIZER(batch);
	struct loop *l = arg;

	l->running_deferred = true;
	STAILQ_CONCAT(&batch, &l->deferred);
	while (!STAILQ_EMPTY(&batch)) {
		struct deferred *d = STAILQ_FIRST(&batch);

		STAILQ_REMOVE_HEAD(&batch, next);
		d->cb(d->arg);
		free(d);
	}
	l->running_deferred = false;
	if (!STAILQ_EMPTY(&l->deferred))
		evtimer_add(l->defer_event, &at_once);
}

static void nothing(evutil_socket_t fd, short what, void *arg)
{
}

static void ignore_signal(int signo)
{
}

/* A write to a closed socket is an error, not the end.  A handler instead of
 * SIG_IGN, which the programs that we start would inherit. */
static void disarm_sigpipe(void)
{
	struct sigaction sa;

	if (sigaction(SIGPIPE, NULL, &sa) != 0 || sa.sa_handler != SIG_DFL)
		return;
	sa.sa_handler = ignore_signal;
	sa.sa_flags = SA_RESTART;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGPIPE, &sa, NULL);
}

struct loop *loop_create(struct berth_error *err)
{
	struct event_config *config = event_config_new();
	struct loop *l = mem_alloc(sizeof(*l));

	if (config) {
		/* Timers of microseconds, not rounded up to epoll's
		 * milliseconds. */
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
		event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
		l->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (l->base == NULL) {
		error_set(err, BERTH_ESYS, "no event loop from libevent: %s",
			  strerror(errno));
		free(l);
		return NULL;
	}
	disarm_sigpipe();
	STAILQ_INIT(&l->deferred);
	l->defer_event = must(evtimer_new(l->base, run_deferred, l));
	l->once_timer = must(evtimer_new(l->base, nothing, l));
	return l;
}

void loop_destroy(struct loop *l)
{
	struct deferred *d;

	if (l == NULL)
		return;
	while (!STAILQ_EMPTY(&l->deferred)) {
		d = STAILQ_FIRST(&l->deferred);
		STAILQ_REMOVE_HEAD(&l->deferred, next);
		free(d);
	}
	event_free(l->defer_event);
	event_free(l->once_timer);
	event_base_free(l->base);
	free(l);
}

int loop_run(struct loop *l, struct berth_error *err)
{
	l->stop = false;
	while (!l->stop) {
		if (event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
			return error_sys(err, "the event loop failed");
	}
	return 0;
}

int loop_once(struct loop *l, uint64_t max_wait_us, struct berth_error *err)
{
	struct timeval tv = to_timeval(max_wait_us);
	int flags = max_wait_us > 0 ? EVLOOP_ONCE : EVLOOP_NONBLOCK;
	int rc;

	if (max_wait_us > 0)
		evtimer_add(l->once_timer, &tv);
	rc = event_base_loop(l->base, flags | EVLOOP_NO_EXIT_ON_EMPTY);
	evtimer_del(l->once_timer);
	if (rc < 0)
		return error_sys(err, "the event loop failed");
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
	event_base_loopbreak(l->base);
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
	if (!l->running_deferred)
		event_active(l->defer_event, EV_TIMEOUT, 0);
}

/* ---- timers ---- */

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	t->cb(t->arg);
}

struct loop_timer *loop_timer_create(struct loop *l, loop_f cb, void *arg)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->cb = cb;
	t->arg = arg;
	t->ev = must(evtimer_new(l->base, timer_fired, t));
	return t;
}

void loop_timer_destroy(struct loop_timer *t)
{
	if (t == NULL)
		return;
	event_free(t->ev);
	free(t);
}

void loop_timer_start(struct loop_timer *t, uint64_t delay_us)
{
	struct timeval tv = to_timeval(delay_us);

	evtimer_del(t->ev);
	evtimer_add(t->ev, &tv);
}

void loop_timer_stop(struct loop_timer *t)
{
	evtimer_del(t->ev);
}

bool loop_timer_pending(const struct loop_timer *t)
{
	return evtimer_pending(t->ev, NULL) != 0;
}

/* ---- descriptors ---- */

static void fd_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *w = arg;
	unsigned events = 0;

	if (what & EV_READ)
		events |= LOOP_READ;
	if (what & EV_WRITE)
		events |= LOOP_WRITE;
	w->cb(w->arg, w->fd, events);
}

static short fd_flags(unsigned events)
{
	short what = EV_PERSIST;

	if (events & LOOP_READ)
		what |= EV_READ;
	if (events & LOOP_WRITE)
		what |= EV_WRITE;
	if (events & LOOP_EDGE)
		what |= EV_ET;
	return what;
}

struct loop_fd *loop_fd_create(struct loop *l, int fd, unsigned events,
			       loop_fd_f cb, void *arg)
{
	struct loop_fd *w = mem_alloc(sizeof(*w));

	w->loop = l;
	w->fd = fd;
	w->cb = cb;
	w->arg = arg;
	w->ev = must(event_new(l->base, fd, EV_PERSIST, fd_ready, w));
	loop_fd_set(w, events);
	return w;
}

void loop_fd_set(struct loop_fd *w, unsigned events)
{
	if (w->events == events)
		return;
	event_del(w->ev);
	w->events = events;
	if ((events & (LOOP_READ | LOOP_WRITE)) == 0)
		return;
	event_assign(w->ev, w->loop->base, w->fd, fd_flags(events), fd_ready,
		     w);
	event_add(w->ev, NULL);
}

void loop_fd_destroy(struct loop_fd *w)
{
	if (w == NULL)
		return;
	event_free(w->ev);
	free(w);
}

/* ---- signals ---- */

static void signal_came(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *s = arg;

	s->cb(s->arg, (int)fd);
}

struct loop_signal *loop_signal_create(struct loop *l, int signo,
				       loop_signal_f cb, void *arg)
{
	struct loop_signal *s = mem_alloc(sizeof(*s));

	s->cb = cb;
	s->arg = arg;
	s->ev = must(evsignal_new(l->base, signo, signal_came, s));
	evsignal_add(s->ev, NULL);
	return s;
}

void loop_signal_destroy(struct loop_signal *s)
{
	if (s == NULL)
		return;
	event_free(s->ev);
	free(s);
}

/* ---- bells ---- */

static void wake_rang(evutil_socket_t fd, short what, void *arg)
{
	struct loop_wake *w = arg;
	uint64_t rings;

	if (read(w->fd, &rings, sizeof(rings)) == (ssize_t)sizeof(rings))
		w->cb(w->arg);
}

struct loop_wake *loop_wake_create(struct loop *l, loop_f cb, void *arg)
{
	struct loop_wake *w = mem_alloc(sizeof(*w));

	w->cb = cb;
	w->arg = arg;
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd < 0)
		abort(); /* no descriptors left: nothing can go on */
	w->ev = must(event_new(l->base, w->fd, EV_READ | EV_PERSIST, wake_rang,
			       w));
	event_add(w->ev, NULL);
	return w;
}

void loop_wake_destroy(struct loop_wake *w)
{
	if (w == NULL)
		return;
	event_free(w->ev);
	close(w->fd);
	free(w);
}

void loop_wake_signal(struct loop_wake *w)
{
	uint64_t one = 1;

	/* EAGAIN: it has rung 2^64 times and will be heard. */
	if (write(w->fd, &one, sizeof(one)) < 0)
		return;
}
