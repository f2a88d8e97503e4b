/* server.c - see server.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

extern char **environ;

/* A request or an answer can be lost with a launcher; all of them are known
 * by key or id, so saying them again does nothing else. */
#define AGAIN_US (5 * 1000000u)


static const pmix_server_module_t upcalls = {
	.client_connected2 = upcall_connected,
	.client_finalized = upcall_finalized,
	.abort = upcall_abort,
	.fence_nb = upcall_fence,
	.direct_modex = upcall_dmodex,
	.publish = upcall_publish,
	.lookup = upcall_lookup,
	.unpublish = upcall_unpublish,
	.spawn = upcall_spawn,
	.connect = upcall_connect,
	.disconnect = upcall_disconnect,
	.register_events = upcall_register_events,
	.deregister_events = upcall_deregister_events,
	.notify_event = upcall_notify,
	.query = upcall_query,
	.log = upcall_log,
	.job_control = upcall_control,
	.group = upcall_group,
};

uint64_t server_new_id(struct server *s)
{
	return ++s->next_id;
}

struct nspace *server_nspace(struct server *s, const char *name)
{
	return nspace_find(&s->nspaces, name);
}

void server_route(struct server *s, Berth__Msg *msg, const char *node,
		  const char *key)
{
	msg->to_node = (char *)node;
	msg->to_shepherd = (char *)key;
	uplink_post(s->up, msg);
}

/* ---- the runner's server ----------------------------------------------- */

static int add(void *arg, struct launch *l, const struct local_rank *ranks,
	       size_t n, struct berth_error *err)
{
	struct server *s = arg;
	const Berth__SpawnStart *sp =
		l->spawned ? l->msg->spawn_start : NULL;
	struct nspace *ns = server_nspace(s, l->map->nspace);
	uint32_t *numbers = mem_array(n + 1, sizeof(*numbers));
	pmix_proc_t parent;
	int rc;

	if (ns) { /* run again: its former ranks here are gone */
		register_gone(ns);
		nspace_remove(&s->nspaces, ns);
	}
	ns = nspace_add(&s->nspaces, l->map, s->key, l->spec->job, err);
	if (ns == NULL) {
		free(numbers);
		return -1;
	}
	ns->spawned = l->spawned;
	ns->ft = l->spec->ft;
	for (size_t i = 0; i < n; i++)
		numbers[i] = ranks[i].rank;
	nspace_set_local(ns, numbers, n);
	free(numbers);
	if (sp)
		PMIX_LOAD_PROCID(&parent, sp->parent_nspace, sp->parent_rank);
	rc = register_nspace(s, ns, ranks, n, sp ? &parent : NULL, err);
	if (rc != 0)
		nspace_remove(&s->nspaces, ns);
	return rc;
}

/*
 * Open MPI names its shared-memory files by host, user, job and local rank:
 * two emulated nodes of one host would share them, and those of a job that
 * was killed would stay.  In a folder of the shepherd's own neither happens.
 */
static void set_shared_memory(const struct server *s, struct env *e)
{
	static const char *const names[] = {
		"OMPI_MCA_btl_vader_backing_directory",
		"OMPI_MCA_btl_sm_backing_directory",
		"OMPI_MCA_osc_sm_backing_directory",
		"OMPI_MCA_osc_rdma_backing_directory",
	};
	const char *folder = session_shared_memory(s->session);

	for (size_t i = 0; folder && i < sizeof(names) / sizeof(*names); i++) {
		if (env_get(e, names[i]) == NULL)
			env_set(e, names[i], "%s", folder);
	}
}

/* Open MPI 5 goes on after the death of a rank when it is told to.  It leaves
 * out what cannot do that, but for han: its communicators are not revoked with
 * those that it made them for, and ranks hang in them.  The others of the list
 * are those that it leaves out itself. */
static void set_ft(struct env *e)
{
	static const char *const v[][2] = {
		{ "OMPI_MCA_mpi_ft_enable", "1" },
		{ "OMPI_MCA_coll", "^hcoll,portals4,han" },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		if (env_get(e, v[i][0]) == NULL)
			env_set(e, v[i][0], "%s", v[i][1]);
	}
}

static int setup(void *arg, const char *nspace, uint32_t rank, struct env *e,
		 struct berth_error *err)
{
	const struct nspace *n;
	char **vars = NULL;
	pmix_proc_t proc;
	pmix_status_t rc;

