/* broker_job.c - see broker_job.h. */
#include "launcher/broker_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/where.h"
#include "launcher/child.h"
#include "launcher/network.h"

#define BACKOFF_MIN_US (50u * 1000)
#define BACKOFF_MAX_US (5u * 1000 * 1000)
/* A rank that lived so long has the back-off start anew. */
#define PROVEN_US (60u * 1000 * 1000)

struct broker_job {
	struct loop *loop;
	const struct settings *settings;
	const struct roster *roster;
	struct shepherds *shepherds;
	char *shepherd; /* of the rank that runs; NULL: none */
	bool stopped;
	struct loop_timer *again;
	uint64_t backoff_us, started_us, last_k;
};

static void start_late(void *arg)
{
	broker_job_start(arg, true);
}

struct broker_job *broker_job_create(struct loop *l, const struct settings *s,
				     const struct roster *r,
				     struct shepherds *sh)
{
	struct broker_job *b = mem_alloc(sizeof *b);

	b->loop = l;
	b->settings = s;
	b->roster = r;
	b->shepherds = sh;
	b->again = loop_timer_create(l, start_late, b);
	b->backoff_us = BACKOFF_MIN_US;
	return b;
}

void broker_job_destroy(struct broker_job *b)
{
	if (b == NULL)
		return;
	loop_timer_destroy(b->again);
	free(b->shepherd);
	free(b);
}

bool broker_job_owns(const char *shepherd)
{
	return strcmp(shepherd, "broker") == 0 ||
	       strncmp(shepherd, "broker.", 7) == 0;
}

/* ---- what the rank is started with ---- */

/* The ranks talk over the network of the launchers.  TCP alone: of Open MPI's
 * transports it is the one that takes the death of a peer and the coming of a
 * new one. */
static void mpi_environment(const struct settings *s, struct buf *env)
{
	char network[64];

	buf_puts(env, "OMPI_MCA_pml=ob1\n"
		      "OMPI_MCA_btl=tcp,self\n"
		      "OMPI_MCA_mpi_ft_enable=1\n"
		      "OMPI_MCA_rmaps_base_oversubscribe=1\n"
		      "OMPI_MCA_hwloc_base_binding_policy=none\n"
		      "OMPI_MCA_mpi_yield_when_idle=1\n");
	if (network_of(s->address, network, sizeof network))
		buf_printf(env, "OMPI_MCA_btl_tcp_if_include=%s\n", network);
}

static char **rank_environment(const struct settings *s, bool late)
{
	char **base = child_environment(s);
	char *save = NULL;
	struct buf more;
	size_t n = 0;

	buf_init(&more);
	mpi_environment(s, &more);
	buf_printf(&more, "BERTH_ADDRESS=%s\n", s->address);
	if (late)
		buf_puts(&more, "BERTH_LATE=1\n");
	while (base[n])
		n++;
	for (char *e = strtok_r(more.data, "\n", &save); e;
	     e = strtok_r(NULL, "\n", &save)) {
		base = mem_resize(base, n + 2, sizeof(base[0]));
		base[n++] = mem_strdup(e);
		base[n] = NULL;
	}
	buf_finish(&more);
	return base;
}

/* ---- the launch ---- */

/* The map of the namespace: all founders, or this node alone.  rank: ours. */
static Berth__JobMap *make_map(const struct broker_job *b, bool late,
			       const char *nspace, uint32_t *rank)
{
	size_t n = late ? 1 : roster_count(b->roster);
	Berth__JobMap *map = mem_alloc(sizeof *map);

	berth__job_map__init(map);
	map->nspace = mem_strdup(nspace);
	map->n_nodes = n;
	map->nodes = mem_array(n, sizeof(map->nodes[0]));
	*rank = 0;
	for (size_t i = 0; i < n; i++) {
		const char *node = late ? b->settings->node
					: roster_at(b->roster, i)->node;
		Berth__NodeRanks *nr = mem_alloc(sizeof *nr);

		berth__node_ranks__init(nr);
		nr->node = mem_strdup(node);
		nr->n_ranks = 1;
		nr->ranks = mem_array(1, sizeof(nr->ranks[0]));
		nr->ranks[0] = (uint32_t)i;
		map->nodes[i] = nr;
		if (strcmp(node, b->settings->node) == 0)
			*rank = (uint32_t)i;
	}
	map->n_app_sizes = 1;
	map->app_sizes = mem_array(1, sizeof(map->app_sizes[0]));
	map->app_sizes[0] = (uint32_t)n;
	return map;
}

static Berth__App *make_app(const struct broker_job *b, bool late,
			    uint32_t nprocs, const char *program)
{
	const struct settings *s = b->settings;
	Berth__App *app = mem_alloc(sizeof *app);

	berth__app__init(app);
	app->argv = mem_array(4, sizeof(app->argv[0]));
	app->argv[app->n_argv++] = mem_strdup(program);
	if (s->topology[0]) {
		app->argv[app->n_argv++] = mem_strdup("--topology");
		app->argv[app->n_argv++] = mem_strdup(s->topology);
	}
	app->env = rank_environment(s, late);
	while (app->env[app->n_env])
		app->n_env++;
	app->cwd = mem_strdup("/");
	app->nprocs = nprocs;
	return app;
}

static Berth__Spec *make_spec(const struct broker_job *b, Berth__App *app)
{
	Berth__Spec *spec = mem_alloc(sizeof *spec);

	berth__spec__init(spec);
	spec->job_name = mem_strdup("broker");
	spec->uid = geteuid();
	spec->gid = getegid();
	spec->n_apps = 1;
	spec->apps = mem_array(1, sizeof(spec->apps[0]));
	spec->apps[0] = app;
	spec->pmix = true;
	spec->survive = true;
	spec->bind_to = mem_strdup("none");
	spec->grace_ms = 2000;
	spec->state_dir = mem_strdup(b->settings->dir);
	spec->output = mem_printf("%s/log/berthd.log", b->settings->dir);
	spec->error = mem_strdup(spec->output);
	return spec;
}

