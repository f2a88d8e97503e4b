/* env.c - see env.h. */
#include "shepherd/env.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct env {
	char **v; /* NULL-terminated */
	size_t n, cap;
};

static const char *const foreign[] = {
	"OMPI_COMM_WORLD_", "OMPI_UNIVERSE_SIZE", "OMPI_APP_CTX_",
	"OMPI_FIRST_RANKS", "OMPI_NUM_APP_CTX", "OMPI_ARGV", "OMPI_COMMAND",
	"OMPI_FILE_LOCATION", "OMPI_PARENT_PORT", "OMPI_APP_SIZES",
	"OMPI_MCA_ess", "OMPI_MCA_orte_", "OMPI_MCA_schizo", "OMPI_MCA_plm",
	"OMPI_MCA_ras", "OMPI_MCA_rmaps", "OMPI_MCA_pmix",
	"OMPI_MCA_initial_wdir", "OMPI_MCA_shmem_RUNTIME_",
	"OMPI_MCA_hwloc_base_cpu_", "OMPI_MCA_mca_base_env_list",
	"PMIX_", "PMI_", "ORTE_", "PRTE_", "PRRTE_", "SLURM_STEP",
	"BERTH_RANK", "BERTH_NRANKS", "BERTH_LOCAL_RANK", "BERTH_TASK_ID",
	"BERTH_ARRAY_INDEX", "BERTH_CPUS", "BERTH_CORES",
};

static size_t name_length(const char *string)
{
	const char *eq = strchr(string, '=');

	return eq ? (size_t)(eq - string) : 0;
}

static char **find(const struct env *e, const char *name, size_t len)
{
	for (size_t i = 0; i < e->n; i++) {
		if (strncmp(e->v[i], name, len) == 0 && e->v[i][len] == '=')
			return &e->v[i];
	}
	return NULL;
}

static void append(struct env *e, char *string)
{
	if (e->n + 1 >= e->cap) {
		e->cap = e->cap ? e->cap * 2 : 64;
		e->v = mem_resize(e->v, e->cap, sizeof(*e->v));
	}
	e->v[e->n++] = string;
	e->v[e->n] = NULL;
}

static void put(struct env *e, char *string)
{
	char **at = find(e, string, name_length(string));

	if (at) {
		free(*at);
		*at = string;
		return;
	}
	append(e, string);
}

struct env *env_create(char *const *strings, size_t n)
{
	struct env *e = mem_alloc(sizeof(*e));

	e->cap = n + 32;
	e->v = mem_array(e->cap, sizeof(*e->v));
	for (size_t i = 0; i < n; i++)
		env_put(e, strings[i]);
	return e;
}

struct env *env_copy(const struct env *e)
{
	struct env *c = mem_alloc(sizeof(*c));

	c->cap = e->n + 32;
	c->v = mem_array(c->cap, sizeof(*c->v));
	for (size_t i = 0; i < e->n; i++)
		append(c, mem_strdup(e->v[i]));
	return c;
}

void env_destroy(struct env *e)
{
	if (e == NULL)
		return;
	mem_strv_free(e->v);
	free(e);
}

void env_set(struct env *e, const char *name, const char *fmt, ...)
{
	char value[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < (int)sizeof(value)) {
		put(e, mem_printf("%s=%s", name, value));
	} else {
		size_t at = strlen(name) + 1;
		char *s = mem_alloc(at + (size_t)n + 1);

		memcpy(s, name, at - 1);
		s[at - 1] = '=';
		va_start(ap, fmt);
		vsnprintf(s + at, (size_t)n + 1, fmt, ap);
		va_end(ap);
		put(e, s);
	}
}

void env_put(struct env *e, const char *string)
{
	if (name_length(string) > 0)
		put(e, mem_strdup(string));
}

static void drop(struct env *e, size_t i)
{
	free(e->v[i]);
	e->v[i] = e->v[--e->n];
	e->v[e->n] = NULL;
}

void env_unset(struct env *e, const char *name)
{
	char **at = find(e, name, strlen(name));

	if (at)
		drop(e, (size_t)(at - e->v));
}

const char *env_get(const struct env *e, const char *name)
{
	size_t len = strlen(name);
	char **at = find(e, name, len);

	return at ? *at + len + 1 : NULL;
}

static bool is_foreign(const char *string)
{
	if (strncmp(string, "PMIX_MCA_", 9) == 0)
		return false;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (strncmp(string, foreign[i], strlen(foreign[i])) == 0)
			return true;
	}
	return false;
}

void env_scrub(struct env *e)
{
	for (size_t i = 0; i < e->n;) {
		if (is_foreign(e->v[i]))
			drop(e, i);
		else
			i++;
	}
}

char *const *env_vector(struct env *e)
{
	return e->v;
}
