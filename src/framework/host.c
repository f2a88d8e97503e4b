#include "framework/host.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "framework/call.h"
#include "framework/host_ops.h"
#include "framework/shapes.h"
#include "framework/watchdog.h"

/* So many refusals are told, in so much time. */
enum { REFUSED_LINES = 20, REFUSED_US = 10 * 1000 * 1000 };

struct berth_host {
	struct loop *loop;
	const struct berth_plugin *plugin;
	void *self; /* the plugin's */
	struct session *session;
	struct watchdog *watchdog;
	struct berth_timer_list timers;
	struct arena arena; /* of a refusal */
	char *name, *role;
	uint64_t refused_us; /* since when refusals are counted */
	unsigned refused;
	host_failed_f failed;
	void *arg;
};

/* Run a callback, if the plugin has it, under the watchdog's eye. */
#define CALLBACK(h, member, ...)                                               \
	do {                                                                   \
		if ((h)->plugin->member) {                                     \
			watchdog_enter((h)->watchdog, #member);                \
			(h)->plugin->member((h)->self, ##__VA_ARGS__);         \
			watchdog_leave((h)->watchdog);                         \
		}                                                              \
	} while (0)

/* A plugin may be refused thousands of times a second. */
static void warn_refused(struct berth_host *h, const struct berth_refusal *r)
{
	uint64_t now = loop_now_us();

	if (now - h->refused_us > REFUSED_US) {
		if (h->refused > REFUSED_LINES)
			log_warn("%u further calls were refused",
				 h->refused - REFUSED_LINES);
		h->refused_us = now;
		h->refused = 0;
	}
	if (h->refused++ < REFUSED_LINES)
		log_warn("the broker refuses the call %s: %s",
			 shape_calls[r->call], r->text);
}

static void tell_refusal(struct berth_host *h, const struct berth_refusal *r)
{
	/* To name others in place of a slice is a try. */
	if (r->call == BERTH_CALL_YIELD)
		log_debug("the broker refuses to take others back: %s",
			  r->text);
	else
		warn_refused(h, r);
	CALLBACK(h, error, r);
}

static void on_event(void *arg, const struct event *e)
{
	struct berth_host *h = arg;

	switch (e->type) {
	case EVENT_STATE:
		CALLBACK(h, state, e->state);
		break;
	case EVENT_JOB:
		CALLBACK(h, job, e->job);
		break;
	case EVENT_CANCEL:
		CALLBACK(h, cancel, e->id);
		break;
	case EVENT_OFFER:
		CALLBACK(h, offer, e->offer);
		break;
	case EVENT_RESCIND:
		CALLBACK(h, rescind, e->id);
		break;
	case EVENT_TASK:
		CALLBACK(h, task, e->task);
		break;
	case EVENT_REVOKE:
		CALLBACK(h, revoke, e->id, e->deadline_ms);
		break;
	case EVENT_SPARED:
		CALLBACK(h, spared, e->id);
		break;
	case EVENT_LOST:
		CALLBACK(h, lost, e->slices, e->n_slices, e->node);
		break;
	case EVENT_ERROR:
		tell_refusal(h, e->refusal);
		break;
	case EVENT_PING:
	case EVENT_UNKNOWN:
		break;
	}
}

static void on_refused(void *arg, const json_t *call, const char *text)
{
	struct berth_host *h = arg;

	tell_refusal(h, call_refusal(call, text, &h->arena));
	arena_reset(&h->arena);
}

static void on_settle(void *arg)
{
	struct berth_host *h = arg;

	CALLBACK(h, settle);
}

static void on_failed(void *arg, const struct berth_error *err)
{
	struct berth_host *h = arg;

	h->failed(h->arg, err);
}

static int create_plugin(struct berth_host *h, struct berth_error *err)
{
	struct berth_setup setup = BERTH_INIT(setup);

	setup.host = h;
	setup.ops = &host_ops;
	setup.name = h->name;
	setup.role = h->role;
	if (err)
		error_set(err, BERTH_EUNAVAIL, "it does not say why");
	watchdog_enter(h->watchdog, "create");
	h->self = h->plugin->create(&setup, err);
	watchdog_leave(h->watchdog);
	if (h->self)
		return 0;
	return error_prefix(err, "plugin %s can't start", h->plugin->name);
}

struct berth_host *host_create(struct loop *loop,
			       const struct host_config *config,
			       host_failed_f failed, void *arg,
			       struct berth_error *err)
{
	static const struct session_events ev = {
		.event = on_event,
		.refused = on_refused,
		.settle = on_settle,
		.failed = on_failed,
	};
	struct berth_host *h = mem_alloc(sizeof(*h));
	struct session_config sc = {
		.uri = config->uri,
		.token = config->token,
		.failover_ms = config->failover_ms,
		.epoch = config->epoch,
		.react_ms = config->plugin->react_ms,
	};

	h->loop = loop;
	h->plugin = config->plugin;
	h->failed = failed;
	h->arg = arg;
	h->name = mem_strdup(config->name ? config->name : h->plugin->name);
	h->role = mem_strdup(config->role);
	TAILQ_INIT(&h->timers);
	arena_init(&h->arena);
	h->watchdog = watchdog_create(h->name, config->callback_ms ?
						       config->callback_ms :
						       HOST_CALLBACK_MS,
				      err);
	if (!h->watchdog || create_plugin(h, err) < 0)
		goto fail;
	sc.name = h->name;
	sc.role = h->role;
	sc.options_doc = h->plugin->options_doc;
	h->session = session_create(loop, &sc, &ev, h, err);
	if (h->session)
		return h;
fail:
	host_destroy(h);
	return NULL;
}

void host_destroy(struct berth_host *h)
{
	if (!h)
		return;
	session_destroy(h->session);
	h->session = NULL;
	if (h->self)
		h->plugin->destroy(h->self);
	while (!TAILQ_EMPTY(&h->timers))
		host_ops.timer_destroy(TAILQ_FIRST(&h->timers));
	watchdog_destroy(h->watchdog);
	arena_finish(&h->arena);
	free(h->name);
	free(h->role);
	free(h);
}

struct session *host_session(struct berth_host *h)
{
	return h->session;
}

struct loop *host_loop(struct berth_host *h)
{
	return h->loop;
}

const char *host_name(const struct berth_host *h)
{
	return h->name;
}

void host_enter(struct berth_host *h, const char *callback)
{
	watchdog_enter(h->watchdog, callback);
}

void host_leave(struct berth_host *h)
{
	watchdog_leave(h->watchdog);
}

void host_timer_add(struct berth_host *h, struct berth_timer *t)
{
	TAILQ_INSERT_TAIL(&h->timers, t, link);
}

void host_timer_remove(struct berth_host *h, struct berth_timer *t)
{
	TAILQ_REMOVE(&h->timers, t, link);
}
