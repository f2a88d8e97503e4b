/*
 * spawn.c - PMIx_Spawn, which is MPI_Comm_spawn: a new namespace on the nodes
 * and in the slices of the job that asks.
 *
 * The shepherd of the asking rank places the new ranks, where the fewest are,
 * and tells all shepherds of the job, each of which has to know the new
 * namespace even when none of it is on its node.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

struct spawn {
	struct handover_item item;
	TAILQ_ENTRY(spawn) next;
	uint64_t id;
	pmix_proc_t parent;
	Berth__App **apps; /* argv, env additions, cwd, nprocs */
	char **hosts;	   /* of each app: "n1,n2" or NULL */
	size_t napps;
	Berth__Msg *start;    /* the same for all but `task` */
	struct map *waiting;  /* nodes whose answer is missing -> their ranks */
	pmix_status_t status;
	pmix_spawn_cbfunc_t cb;
	void *cbdata;
};

/* ---- what is asked for ------------------------------------------------- */

static void add_strings(char ***to, size_t *n, char *const *from)
{
	for (; from && *from; from++) {
		*to = mem_resize(*to, *n + 1, sizeof(**to));
		(*to)[(*n)++] = mem_strdup(*from);
	}
}

static void replace(char **to, const char *value)
{
	if (*to != protobuf_c_empty_string)
		free(*to);
	*to = mem_strdup(value);
}

static void read_infos(struct spawn *s, size_t i, const pmix_info_t *v,
		       size_t n)
{
	Berth__App *a = s->apps[i];

	for (size_t k = 0; k < n; k++) {
		if (strcmp(v[k].key, PMIX_HOST) == 0 &&
		    v[k].value.type == PMIX_STRING) {
			free(s->hosts[i]);
			s->hosts[i] = mem_strdup(v[k].value.data.string);
		} else if (strcmp(v[k].key, PMIX_WDIR) == 0 &&
			   v[k].value.type == PMIX_STRING) {
			replace(&a->cwd, v[k].value.data.string);
		} else if (strcmp(v[k].key, PMIX_SET_ENVAR) == 0 &&
			   v[k].value.type == PMIX_ENVAR) {
			char *one[2] = { mem_printf("%s=%s",
						    v[k].value.data.envar.envar,
						    v[k].value.data.envar.value),
					 NULL };

			add_strings(&a->env, &a->n_env, one);
			free(one[0]);
		}
	}
}

static void read_app(struct spawn *s, size_t i, const pmix_app_t *from)
{
	Berth__App *a = s->apps[i] = mem_alloc(sizeof(*a));
	char *cmd[2] = { from->cmd, NULL };

	berth__app__init(a);
	add_strings(&a->argv, &a->n_argv, cmd);
	if (from->argv && from->argv[0])
		add_strings(&a->argv, &a->n_argv, from->argv + 1);
	add_strings(&a->env, &a->n_env, from->env);
	if (from->cwd)
		replace(&a->cwd, from->cwd);
	a->nprocs = from->maxprocs > 0 ? (uint32_t)from->maxprocs : 1;
	read_infos(s, i, from->info, from->ninfo);
}

static void spawn_free(struct spawn *s)
{
	for (size_t i = 0; i < s->napps; i++) {
		berth__app__free_unpacked(s->apps[i], NULL);
		free(s->hosts[i]);
	}
	map_destroy(s->waiting, NULL);
	msg_free(s->start);
	free(s->apps);
	free(s->hosts);
	free(s);
}

static void answer(struct spawn *s, pmix_status_t status)
{
	pmix_nspace_t nspace = "";

	if (s->start)
		PMIX_LOAD_NSPACE(nspace, s->start->spawn_start->map->nspace);
	if (s->cb)
		s->cb(status, nspace, s->cbdata);
	spawn_free(s);
}

/* ---- placing ----------------------------------------------------------- */

struct place {
	const char *node;
	unsigned load;
	bool lives; /* not all its ranks are gone */
	uint32_t *ranks;
	size_t nranks;
};

