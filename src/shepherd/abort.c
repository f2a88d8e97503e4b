/*
 * abort.c - PMIx_Abort, which is MPI_Abort: the whole job ends.
 *
 * Open MPI 5 aborts by itself, with a code of its own, when it loses a peer.
 * Then the death of that peer is what ended the job, and word of it may take
 * some milliseconds, from another node or because the peer is still on its
 * way out: such an abort is answered after a little while, and counts only
 * when nothing else has decided by then.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

#define PEER_LOST_CODE 14
#define PEER_LOST_US 250000

struct abort_call {
	struct handover_item item;
	struct server *server;
	struct loop_timer *timer;
	pmix_proc_t proc;
	int status;
	pmix_op_cbfunc_t cb;
	void *cbdata;
};

static void carry_out(void *arg)
{
	struct abort_call *a = arg;
	struct server *s = a->server;
	struct nspace *n;
	struct proc *p;
	struct verdict v = {
		.end = BERTH__TASK_END__END_ABORTED,
		.code = a->status,
		.rank = (int32_t)a->proc.rank,
	};

	/* The death of another rank here may be what made it abort. */
	runner_reap(s->runner);
	n = server_nspace(s, a->proc.nspace);
	p = task_find_rank(runner_tasks(s->runner), a->proc.nspace,
			   a->proc.rank);
	snprintf(v.text, sizeof(v.text),
		 "rank %u on %s called MPI_Abort with code %d", a->proc.rank,
		 s->node, a->status);
	if (p && p->launch->spec->survive)
		runner_signal(s->runner, a->proc.nspace, &a->proc.rank,
			      SIGKILL);
	else if (n)
		runner_end_job(s->runner, n->job, &v, true);
	if (a->cb)
		a->cb(PMIX_SUCCESS, a->cbdata);
	loop_timer_destroy(a->timer);
	free(a);
}

static void run(struct server *s, struct handover_item *item)
{
	struct abort_call *a = (struct abort_call *)item;

	a->server = s;
	if (a->status != PEER_LOST_CODE) {
		carry_out(a);
		return;
	}
	a->timer = loop_timer_create(s->loop, carry_out, a);
	loop_timer_start(a->timer, PEER_LOST_US);
}

pmix_status_t upcall_abort(const pmix_proc_t *proc, void *object, int status,
			   const char msg[], pmix_proc_t procs[], size_t nprocs,
			   pmix_op_cbfunc_t cb, void *cbdata)
{
	struct abort_call *a = mem_alloc(sizeof(*a));

	a->item.run = run;
	a->proc = *proc;
	a->status = status;
	a->cb = cb;
	a->cbdata = cbdata;
	handover_post(&a->item);
	return PMIX_SUCCESS;
}
