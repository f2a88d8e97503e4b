/* env.c - see env.h. */
#include "cli/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Prefixes; what comes first decides. */
static const struct {
	const char *prefix;
	bool is_private;
	bool only_inside; /* private only inside a job */
} rules[] = {
	{"OMPI_MCA_", true, true},
	{"PMIX_MCA_", true, true},
	{"PRTE_MCA_", true, true},
	{"OMPI_", true, false},
	{"PMIX_", true, false},
	{"PMI_", true, false},
	{"PRTE_", true, false},
	{"SLURM_STEP", true, false},
	{"BERTH_TOKEN", true, false},
	{"BERTH_ARRAY_", true, false},
	{"BERTH_NODE", true, false},
	{"BERTH_STATE_DIR", true, false},
};

/* What --export=NONE leaves. */
static const char *const basics[] = {"PATH", "HOME",  "USER",	"LOGNAME",
				     "LANG", "SHELL", "TMPDIR", "TZ"};

bool env_is_private(const char *name, size_t len, bool inside_job)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t n = strlen(rules[i].prefix);

		if (len >= n && strncmp(name, rules[i].prefix, n) == 0)
			return rules[i].is_private &&
			       (inside_job || !rules[i].only_inside);
	}
	return false;
}

static bool inside_job(void)
{
	return getenv("PMIX_RANK") || getenv("OMPI_COMM_WORLD_RANK") ||
	       getenv("PMI_RANK");
}

json_t *env_capture(void)
{
	json_t *env = json_object();
	bool inside = inside_job();

	for (char **e = environ; *e; e++) {
		const char *eq = strchr(*e, '=');
		char *name;

		if (eq == NULL || eq == *e ||
		    env_is_private(*e, (size_t)(eq - *e), inside))
			continue;
		name = mem_strndup(*e, (size_t)(eq - *e));
		if (json_object_set_new(env, name, json_string(eq + 1)) != 0)
			fprintf(stderr,
				"berth: variable %s is not UTF-8 and stays "
				"behind\n",
				name);
		free(name);
	}
	return env;
}

int env_add(json_t *env, const char *item, struct berth_error *err)
{
	const char *eq = strchr(item, '=');
	const char *value = eq ? eq + 1 : getenv(item);
	char *name = eq ? mem_strndup(item, (size_t)(eq - item))
			: mem_strdup(item);
	int rc = 0;

	if (name[0] == '\0')
		rc = error_set(err, BERTH_EINPUT,
			       "'%s' is no VAR or VAR=value", item);
	else if (value == NULL) /* as mpirun has it: no reason to give up */
		fprintf(stderr, "berth: variable %s is not set here\n", name);
	else if (json_object_set_new(env, name, json_string(value)) != 0)
		rc = error_set(err, BERTH_EINPUT, "variable %s is not UTF-8",
			       name);
	free(name);
	return rc;
}

static void add_basics(json_t *env)
{
	for (size_t i = 0; i < sizeof(basics) / sizeof(basics[0]); i++) {
		const char *value = getenv(basics[i]);

		if (value)
			json_object_set_new(env, basics[i], json_string(value));
	}
}

json_t *env_export(const char *list, struct berth_error *err)
{
	char *copy = mem_strdup(list), *save = NULL;
	json_t *env = json_object();

	for (char *item = strtok_r(copy, ",", &save); item && env;
	     item = strtok_r(NULL, ",", &save)) {
		json_t *all = NULL;

		if (strcmp(item, "ALL") == 0) {
			all = env_capture();
			json_object_update_missing(env, all);
			json_decref(all);
		} else if (strcmp(item, "NONE") == 0) {
			add_basics(env);
		} else if (env_add(env, item, err) != 0) {
			error_prefix(err, "--export");
			json_decref(env);
			env = NULL;
		}
	}
	free(copy);
	return env;
}