/* A node without living ranks of the job has no shepherd of it any more. */
static size_t drop_dead(struct place *v, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].lives)
			v[kept++] = v[i];
	}
	return kept;
}

static size_t find_places(struct server *s, uint64_t job, struct place **out)
{
	const struct nspace *n;
	struct place *v = NULL;
	size_t count = 0;

	TAILQ_FOREACH(n, &s->nspaces, next)
	{
		for (size_t i = 0; !n->foreign && n->job == job &&
				   i < n->map->n_nodes;
		     i++) {
			const Berth__NodeRanks *r = n->map->nodes[i];
			size_t k = 0;

			while (k < count && strcmp(v[k].node, r->node) != 0)
				k++;
			if (k == count) {
				v = mem_resize(v, ++count, sizeof(*v));
				memset(&v[k], 0, sizeof(v[k]));
				v[k].node = r->node;
			}
			v[k].load += (unsigned)r->n_ranks;
			v[k].lives = v[k].lives || !nspace_dead_on(n, r->node);
		}
	}
	*out = v;
	return drop_dead(v, count);
}

static bool in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ",");

		if (n == len && strncmp(p, name, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return list == NULL;
}

static int place_ranks(const struct spawn *s, struct place *v, size_t n)
{
	uint32_t rank = 0;

	for (size_t i = 0; i < s->napps; i++) {
		for (uint32_t k = 0; k < s->apps[i]->nprocs; k++) {
			struct place *best = NULL;

			for (size_t p = 0; p < n; p++) {
				if (in_list(s->hosts[i], v[p].node) &&
				    (best == NULL || v[p].load < best->load))
					best = &v[p];
			}
			if (best == NULL)
				return -1;
			best->load++;
			best->ranks = mem_resize(best->ranks, best->nranks + 1,
						 sizeof(*best->ranks));
			best->ranks[best->nranks++] = rank++;
		}
	}
	return 0;
}

/* ---- the message ------------------------------------------------------- */

/* The new programs run in the environment of the asking one, with what the
 * MPI library adds for them. */
static void inherit(Berth__App *to, const Berth__App *from)
{
	struct env *e = env_create(from->env, from->n_env);
	char *const *v;

	env_scrub(e);
	for (size_t i = 0; i < to->n_env; i++) {
		env_put(e, to->env[i]);
		free(to->env[i]);
	}
	free(to->env);
	to->env = NULL;
	to->n_env = 0;
	v = env_vector(e);
	add_strings(&to->env, &to->n_env, v);
	env_destroy(e);
	if (to->cwd[0] == '\0' && from->cwd[0])
		replace(&to->cwd, from->cwd);
}

static void make_message(struct server *sv, struct spawn *s,
			 const struct proc *asking, const struct place *v,
			 size_t n)
{
	const Berth__Spec *old = asking->launch->spec;
	const Berth__App *from =
		old->apps[launch_app_of(asking->launch, asking->rank)];
	Berth__SpawnStart start = BERTH__SPAWN_START__INIT;
	Berth__JobMap map = BERTH__JOB_MAP__INIT;
	Berth__NodeRanks *nodes = mem_array(n, sizeof(*nodes));
	Berth__NodeRanks **pointers = mem_array(n, sizeof(*pointers));
	uint32_t *sizes = mem_array(s->napps, sizeof(*sizes));
	Berth__Spec spec = *old;
	Berth__Msg msg = BERTH__MSG__INIT;
	size_t used = 0;
	char *name;

	for (size_t i = 0; i < s->napps; i++) {
		inherit(s->apps[i], from);
		sizes[i] = s->apps[i]->nprocs;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i].nranks == 0)
			continue;
		berth__node_ranks__init(&nodes[used]);
		nodes[used].node = (char *)v[i].node;
		nodes[used].ranks = v[i].ranks;
		nodes[used].n_ranks = v[i].nranks;
		pointers[used] = &nodes[used];
		used++;
	}
	/* Names of different askers must differ, and sort of short. */
	name = mem_printf("%.*s-%s.%u.%u",
			  (int)strcspn(s->parent.nspace, "-"), s->parent.nspace,
			  sv->node, s->parent.rank, ++sv->nspawned);
	map.nspace = name;
	map.nodes = pointers;
	map.n_nodes = used;
	map.app_sizes = sizes;
	map.n_app_sizes = s->napps;
	spec.apps = s->apps;
	spec.n_apps = s->napps;
	spec.want_stdin = false;
	spec.walltime_ms = 0;
	start.id = s->id;
	start.spec = &spec;
	start.map = &map;
	start.parent_nspace = s->parent.nspace;
	start.parent_rank = s->parent.rank;
	msg.body_case = BERTH__MSG__BODY_SPAWN_START;
	msg.spawn_start = &start;
	s->start = msg_copy(&msg);
	free(name);
	free(sizes);
	free(pointers);
	free(nodes);
}

