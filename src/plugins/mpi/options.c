#include "plugins/mpi/options.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

struct word {
	const char *name;
	int value;
};

static const struct word map_words[] = {
	{ "core", MAP_CORE }, { "slot", MAP_CORE },	{ "node", MAP_NODE },
	{ "numa", MAP_NUMA }, { "l3", MAP_L3 },		{ "l3cache", MAP_L3 },
	{ "socket", MAP_SOCKET }, { "package", MAP_SOCKET }, { NULL, 0 },
};

/* In the order of their values. */
static const struct word bind_words[] = {
	{ "core", 0 }, { "numa", 1 }, { "l3", 2 },     { "socket", 3 },
	{ "none", 4 }, { "l3cache", 2 }, { "package", 3 }, { NULL, 0 },
};

const char *mpi_map_name(enum map_by by)
{
	static const char *const names[] = {
		[MAP_CORE] = "core", [MAP_NODE] = "core",
		[MAP_NUMA] = "numa", [MAP_L3] = "l3",
		[MAP_SOCKET] = "socket",
	};

	return names[by];
}

static int fail_words(const char *option, const char *got,
		      const struct word *words, struct berth_error *err)
{
	char known[128] = "";

	for (; words->name; words++) {
		if (*known)
			strcat(known, ", ");
		strcat(known, words->name);
	}
	return keep_fail(err, "option %s: \"%.64s\" is none of %s", option, got,
			 known);
}

static int read_word(const char *option, const json_t *json,
		     const struct word *words, int *out,
		     struct berth_error *err)
{
	const char *text = json_string_value(json);

	if (!text)
		return keep_fail(err, "option %s: not a string", option);
	for (const struct word *w = words; w->name; w++) {
		if (strcmp(text, w->name))
			continue;
		*out = w->value;
		return 0;
	}
	return fail_words(option, text, words, err);
}

static int read_count(const char *option, const json_t *json, long long min,
		      unsigned *out, struct berth_error *err)
{
	long long v = json_integer_value(json);

	if (!json_is_integer(json) || v < min || v > MPI_MAX_RANKS)
		return keep_fail(err,
				 "option %s: not a number from %lld to %d",
				 option, min, MPI_MAX_RANKS);
	*out = (unsigned)v;
	return 0;
}

static int read_bool(const char *option, const json_t *json, bool *out,
		     struct berth_error *err)
{
	if (!json_is_boolean(json))
		return keep_fail(err, "option %s: not true or false", option);
	*out = json_is_true(json);
	return 0;
}

/* ---- apps ---- */

static int read_argv(struct mpi_app *a, const json_t *json, size_t at,
		     struct berth_error *err)
{
	const json_t *item;
	size_t i;

	if (!json_array_size(json))
		return keep_fail(err,
				 "option apps[%zu].argv: not a list of strings",
				 at);
	a->argv = keep_array(json_array_size(json) + 1, sizeof(*a->argv));
	json_array_foreach(json, i, item) {
		if (!json_is_string(item))
			return keep_fail(err,
					 "option apps[%zu].argv[%zu]: not a "
					 "string",
					 at, i);
		a->argv[a->n_argv++] = keep_string(json_string_value(item));
	}
	return 0;
}

static int read_env(struct mpi_app *a, json_t *json, size_t at,
		    struct berth_error *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(json))
		return keep_fail(err, "option apps[%zu].env: not an object",
				 at);
	a->env = keep_array(json_object_size(json) + 1, sizeof(*a->env));
	json_object_foreach(json, name, value) {
		if (!json_is_string(value) || !*name || strchr(name, '='))
			return keep_fail(err,
					 "option apps[%zu].env.%.64s: not a "
					 "name and a string",
					 at, name);
		a->env[a->n_env++] =
			keep_printf("%s=%s", name, json_string_value(value));
	}
	return 0;
}

static int read_app_member(struct mpi_app *a, const char *name, json_t *value,
			   size_t at, struct berth_error *err)
{
	char option[64];

	if (!strcmp(name, "argv"))
		return read_argv(a, value, at, err);
	if (!strcmp(name, "env"))
		return read_env(a, value, at, err);
	if (!strcmp(name, "cwd")) {
		if (!json_is_string(value))
			return keep_fail(err,
					 "option apps[%zu].cwd: not a string",
					 at);
		if (*json_string_value(value))
			a->cwd = keep_string(json_string_value(value));
		return 0;
	}
	if (!strcmp(name, "ranks")) {
		snprintf(option, sizeof(option), "apps[%zu].ranks", at);
		return read_count(option, value, 1, &a->ranks, err);
	}
	return keep_fail(err,
			 "option apps[%zu].%.64s: unknown; known are argv, "
			 "env, cwd, ranks",
			 at, name);
}