static Berth__TaskSpec *make_task(const struct broker_job *b, uint32_t rank)
{
	Berth__TaskSpec *task = mem_alloc(sizeof *task);
	Berth__Slice *slice = mem_alloc(sizeof *slice);

	berth__slice__init(slice);
	slice->node = mem_strdup(b->settings->node);
	berth__task_spec__init(task);
	task->index = rank;
	task->slice = slice;
	task->n_ranks = 1;
	task->ranks = mem_array(1, sizeof(task->ranks[0]));
	task->ranks[0] = rank;
	task->array_index = -1;
	return task;
}

static Berth__Msg *make_launch(const struct broker_job *b, bool late,
			       const char *shepherd, const char *nspace,
			       const char *program)
{
	Berth__Msg *msg = mem_alloc(sizeof *msg);
	Berth__Launch *l = mem_alloc(sizeof *l);
	uint32_t rank;

	berth__msg__init(msg);
	berth__launch__init(l);
	l->shepherd = mem_strdup(shepherd);
	l->map = make_map(b, late, nspace, &rank);
	l->spec = make_spec(b, make_app(b, late, l->map->app_sizes[0],
					program));
	l->n_tasks = 1;
	l->tasks = mem_array(1, sizeof(l->tasks[0]));
	l->tasks[0] = make_task(b, rank);
	msg->body_case = BERTH__MSG__BODY_LAUNCH;
	msg->launch = l;
	return msg;
}

static void try_again(struct broker_job *b)
{
	if (b->stopped)
		return;
	if (loop_now_us() - b->started_us > PROVEN_US)
		b->backoff_us = BACKOFF_MIN_US;
	loop_timer_start(b->again, b->backoff_us);
	b->backoff_us *= 2;
	if (b->backoff_us > BACKOFF_MAX_US)
		b->backoff_us = BACKOFF_MAX_US;
}

/* Names that no earlier rank of this node had. */
static void make_names(struct broker_job *b, bool late, char **shepherd,
		       char **nspace)
{
	uint64_t k = loop_wall_us() / 1000;

	if (!late) {
		*shepherd = mem_strdup("broker");
		*nspace = mem_strdup("berth");
		return;
	}
	if (k <= b->last_k)
		k = b->last_k + 1;
	b->last_k = k;
	*shepherd = mem_printf("broker.%" PRIu64, k);
	*nspace = mem_printf("berth.%s.%" PRIu64, b->settings->node, k);
}

void broker_job_start(struct broker_job *b, bool late)
{
	struct berth_error err;
	char *program, *shepherd, *nspace;
	Berth__Msg *msg;

	if (b->shepherd || b->stopped)
		return;
	b->started_us = loop_now_us();
	program = where_program("berthd", &err);
	make_names(b, late, &shepherd, &nspace);
	if (program == NULL ||
	    shepherds_start(b->shepherds, shepherd, NULL, &err) < 0) {
		log_error("cannot start the rank: %s", err.text);
		try_again(b);
		free(shepherd);
	} else {
		msg = make_launch(b, late, shepherd, nspace, program);
		shepherds_send(b->shepherds, shepherd, msg);
		msg_free(msg);
		b->shepherd = shepherd;
	}
	free(nspace);
	free(program);
}

void broker_job_adopt(struct broker_job *b, const char *shepherd)
{
	if (b->shepherd)
		return;
	b->shepherd = mem_strdup(shepherd);
	b->started_us = loop_now_us();
}

/* ---- its end ---- */

static bool ours(const struct broker_job *b, const char *shepherd)
{
	return b->shepherd && strcmp(b->shepherd, shepherd) == 0;
}

static void died(struct broker_job *b, const char *why)
{
	if (!b->stopped)
		log_warn("the rank has ended (%s)", why);
	free(b->shepherd);
	b->shepherd = NULL;
	try_again(b);
}

static void describe(const Berth__TaskStatus *t, char *out, size_t size)
{
	if (t->end == BERTH__TASK_END__END_SIGNALED)
		snprintf(out, size, "signal %d", t->signal);
	else if (t->text[0])
		snprintf(out, size, "%s", t->text);
	else
		snprintf(out, size, "exit code %d", t->exit_code);
}

static void confirm(struct broker_job *b, const char *shepherd,
		    const Berth__TaskReport *r)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__TaskReport back = *r;

	back.full = false;
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = &back;
	shepherds_send(b->shepherds, shepherd, &msg);
}

bool broker_job_report(struct broker_job *b, const char *shepherd,
		       const Berth__TaskReport *r)
{
	bool dead = false;
	char why[200];

	for (size_t i = 0; i < r->n_tasks; i++) {
		if (r->tasks[i]->state != BERTH__TASK_STATE__TASK_ENDED)
			continue;
		describe(r->tasks[i], why, sizeof why);
		dead = true;
	}
	if (!dead)
		return false;
	confirm(b, shepherd, r);
	dead = ours(b, shepherd);
	if (dead)
		died(b, why);
	return dead;
}

bool broker_job_shepherd_gone(struct broker_job *b, const char *shepherd,
			      const char *why)
{
	if (!ours(b, shepherd))
		return false;
	died(b, why);
	return true;
}

void broker_job_stop(struct broker_job *b)
{
	b->stopped = true;
	loop_timer_stop(b->again);
}