/* ---- asking ------------------------------------------------------------ */

static struct spawn *find(struct server *sv, uint64_t id)
{
	struct spawn *s;

	TAILQ_FOREACH(s, &sv->spawns, next)
	{
		if (s->id == id)
			return s;
	}
	return NULL;
}

static void abandon(struct server *sv, struct spawn *s)
{
	Berth__NspaceEnd end = BERTH__NSPACE_END__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	end.nspace = s->start->spawn_start->map->nspace;
	end.why = BERTH__TASK_END__END_FAILED_START;
	msg.body_case = BERTH__MSG__BODY_NSPACE_END;
	msg.nspace_end = &end;
	server_tell_others(sv, s->parent.nspace, &msg);
	runner_abandon(sv->runner, end.nspace);
}

static void one_answered(struct server *sv, struct spawn *s, const char *node,
			 pmix_status_t status)
{
	map_remove(s->waiting, node);
	if (status != PMIX_SUCCESS && s->status == PMIX_SUCCESS)
		s->status = status;
	if (map_count(s->waiting) > 0)
		return;
	TAILQ_REMOVE(&sv->spawns, s, next);
	if (s->status != PMIX_SUCCESS)
		abandon(sv, s);
	answer(s, s->status);
}

static void send_start(struct server *sv, const struct spawn *s,
		       const char *node)
{
	s->start->to_node = (char *)node;
	s->start->to_shepherd = sv->key;
	uplink_send(sv->up, s->start);
	s->start->to_node = (char *)protobuf_c_empty_string;
	s->start->to_shepherd = (char *)protobuf_c_empty_string;
}

static pmix_status_t start_here(struct server *sv, const Berth__Msg *msg,
				struct berth_error *err)
{
	struct launch *l = launch_create(msg, err);
	const Berth__NodeRanks *here = NULL;
	int rc;

	if (l == NULL)
		return PMIX_ERR_BAD_PARAM;
	for (size_t i = 0; i < l->map->n_nodes; i++) {
		if (strcmp(l->map->nodes[i]->node, sv->node) == 0)
			here = l->map->nodes[i];
	}
	rc = runner_spawn(sv->runner, l, here ? here->ranks : NULL,
			  here ? here->n_ranks : 0, err);
	launch_unref(l);
	return rc == 0 ? PMIX_SUCCESS : PMIX_ERR_JOB_FAILED_TO_LAUNCH;
}

/* The MPI library only says that it failed. */
static void say_why(struct server *sv, const struct spawn *s, const char *text)
{
	char *line = mem_printf("berth: MPI_Comm_spawn: %s\n", text);

	runner_write(sv->runner, s->parent.nspace, s->parent.rank, 1, line,
		     strlen(line));
	free(line);
}

