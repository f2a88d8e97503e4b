/*
 * group.c - PMIx groups, on which MPI Sessions and MPI_Comm_create_from_group
 * are built.  The launchers give the context id: it is unique over all jobs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

struct group {
	struct handover_item item;
	pmix_group_operation_t op;
	char *id;
	pmix_proc_t *procs;
	size_t nprocs;
	char *endpoints; /* what the ranks here bring along */
	size_t nendpoints;
	bool want_context_id;
	unsigned timeout_ms;
	struct infos answer; /* until PMIx has read it */
	pmix_info_cbfunc_t cb;
	void *cbdata;
};

static void group_free(void *arg)
{
	struct group *g = arg;

	infos_finish(&g->answer);
	free(g->endpoints);
	free(g->procs);
	free(g->id);
	free(g);
}

static void released(struct server *s, struct handover_item *item)
{
	group_free(item);
}

/* PMIx says, on its own thread, that it has read the answer. */
static void release(void *arg)
{
	struct group *g = arg;

	g->item.run = released;
	handover_post(&g->item);
}

static void answer(struct group *g, pmix_status_t status)
{
	if (g->cb)
		g->cb(status, g->answer.v, g->answer.n, g->cbdata, release, g);
	else
		group_free(g);
}

static void done(struct server *s, void *arg, const struct coll_result *r)
{
	struct group *g = arg;
	struct buf all;

	prompt_expect(s->prompt); /* MPI_Session_finalize may follow */
	if (r->status != PMIX_SUCCESS ||
	    g->op != PMIX_GROUP_CONSTRUCT) {
		answer(g, r->status);
		return;
	}
	buf_init(&all);
	for (size_t i = 0; i < r->n; i++)
		buf_add(&all, r->part[i].data, r->part[i].len);
	infos_procs(&g->answer, PMIX_GROUP_MEMBERSHIP, g->procs, g->nprocs);
	if (g->want_context_id)
		infos_size(&g->answer, PMIX_GROUP_CONTEXT_ID,
			   (size_t)r->context_id);
	if (all.len > 0)
		infos_bytes(&g->answer, PMIX_GROUP_ENDPT_DATA, all.data,
			    all.len);
	buf_finish(&all);
	answer(g, PMIX_SUCCESS);
}

static void run(struct server *s, struct handover_item *item)
{
	struct group *g = (struct group *)item;
	struct coll_order o = {
		.kind = g->op == PMIX_GROUP_CONSTRUCT ? "group" : "ungroup",
		.label = g->id,
		.procs = g->procs,
		.nprocs = g->nprocs,
		.data = g->endpoints,
		.len = g->nendpoints,
		.want_context_id = g->want_context_id,
		.timeout_ms = g->timeout_ms,
	};

	if (coll_start(s, &o, done, g) != 0)
		answer(g, PMIX_ERR_NOT_FOUND);
}

pmix_status_t upcall_group(pmix_group_operation_t op, char grp[],
			   const pmix_proc_t procs[], size_t nprocs,
			   const pmix_info_t directives[], size_t ndirs,
			   pmix_info_cbfunc_t cb, void *cbdata)
{
	const pmix_info_t *endpoints =
		infos_find(directives, ndirs, PMIX_GROUP_ENDPT_DATA);
	struct group *g;

	/* Nobody else takes part; PMIx 5.0 asks twice over the same group when
	 * this is not answered at once. */
	if (op == PMIX_GROUP_DESTRUCT &&
	    infos_true(directives, ndirs, PMIX_GROUP_LOCAL_ONLY))
		return PMIX_OPERATION_SUCCEEDED;
	g = mem_alloc(sizeof(*g));
	g->item.run = run;
	g->op = op;
	g->id = mem_strdup(grp);
	g->procs = mem_dup(procs, nprocs * sizeof(*procs));
	g->nprocs = nprocs;
	if (endpoints && endpoints->value.type == PMIX_BYTE_OBJECT &&
	    endpoints->value.data.bo.size > 0) {
		g->nendpoints = endpoints->value.data.bo.size;
		g->endpoints = mem_dup(endpoints->value.data.bo.bytes,
				       g->nendpoints);
	}
	g->want_context_id =
		infos_true(directives, ndirs, PMIX_GROUP_ASSIGN_CONTEXT_ID);
	g->timeout_ms =
		(unsigned)infos_number(directives, ndirs, PMIX_TIMEOUT, 0) *
		1000;
	g->cb = cb;
	g->cbdata = cbdata;
	handover_post(&g->item);
	return PMIX_SUCCESS;
}
