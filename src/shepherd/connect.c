/*
 * connect.c - PMIx_Connect and PMIx_Disconnect, also between jobs.
 *
 * A shepherd knows its own job alone.  Where members of another take part,
 * each side publishes where its namespace is and looks the others' up, tells
 * its PMIx of them, and then all of them meet in one collective.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

/* As long as Open MPI waits for the other side of an accept. */
#define RESOLVE_MS 600000u

struct conn {
	struct handover_item item;
	const char *kind;
	pmix_proc_t *procs;
	size_t nprocs;
	pmix_status_t status;
	unsigned timeout_ms;
	unsigned unresolved;
	bool failed;
	pmix_op_cbfunc_t cb;
	void *cbdata;
};

static void answer(struct conn *c, pmix_status_t status)
{
	if (c->cb)
		c->cb(status, c->cbdata);
	free(c->procs);
	free(c);
}

static void done(struct server *s, void *arg, const struct coll_result *r)
{
	answer(arg, r->status);
}

static void meet(struct server *s, struct conn *c)
{
	struct coll_order o = {
		.kind = c->kind,
		.procs = c->procs,
		.nprocs = c->nprocs,
		.status = c->status,
		.timeout_ms = c->timeout_ms,
	};

	if (c->failed || coll_start(s, &o, done, c) != 0)
		answer(c, PMIX_ERR_NOT_FOUND);
}

/* ---- who is that? ------------------------------------------------------ */

static char *entry_name(const char *nspace)
{
	return mem_printf("berth.nspace.%s", nspace);
}

static void learn(struct server *s, const void *value, size_t len)
{
	Berth__Launch *l = berth__launch__unpack(NULL, len, value);
	struct berth_error err;
	struct nspace *n = NULL;

	if (l == NULL)
		return;
	if (l->spec && l->map && !server_nspace(s, l->map->nspace))
		n = nspace_add(&s->nspaces, l->map, l->shepherd, l->spec->job,
			       &err);
	if (n) {
		n->foreign = true;
		if (register_nspace(s, n, NULL, 0, NULL, &err) != 0) {
			log_error("%s", err.text);
			nspace_remove(&s->nspaces, n);
		}
	}
	berth__launch__free_unpacked(l, NULL);
}

static void resolved(struct server *s, void *arg, const void *value, size_t len)
{
	struct conn *c = arg;

	if (value)
		learn(s, value, len);
	else
		c->failed = true;
	if (--c->unresolved == 0)
		meet(s, c);
}

static void announce(struct server *s, struct nspace *n)
{
	Berth__Launch l = BERTH__LAUNCH__INIT;
	Berth__Spec spec = BERTH__SPEC__INIT;
	char *name = entry_name(n->name);
	pmix_proc_t owner;
	uint8_t *bytes;
	size_t len;

	l.shepherd = n->shepherd;
	spec.job = n->job;
	l.spec = &spec;
	l.map = n->map;
	len = berth__launch__get_packed_size(&l);
	bytes = mem_alloc(len);
	berth__launch__pack(&l, bytes);
	PMIX_LOAD_PROCID(&owner, n->name, 0);
	publish_entry(s, &owner, name, bytes, len, PMIX_RANGE_GLOBAL,
		      PMIX_PERSIST_APP);
	n->announced = true;
	free(bytes);
	free(name);
}

/* Is the first member that belongs to n on this node?  Then it is up to us to
 * say where n is. */
static bool leads(struct server *s, const struct conn *c, const struct nspace *n)
{
	uint32_t lowest = UINT32_MAX;
	const char *node;

	for (size_t i = 0; i < c->nprocs; i++) {
		if (strcmp(c->procs[i].nspace, n->name) != 0)
			continue;
		if (c->procs[i].rank > PMIX_RANK_VALID)
			lowest = 0;
		else if (c->procs[i].rank < lowest)
			lowest = c->procs[i].rank;
	}
	node = nspace_node(n, lowest);
	return node && strcmp(node, s->node) == 0;
}

static void run(struct server *s, struct handover_item *item)
{
	struct conn *c = (struct conn *)item;
	struct map *unknown = map_create();
	bool abroad = false;
	const char *name;
	size_t pos = 0;

	for (size_t i = 0; i < c->nprocs; i++) {
		const struct nspace *n = server_nspace(s, c->procs[i].nspace);

		if (n == NULL)
			map_put(unknown, c->procs[i].nspace, c);
		abroad = abroad || n == NULL || n->foreign;
	}
	for (size_t i = 0; abroad && i < c->nprocs; i++) {
		struct nspace *n = server_nspace(s, c->procs[i].nspace);

		if (n && !n->foreign && !n->announced && leads(s, c, n))
			announce(s, n);
	}
	/* One more, so that answers from within do not run ahead. */
	c->unresolved = (unsigned)map_count(unknown) + 1;
	while (map_next(unknown, &pos, &name)) {
		char *entry = entry_name(name);

		publish_ask(s, entry,
			    c->timeout_ms ? c->timeout_ms : RESOLVE_MS,
			    resolved, c);
		free(entry);
	}
	map_destroy(unknown, NULL);
	if (--c->unresolved == 0)
		meet(s, c);
}

static pmix_status_t hand(const char *kind, const pmix_proc_t procs[],
			  size_t nprocs, const pmix_info_t info[], size_t ninfo,
			  pmix_op_cbfunc_t cb, void *cbdata)
{
	struct conn *c = mem_alloc(sizeof(*c));

	c->item.run = run;
	c->kind = kind;
	c->procs = mem_dup(procs, nprocs * sizeof(*procs));
	c->nprocs = nprocs;
	c->status = (pmix_status_t)infos_number(
		info, ninfo, PMIX_LOCAL_COLLECTIVE_STATUS, PMIX_SUCCESS);
	c->timeout_ms =
		(unsigned)infos_number(info, ninfo, PMIX_TIMEOUT, 0) * 1000;
	c->cb = cb;
	c->cbdata = cbdata;
	handover_post(&c->item);
	return PMIX_SUCCESS;
}

pmix_status_t upcall_connect(const pmix_proc_t procs[], size_t nprocs,
			     const pmix_info_t info[], size_t ninfo,
			     pmix_op_cbfunc_t cb, void *cbdata)
{
	return hand("connect", procs, nprocs, info, ninfo, cb, cbdata);
}

pmix_status_t upcall_disconnect(const pmix_proc_t procs[], size_t nprocs,
				const pmix_info_t info[], size_t ninfo,
				pmix_op_cbfunc_t cb, void *cbdata)
{
	return hand("disconnect", procs, nprocs, info, ninfo, cb, cbdata);
}
