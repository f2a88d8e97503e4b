/* fence.c - PMIx_Fence, with the data that the ranks have put. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

struct fence {
	struct handover_item item;
	pmix_proc_t *procs;
	size_t nprocs;
	char *data; /* PMIx's, ours to free */
	size_t ndata;
	pmix_status_t status;
	unsigned timeout_ms;
	pmix_modex_cbfunc_t cb;
	void *cbdata;
};

static void fence_free(struct fence *f)
{
	free(f->procs);
	free(f->data);
	free(f);
}

/* All ranks of a namespace were there. */
static void note_begun(struct server *s, const struct fence *f)
{
	for (size_t i = 0; i < f->nprocs; i++) {
		struct nspace *n = server_nspace(s, f->procs[i].nspace);

		if (n && f->procs[i].rank > PMIX_RANK_VALID)
			n->begun = true;
	}
}

static void done(struct server *s, void *arg, const struct coll_result *r)
{
	struct fence *f = arg;
	size_t len = 0, at = 0;
	char *all = NULL;

	note_begun(s, f);
	for (size_t i = 0; i < r->n; i++)
		len += r->part[i].len;
	if (len > 0)
		all = mem_alloc(len);
	for (size_t i = 0; i < r->n; i++) {
		if (r->part[i].len > 0)
			memcpy(all + at, r->part[i].data, r->part[i].len);
		at += r->part[i].len;
	}
	prompt_expect(s->prompt); /* MPI_Finalize begins with a fence */
	/* PMIx frees the data when it has taken it in. */
	if (f->cb)
		f->cb(r->status, all, len, f->cbdata, free, all);
	else
		free(all);
	fence_free(f);
}

static void run(struct server *s, struct handover_item *item)
{
	struct fence *f = (struct fence *)item;
	struct coll_order o = {
		.kind = "fence",
		.procs = f->procs,
		.nprocs = f->nprocs,
		.data = f->data,
		.len = f->ndata,
		.status = f->status,
		.timeout_ms = f->timeout_ms,
		.living = true,
	};

	if (coll_start(s, &o, done, f) == 0)
		return;
	if (f->cb)
		f->cb(PMIX_ERR_NOT_FOUND, NULL, 0, f->cbdata, NULL, NULL);
	fence_free(f);
}

pmix_status_t upcall_fence(const pmix_proc_t procs[], size_t nprocs,
			   const pmix_info_t info[], size_t ninfo, char *data,
			   size_t ndata, pmix_modex_cbfunc_t cb, void *cbdata)
{
	struct fence *f = mem_alloc(sizeof(*f));

	f->item.run = run;
	f->procs = mem_dup(procs, nprocs * sizeof(*procs));
	f->nprocs = nprocs;
	f->data = data;
	f->ndata = ndata;
	/* Not success when a rank here died before it came to the fence. */
	f->status = (pmix_status_t)infos_number(
		info, ninfo, PMIX_LOCAL_COLLECTIVE_STATUS, PMIX_SUCCESS);
	f->timeout_ms =
		(unsigned)infos_number(info, ninfo, PMIX_TIMEOUT, 0) * 1000;
	f->cb = cb;
	f->cbdata = cbdata;
	handover_post(&f->item);
	return PMIX_SUCCESS;
}
