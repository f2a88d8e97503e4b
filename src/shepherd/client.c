/* client.c - ranks that come to the PMIx server and leave it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/ulfm.h"
#include "shepherd/upcalls.h"

struct client {
	struct handover_item item;
	pmix_proc_t proc;
	bool left;
	pmix_op_cbfunc_t cb;
	void *cbdata;
};

/* A job that is to outlive its ranks ends at once when its MPI library has no
 * notion of that. */
static void look_at(struct server *s, struct nspace *n, uint32_t rank)
{
	const struct proc *p = task_find_rank(runner_tasks(s->runner), n->name,
					      rank);
	struct verdict v = {
		.end = BERTH__TASK_END__END_FAILED_START,
		.code = 1,
		.rank = (int32_t)rank,
	};

	n->looked_at = true;
	if (p == NULL || p->pid <= 0 || !ulfm_missing(p->pid))
		return;
	snprintf(v.text, sizeof(v.text),
		 "--ft: its MPI library cannot go on without a rank; Open MPI "
		 "5 with ULFM can");
	runner_end_job(s->runner, n->job, &v, true);
}

static void run(struct server *s, struct handover_item *item)
{
	struct client *c = (struct client *)item;
	struct nspace *n = server_nspace(s, c->proc.nspace);
	struct rank_state *r = n ? nspace_local(n, c->proc.rank) : NULL;

	if (c->left)
		prompt_expect(s->prompt); /* others follow */
	if (r && c->left)
		r->finalized = true;
	else if (r) /* a second MPI program of the same rank starts anew */
		*r = (struct rank_state){ .rank = r->rank, .connected = true };
	if (r && n->ft && !n->looked_at)
		look_at(s, n, r->rank);
	if (c->cb)
		c->cb(PMIX_SUCCESS, c->cbdata);
	free(c);
}

static pmix_status_t hand(const pmix_proc_t *proc, bool left,
			  pmix_op_cbfunc_t cb, void *cbdata)
{
	struct client *c = mem_alloc(sizeof(*c));

	c->item.run = run;
	c->proc = *proc;
	c->left = left;
	c->cb = cb;
	c->cbdata = cbdata;
	handover_post(&c->item);
	return PMIX_SUCCESS;
}

pmix_status_t upcall_connected(const pmix_proc_t *proc, void *object,
			       pmix_info_t info[], size_t ninfo,
			       pmix_op_cbfunc_t cb, void *cbdata)
{
	return hand(proc, false, cb, cbdata);
}

pmix_status_t upcall_finalized(const pmix_proc_t *proc, void *object,
			       pmix_op_cbfunc_t cb, void *cbdata)
{
	return hand(proc, true, cb, cbdata);
}