static int read_apps(struct mpi_options *o, const json_t *json,
		     struct berth_error *err)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(json))
		return keep_fail(err, "option apps: not a list");
	if (json_array_size(json) > MPI_MAX_APPS)
		return keep_fail(err, "option apps: more than %d",
				 MPI_MAX_APPS);
	o->apps = keep_array(json_array_size(json) + 1, sizeof(*o->apps));
	json_array_foreach(json, i, item) {
		struct mpi_app *a = &o->apps[o->n_apps++];
		const char *name;
		json_t *value;

		if (!json_is_object(item))
			return keep_fail(err, "option apps[%zu]: not an object",
					 i);
		a->ranks = 1;
		json_object_foreach((json_t *)item, name, value)
			if (read_app_member(a, name, value, i, err) < 0)
				return -1;
		if (!a->argv)
			return keep_fail(err, "option apps[%zu]: no argv", i);
	}
	return 0;
}

/* ---- the options ---- */

static int read_map_by(struct mpi_options *o, const json_t *json,
		       struct berth_error *err)
{
	int v;

	if (read_word("map_by", json, map_words, &v, err) < 0)
		return -1;
	o->map_by = (enum map_by)v;
	return 0;
}

static int read_bind_to(struct mpi_options *o, const json_t *json,
			struct berth_error *err)
{
	int v;

	if (read_word("bind_to", json, bind_words, &v, err) < 0)
		return -1;
	o->bind_to = bind_words[v].name;
	return 0;
}

static int read_ranks(struct mpi_options *o, const json_t *json,
		      struct berth_error *err)
{
	return read_count("ranks", json, 1, &o->ranks, err);
}

static int read_per_node(struct mpi_options *o, const json_t *json,
			 struct berth_error *err)
{
	return read_count("ranks_per_node", json, 0, &o->ranks_per_node, err);
}

static int read_oversubscribe(struct mpi_options *o, const json_t *json,
			      struct berth_error *err)
{
	return read_bool("oversubscribe", json, &o->oversubscribe, err);
}

static int read_report(struct mpi_options *o, const json_t *json,
		       struct berth_error *err)
{
	return read_bool("report_bindings", json, &o->report_bindings, err);
}

static int read_ft(struct mpi_options *o, const json_t *json,
		   struct berth_error *err)
{
	return read_bool("ft", json, &o->ft, err);
}

/* How output is shown is the reader's matter; checked, then left alone. */
static int read_tag(struct mpi_options *o, const json_t *json,
		    struct berth_error *err)
{
	bool tag;

	return read_bool("tag_output", json, &tag, err);
}

static const struct {
	const char *name;
	int (*read)(struct mpi_options *o, const json_t *json,
		    struct berth_error *err);
} readers[] = {
	{ "ranks", read_ranks },
	{ "ranks_per_node", read_per_node },
	{ "map_by", read_map_by },
	{ "bind_to", read_bind_to },
	{ "oversubscribe", read_oversubscribe },
	{ "report_bindings", read_report },
	{ "tag_output", read_tag },
	{ "ft", read_ft },
	{ "apps", read_apps },
};
#define NREADERS (sizeof(readers) / sizeof(readers[0]))

static int read_option(struct mpi_options *o, const char *name,
		       const json_t *value, struct berth_error *err)
{
	char known[160] = "";

	for (size_t i = 0; i < NREADERS; i++) {
		if (!strcmp(name, readers[i].name))
			return readers[i].read(o, value, err);
		if (*known)
			strcat(known, ", ");
		strcat(known, readers[i].name);
	}
	return keep_fail(err, "option %.64s: unknown; known are %s", name,
			 known);
}

/* What follows from all options together. */
static int complete(struct mpi_options *o, struct berth_error *err)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < o->n_apps; i++)
		sum += o->apps[i].ranks;
	if (sum > MPI_MAX_RANKS)
		return keep_fail(err, "option apps: more than %d ranks",
				 MPI_MAX_RANKS);
	if (o->n_apps && o->ranks && o->ranks != sum)
		return keep_fail(err,
				 "option ranks: %u, but apps have %llu; leave "
				 "it out",
				 o->ranks, sum);
	if (o->n_apps)
		o->ranks = (unsigned)sum;
	if (!o->ranks)
		o->ranks = o->ranks_per_node ? o->ranks_per_node : 1;
	return 0;
}

int mpi_options_read(struct mpi_options *o, const char *text,
		     struct berth_error *err)
{
	json_t *json = json_loads(text, 0, NULL);
	int rc = -1;
	const char *name;
	json_t *value;

	memset(o, 0, sizeof(*o));
	o->bind_to = "core";
	if (!json_is_object(json)) {
		keep_fail(err, "options: not an object");
		goto out;
	}
	json_object_foreach(json, name, value)
		if (!json_is_null(value) &&
		    read_option(o, name, value, err) < 0)
			goto out;
	rc = complete(o, err);
out:
	json_decref(json);
	if (rc < 0)
		mpi_options_finish(o);
	return rc;
}

void mpi_options_finish(struct mpi_options *o)
{
	for (size_t i = 0; i < o->n_apps; i++) {
		keep_strings_free(o->apps[i].argv);
		keep_strings_free(o->apps[i].env);
		free(o->apps[i].cwd);
	}
	free(o->apps);
	memset(o, 0, sizeof(*o));
}
