/*
 * json_launch.h - the body of a framework's launch call, decoded, with what it
 * leaves out taken from the job's spec.
 */
#ifndef BROKER_JSON_LAUNCH_H
#define BROKER_JSON_LAUNCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "broker/json_spec.h"

struct launch_app {
	json_t *argv, *env; /* env NULL: the launch's */
	const char *cwd;    /* NULL: the launch's */
	uint32_t ranks;
};

struct launch_task {
	uint32_t index;
	uint64_t slice;
	json_t *ranks, *args, *env; /* NULL: none */
	int64_t array_index;
	uint32_t *rank; /* ranks, ascending */
	uint32_t nranks;
};

/* Borrows from the call's object and the spec; own is its own. */
struct launch_call {
	json_t *own; /* what it says beside job and tasks; NULL: nothing */
	bool pmix, want_stdin, report_bindings, ft;
	const char *bind_to, *map_by, *cwd, *output, *error;
	uint32_t walltime_ms, stop_signal, grace_ms;
	json_t *argv, *env, *apps, *tasks;
	struct launch_app *app; /* at least one with pmix */
	size_t napps;
	struct launch_task *task;
	size_t ntasks;
	uint32_t nranks; /* of all tasks */
};

/* The job that a launch is for; -1 when there is none in it. */
int json_launch_job(json_t *v, uint64_t *job, struct berth_error *err);

/* Decode v into out, which the caller finishes if this succeeds.  With pmix
 * the ranks of the tasks are known to be 0 … nranks-1, each once, and the
 * apps' ranks to add up to as many. */
int json_launch_decode(json_t *v, const struct job_spec *spec,
		       struct launch_call *out, struct berth_error *err);
void json_launch_finish(struct launch_call *c);

#endif
