#include "framework/shapes.h"

#include <berth/plugin.h>

#define END { .name = NULL }
#define SHAPE(var, struct_, name_, fields_)                                    \
	const struct shape var = { .name = name_,                              \
				   .size = sizeof(struct_),                    \
				   .fields = fields_ }

static const char *const job_states[] = { "queued", "running", "ended", NULL };
static const char *const slice_states[] = { "offered", "held", "busy", NULL };
static const char *const task_states[] = { "starting", "running", "ended",
					   NULL };
static const char *const task_ends[] = {
	[BERTH_END_NONE] = "",
	[BERTH_END_EXITED] = "exited",
	[BERTH_END_SIGNALED] = "signaled",
	[BERTH_END_ABORTED] = "aborted",
	[BERTH_END_NO_FINALIZE] = "no_finalize",
	[BERTH_END_KILLED] = "killed",
	[BERTH_END_REVOKED] = "revoked",
	[BERTH_END_WALLTIME] = "walltime",
	[BERTH_END_FAILED_START] = "failed_start",
	[BERTH_END_LOST] = "lost",
	NULL,
};

const char *const shape_outcomes[] = {
	[BERTH_DONE] = "done",	    [BERTH_FAILED] = "failed",
	[BERTH_CANCELLED] = "cancelled", [BERTH_TIMEOUT] = "timeout",
	[BERTH_LOST] = "lost",	    NULL,
};

const char *const shape_calls[] = {
	[BERTH_CALL_OTHER] = "",	   [BERTH_CALL_DEMAND] = "demand",
	[BERTH_CALL_ACCEPT] = "accept",	   [BERTH_CALL_DECLINE] = "decline",
	[BERTH_CALL_SUPPRESS] = "suppress", [BERTH_CALL_REVIVE] = "revive",
	[BERTH_CALL_LAUNCH] = "launch",	   [BERTH_CALL_RELEASE] = "release",
	[BERTH_CALL_KILL] = "kill",	   [BERTH_CALL_JOB] = "job",
	[BERTH_CALL_ASK] = "ask",	   [BERTH_CALL_YIELD] = "yield",
	NULL,
};

/* ---- resources ---- */

static const struct field request_fields[] = {
#define F(m, ...) FIELD(struct berth_request, m, #m, __VA_ARGS__)
	F(cores, FIELD_U32, .flags = FIELD_ONE),
	F(memory_mib, FIELD_U64),
	F(gpus, FIELD_U32),
	F(gpu_vendor, FIELD_STRING),
	F(drive_mib, FIELD_U64),
#undef F
	END
};
static SHAPE(request, struct berth_request, "request", request_fields);

static const struct field constraints_fields[] = {
#define S struct berth_constraints
	FIELD_LIST(S, labels, "labels", FIELD_PAIRS),
	FIELD_LIST(S, nodes, "nodes", FIELD_STRINGS),
	FIELD_LIST(S, exclude, "exclude", FIELD_STRINGS),
	FIELD(S, exclusive, "exclusive", FIELD_BOOL),
	FIELD(S, per_node, "per_node", FIELD_U32),
	FIELD(S, min_per_node, "min_per_node", FIELD_U32),
	FIELD(S, fit, "fit", FIELD_STRING),
	FIELD_LIST(S, datasets, "datasets", FIELD_STRINGS),
#undef S
	END
};
static SHAPE(constraints, struct berth_constraints, "constraints",
	     constraints_fields);

static const char *const layouts[] = {
	[BERTH_LAYOUT_ANY] = "",
	[BERTH_LAYOUT_SWITCHES] = "switches",
	[BERTH_LAYOUT_NODES] = "nodes",
	[BERTH_LAYOUT_EQUAL] = "equal",
	NULL,
};

static const struct field prefer_fields[] = {
#define S struct berth_preferences
	FIELD_LIST(S, nodes, "nodes", FIELD_STRINGS),
	FIELD(S, packing, "pack", FIELD_TRI),
	FIELD_LIST(S, datasets, "datasets", FIELD_STRINGS),
	FIELD_LIST(S, labels, "labels", FIELD_PAIRS),
	FIELD(S, wait_ms, "wait_ms", FIELD_U32),
	FIELD(S, layout, "layout", FIELD_WORD, .words = layouts),
#undef S
	END
};
static SHAPE(prefer, struct berth_preferences, "prefer", prefer_fields);