	PMIX_LOAD_PROCID(&proc, nspace, rank);
	rc = PMIx_server_setup_fork(&proc, &vars);
	if (rc != PMIX_SUCCESS)
		return error_set(err, BERTH_ESYS, "PMIx: rank %u of %s: %s",
				 rank, nspace, PMIx_Error_string(rc));
	for (char **v = vars; v && *v; v++)
		env_put(e, *v);
	mem_strv_free(vars);
	set_shared_memory(arg, e);
	n = server_nspace(arg, nspace);
	if (n && n->ft)
		set_ft(e);
	return 0;
}

static void settle(void *arg)
{
	handover_drain();
}

static bool left(void *arg, const char *nspace, uint32_t rank)
{
	struct nspace *n = server_nspace(arg, nspace);
	struct rank_state *r = n ? nspace_local(n, rank) : NULL;

	return r && r->connected && !r->finalized;
}

static bool mourn(void *arg, const char *nspace, uint32_t rank, int signo)
{
	return deaths_here(arg, nspace, rank, signo);
}

static void over(void *arg, const char *nspace)
{
	struct nspace *n = server_nspace(arg, nspace);

	if (n)
		publish_nspace_over(arg, n);
}

/* ---- messages ---------------------------------------------------------- */

static void undeliverable(struct server *s, const Berth__Undeliverable *u)
{
	if (dmodex_undeliverable(s, u->id) || spawn_undeliverable(s, u->id))
		return;
	log_debug("%s/%s cannot be reached", u->node, u->shepherd);
}

bool server_message(struct server *s, const Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_COLL_DONE:
		coll_done(s, msg->coll_done);
		return true;
	case BERTH__MSG__BODY_LOOKUP_REPLY:
		publish_reply(s, msg->lookup_reply);
		return true;
	case BERTH__MSG__BODY_UNPUBLISH:
		publish_was_read(s, msg->unpublish->id);
		return true;
	case BERTH__MSG__BODY_MODEX_REQUEST:
		dmodex_request(s, msg);
		return true;
	case BERTH__MSG__BODY_MODEX_REPLY:
		dmodex_reply(s, msg->modex_reply);
		return true;
	case BERTH__MSG__BODY_SPAWN_START:
		spawn_start(s, msg);
		return true;
	case BERTH__MSG__BODY_SPAWN_REPLY:
		spawn_reply(s, msg);
		return true;
	case BERTH__MSG__BODY_PMIX_EVENT:
		event_received(s, msg->pmix_event);
		return true;
	case BERTH__MSG__BODY_RANKS_DIED:
		deaths_heard(s, msg->ranks_died);
		return true;
	case BERTH__MSG__BODY_UNDELIVERABLE:
		undeliverable(s, msg->undeliverable);
		return true;
	default:
		return false;
	}
}

void server_again(struct server *s)
{
	publish_again(s);
	coll_again(s);
	dmodex_again(s);
	spawn_again(s);
}

static void repeat(void *arg)
{
	struct server *s = arg;

	coll_again(s);
	dmodex_again(s);
	spawn_again(s);
	loop_timer_start(s->again, AGAIN_US);
}

void server_tell_others(struct server *s, const char *nspace, Berth__Msg *msg)
{
	struct nspace *n = server_nspace(s, nspace);

	for (size_t i = 0; n && i < n->map->n_nodes; i++) {
		if (strcmp(n->map->nodes[i]->node, s->node) != 0)
			server_route(s, msg, n->map->nodes[i]->node, s->key);
	}
}

/* ---- life -------------------------------------------------------------- */

/* Somebody else's PMIx (the launcher's mpirun, say) is none of ours. */
static void clean_environment(void)
{
	static const char *const foreign[] = { "PMIX_", "OMPI_", "PRTE_",
					       "ORTE_" };
	size_t i = 0;

	while (environ[i]) {
		char name[256];
		bool hit = false;

		for (size_t k = 0; k < sizeof(foreign) / sizeof(*foreign); k++)
			hit = hit || strncmp(environ[i], foreign[k],
					     strlen(foreign[k])) == 0;
		if (!hit) {
			i++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(environ[i], "="), environ[i]);
		if (unsetenv(name) != 0)
			i++;
	}
	/* We want to see every fence (prompt.h), those of one node as well. */
	setenv("PMIX_MCA_pmix_server_fence_localonly_opt", "0", 1);
	/* Looking for what drivers say of GPUs can wake these, and the ranks
	 * do not read it from PMIx. */
	setenv("HWLOC_PLUGINS_BLACKLIST",
	       "hwloc_gl hwloc_opencl hwloc_levelzero hwloc_cuda hwloc_nvml "
	       "hwloc_rsmi hwloc_xml_libxml",
	       0);
#if PMIX_VERSION_MAJOR < 5
	/* The default there takes four times as long to tell of a job. */
	setenv("PMIX_MCA_gds", "hash", 1);
#endif
}

