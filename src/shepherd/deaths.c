/*
 * deaths.c - jobs that outlive ranks of their own (Spec.ft): which are gone,
 * and who has to hear of it: the ranks here by PMIx, the job's other shepherds
 * by RanksDied.
 *
 * Open MPI's fault tolerance listens to two codes, PROC_ABORTED_BY_SIG and
 * PROC_TERM_WO_SYNC, and takes every process that it finds among the infos for
 * a dead one: AFFECTED_PROC is the only one there.  It can do without a rank
 * only after MPI_Init: until all ranks were in a fence together, a death ends
 * the job.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/server_impl.h"

struct notice {
	struct handover_item item;
	struct infos info;
};

static void notice_free(struct server *s, struct handover_item *item)
{
	struct notice *n = (struct notice *)item;

	infos_finish(&n->info);
	free(n);
}

static void noticed(pmix_status_t status, void *cbdata)
{
	struct notice *n = cbdata;

	n->item.run = notice_free;
	handover_post(&n->item);
}

static void tell_ranks(struct server *s, const pmix_proc_t *dead, int signo)
{
	struct notice *n = mem_alloc(sizeof(*n));
	pmix_status_t rc;

	infos_proc(&n->info, PMIX_EVENT_AFFECTED_PROC, dead);
	infos_bool(&n->info, PMIX_EVENT_NON_DEFAULT, true);
	rc = PMIx_Notify_event(signo ? PMIX_ERR_PROC_ABORTED_BY_SIG
				     : PMIX_ERR_PROC_TERM_WO_SYNC,
			       dead, PMIX_RANGE_LOCAL, n->info.v, n->info.n,
			       noticed, n);
	if (rc == PMIX_SUCCESS)
		return;
	if (rc != PMIX_OPERATION_SUCCEEDED)
		log_warn("ranks do not hear of a death: %s",
			 PMIx_Error_string(rc));
	notice_free(s, &n->item);
}

/* False: that was known. */
static bool note(struct server *s, struct nspace *n, uint32_t rank, int signo)
{
	pmix_proc_t dead;

	if (rank >= n->size || bitset_test(&n->dead, rank))
		return false;
	bitset_set(&n->dead, rank);
	PMIX_LOAD_PROCID(&dead, n->name, rank);
	tell_ranks(s, &dead, signo);
	return true;
}

/* What waits for the dead goes on or ends. */
static void go_on(struct server *s)
{
	coll_again(s);
	dmodex_bury(s);
}

static void tell_shepherds(struct server *s, const struct nspace *of,
			   uint32_t rank, int signo)
{
	Berth__RanksDied d = BERTH__RANKS_DIED__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct parties all = { 0 };
	const struct nspace *n;

	TAILQ_FOREACH(n, &s->nspaces, next)
	{
		for (size_t i = 0; n->job == of->job && !n->foreign &&
				   i < n->map->n_nodes;
		     i++)
			parties_add(&all, n->map->nodes[i]->node, s->key);
	}
	d.job = of->job;
	d.nspace = of->name;
	d.ranks = &rank;
	d.n_ranks = 1;
	d.node = s->node;
	d.signal = signo;
	msg.body_case = BERTH__MSG__BODY_RANKS_DIED;
	msg.ranks_died = &d;
	for (size_t i = 0; i < all.n; i++) {
		if (strcmp(all.v[i].node, s->node) != 0)
			server_route(s, &msg, all.v[i].node, s->key);
	}
	parties_finish(&all);
}

bool deaths_here(struct server *s, const char *nspace, uint32_t rank, int signo)
{
	struct nspace *n = server_nspace(s, nspace);

	if (n == NULL || !n->ft || !n->begun)
		return false;
	if (note(s, n, rank, signo)) {
		tell_shepherds(s, n, rank, signo);
		go_on(s);
	}
	return true;
}

/* ---- elsewhere --------------------------------------------------------- */

static void end_job(struct server *s, const struct nspace *n, const char *node)
{
	struct verdict v = { .end = BERTH__TASK_END__END_LOST, .rank = -1 };

	snprintf(v.text, sizeof(v.text),
		 "the ranks on %.60s were lost before MPI_Init was through",
		 node);
	runner_end_job(s->runner, n->job, &v, true);
}

static void heard_of(struct server *s, struct nspace *n,
		     const Berth__RanksDied *d)
{
	const Berth__NodeRanks *there = nspace_on(n, d->node);

	for (size_t i = 0; i < d->n_ranks; i++)
		note(s, n, d->ranks[i], d->signal);
	if (d->n_ranks > 0 || there == NULL)
		return;
	if (!n->begun)
		end_job(s, n, d->node);
	for (size_t i = 0; i < there->n_ranks; i++)
		note(s, n, there->ranks[i], d->signal);
}

void deaths_heard(struct server *s, const Berth__RanksDied *d)
{
	struct nspace *n;

	if (d->n_ranks == 0 && strcmp(d->node, s->node) == 0)
		return;
	TAILQ_FOREACH(n, &s->nspaces, next)
	{
		if (n->ft && !n->foreign && n->job == d->job &&
		    (d->nspace[0] == '\0' || strcmp(n->name, d->nspace) == 0))
			heard_of(s, n, d);
	}
	go_on(s);
}
