/* fake_host.h - a test double of the plugin host: operations are written down
 * as lines of text, events are plain structs made from few words. */
#ifndef TESTS_FAKE_HOST_H
#define TESTS_FAKE_HOST_H

#include <stdarg.h>

#include <berth/plugin.h>

#include "base/buf.h"

struct berth_host {
	struct buf calls; /* a line each, in order */
	uint64_t now_ms;
	bool refuse;	  /* operations fail at once */
	struct berth_timer *timer; /* the last one made; the host's */
};

extern const struct berth_host_ops fake_ops;

void fake_init(struct berth_host *h);
void fake_finish(struct berth_host *h);
/* The calls since the last time, compared as a whole; prints both when they
 * differ. */
bool fake_calls(struct berth_host *h, const char *expected);
/* How often a text occurs in the calls so far; forgets them when told. */
size_t fake_count(struct berth_host *h, const char *text, bool forget);
void fake_forget(struct berth_host *h);

void *fake_create(struct berth_host *h, const struct berth_plugin *p);

/* A job of role "r" with these options (JSON) and cores; settle after. */
void fake_job(void *self, const struct berth_plugin *p, uint64_t id,
	      unsigned cores, const char *options);
/* An offer of slices first … first+n-1 of `units` units each, on nodes
 * n<first>, …; for demand. */
void fake_offer(void *self, const struct berth_plugin *p, uint64_t offer,
		const char *demand, uint64_t first, size_t n, unsigned units);
/* A task's end. */
void fake_end(void *self, const struct berth_plugin *p, uint64_t job,
	      unsigned index, enum berth_task_end end, int code);
void fake_end_array(void *self, const struct berth_plugin *p, uint64_t job,
		    unsigned index, int64_t array_index,
		    enum berth_task_end end, int code, int64_t ms);
/* Let so long pass; the timer runs if its time has come. */
void fake_wait(struct berth_host *h, unsigned ms);
void fake_settle(void *self, const struct berth_plugin *p);
void fake_refuse(void *self, const struct berth_plugin *p,
		 const struct berth_refusal *r);

#endif