static void run(struct server *sv, struct handover_item *item)
{
	struct spawn *s = (struct spawn *)item;
	struct proc *asking = task_find_rank(runner_tasks(sv->runner),
					     s->parent.nspace, s->parent.rank);
	struct place *v = NULL;
	struct berth_error err;
	pmix_status_t here;
	size_t n = 0;
	int rc = -1;

	s->id = server_new_id(sv);
	if (asking) {
		n = find_places(sv, asking->task->job, &v);
		rc = place_ranks(s, v, n);
	}
	if (rc == 0)
		make_message(sv, s, asking, v, n);
	s->waiting = map_create();
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			map_put(s->waiting, v[i].node, s);
		free(v[i].ranks);
	}
	free(v);
	if (rc != 0) {
		answer(s, PMIX_ERR_JOB_FAILED_TO_MAP);
		return;
	}
	TAILQ_INSERT_TAIL(&sv->spawns, s, next);
	here = start_here(sv, s->start, &err);
	if (here != PMIX_SUCCESS)
		say_why(sv, s, err.text);
	spawn_again(sv);
	one_answered(sv, s, sv->node, here);
}

pmix_status_t upcall_spawn(const pmix_proc_t *proc,
			   const pmix_info_t job_info[], size_t ninfo,
			   const pmix_app_t apps[], size_t napps,
			   pmix_spawn_cbfunc_t cb, void *cbdata)
{
	struct spawn *s = mem_alloc(sizeof(*s));

	s->item.run = run;
	s->parent = *proc;
	s->napps = napps;
	s->apps = mem_array(napps, sizeof(*s->apps));
	s->hosts = mem_array(napps, sizeof(*s->hosts));
	for (size_t i = 0; i < napps; i++) {
		read_app(s, i, &apps[i]);
		read_infos(s, i, job_info, ninfo);
	}
	s->cb = cb;
	s->cbdata = cbdata;
	handover_post(&s->item);
	return PMIX_SUCCESS;
}

/* ---- messages ---------------------------------------------------------- */

void spawn_start(struct server *sv, const Berth__Msg *msg)
{
	Berth__SpawnReply r = BERTH__SPAWN_REPLY__INIT;
	struct berth_error err = { 0 };
	Berth__Msg reply = BERTH__MSG__INIT;

	/* It comes again when nobody answered for a while. */
	if (msg->spawn_start->map == NULL ||
	    server_nspace(sv, msg->spawn_start->map->nspace) == NULL)
		r.status = start_here(sv, msg, &err);
	r.id = msg->spawn_start->id;
	r.text = err.text;
	reply.body_case = BERTH__MSG__BODY_SPAWN_REPLY;
	reply.spawn_reply = &r;
	server_route(sv, &reply, msg->from_node, msg->from_shepherd);
}

void spawn_reply(struct server *sv, const Berth__Msg *msg)
{
	const Berth__SpawnReply *r = msg->spawn_reply;
	struct spawn *s = find(sv, r->id);

	if (s == NULL || map_get(s->waiting, msg->from_node) == NULL)
		return;
	if (r->status != PMIX_SUCCESS)
		say_why(sv, s, r->text);
	one_answered(sv, s, msg->from_node, r->status);
}

bool spawn_undeliverable(struct server *sv, uint64_t id)
{
	struct spawn *s = find(sv, id);

	if (s == NULL)
		return false;
	TAILQ_REMOVE(&sv->spawns, s, next);
	abandon(sv, s);
	answer(s, PMIX_ERR_UNREACH);
	return true;
}

void spawn_again(struct server *sv)
{
	struct spawn *s;

	TAILQ_FOREACH(s, &sv->spawns, next)
	{
		const char *node;
		size_t pos = 0;

		while (map_next(s->waiting, &pos, &node)) {
			if (strcmp(node, sv->node) != 0)
				send_start(sv, s, node);
		}
	}
}

void spawn_finish(struct server *sv)
{
	struct spawn *s;

	while ((void)(s = TAILQ_FIRST(&sv->spawns)), s != NULL) {
		TAILQ_REMOVE(&sv->spawns, s, next);
		spawn_free(s);
	}
}
