/*
 * loop.h - the event loop of a process: timers, descriptors, signals,
 * deferred calls and wake-ups from foreign threads (over libevent).
 *
 * Everything here belongs to the thread that runs the loop, except
 * loop_wake_signal.  Callbacks must not block.  Destroying an object inside
 * any callback, its own included, is allowed, and no callback of it runs
 * after.  Times are microseconds of CLOCK_MONOTONIC.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct loop;
struct event_base; /* libevent's, for the other files of io/ */

/* Also takes SIGPIPE's default away from the process. */
struct loop *loop_create(struct berth_error *err);
void loop_destroy(struct loop *l);
/* Runs until loop_stop; may be called again after. */
int loop_run(struct loop *l, struct berth_error *err);
/* One pass: waits at most max_wait_us for something to happen. */
int loop_once(struct loop *l, uint64_t max_wait_us, struct berth_error *err);
void loop_stop(struct loop *l);
uint64_t loop_now_us(void);  /* CLOCK_MONOTONIC */
uint64_t loop_wall_us(void); /* CLOCK_REALTIME */
struct event_base *loop_base(struct loop *l); /* for io/ only */

typedef void (*loop_f)(void *arg);

/* One-shot timer; starting it again moves it. */
struct loop_timer;
struct loop_timer *loop_timer_create(struct loop *l, loop_f cb, void *arg);
void loop_timer_destroy(struct loop_timer *t);
void loop_timer_start(struct loop_timer *t, uint64_t delay_us);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_pending(const struct loop_timer *t);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_EDGE = 4 };

/* Watch a descriptor, which stays the caller's and must be open until the
 * watch is destroyed. */
struct loop_fd;
typedef void (*loop_fd_f)(void *arg, int fd, unsigned events);
struct loop_fd *loop_fd_create(struct loop *l, int fd, unsigned events,
			       loop_fd_f cb, void *arg);
void loop_fd_set(struct loop_fd *w, unsigned events);
void loop_fd_destroy(struct loop_fd *w);

struct loop_signal;
typedef void (*loop_signal_f)(void *arg, int signo);
struct loop_signal *loop_signal_create(struct loop *l, int signo,
				       loop_signal_f cb, void *arg);
void loop_signal_destroy(struct loop_signal *s);

/* Run cb once, from the loop, after the callback that is running now. */
void loop_defer(struct loop *l, loop_f cb, void *arg);

/* A bell that any thread may ring; rings before cb runs count as one. */
struct loop_wake;
struct loop_wake *loop_wake_create(struct loop *l, loop_f cb, void *arg);
void loop_wake_destroy(struct loop_wake *w);
void loop_wake_signal(struct loop_wake *w); /* any thread */

#endif
