#include "broker/json_spec.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "broker/json_decode.h"
#include "broker/json_demand.h"

#define FIELD(m, t, ...)                                                       \
	{.name = #m, .type = (t), .offset = offsetof(struct job_spec, m),      \
	 __VA_ARGS__}
#define DAYS_MS (1000ll * 86400)

static const struct json_field fields[] = {
	FIELD(framework, JSON_T_NAME, .needed = true),
	FIELD(name, JSON_T_NAME),
	FIELD(role, JSON_T_NAME),
	FIELD(argv, JSON_T_STRINGS, .min = 1),
	FIELD(env, JSON_T_ENV),
	FIELD(cwd, JSON_T_STRING),
	FIELD(uid, JSON_T_U32, .max = UINT32_MAX - 1),
	FIELD(gid, JSON_T_U32, .max = UINT32_MAX - 1),
	FIELD(output, JSON_T_STRING),
	FIELD(error, JSON_T_STRING),
	{.name = "stdin", .type = JSON_T_BOOL,
	 .offset = offsetof(struct job_spec, want_stdin)},
	FIELD(walltime_ms, JSON_T_U32, .max = 49 * DAYS_MS),
	FIELD(stop_signal, JSON_T_U32, .min = 1, .max = 64),
	FIELD(grace_ms, JSON_T_U32, .max = DAYS_MS),
	FIELD(requeue, JSON_T_BOOL),
	FIELD(restart, JSON_T_U32, .max = 1000000),
	FIELD(checkpoint_signal, JSON_T_U32, .max = 64),
	FIELD(priority, JSON_T_INT, .min = INT32_MIN),
	FIELD(cores, JSON_T_U32, .min = 1, .max = 65536),
	FIELD(memory_mib, JSON_T_U64, .max = 1ll << 40),
	FIELD(gpus, JSON_T_U32, .max = 64),
	FIELD(gpu_vendor, JSON_T_NAME0),
	FIELD(drive_mib, JSON_T_U64, .max = 1ll << 40),
	FIELD(constraints, JSON_T_OBJECT),
	FIELD(prefer, JSON_T_OBJECT),
	FIELD(datasets_out, JSON_T_NAMES, .max = 64),
	FIELD(options, JSON_T_OBJECT),
};

/* The program's name without folders, with what a name may not hold left
 * out. */
static json_t *default_name(const struct job_spec *s)
{
	const char *argv0 = json_string_value(json_array_get(s->argv, 0));
	const char *from = argv0 != NULL ? strrchr(argv0, '/') : NULL;
	char name[65];
	size_t n = 0;

	from = from != NULL ? from + 1 : argv0;
	for (; from != NULL && *from != '\0' && n < 64; from++) {
		char c[2] = {*from, '\0'};

		if (json_is_name(c))
			name[n++] = *from;
	}
	name[n] = '\0';
	return json_string(n > 0 ? name : s->framework);
}

static int check_owner(const struct job_spec *s, struct berth_error *err)
{
	if (geteuid() == 0)
		return 0;
	if (s->uid != geteuid())
		return error_set(err, BERTH_EINPUT,
				 "uid: this Berth runs as user %u and can't run "
				 "jobs as user %u", geteuid(), s->uid);
	return 0;
}

static void set_defaults(struct job_spec *s)
{
	if (s->name == NULL) {
		json_object_set_new(s->root, "name", default_name(s));
		s->name = json_string_value(json_object_get(s->root, "name"));
	}
	if (json_object_get(s->root, "uid") == NULL)
		json_object_set_new(s->root, "uid", json_integer(s->uid));
	if (json_object_get(s->root, "gid") == NULL)
		json_object_set_new(s->root, "gid", json_integer(s->gid));
	json_object_set_new(s->root, "role", json_string(s->role));
	s->role = json_string_value(json_object_get(s->root, "role"));
}

struct job_spec *json_spec_decode(json_t *root, struct berth_error *err)
{
	struct job_spec *s = mem_alloc(sizeof(*s));

	*s = (struct job_spec){
		.root = root,
		.role = "default",
		.cwd = "",
		.output = "",
		.error = "",
		.gpu_vendor = "",
		.uid = (uint32_t)geteuid(),
		.gid = (uint32_t)getegid(),
		.stop_signal = 15,
		.grace_ms = 5000,
		.requeue = true,
		.cores = 1,
	};
	if (JSON_DECODE(root, "", fields, s, err) != 0)
		goto fail;
	if (s->argv == NULL && json_object_get(s->options, "apps") == NULL) {
		error_set(err, BERTH_EINPUT, "argv: is missing");
		goto fail;
	}
	if (s->cwd[0] != '\0' && s->cwd[0] != '/') {
		error_set(err, BERTH_EINPUT,
			  "cwd: \"%.100s\" must begin with '/'", s->cwd);
		goto fail;
	}
	if (check_owner(s, err) != 0)
		goto fail;
	set_defaults(s);
	return s;
fail:
	json_spec_destroy(s);
	return NULL;
}

void json_spec_destroy(struct job_spec *s)
{
	if (s == NULL)
		return;
	json_decref(s->root);
	free(s);
}

struct demand *json_spec_unit(const struct job_spec *s,
			      struct berth_error *err)
{
	struct demand *d = demand_create("submit");

	d->unit.cores = s->cores;
	d->unit.gpus = s->gpus;
	d->unit.memory_mib = s->memory_mib;
	d->unit.drive_mib = s->drive_mib;
	free(d->unit.gpu_vendor);
	d->unit.gpu_vendor = mem_strdup(s->gpu_vendor);
	if (json_demand_constraints(s->constraints, "constraints", d, err) !=
		    0 ||
	    json_demand_prefer(s->prefer, "prefer", d, err) != 0) {
		demand_destroy(d);
		return NULL;
	}
	/* How many a node gets is the framework's arithmetic. */
	d->count = d->max = 1;
	d->per_node = d->min_per_node = 0;
	return d;
}
