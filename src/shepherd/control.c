/*
 * control.c - PMIx_Job_control: signals to ranks of this node.  Requests to
 * clean up files after the end come here as well; PMIx does that itself, but
 * only where this function exists.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

struct control {
	struct handover_item item;
	pmix_proc_t requestor;
	pmix_proc_t *targets;
	size_t ntargets;
	int signo; /* 0: nothing to do */
	pmix_status_t status;
	pmix_info_cbfunc_t cb;
	void *cbdata;
};

static int signal_of(const pmix_info_t *v, size_t n, pmix_status_t *status)
{
	*status = PMIX_SUCCESS;
	if (infos_true(v, n, PMIX_JOB_CTRL_KILL))
		return SIGKILL;
	if (infos_true(v, n, PMIX_JOB_CTRL_TERMINATE))
		return SIGTERM;
	if (infos_true(v, n, PMIX_JOB_CTRL_PAUSE))
		return SIGSTOP;
	if (infos_true(v, n, PMIX_JOB_CTRL_RESUME))
		return SIGCONT;
	if (infos_find(v, n, PMIX_JOB_CTRL_SIGNAL))
		return (int)infos_number(v, n, PMIX_JOB_CTRL_SIGNAL, 0);
	if (!infos_find(v, n, PMIX_REGISTER_CLEANUP) &&
	    !infos_find(v, n, PMIX_REGISTER_CLEANUP_DIR))
		*status = PMIX_ERR_NOT_SUPPORTED;
	return 0;
}

static void run(struct server *s, struct handover_item *item)
{
	struct control *c = (struct control *)item;

	for (size_t i = 0; c->signo && i < c->ntargets; i++) {
		const pmix_proc_t *t = &c->targets[i];
		struct nspace *n = server_nspace(s, t->nspace);
		bool all = t->rank > PMIX_RANK_VALID;

		if (n == NULL || n->foreign)
			c->status = PMIX_ERR_NOT_FOUND;
		else
			runner_signal(s->runner, t->nspace,
				      all ? NULL : &t->rank, c->signo);
	}
	if (c->cb)
		c->cb(c->status, NULL, 0, c->cbdata, NULL, NULL);
	free(c->targets);
	free(c);
}

pmix_status_t upcall_control(const pmix_proc_t *requestor,
			     const pmix_proc_t targets[], size_t ntargets,
			     const pmix_info_t directives[], size_t ndirs,
			     pmix_info_cbfunc_t cb, void *cbdata)
{
	struct control *c = mem_alloc(sizeof(*c));

	c->item.run = run;
	c->requestor = *requestor;
	if (ntargets == 0) {
		PMIX_LOAD_PROCID(&c->requestor, requestor->nspace,
				 PMIX_RANK_WILDCARD);
		targets = &c->requestor;
		ntargets = 1;
	}
	c->targets = mem_dup(targets, ntargets * sizeof(*targets));
	c->ntargets = ntargets;
	c->signo = signal_of(directives, ndirs, &c->status);
	c->cb = cb;
	c->cbdata = cbdata;
	handover_post(&c->item);
	return PMIX_SUCCESS;
}