static int start_pmix(const char *node, const struct session *session,
		      struct berth_error *err)
{
	pmix_server_module_t module = upcalls; /* it is copied */
	struct infos a;
	pmix_status_t rc;
	char *name = mem_printf("berth-shepherd.%s.%d", node, (int)getpid());
	uint64_t began = loop_now_us();

	clean_environment();
	infos_init(&a);
	infos_string(&a, PMIX_SERVER_NSPACE, name);
	infos_rank(&a, PMIX_SERVER_RANK, 0);
	infos_string(&a, PMIX_SERVER_TMPDIR, session_path(session));
	infos_string(&a, PMIX_SYSTEM_TMPDIR, session_path(session));
	infos_string(&a, PMIX_HOSTNAME, node);
	/* One topology for all ranks, not one found out by each. */
	infos_bool(&a, PMIX_SERVER_SHARE_TOPOLOGY, true);
	/* We write what ranks log; the library would crash over it. */
	infos_bool(&a, PMIX_IOF_LOCAL_OUTPUT, false);
	rc = PMIx_server_init(&module, a.v, a.n);
	infos_finish(&a);
	free(name);
	if (rc != PMIX_SUCCESS)
		return error_set(err, BERTH_ESYS, "PMIx server: %s",
				 PMIx_Error_string(rc));
	log_debug("PMIx server: %lu us",
		  (unsigned long)(loop_now_us() - began));
	return 0;
}

struct session *server_prepare(const char *node, struct berth_error *err)
{
	struct session *session = session_create(err);

	if (session && start_pmix(node, session, err) != 0) {
		session_destroy(session);
		return NULL;
	}
	return session;
}

struct server *server_create(const struct server_config *c,
			     struct berth_error *err)
{
	static const struct runner_pmix ops = {
		.add = add,
		.setup = setup,
		.settle = settle,
		.left = left,
		.mourn = mourn,
		.over = over,
	};
	struct server *s = mem_alloc(sizeof(*s));

	s->loop = c->loop;
	s->up = c->uplink;
	s->runner = c->runner;
	s->node = mem_strdup(c->node);
	s->key = mem_strdup(c->key);
	TAILQ_INIT(&s->nspaces);
	TAILQ_INIT(&s->colls);
	TAILQ_INIT(&s->modexes);
	TAILQ_INIT(&s->lookups);
	TAILQ_INIT(&s->published);
	TAILQ_INIT(&s->spawns);
	s->coll_count = map_create();
	/* Entries of a shepherd that ran here before have other ids. */
	rand_secret(&s->next_id, sizeof(s->next_id));
	s->next_id &= UINT64_C(0x7fffffffffff0000);
	s->again = loop_timer_create(s->loop, repeat, s);
	s->prompt = prompt_create(s->loop);
	handover_open(s->loop, s);
	s->session = c->prepared ? c->prepared : server_prepare(c->node, err);
	if (s->session == NULL) {
		server_destroy(s);
		return NULL;
	}
	loop_timer_start(s->again, AGAIN_US);
	runner_set_pmix(s->runner, &ops, s);
	return s;
}

void server_destroy(struct server *s)
{
	struct nspace *n;

	if (s == NULL)
		return;
	/* PMIx_server_finalize can wait for ever for PMIx's thread, and what
	 * it would remove is in the session's folders. */
	handover_close();
	coll_finish(s);
	dmodex_finish(s);
	publish_finish(s);
	spawn_finish(s);
	while ((void)(n = TAILQ_FIRST(&s->nspaces)), n != NULL)
		nspace_remove(&s->nspaces, n);
	map_destroy(s->coll_count, free);
	loop_timer_destroy(s->again);
	prompt_destroy(s->prompt);
	session_destroy(s->session);
	free(s->node);
	free(s->key);
	free(s);
}
