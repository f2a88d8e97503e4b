/* start.c - see start.h. */
#include "shepherd/start.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "shepherd/bind.h"
#include "shepherd/fabric.h"
#include "shepherd/gpu.h"
#include "shepherd/output.h"
#include "shepherd/proc.h"

struct starter {
	char *node, *key, *node_dir;
	struct output *output;
	struct gpus *gpus;
	int null_fd;
	start_setup_f setup;
	void *arg;
};

struct starter *starter_create(const struct starter_config *c,
			       struct berth_error *err)
{
	struct starter *s = mem_alloc(sizeof(*s));

	s->node = mem_strdup(c->node);
	s->key = mem_strdup(c->key);
	s->node_dir = mem_strdup(c->node_dir);
	s->output = output_create(c->jobs_fd, c->node);
	s->gpus = gpus_create("/sys");
	s->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (s->null_fd < 0) {
		error_sys(err, "/dev/null");
		starter_destroy(s);
		return NULL;
	}
	return s;
}

void starter_destroy(struct starter *s)
{
	if (s == NULL)
		return;
	output_destroy(s->output);
	gpus_destroy(s->gpus);
	if (s->null_fd >= 0)
		close(s->null_fd);
	free(s->node);
	free(s->key);
	free(s->node_dir);
	free(s);
}

void starter_set_pmix(struct starter *s, start_setup_f setup, void *arg)
{
	s->setup = setup;
	s->arg = arg;
}

/* ---- environment ------------------------------------------------------- */

static void set_place(struct starter *s, struct env *e, const struct proc *p)
{
	const struct task *t = p->task;
	const Berth__Slice *slice = t->spec->slice;

	env_set(e, "BERTH_TASK_ID", "%lu.%u", (unsigned long)t->job, t->index);
	env_set(e, "BERTH_NODE", "%s", s->node);
	/* These two tell a launcher whose a left-over process is. */
	env_set(e, "BERTH_NODE_DIR", "%s", s->node_dir);
	env_set(e, "BERTH_SHEPHERD", "%s", s->key);
	if (p->bound) {
		char *list = bitset_format(&p->cpus);

		env_set(e, "BERTH_CPUS", "%s", list);
		free(list);
	} else if (slice->pus[0]) {
		env_set(e, "BERTH_CPUS", "%s", slice->pus);
	}
	env_set(e, "BERTH_CORES", "%zu", slice->n_core_pus);
	if (t->spec->array_index >= 0 && p->rank < 0)
		env_set(e, "BERTH_ARRAY_INDEX", "%ld",
			(long)t->spec->array_index);
	gpus_set_env(s->gpus, slice, p->local, p->nlocal, e);
}

/* More ranks than processors: they must give way to each other. */
bool start_crowded(const struct proc *p)
{
	const Berth__Slice *slice = p->task->spec->slice;
	size_t cores = slice->n_core_pus;

	if (slice->bind)
		return cores > 0 && p->nlocal > cores;
	/* Emulated nodes share this machine. */
	return launch_size(p->launch) > (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}

static int set_rank(struct starter *s, struct env *e, const struct proc *p,
		    struct berth_error *err)
{
	char *mtl;

	env_set(e, "BERTH_RANK", "%d", p->rank);
	env_set(e, "BERTH_NRANKS", "%u", launch_size(p->launch));
	env_set(e, "BERTH_LOCAL_RANK", "%u", p->local);
	/* Open MPI 4.1 would else take itself for a singleton. */
	env_set(e, "OMPI_MCA_schizo", "ompi");
	/* It is bound already, or must not be. */
	env_set(e, "OMPI_MCA_orte_externally_bound", "1");
	if (start_crowded(p) && !env_get(e, "OMPI_MCA_mpi_yield_when_idle"))
		env_set(e, "OMPI_MCA_mpi_yield_when_idle", "1");
	/* Open MPI 5 asks the kernel's routes, and takes another emulated node
	 * for unreachable because the way to it is the loopback. */
	if (!p->task->spec->slice->bind && !env_get(e, "OMPI_MCA_reachable"))
		env_set(e, "OMPI_MCA_reachable", "weighted");
	mtl = fabric_mtl(env_vector(e));
	if (mtl)
		env_set(e, "OMPI_MCA_mtl", "%s", mtl);
	free(mtl);
	if (!p->task->spec->slice->bind &&
	    fabric_needs_loopback(env_vector(e),
				  getenv("BERTH_EMULATED") != NULL))
		env_set(e, "OMPI_MCA_btl_tcp_if_include", "lo");
	return s->setup(s->arg, launch_nspace(p->launch), (uint32_t)p->rank, e,
			err);
}

static struct env *make_env(struct starter *s, const struct proc *p, size_t app,
			    struct berth_error *err)
{
	const Berth__TaskSpec *spec = p->task->spec;
	struct env *e = env_copy(p->launch->env[app]);

	for (size_t i = 0; p->rank < 0 && i < spec->n_env; i++)
		env_put(e, spec->env[i]);
	set_place(s, e, p);
	if (p->rank >= 0 && s->setup && set_rank(s, e, p, err) != 0) {
		env_destroy(e);
		return NULL;
	}
	return e;
}

/* ---- arguments --------------------------------------------------------- */

/* The strings stay the launch's, but for those made here: `index`. */
static const char **make_argv(const struct proc *p, const Berth__App *app,
			      char index[24])
{
	const Berth__TaskSpec *spec = p->task->spec;
	size_t nargs = p->rank < 0 ? spec->n_args : 0, n = 0;
	const char **v = mem_array(app->n_argv + nargs + 1, sizeof(*v));

	for (size_t i = 0; i < app->n_argv; i++)
		v[n++] = app->argv[i];
	for (size_t i = 0; i < nargs; i++)
		v[n++] = spec->args[i];
	if (p->rank >= 0 || spec->array_index < 0)
		return v;
	snprintf(index, 24, "%ld", (long)spec->array_index);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i], "{}") == 0)
			v[i] = index;
	}
	return v;
}

