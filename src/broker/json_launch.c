#include "broker/json_launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "broker/json_decode.h"

#define MAX_TASKS 100000
#define MAX_RANKS (1u << 24)

#define FIELD(s, m, t, ...)                                                    \
	{.name = #m, .type = (t), .offset = offsetof(struct s, m), __VA_ARGS__}

static const struct json_field app_fields[] = {
	FIELD(launch_app, argv, JSON_T_STRINGS, .min = 1, .needed = true),
	FIELD(launch_app, env, JSON_T_ENV),
	FIELD(launch_app, cwd, JSON_T_STRING),
	FIELD(launch_app, ranks, JSON_T_U32, .min = 1, .max = MAX_RANKS),
};

static const struct json_field task_fields[] = {
	FIELD(launch_task, index, JSON_T_U32, .needed = true),
	FIELD(launch_task, slice, JSON_T_U64, .needed = true),
	FIELD(launch_task, ranks, JSON_T_INTS, .max = MAX_RANKS),
	FIELD(launch_task, args, JSON_T_STRINGS),
	FIELD(launch_task, env, JSON_T_ENV),
	FIELD(launch_task, array_index, JSON_T_I64, .min = -1),
};

struct launch_in {
	uint64_t job;
	struct launch_call c;
};
#define CALL(m, t, ...)                                                        \
	{.name = #m, .type = (t), .offset = offsetof(struct launch_in, c.m),   \
	 __VA_ARGS__}

static const struct json_field launch_fields[] = {
	{.name = "job", .type = JSON_T_U64, .needed = true, .min = 1,
	 .offset = offsetof(struct launch_in, job)},
	CALL(tasks, JSON_T_ARRAY, .min = 1, .max = MAX_TASKS, .needed = true),
	CALL(pmix, JSON_T_BOOL),
	CALL(bind_to, JSON_T_STRING, .max = 16),
	CALL(map_by, JSON_T_STRING, .max = 16),
	CALL(report_bindings, JSON_T_BOOL),
	CALL(ft, JSON_T_BOOL),
	CALL(apps, JSON_T_ARRAY, .max = 1024),
	CALL(argv, JSON_T_STRINGS, .min = 0),
	CALL(env, JSON_T_ENV),
	CALL(cwd, JSON_T_STRING),
	CALL(output, JSON_T_STRING),
	CALL(error, JSON_T_STRING),
	{.name = "stdin", .type = JSON_T_BOOL,
	 .offset = offsetof(struct launch_in, c.want_stdin)},
	CALL(walltime_ms, JSON_T_U32),
	CALL(stop_signal, JSON_T_U32, .max = 64),
	CALL(grace_ms, JSON_T_U32),
};

int json_launch_job(json_t *v, uint64_t *job, struct berth_error *err)
{
	json_t *id = json_object_get(v, "job");

	if (!json_is_integer(id) || json_integer_value(id) < 1)
		return error_set(err, BERTH_EINPUT,
				 "launch.job: a job's number is wanted");
	*job = (uint64_t)json_integer_value(id);
	return 0;
}

/* ---- parts --------------------------------------------------------------- */

static int one_of(const char *s, const char *place, const char *const *known,
		  struct berth_error *err)
{
	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(s, known[i]) == 0)
			return 0;
	return error_set(err, BERTH_EINPUT,
			 "%s: \"%s\" is unknown; core, numa, l3, socket%s are "
			 "known", place, s,
			 known[4] != NULL && known[4][0] == 'n' ? ", none" : "");
}

