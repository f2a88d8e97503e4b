/* query.c - PMIx_Query_info: what ranks and tools may ask of the job. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

struct query {
	struct handover_item item;
	char **keys;
	size_t nkeys;
	char *nspace; /* qualifier, or the asking rank's own */
	struct infos answer;
	pmix_info_cbfunc_t cb;
	void *cbdata;
};

static void query_free(struct server *s, struct handover_item *item)
{
	struct query *q = (struct query *)item;

	infos_finish(&q->answer);
	mem_strv_free(q->keys);
	free(q->nspace);
	free(q);
}

static void release(void *arg)
{
	struct query *q = arg;

	q->item.run = query_free;
	handover_post(&q->item);
}

static void add_namespaces(struct server *s, struct query *q)
{
	const struct nspace *n;
	struct buf b;

	buf_init(&b);
	TAILQ_FOREACH(n, &s->nspaces, next)
	{
		if (!n->foreign)
			buf_printf(&b, "%s%s", b.len ? "," : "", n->name);
	}
	infos_string(&q->answer, PMIX_QUERY_NAMESPACES, b.len ? b.data : "");
	buf_finish(&b);
}

/* The processes of a namespace; local: of this node alone. */
static void add_procs(struct server *s, struct query *q, const struct nspace *n,
		      const char *key, bool local)
{
	pmix_data_array_t array = { .type = PMIX_PROC_INFO };
	pmix_proc_info_t *v;
	pmix_info_t one;
	size_t count = 0;

	v = mem_array(n->size + 1, sizeof(*v));
	for (uint32_t rank = 0; rank < n->size; rank++) {
		struct proc *p = task_find_rank(runner_tasks(s->runner),
						n->name, rank);
		size_t app;

		if (local && p == NULL)
			continue;
		PMIX_LOAD_PROCID(&v[count].proc, n->name, rank);
		v[count].hostname = (char *)nspace_node(n, rank);
		v[count].executable_name = "";
		if (p) {
			app = launch_app_of(p->launch, p->rank);
			v[count].executable_name =
				p->launch->spec->apps[app]->argv[0];
			v[count].pid = p->pid;
		}
		v[count++].state = p && p->pid == 0
					   ? PMIX_PROC_STATE_TERMINATED
					   : PMIX_PROC_STATE_RUNNING;
	}
	array.array = v;
	array.size = count;
	PMIX_INFO_CONSTRUCT(&one);
	PMIX_INFO_LOAD(&one, key, &array, PMIX_DATA_ARRAY);
	infos_copy(&q->answer, &one, 1);
	PMIX_INFO_DESTRUCT(&one);
	free(v);
}

static void add_one(struct server *s, struct query *q, const char *key)
{
	const struct nspace *n =
		q->nspace ? server_nspace(s, q->nspace) : NULL;

	if (strcmp(key, PMIX_QUERY_NAMESPACES) == 0)
		add_namespaces(s, q);
	else if (strcmp(key, PMIX_QUERY_NUM_PSETS) == 0)
		infos_size(&q->answer, key, 0);
	else if (strcmp(key, PMIX_QUERY_PSET_NAMES) == 0)
		infos_string(&q->answer, key, "");
	else if (strcmp(key, PMIX_QUERY_SPAWN_SUPPORT) == 0)
		infos_string(&q->answer, key,
			     PMIX_HOST "," PMIX_WDIR "," PMIX_SET_ENVAR);
	else if (strcmp(key, PMIX_JOB_SIZE) == 0 && n)
		infos_u32(&q->answer, key, n->size);
	else if (strcmp(key, PMIX_QUERY_PROC_TABLE) == 0 && n)
		add_procs(s, q, n, key, false);
	else if (strcmp(key, PMIX_QUERY_LOCAL_PROC_TABLE) == 0 && n)
		add_procs(s, q, n, key, true);
}

static void run(struct server *s, struct handover_item *item)
{
	struct query *q = (struct query *)item;
	pmix_status_t status = PMIX_SUCCESS;

	for (size_t i = 0; i < q->nkeys; i++)
		add_one(s, q, q->keys[i]);
	if (q->answer.n == 0)
		status = PMIX_ERR_NOT_FOUND;
	else if (q->answer.n < q->nkeys)
		status = PMIX_QUERY_PARTIAL_SUCCESS;
	q->cb(status, q->answer.v, q->answer.n, q->cbdata, release, q);
}

pmix_status_t upcall_query(pmix_proc_t *proc, pmix_query_t *queries,
			   size_t nqueries, pmix_info_cbfunc_t cb, void *cbdata)
{
	struct query *q = mem_alloc(sizeof(*q));
	size_t n = 0;

	q->item.run = run;
	for (size_t i = 0; i < nqueries; i++) {
		for (char **k = queries[i].keys; k && *k; k++)
			n++;
	}
	q->keys = mem_array(n + 1, sizeof(*q->keys));
	for (size_t i = 0; i < nqueries; i++) {
		const pmix_info_t *of = infos_find(
			queries[i].qualifiers, queries[i].nqual, PMIX_NSPACE);

		for (char **k = queries[i].keys; k && *k; k++)
			q->keys[q->nkeys++] = mem_strdup(*k);
		if (of && of->value.type == PMIX_STRING && !q->nspace)
			q->nspace = mem_strdup(of->value.data.string);
	}
	if (q->nspace == NULL)
		q->nspace = mem_strdup(proc->nspace);
	q->cb = cb;
	q->cbdata = cbdata;
	handover_post(&q->item);
	return PMIX_SUCCESS;
}