static const char *find_program(const struct proc *p, size_t app,
				struct env *e, struct berth_error *err)
{
	const Berth__App *a = p->launch->spec->apps[app];
	char **path = &p->launch->path[app];

	/* The tasks of an array all run the same. */
	if (*path == NULL)
		*path = proc_find(a->argv[0], env_get(e, "PATH"), a->cwd, err);
	return *path;
}

/* ---- the rest ---------------------------------------------------------- */

static int open_output(struct starter *s, const struct proc *p, size_t app,
		       int fd[2], struct berth_error *err)
{
	struct output_name name = {
		.job = p->task->job,
		.index = p->task->index,
		.rank = p->rank,
		.array_index = p->task->spec->array_index,
		.nspace = p->launch->spawned ? launch_nspace(p->launch) : NULL,
		.cwd = p->launch->spec->apps[app]->cwd,
	};

	return output_open(s->output, p->launch->spec, &name, fd, err);
}

static void say_binding(const struct starter *s, const struct proc *p, int fd)
{
	char *list = p->bound ? bitset_format(&p->cpus) : NULL;

	if (list)
		dprintf(fd, "rank %d on %s: bound to processors %s\n",
			p->rank < 0 ? 0 : p->rank, s->node, list);
	else
		dprintf(fd, "rank %d on %s: not bound\n",
			p->rank < 0 ? 0 : p->rank, s->node);
	free(list);
}

int start_proc(struct starter *s, struct proc *p, int in,
	       struct berth_error *err)
{
	size_t app = launch_app_of(p->launch, p->rank);
	const Berth__App *a = p->launch->spec->apps[app];
	struct proc_order o = { .cwd = a->cwd };
	const char **argv = NULL;
	int fd[2] = { -1, -1 };
	struct env *e = NULL;
	char index[24];
	pid_t pid = -1;

	if (open_output(s, p, app, fd, err) != 0)
		return -1;
	e = make_env(s, p, app, err);
	if (e == NULL)
		goto out;
	o.path = find_program(p, app, e, err);
	if (o.path == NULL)
		goto out;
	argv = make_argv(p, a, index);
	if (p->launch->spec->report_bindings)
		say_binding(s, p, fd[1]);
	o.argv = (char *const *)argv;
	o.env = env_vector(e);
	o.cpus = p->bound ? &p->cpus : NULL;
	o.in = in >= 0 ? in : s->null_fd;
	o.out = fd[0];
	o.err = fd[1];
	/* Open MPI writes to a peer that has just died, and would die too. */
	o.no_sigpipe = p->launch->spec->ft;
	pid = proc_start(&o, err);
out:
	if (pid > 0 && p->rank >= 0) {
		/* What PMIx passes on for the rank goes there. */
		p->fd[0] = fd[0];
		p->fd[1] = fd[1];
	} else {
		close(fd[0]);
		close(fd[1]);
	}
	p->pid = pid > 0 ? pid : 0;
	free(argv);
	env_destroy(e);
	return pid > 0 ? 0 : -1;
}