static int check_words(const struct launch_call *c, struct berth_error *err)
{
	static const char *const bind[] = {"core",   "numa", "l3",
					   "socket", "none", "",   NULL};
	static const char *const map[] = {"core", "numa", "l3", "socket", "",
					  NULL};

	if (one_of(c->bind_to, "launch.bind_to", bind, err) != 0)
		return -1;
	return one_of(c->map_by, "launch.map_by", map, err);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void take_ranks(struct launch_task *t)
{
	size_t i;
	json_t *e;

	t->nranks = (uint32_t)json_array_size(t->ranks);
	t->rank = mem_array(t->nranks + 1u, sizeof(t->rank[0]));
	json_array_foreach(t->ranks, i, e)
		t->rank[i] = (uint32_t)json_integer_value(e);
	qsort(t->rank, t->nranks, sizeof(t->rank[0]), by_number);
}

static int take_tasks(struct launch_call *c, struct berth_error *err)
{
	char place[40];
	json_t *e;
	size_t i;

	c->task = mem_array(json_array_size(c->tasks), sizeof(c->task[0]));
	json_array_foreach(c->tasks, i, e) {
		struct launch_task *t = &c->task[i];

		snprintf(place, sizeof(place), "launch.tasks[%zu]", i);
		t->array_index = -1;
		if (JSON_DECODE(e, place, task_fields, t, err) != 0)
			return -1;
		c->ntasks++;
		take_ranks(t);
		if (!c->pmix && t->nranks > 0)
			return error_set(err, BERTH_EINPUT,
					 "%s.ranks: only with pmix", place);
		if (c->nranks + (uint64_t)t->nranks > MAX_RANKS)
			return error_set(err, BERTH_EINPUT,
					 "launch.tasks: too many ranks");
		c->nranks += t->nranks;
	}
	return 0;
}

static int take_apps(struct launch_call *c, struct berth_error *err)
{
	size_t n = json_array_size(c->apps), i;
	char place[40];
	json_t *e;

	c->app = mem_array(n + 1, sizeof(c->app[0]));
	if (n == 0) {
		if (json_array_size(c->argv) == 0)
			return error_set(err, BERTH_EINPUT,
					 "launch.argv: is missing, and the "
					 "job has none");
		c->app[0] = (struct launch_app){.argv = c->argv,
						.ranks = c->pmix ? c->nranks
								 : 1};
		c->napps = 1;
		return 0;
	}
	json_array_foreach(c->apps, i, e) {
		snprintf(place, sizeof(place), "launch.apps[%zu]", i);
		c->app[i].ranks = 1;
		if (JSON_DECODE(e, place, app_fields, &c->app[i], err) != 0)
			return -1;
		c->napps++;
	}
	return 0;
}

static int check_ranks(const struct launch_call *c, struct berth_error *err)
{
	struct bitset seen;
	uint64_t sum = 0;
	int rc = -1;

	bitset_init(&seen);
	for (size_t i = 0; i < c->napps; i++)
		sum += c->app[i].ranks;
	if (c->nranks == 0 || sum != c->nranks) {
		error_set(err, BERTH_EINPUT,
			  "launch: the tasks have %u ranks, the apps %llu",
			  c->nranks, (unsigned long long)sum);
		goto out;
	}
	for (size_t i = 0; i < c->ntasks; i++) {
		const struct launch_task *t = &c->task[i];

		if (t->nranks == 0) {
			error_set(err, BERTH_EINPUT,
				  "launch.tasks[%zu].ranks: is empty", i);
			goto out;
		}
		for (uint32_t k = 0; k < t->nranks; k++) {
			if (t->rank[k] >= c->nranks ||
			    bitset_test(&seen, t->rank[k])) {
				error_set(err, BERTH_EINPUT,
					  "launch.tasks[%zu].ranks: %u is out "
					  "of range or there twice", i,
					  t->rank[k]);
				goto out;
			}
			bitset_set(&seen, t->rank[k]);
		}
	}
	rc = 0;
out:
	bitset_finish(&seen);
	return rc;
}

/* ---- all of it ----------------------------------------------------------- */

/* What the call says beside job and tasks; two launches of a job that say the
 * same can travel as one. */
static json_t *own_members(json_t *v)
{
	json_t *own = NULL, *e;
	const char *key;

	json_object_foreach(v, key, e) {
		if (strcmp(key, "job") == 0 || strcmp(key, "tasks") == 0 ||
		    (strcmp(key, "pmix") == 0 && json_is_false(e)))
			continue;
		if (own == NULL)
			own = json_object();
		json_object_set(own, key, e);
	}
	return own;
}

int json_launch_decode(json_t *v, const struct job_spec *spec,
		       struct launch_call *out, struct berth_error *err)
{
	struct launch_in in = {.c = {
		.bind_to = "",
		.map_by = "",
		.cwd = spec->cwd,
		.output = spec->output,
		.error = spec->error,
		.want_stdin = spec->want_stdin,
		.walltime_ms = spec->walltime_ms,
		.stop_signal = spec->stop_signal,
		.grace_ms = spec->grace_ms,
		.argv = spec->argv,
		.env = spec->env,
	}};

	if (JSON_DECODE(v, "launch", launch_fields, &in, err) != 0)
		return -1;
	in.c.own = own_members(v);
	if (check_words(&in.c, err) != 0 || take_tasks(&in.c, err) != 0 ||
	    take_apps(&in.c, err) != 0)
		goto fail;
	if (in.c.pmix && check_ranks(&in.c, err) != 0)
		goto fail;
	*out = in.c;
	return 0;
fail:
	json_launch_finish(&in.c);
	return -1;
}

void json_launch_finish(struct launch_call *c)
{
	for (size_t i = 0; i < c->ntasks; i++)
		free(c->task[i].rank);
	free(c->task);
	free(c->app);
	json_decref(c->own);
	*c = (struct launch_call){0};
}
