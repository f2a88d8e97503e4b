/*
 * json_spec.h - a job's spec, the body of POST /v1/jobs, decoded.
 */
#ifndef BROKER_JSON_SPEC_H
#define BROKER_JSON_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/demand.h"

/* Strings and objects belong to root. */
struct job_spec {
	json_t *root;
	const char *framework, *name, *role;
	json_t *argv, *env; /* env NULL: the broker's own surroundings */
	const char *cwd;    /* "": "/" */
	uint32_t uid, gid;
	const char *output, *error;
	bool want_stdin;
	bool requeue; /* when its slices were taken back */
	uint32_t restart; /* after a failure, at most so often */
	uint32_t walltime_ms, stop_signal, grace_ms;
	uint32_t checkpoint_signal; /* before that; 0: none */
	int priority;
	uint32_t cores, gpus;
	uint64_t memory_mib, drive_mib;
	const char *gpu_vendor;
	json_t *constraints, *prefer, *options;
	json_t *datasets_out; /* names; NULL: none */
};

/* Takes over root, also when it fails; members of the spec that are absent
 * and have a default that depends (name, uid, gid) are set in root too.  The
 * caller destroys the spec. */
struct job_spec *json_spec_decode(json_t *root, struct berth_error *err);
void json_spec_destroy(struct job_spec *s); /* NULL is fine */

/* One unit as the job's sizes and constraints want it, to ask whether any
 * node could ever hold it. */
struct demand *json_spec_unit(const struct job_spec *s,
			      struct berth_error *err);

#endif
