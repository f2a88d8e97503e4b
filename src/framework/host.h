/*
 * host.h - one plugin and its session: events become callbacks, operations
 * become calls.
 */
#ifndef FRAMEWORK_HOST_H
#define FRAMEWORK_HOST_H

#include <berth/plugin.h>

#include "base/error.h"
#include "framework/session.h"
#include "io/loop.h"

/* A plugin that stays in a callback for longer is named in the log. */
enum { HOST_CALLBACK_MS = 5000 };

/* Strings are copied; plugin must stay. */
struct host_config {
	const struct berth_plugin *plugin;
	const char *uri, *token;
	const char *name, *role; /* name NULL: the plugin's */
	unsigned failover_ms;
	unsigned long long epoch;
	unsigned callback_ms; /* 0: HOST_CALLBACK_MS */
};

/* failed: the broker will not have us; called once, from the loop. */
typedef void (*host_failed_f)(void *arg, const struct berth_error *err);

struct berth_host *host_create(struct loop *loop,
			       const struct host_config *config,
			       host_failed_f failed, void *arg,
			       struct berth_error *err);
void host_destroy(struct berth_host *h); /* destroys the plugin's state */

/* For the other files of the host. */
struct session *host_session(struct berth_host *h);
struct loop *host_loop(struct berth_host *h);
void host_enter(struct berth_host *h, const char *callback);
void host_leave(struct berth_host *h);
const char *host_name(const struct berth_host *h);
/* The timers that the plugin made; host_destroy ends what is left. */
void host_timer_add(struct berth_host *h, struct berth_timer *t);
void host_timer_remove(struct berth_host *h, struct berth_timer *t);

#endif
