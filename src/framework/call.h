/*
 * call.h - the calls of POST /v1/frameworks/NAME/calls as JSON objects, and
 * what to tell the plugin when one of them was refused.
 *
 * Each function returns a new object, or NULL when an argument is wrong.
 */
#ifndef FRAMEWORK_CALL_H
#define FRAMEWORK_CALL_H

#include <jansson.h>

#include <berth/plugin.h>

#include "base/error.h"
#include "framework/arena.h"

json_t *call_demand(const struct berth_demand *d, struct berth_error *err);
json_t *call_withdraw(const char *demand, struct berth_error *err);
json_t *call_ask(const char *demand, struct berth_error *err);
json_t *call_accept(uint64_t offer, const uint64_t *slices, size_t n);
json_t *call_decline(uint64_t offer, unsigned filter_ms,
		     const char *const *nodes, size_t n,
		     struct berth_error *err);
json_t *call_simple(enum berth_call call); /* suppress, revive */
json_t *call_launch(const struct berth_launch *l, struct berth_error *err);
json_t *call_slices_release(const uint64_t *slices, size_t n);
/* m 0: none in their place. */
json_t *call_yield(const uint64_t *slices, size_t n, const uint64_t *instead,
		   size_t m);
/* index -1: the whole job. */
json_t *call_kill(uint64_t job, int64_t index, int signal, unsigned grace_ms);
json_t *call_job_running(uint64_t job);
json_t *call_job_ended(uint64_t job, const struct berth_job_end *end,
		       struct berth_error *err);

/* The refusal of a call; lives in the arena, call and text must stay. */
const struct berth_refusal *call_refusal(const json_t *call, const char *text,
					 struct arena *a);

#endif
