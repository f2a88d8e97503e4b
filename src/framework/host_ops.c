#include "framework/host_ops.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "framework/call.h"
#include "framework/host.h"

/* Before the first connection (in create) there is nobody to call. */
static int queue(struct berth_host *h, json_t *call, struct berth_error *err)
{
	struct session *s = host_session(h);

	if (!s) {
		json_decref(call);
		return error_set(err, BERTH_ECONFLICT,
				 "no calls in create or destroy");
	}
	return session_call(s, call, err);
}

static int op_demand(struct berth_host *h, const struct berth_demand *d,
		     struct berth_error *err)
{
	return queue(h, call_demand(d, err), err);
}

static int op_withdraw(struct berth_host *h, const char *demand,
		       struct berth_error *err)
{
	return queue(h, call_withdraw(demand, err), err);
}

static int op_ask(struct berth_host *h, const char *demand,
		  struct berth_error *err)
{
	return queue(h, call_ask(demand, err), err);
}

static int op_accept(struct berth_host *h, uint64_t offer,
		     const uint64_t *slices, size_t n, struct berth_error *err)
{
	return queue(h, call_accept(offer, slices, n), err);
}

static int op_decline(struct berth_host *h, uint64_t offer, unsigned filter_ms,
		      const char *const *nodes, size_t n,
		      struct berth_error *err)
{
	return queue(h, call_decline(offer, filter_ms, nodes, n, err), err);
}

static int op_suppress(struct berth_host *h, struct berth_error *err)
{
	return queue(h, call_simple(BERTH_CALL_SUPPRESS), err);
}

static int op_revive(struct berth_host *h, struct berth_error *err)
{
	return queue(h, call_simple(BERTH_CALL_REVIVE), err);
}

static int op_launch(struct berth_host *h, const struct berth_launch *l,
		     struct berth_error *err)
{
	return queue(h, call_launch(l, err), err);
}

static int op_release(struct berth_host *h, const uint64_t *slices, size_t n,
		      struct berth_error *err)
{
	return queue(h, call_slices_release(slices, n), err);
}

static int op_yield(struct berth_host *h, const uint64_t *slices, size_t n,
		    const uint64_t *instead, size_t m, struct berth_error *err)
{
	return queue(h, call_yield(slices, n, instead, m), err);
}

static int op_kill(struct berth_host *h, uint64_t job, int64_t index,
		   int signal, unsigned grace_ms, struct berth_error *err)
{
	return queue(h, call_kill(job, index, signal, grace_ms), err);
}

static int op_job_running(struct berth_host *h, uint64_t job,
			  struct berth_error *err)
{
	return queue(h, call_job_running(job), err);
}

static int op_job_ended(struct berth_host *h, uint64_t job,
			const struct berth_job_end *end,
			struct berth_error *err)
{
	return queue(h, call_job_ended(job, end, err), err);
}

/* ---- timers ---- */

static void on_timer(void *arg)
{
	struct berth_timer *t = arg;
	struct berth_host *h = t->host;

	host_enter(h, "timer");
	t->cb(t->arg); /* may destroy t */
	host_leave(h);
	session_wake(host_session(h));
}

static struct berth_timer *op_timer_create(struct berth_host *h,
					   berth_timer_f cb, void *arg)
{
	struct berth_timer *t = mem_alloc(sizeof(*t));

	t->host = h;
	t->cb = cb;
	t->arg = arg;
	t->timer = loop_timer_create(host_loop(h), on_timer, t);
	host_timer_add(h, t);
	return t;
}

static void op_timer_start(struct berth_timer *t, unsigned delay_ms)
{
	loop_timer_start(t->timer, (uint64_t)delay_ms * 1000);
}

static void op_timer_stop(struct berth_timer *t)
{
	loop_timer_stop(t->timer);
}

static void op_timer_destroy(struct berth_timer *t)
{
	if (!t)
		return;
	host_timer_remove(t->host, t);
	loop_timer_destroy(t->timer);
	free(t);
}

static uint64_t op_now_ms(struct berth_host *h)
{
	return loop_now_us() / 1000;
}

static void op_log(struct berth_host *h, enum berth_log_level level,
		   const char *fmt, ...)
{
	static const enum log_level levels[] = {
		[BERTH_LOG_ERROR] = LOG_LVL_ERROR,
		[BERTH_LOG_WARN] = LOG_LVL_WARN,
		[BERTH_LOG_INFO] = LOG_LVL_INFO,
		[BERTH_LOG_DEBUG] = LOG_LVL_DEBUG,
	};
	enum log_level l = LOG_LVL_INFO;
	char text[1024];
	va_list ap;

	if ((unsigned)level <= BERTH_LOG_DEBUG)
		l = levels[level];
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_write(l, "%s", text);
}

const struct berth_host_ops host_ops = {
	.size = sizeof(host_ops),
	.demand = op_demand,
	.withdraw = op_withdraw,
	.ask = op_ask,
	.accept = op_accept,
	.decline = op_decline,
	.suppress = op_suppress,
	.revive = op_revive,
	.launch = op_launch,
	.release = op_release,
	.kill = op_kill,
	.job_running = op_job_running,
	.job_ended = op_job_ended,
	.timer_create = op_timer_create,
	.timer_start = op_timer_start,
	.timer_stop = op_timer_stop,
	.timer_destroy = op_timer_destroy,
	.now_ms = op_now_ms,
	.log = op_log,
	.yield = op_yield,
};
