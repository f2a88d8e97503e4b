/* launch.c - see launch.h. */
#include "shepherd/launch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/error.h"
#include "base/mem.h"

static int check_apps(const Berth__Spec *spec, struct berth_error *err)
{
	if (spec->n_apps == 0)
		return error_set(err, BERTH_EINPUT, "the job names no program");
	for (size_t i = 0; i < spec->n_apps; i++) {
		const Berth__App *a = spec->apps[i];

		if (a->n_argv == 0 || a->argv[0][0] == '\0')
			return error_set(err, BERTH_EINPUT,
					 "program %zu of the job has no name",
					 i);
	}
	return 0;
}

/* Every rank from 0 on is on exactly one node, and every one has a program. */
static int check_map(const Berth__JobMap *map, size_t napps,
		     struct berth_error *err)
{
	struct bitset seen;
	uint64_t apps = 0;
	unsigned total = 0;
	int rc = -1;

	bitset_init(&seen);
	if (map->nspace[0] == '\0' || strlen(map->nspace) > 200) {
		error_set(err, BERTH_EINPUT, "bad namespace \"%s\"",
			  map->nspace);
		goto out;
	}
	for (size_t i = 0; i < map->n_nodes; i++) {
		const Berth__NodeRanks *n = map->nodes[i];

		for (size_t k = 0; k < n->n_ranks; k++, total++) {
			if (n->ranks[k] < (1u << 24) &&
			    !bitset_test(&seen, n->ranks[k])) {
				bitset_set(&seen, n->ranks[k]);
				continue;
			}
			error_set(err, BERTH_EINPUT,
				  "map of %s: rank %u on node %s is there "
				  "twice or too large",
				  map->nspace, n->ranks[k], n->node);
			goto out;
		}
	}
	for (size_t i = 0; i < map->n_app_sizes; i++)
		apps += map->app_sizes[i];
	if (total == 0 || bitset_test(&seen, total) ||
	    bitset_next(&seen, total) >= 0) {
		error_set(err, BERTH_EINPUT,
			  "map of %s: its %u ranks are not 0 to %u",
			  map->nspace, total, total - 1);
		goto out;
	}
	if (map->n_app_sizes > napps ||
	    (map->n_app_sizes == 0 ? napps != 1 : apps != total)) {
		error_set(err, BERTH_EINPUT,
			  "map of %s: %zu program sizes for %zu programs and "
			  "%u ranks do not fit",
			  map->nspace, map->n_app_sizes, napps, total);
		goto out;
	}
	rc = 0;
out:
	bitset_finish(&seen);
	return rc;
}

static int check_tasks(const struct launch *l, struct berth_error *err)
{
	uint32_t size = launch_size(l);

	for (size_t i = 0; i < l->ntasks; i++) {
		const Berth__TaskSpec *t = l->tasks[i];

		if (t->slice == NULL)
			return error_set(err, BERTH_EINPUT,
					 "task %lu.%u has no slice",
					 (unsigned long)t->job, t->index);
		if (l->map == NULL)
			continue;
		for (size_t k = 0; k < t->n_ranks; k++) {
			if (t->ranks[k] >= size)
				return error_set(
					err, BERTH_EINPUT,
					"task %lu.%u: no rank %u in %s",
					(unsigned long)t->job, t->index,
					t->ranks[k], l->map->nspace);
		}
	}
	return 0;
}

static void make_envs(struct launch *l)
{
	const Berth__Spec *s = l->spec;

	l->env = mem_array(s->n_apps, sizeof(*l->env));
	l->path = mem_array(s->n_apps, sizeof(*l->path));
	for (size_t i = 0; i < s->n_apps; i++) {
		l->env[i] = env_create(s->apps[i]->env, s->apps[i]->n_env);
		/* Of a spawned program this was done where it was asked for,
		 * and what was added since is meant. */
		if (!l->spawned)
			env_scrub(l->env[i]);
		env_set(l->env[i], "BERTH_JOB_ID", "%lu",
			(unsigned long)s->job);
		if (s->job_name[0])
			env_set(l->env[i], "BERTH_JOB_NAME", "%s", s->job_name);
	}
}

struct launch *launch_create(const Berth__Msg *msg, struct berth_error *err)
{
	struct launch *l = mem_alloc(sizeof(*l));

	l->refs = 1;
	l->msg = msg_copy(msg);
	if (l->msg->body_case == BERTH__MSG__BODY_SPAWN_START) {
		const Berth__SpawnStart *s = l->msg->spawn_start;

		l->spec = s->spec;
		l->map = s->map;
		l->spawned = true;
		if (s->task) {
			l->tasks = &l->msg->spawn_start->task;
			l->ntasks = 1;
		}
	} else {
		const Berth__Launch *s = l->msg->launch;

		l->spec = s->spec;
		l->tasks = s->tasks;
		l->ntasks = s->n_tasks;
		if (l->spec && l->spec->pmix)
			l->map = s->map;
	}
	if (l->spec == NULL || ((l->spec->pmix || l->spawned) && !l->map)) {
		error_set(err, BERTH_EINPUT,
			  "a launch without a job or without a map");
		goto fail;
	}
	if (check_apps(l->spec, err) != 0)
		goto fail;
	if (l->map && check_map(l->map, l->spec->n_apps, err) != 0)
		goto fail;
	if (!l->spawned && check_tasks(l, err) != 0)
		goto fail;
	make_envs(l);
	return l;
fail:
	launch_unref(l);
	return NULL;
}

struct launch *launch_ref(struct launch *l)
{
	l->refs++;
	return l;
}

void launch_unref(struct launch *l)
{
	if (l == NULL || --l->refs > 0)
		return;
	if (l->env) {
		for (size_t i = 0; i < l->spec->n_apps; i++) {
			env_destroy(l->env[i]);
			free(l->path[i]);
		}
		free(l->env);
		free(l->path);
	}
	msg_free(l->msg);
	free(l);
}

size_t launch_app_of(const struct launch *l, int32_t rank)
{
	uint32_t end = 0;

	if (rank < 0 || l->map == NULL)
		return 0;
	for (size_t i = 0; i < l->map->n_app_sizes; i++) {
		end += l->map->app_sizes[i];
		if ((uint32_t)rank < end)
			return i;
	}
	return 0;
}

const char *launch_nspace(const struct launch *l)
{
	return l->map ? l->map->nspace : "";
}

uint32_t launch_size(const struct launch *l)
{
	uint32_t n = 0;

	for (size_t i = 0; l->map && i < l->map->n_nodes; i++)
		n += (uint32_t)l->map->nodes[i]->n_ranks;
	return n;
}
