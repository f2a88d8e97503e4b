#include "framework/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"

struct watchdog {
	char *plugin;
	uint64_t limit_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping; /* under lock */
	/* Written by the loop's thread: 0 outside of callbacks. */
	_Atomic uint64_t entered_ms;
	_Atomic(const char *) callback;
	atomic_uint warnings;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void look(struct watchdog *w, uint64_t *seen, uint64_t *next_ms)
{
	uint64_t entered = atomic_load(&w->entered_ms);
	const char *callback = atomic_load(&w->callback);
	uint64_t stay;

	if (!entered)
		return;
	if (entered != *seen) {
		*seen = entered;
		*next_ms = w->limit_ms;
	}
	stay = now_ms() - entered;
	if (stay < *next_ms)
		return;
	atomic_fetch_add(&w->warnings, 1);
	log_error("plugin %s: its callback %s has not returned for %.1f s; "
		  "callbacks must not block",
		  w->plugin, callback, (double)stay / 1000);
	*next_ms = stay * 2;
}

static void *watch(void *arg)
{
	struct watchdog *w = arg;
	uint64_t seen = 0, next_ms = 0;
	uint64_t step = w->limit_ms < 1000 ? w->limit_ms : 1000;

	pthread_mutex_lock(&w->lock);
	while (!w->stopping) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += (time_t)(step / 1000);
		until.tv_nsec += (long)(step % 1000) * 1000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&w->stop, &w->lock, &until);
		look(w, &seen, &next_ms);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct watchdog *watchdog_create(const char *plugin, unsigned limit_ms,
				 struct berth_error *err)
{
	struct watchdog *w = mem_alloc(sizeof(*w));
	pthread_condattr_t attr;

	w->plugin = mem_strdup(plugin);
	w->limit_ms = limit_ms;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->stop, &attr);
	pthread_condattr_destroy(&attr);
	errno = pthread_create(&w->thread, NULL, watch, w);
	if (errno == 0)
		return w;
	error_sys(err, "watchdog thread");
	pthread_cond_destroy(&w->stop);
	pthread_mutex_destroy(&w->lock);
	free(w->plugin);
	free(w);
	return NULL;
}

void watchdog_destroy(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->stop);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->stop);
	pthread_mutex_destroy(&w->lock);
	free(w->plugin);
	free(w);
}

void watchdog_enter(struct watchdog *w, const char *callback)
{
	atomic_store(&w->callback, callback);
	atomic_store(&w->entered_ms, now_ms());
}

void watchdog_leave(struct watchdog *w)
{
	atomic_store(&w->entered_ms, 0);
}

unsigned watchdog_warnings(const struct watchdog *w)
{
	return atomic_load(&w->warnings);
}
