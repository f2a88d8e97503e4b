/*
 * register.c - telling PMIx what a namespace looks like.
 *
 * Open MPI wants more than the standard's minimum: which keys are fatal when
 * missing and which only cost it its knowledge of locality is in doc/pmix.md.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "topo/bind.h"

static void add_regex(struct infos *a, const char *key, char *regex)
{
	pmix_info_t one;

	PMIX_INFO_CONSTRUCT(&one);
	PMIX_INFO_LOAD(&one, key, regex, PMIX_REGEX);
	infos_copy(a, &one, 1);
	PMIX_INFO_DESTRUCT(&one);
}

static int add_maps(struct infos *a, const struct nspace *n,
		    struct berth_error *err)
{
	struct buf nodes, ranks;
	char *regex = NULL, *ppn = NULL;
	int rc = -1;

	buf_init(&nodes);
	buf_init(&ranks);
	for (size_t i = 0; i < n->map->n_nodes; i++) {
		const Berth__NodeRanks *r = n->map->nodes[i];

		if (r->n_ranks == 0)
			continue;
		buf_printf(&nodes, "%s%s", nodes.len ? "," : "", r->node);
		buf_puts(&ranks, ranks.len ? ";" : "");
		for (size_t k = 0; k < r->n_ranks; k++)
			buf_printf(&ranks, "%s%u", k ? "," : "", r->ranks[k]);
	}
	if (PMIx_generate_regex(nodes.data, &regex) == PMIX_SUCCESS &&
	    PMIx_generate_ppn(ranks.data, &ppn) == PMIX_SUCCESS) {
		add_regex(a, PMIX_NODE_MAP, regex);
		add_regex(a, PMIX_PROC_MAP, ppn);
		infos_string(a, PMIX_NODE_LIST, nodes.data);
		rc = 0;
	} else {
		error_set(err, BERTH_ESYS, "PMIx cannot pack the map of %s",
			  n->name);
	}
	free(regex);
	free(ppn);
	buf_finish(&nodes);
	buf_finish(&ranks);
	return rc;
}

static char *rank_list(const Berth__NodeRanks *r)
{
	struct buf b;

	buf_init(&b);
	for (size_t k = 0; k < r->n_ranks; k++)
		buf_printf(&b, "%s%u", k ? "," : "", r->ranks[k]);
	return buf_take(&b);
}

static void add_node(struct infos *a, const Berth__NodeRanks *r, uint32_t id)
{
	struct infos part;
	char *peers = rank_list(r);

	infos_init(&part);
	infos_string(&part, PMIX_HOSTNAME, r->node);
	infos_u32(&part, PMIX_NODEID, id);
	infos_u32(&part, PMIX_LOCAL_SIZE, (uint32_t)r->n_ranks);
	infos_u32(&part, PMIX_NODE_SIZE, (uint32_t)r->n_ranks);
	infos_string(&part, PMIX_LOCAL_PEERS, peers);
	infos_rank(&part, PMIX_LOCALLDR, r->ranks[0]);
	infos_take(a, PMIX_NODE_INFO_ARRAY, &part);
	free(peers);
}

static void add_app(struct infos *a, uint32_t number, uint32_t size,
		    uint32_t leader)
{
	struct infos part;

	infos_init(&part);
	infos_u32(&part, PMIX_APPNUM, number);
	infos_u32(&part, PMIX_APP_SIZE, size);
	infos_rank(&part, PMIX_APPLDR, leader);
	infos_take(a, PMIX_APP_INFO_ARRAY, &part);
}

static void add_binding(struct infos *part, const struct bitset *cpus)
{
	pmix_cpuset_t set = { .source = "hwloc" };
	char *text = NULL;

	set.bitmap = topo_cpuset_create(cpus);
	if (PMIx_server_generate_cpuset_string(&set, &text) == PMIX_SUCCESS)
		infos_string(part, PMIX_CPUSET, text);
	free(text);
	text = NULL;
	if (PMIx_server_generate_locality_string(&set, &text) == PMIX_SUCCESS &&
	    text)
		infos_string(part, PMIX_LOCALITY_STRING, text);
	free(text);
	topo_cpuset_destroy(set.bitmap);
}

static const struct local_rank *find_local(const struct local_rank *v, size_t n,
					   uint32_t rank)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].rank == rank)
			return &v[i];
	}
	return NULL;
}

static void add_rank(struct server *s, struct infos *a, const struct nspace *n,
		     const Berth__NodeRanks *r, uint32_t node, size_t local,
		     const struct local_rank *here)
{
	uint32_t rank = r->ranks[local], leader, app;
	struct infos part;

	app = nspace_app(n, rank, &leader);
	infos_init(&part);
	infos_rank(&part, PMIX_RANK, rank);
	infos_rank(&part, PMIX_GLOBAL_RANK, rank);
	infos_u16(&part, PMIX_LOCAL_RANK, (uint16_t)local);
	infos_u16(&part, PMIX_NODE_RANK, (uint16_t)local);
	infos_u32(&part, PMIX_NODEID, node);
	infos_string(&part, PMIX_HOSTNAME, r->node);
	infos_u32(&part, PMIX_APPNUM, app);
	infos_rank(&part, PMIX_APP_RANK, rank - leader);
	if (here) {
		char *dir = mem_printf("%s/%u", n->name, rank);
		char *path = mem_printf("%s/%s", session_path(s->session), dir);

		session_mkdir(s->session, dir);
		infos_string(&part, PMIX_PROCDIR, path);
		infos_u32(&part, PMIX_REINCARNATION, 0);
		if (here->cpus)
			add_binding(&part, here->cpus);
		free(path);
		free(dir);
	}
	infos_take(a, PMIX_PROC_INFO_ARRAY, &part);
}

static void add_job(struct server *s, struct infos *a, const struct nspace *n,
		    const pmix_proc_t *parent)
{
	const Berth__NodeRanks *here = nspace_on(n, s->node);
	char *dir = mem_printf("%s/%s", session_path(s->session), n->name);
	uint32_t leader = 0;

	infos_string(a, PMIX_JOBID, n->name);
	infos_u32(a, PMIX_UNIV_SIZE, n->size);
	infos_u32(a, PMIX_JOB_SIZE, n->size);
	infos_u32(a, PMIX_MAX_PROCS, n->size);
	infos_u32(a, PMIX_NUM_NODES, (uint32_t)n->map->n_nodes);
	infos_u32(a, PMIX_JOB_NUM_APPS, n->map->n_app_sizes
						? (uint32_t)n->map->n_app_sizes
						: 1);
	infos_string(a, PMIX_TMPDIR, session_path(s->session));
	infos_string(a, PMIX_NSDIR, dir);
	infos_bool(a, PMIX_TDIR_RMCLEAN, true);
	if (here) {
		char *peers = rank_list(here);

		session_mkdir(s->session, n->name);
		infos_u32(a, PMIX_LOCAL_SIZE, (uint32_t)here->n_ranks);
		infos_string(a, PMIX_LOCAL_PEERS, peers);
		infos_rank(a, PMIX_LOCALLDR, here->ranks[0]);
		free(peers);
	}
	if (parent) {
		infos_bool(a, PMIX_SPAWNED, true);
		infos_proc(a, PMIX_PARENT_ID, parent);
	}
	if (n->map->n_app_sizes == 0)
		add_app(a, 0, n->size, 0);
	for (size_t i = 0; i < n->map->n_app_sizes; i++) {
		add_app(a, (uint32_t)i, n->map->app_sizes[i], leader);
		leader += n->map->app_sizes[i];
	}
	free(dir);
}

static int add_clients(const struct nspace *n, struct berth_error *err)
{
	pmix_status_t rc;

	for (size_t i = 0; i < n->nlocal; i++) {
		pmix_proc_t proc;

		PMIX_LOAD_PROCID(&proc, n->name, n->local[i].rank);
		rc = PMIx_server_register_client(&proc, geteuid(), getegid(),
						 NULL, NULL, NULL);
		if (rc != PMIX_SUCCESS && rc != PMIX_OPERATION_SUCCEEDED)
			return error_set(err, BERTH_ESYS,
					 "PMIx refuses rank %u of %s: %s",
					 n->local[i].rank, n->name,
					 PMIx_Error_string(rc));
	}
	return 0;
}

int register_nspace(struct server *s, struct nspace *n,
		    const struct local_rank *ranks, size_t nranks,
		    const pmix_proc_t *parent, struct berth_error *err)
{
	uint64_t began = loop_now_us();
	struct infos a;
	pmix_status_t rc;
	int result = -1;

	infos_init(&a);
	if (add_maps(&a, n, err) != 0)
		goto out;
	add_job(s, &a, n, parent);
	if (nranks > 0 && ranks[0].crowded)
		infos_bool(&a, PMIX_NODE_OVERSUBSCRIBED, true);
	for (size_t i = 0; i < n->map->n_nodes; i++) {
		const Berth__NodeRanks *r = n->map->nodes[i];

		if (r->n_ranks == 0)
			continue;
		add_node(&a, r, (uint32_t)i);
		for (size_t k = 0; k < r->n_ranks; k++)
			add_rank(s, &a, n, r, (uint32_t)i, k,
				 find_local(ranks, nranks, r->ranks[k]));
	}
	rc = PMIx_server_register_nspace(n->name, (int)nranks, a.v, a.n, NULL,
					 NULL);
	if (rc != PMIX_SUCCESS && rc != PMIX_OPERATION_SUCCEEDED) {
		error_set(err, BERTH_ESYS, "PMIx refuses the namespace %s: %s",
			  n->name, PMIx_Error_string(rc));
		goto out;
	}
	result = add_clients(n, err);
	log_debug("namespace %s: %lu us", n->name,
		  (unsigned long)(loop_now_us() - began));
out:
	infos_finish(&a);
	return result;
}

void register_gone(struct nspace *n)
{
	/* Never a single client: PMIx 4.2 then leaves an event of its socket
	 * behind, over which a later client hangs. */
	PMIx_server_deregister_nspace(n->name, NULL, NULL);
}
