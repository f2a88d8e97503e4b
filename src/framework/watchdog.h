/*
 * watchdog.h - names a plugin that does not return from a callback.
 *
 * A thread of its own looks once a second; it only writes to the log.
 */
#ifndef FRAMEWORK_WATCHDOG_H
#define FRAMEWORK_WATCHDOG_H

#include "base/error.h"

struct watchdog;

/* Logs after limit_ms inside one callback, and again whenever the time has
 * doubled.  plugin is copied. */
struct watchdog *watchdog_create(const char *plugin, unsigned limit_ms,
				 struct berth_error *err);
void watchdog_destroy(struct watchdog *w);

/* Around each callback; callback is a literal. */
void watchdog_enter(struct watchdog *w, const char *callback);
void watchdog_leave(struct watchdog *w);

/* How often it has warned: for tests.  Any thread. */
unsigned watchdog_warnings(const struct watchdog *w);

#endif