static const struct field device_fields[] = {
#define F(m, ...) FIELD(struct berth_device, m, #m, __VA_ARGS__)
	F(name, FIELD_STRING),
	F(pci, FIELD_STRING),
	F(uuid, FIELD_STRING),
	F(vendor, FIELD_STRING),
	F(model, FIELD_STRING),
	F(mib, FIELD_U64),
#undef F
	END
};
static SHAPE(device, struct berth_device, "device", device_fields);

static const struct field memory_fields[] = {
	FIELD(struct berth_numa_memory, numa, "numa", FIELD_U32),
	FIELD(struct berth_numa_memory, mib, "mib", FIELD_U64),
	END
};
static SHAPE(memory, struct berth_numa_memory, "memory", memory_fields);

static const struct field slice_fields[] = {
#define S struct berth_slice
#define F(m, ...) FIELD(S, m, #m, __VA_ARGS__)
#define L(m, ...) FIELD_LIST(S, m, #m, __VA_ARGS__)
	F(id, FIELD_U64, .flags = FIELD_NEEDED),
	F(node, FIELD_STRING, .flags = FIELD_NEEDED),
	F(units, FIELD_U32),
	F(cores, FIELD_U32),
	F(pus, FIELD_STRING),
	L(core_pus, FIELD_STRINGS),
	F(memory_mib, FIELD_U64),
	L(memory, FIELD_OBJECTS, .shape = &memory),
	L(gpus, FIELD_OBJECTS, .shape = &device),
	L(drives, FIELD_OBJECTS, .shape = &device),
	L(ports, FIELD_STRINGS),
	F(fit, FIELD_STRING),
	F(gpu_distance, FIELD_U32),
	F(revocable, FIELD_BOOL),
	F(state, FIELD_WORD, .words = slice_states),
	F(job, FIELD_U64),
#undef L
#undef F
#undef S
	END
};
SHAPE(shape_slice, struct berth_slice, "slice", slice_fields);

/* ---- demands and offers ---- */

static const struct field demand_fields[] = {
#define S struct berth_demand
	FIELD(S, id, "id", FIELD_STRING, .flags = FIELD_ALWAYS),
	FIELD(S, count, "count", FIELD_U32, .flags = FIELD_ALWAYS),
	FIELD(S, max, "max", FIELD_U32),
	FIELD(S, gang, "gang", FIELD_BOOL),
	FIELD(S, separate, "separate", FIELD_BOOL),
	FIELD(S, request, "slice", FIELD_OBJECT, .shape = &request),
	FIELD(S, constraints, "constraints", FIELD_OBJECT,
	      .shape = &constraints),
	FIELD(S, prefer, "prefer", FIELD_OBJECT, .shape = &prefer),
	FIELD(S, role, "role", FIELD_STRING),
	FIELD(S, priority, "priority", FIELD_I32),
	FIELD(S, no_revocable, "revocable_ok", FIELD_NOT),
#undef S
	END
};
SHAPE(shape_demand, struct berth_demand, "demand", demand_fields);

static const struct field offer_fields[] = {
#define S struct berth_offer
	FIELD(S, id, "offer", FIELD_U64, .flags = FIELD_NEEDED),
	FIELD(S, demand, "demand", FIELD_STRING),
	FIELD_LIST(S, slices, "slices", FIELD_OBJECTS, .shape = &shape_slice,
		   .flags = FIELD_NEEDED),
	FIELD(S, expires_ms, "expires_ms", FIELD_U32),
#undef S
	END
};
SHAPE(shape_offer, struct berth_offer, "offer", offer_fields);

/* ---- jobs and tasks ---- */

static const struct field spec_fields[] = {
#define S struct berth_job
	FIELD_LIST(S, argv, "argv", FIELD_STRINGS),
	FIELD_LIST(S, env, "env", FIELD_ENV, .given = offsetof(S, has_env)),
	FIELD(S, cwd, "cwd", FIELD_STRING),
	FIELD(S, want_stdin, "stdin", FIELD_BOOL),
	FIELD(S, walltime_ms, "walltime_ms", FIELD_U32),
	FIELD(S, stop_signal, "stop_signal", FIELD_U32),
	FIELD(S, grace_ms, "grace_ms", FIELD_U32),
	FIELD(S, priority, "priority", FIELD_I32),
	FIELD(S, request, "resources", FIELD_SELF, .shape = &request),
	FIELD(S, constraints, "constraints", FIELD_OBJECT,
	      .shape = &constraints, .flags = FIELD_EMPTY),
	FIELD(S, prefer, "prefer", FIELD_OBJECT, .shape = &prefer,
	      .flags = FIELD_EMPTY),
	FIELD(S, options, "options", FIELD_JSON),
	FIELD(S, no_requeue, "requeue", FIELD_NOT),
	FIELD(S, restarts, "restart", FIELD_U32),
	FIELD(S, checkpoint_signal, "checkpoint_signal", FIELD_U32),
#undef S
	END
};
static SHAPE(spec, struct berth_job, "spec", spec_fields);

