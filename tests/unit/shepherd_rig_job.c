/* shepherd_rig_job.c - launching MPI jobs. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shepherd_rig_impl.h"

extern char **environ;

/* ---- MPI jobs ---------------------------------------------------------- */

static void fill_map(const struct rig_job *j, Berth__JobMap *map,
		     Berth__NodeRanks *nodes, Berth__NodeRanks **pointers,
		     char names[][16], uint32_t *ranks)
{
	for (unsigned i = 0; i < j->nnodes; i++) {
		snprintf(names[i], 16, "n%u", i);
		berth__node_ranks__init(&nodes[i]);
		nodes[i].node = names[i];
		nodes[i].ranks = ranks + i * j->per_node;
		nodes[i].n_ranks = j->per_node;
		for (unsigned k = 0; k < j->per_node; k++)
			nodes[i].ranks[k] = i * j->per_node + k;
		pointers[i] = &nodes[i];
	}
	map->nodes = pointers;
	map->n_nodes = j->nnodes;
}

void rig_launch_mpi(struct rig *r, const struct rig_job *j)
{
	Berth__App app = BERTH__APP__INIT, *apps = &app;
	Berth__Spec spec = BERTH__SPEC__INIT;
	Berth__JobMap map = BERTH__JOB_MAP__INIT;
	Berth__NodeRanks nodes[RIG_NODES], *pointers[RIG_NODES];
	uint32_t ranks[256], size = j->nnodes * j->per_node;
	char names[RIG_NODES][16], key[32], nspace[32];
	char *core_pus[256], pus[256][24];

	snprintf(key, sizeof(key), "j%lu", (unsigned long)j->job);
	snprintf(nspace, sizeof(nspace), "berth.%lu", (unsigned long)j->job);
	fill_map(j, &map, nodes, pointers, names, ranks);
	map.nspace = nspace;
	map.app_sizes = &size;
	map.n_app_sizes = 1;
	app.argv = (char **)j->argv;
	while (app.argv[app.n_argv])
		app.n_argv++;
	app.env = environ;
	while (environ[app.n_env])
		app.n_env++;
	app.cwd = "/tmp";
	app.nprocs = size;
	spec.job = j->job;
	spec.framework = "mpi";
	spec.apps = &apps;
	spec.n_apps = 1;
	spec.pmix = true;
	spec.survive = j->survive;
	spec.want_stdin = j->want_stdin;
	spec.walltime_ms = j->walltime_ms;
	spec.uid = spec.gid = j->uid;
	for (unsigned k = 0; k < j->per_node; k++) {
		snprintf(pus[k], sizeof(pus[k]), "%ld",
			 k % sysconf(_SC_NPROCESSORS_ONLN));
		core_pus[k] = pus[k];
	}
	for (unsigned i = 0; i < j->nnodes; i++) {
		Berth__Launch launch = BERTH__LAUNCH__INIT;
		Berth__TaskSpec task = BERTH__TASK_SPEC__INIT, *tasks = &task;
		Berth__Slice slice = BERTH__SLICE__INIT;
		Berth__Msg msg = BERTH__MSG__INIT;

		if (rig_find(r, i, key) == NULL)
			rig_start(r, i, key);
		slice.id = j->job * 100 + i + 1;
		slice.node = names[i];
		slice.pus = "0-1";
		slice.core_pus = core_pus;
		slice.n_core_pus = j->per_node;
		slice.bind = j->bind;
		task.job = j->job;
		task.index = i;
		task.slice = &slice;
		task.ranks = nodes[i].ranks;
		task.n_ranks = nodes[i].n_ranks;
		task.array_index = -1;
		launch.shepherd = key;
		launch.spec = &spec;
		launch.map = &map;
		launch.tasks = &tasks;
		launch.n_tasks = 1;
		msg.body_case = BERTH__MSG__BODY_LAUNCH;
		msg.launch = &launch;
		rig_send(r, i, key, &msg);
	}
}

bool rig_wait_mpi(struct rig *r, const struct rig_job *j, unsigned ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	for (unsigned i = 0; i < j->nnodes; i++) {
		uint64_t now = loop_now_us();

		if (!rig_wait_end(r, j->job, i,
				  now < end ? (unsigned)((end - now) / 1000)
					    : 0))
			return false;
	}
	return true;
}