static const struct field job_fields[] = {
#define S struct berth_job
	FIELD(S, id, "id", FIELD_U64, .flags = FIELD_NEEDED),
	FIELD(S, name, "name", FIELD_STRING),
	FIELD(S, role, "role", FIELD_STRING),
	FIELD(S, user, "user", FIELD_STRING),
	FIELD(S, state, "state", FIELD_WORD, .words = job_states),
	FIELD(S, submitted_at, "submitted_at", FIELD_I64),
	FIELD_PART("spec", FIELD_INLINE, &spec),
#undef S
	END
};
SHAPE(shape_job, struct berth_job, "job", job_fields);

static const struct field task_fields[] = {
#define S struct berth_task
#define F(m, ...) FIELD(S, m, #m, __VA_ARGS__)
	F(job, FIELD_U64, .flags = FIELD_NEEDED),
	F(index, FIELD_U32, .flags = FIELD_NEEDED),
	F(array_index, FIELD_I64, .flags = FIELD_MINUS),
	F(node, FIELD_STRING),
	F(slice, FIELD_U64),
	F(state, FIELD_WORD, .words = task_states, .flags = FIELD_NEEDED),
	F(end, FIELD_WORD, .words = task_ends),
	F(exit_code, FIELD_I32),
	F(signal, FIELD_I32),
	F(rank, FIELD_I32, .flags = FIELD_MINUS),
	FIELD_LIST(S, ranks, "ranks", FIELD_U32S),
	F(text, FIELD_STRING),
	F(started_at, FIELD_I64),
	F(ended_at, FIELD_I64),
	F(cpu_ms, FIELD_U64),
	F(max_rss_kib, FIELD_U64),
#undef F
#undef S
	END
};
SHAPE(shape_task, struct berth_task, "task", task_fields);

static const struct field state_fields[] = {
#define L(m, s) FIELD_LIST(struct berth_state, m, #m, FIELD_OBJECTS, .shape = s)
	L(jobs, &shape_job),
	L(tasks, &shape_task),
	L(slices, &shape_slice),
#undef L
	END
};
SHAPE(shape_state, struct berth_state, "state", state_fields);

/* ---- launches ---- */

static const struct field app_fields[] = {
#define S struct berth_app
	FIELD_LIST(S, argv, "argv", FIELD_STRINGS, .flags = FIELD_ALWAYS),
	FIELD_LIST(S, env, "env", FIELD_ENV, .given = offsetof(S, has_env)),
	FIELD(S, cwd, "cwd", FIELD_STRING),
	FIELD(S, ranks, "ranks", FIELD_U32, .flags = FIELD_ALWAYS),
#undef S
	END
};
static SHAPE(app, struct berth_app, "app", app_fields);

static const struct field launch_task_fields[] = {
#define S struct berth_launch_task
	FIELD(S, index, "index", FIELD_U32, .flags = FIELD_ALWAYS),
	FIELD(S, slice, "slice", FIELD_U64, .flags = FIELD_ALWAYS),
	FIELD_LIST(S, ranks, "ranks", FIELD_U32S),
	FIELD_LIST(S, args, "args", FIELD_STRINGS),
	FIELD_LIST(S, env, "env", FIELD_ENV),
	FIELD(S, array_index, "array_index", FIELD_I64, .flags = FIELD_ALWAYS),
#undef S
	END
};
static SHAPE(launch_task, struct berth_launch_task, "task",
	     launch_task_fields);

static const struct field launch_fields[] = {
#define S struct berth_launch
	FIELD(S, job, "job", FIELD_U64, .flags = FIELD_ALWAYS),
	FIELD_LIST(S, tasks, "tasks", FIELD_OBJECTS, .shape = &launch_task,
		   .flags = FIELD_ALWAYS),
	FIELD(S, pmix, "pmix", FIELD_BOOL),
	FIELD(S, bind_to, "bind_to", FIELD_STRING),
	FIELD(S, map_by, "map_by", FIELD_STRING),
	FIELD_LIST(S, apps, "apps", FIELD_OBJECTS, .shape = &app),
	FIELD_LIST(S, argv, "argv", FIELD_STRINGS),
	FIELD(S, report_bindings, "report_bindings", FIELD_BOOL),
	FIELD(S, ft, "ft", FIELD_BOOL),
#undef S
	END
};
SHAPE(shape_launch, struct berth_launch, "launch", launch_fields);
