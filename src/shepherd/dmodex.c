/* dmodex.c - what a rank of another node has put, fetched when it is asked
 * for; and the other side of the same. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

/* A rank here wants something of one elsewhere. */
struct modex {
	struct handover_item item;
	TAILQ_ENTRY(modex) next;
	uint64_t id;
	pmix_proc_t proc;
	unsigned timeout_ms;
	struct loop_timer *timer;
	struct server *server;
	pmix_modex_cbfunc_t cb;
	void *cbdata;
};

/* One elsewhere wants something of a rank here. */
struct served {
	struct handover_item item;
	uint64_t id;
	char *node, *shepherd;
	pmix_status_t status;
	char *data;
	size_t len;
};

/* ---- asking ------------------------------------------------------------ */

static void answer(struct modex *m, pmix_status_t status, const void *data,
		   size_t len)
{
	char *copy = len ? mem_dup(data, len) : NULL;

	m->cb(status, copy, len, m->cbdata, free, copy);
	loop_timer_destroy(m->timer);
	free(m);
}

static struct modex *find(struct server *s, uint64_t id)
{
	struct modex *m;

	TAILQ_FOREACH(m, &s->modexes, next)
	{
		if (m->id == id)
			return m;
	}
	return NULL;
}

static const char *place(struct server *s, const struct modex *m,
			 const char **shepherd)
{
	struct nspace *n = server_nspace(s, m->proc.nspace);

	if (n == NULL)
		return NULL;
	*shepherd = n->shepherd;
	/* What concerns the whole job any of its shepherds knows. */
	return nspace_node(n, m->proc.rank > PMIX_RANK_VALID ? 0
							     : m->proc.rank);
}

static bool is_dead(struct server *s, const pmix_proc_t *p)
{
	const struct nspace *n = server_nspace(s, p->nspace);

	return n && p->rank <= PMIX_RANK_VALID &&
	       bitset_test(&n->dead, p->rank);
}

static bool ask(struct server *s, const struct modex *m)
{
	Berth__ModexRequest r = BERTH__MODEX_REQUEST__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	const char *shepherd = NULL, *node = place(s, m, &shepherd);

	if (node == NULL || is_dead(s, &m->proc) ||
	    (strcmp(node, s->node) == 0 && strcmp(shepherd, s->key) == 0))
		return false;
	r.id = m->id;
	r.nspace = (char *)m->proc.nspace;
	r.rank = m->proc.rank;
	r.timeout_ms = m->timeout_ms;
	msg.body_case = BERTH__MSG__BODY_MODEX_REQUEST;
	msg.modex_request = &r;
	msg.to_node = (char *)node;
	msg.to_shepherd = (char *)shepherd;
	uplink_send(s->up, &msg);
	return true;
}

static void too_late(void *arg)
{
	struct modex *m = arg;

	TAILQ_REMOVE(&m->server->modexes, m, next);
	answer(m, PMIX_ERR_TIMEOUT, NULL, 0);
}

static void run(struct server *s, struct handover_item *item)
{
	struct modex *m = (struct modex *)item;

	m->id = server_new_id(s);
	m->server = s;
	if (!ask(s, m)) {
		answer(m, PMIX_ERR_NOT_FOUND, NULL, 0);
		return;
	}
	TAILQ_INSERT_TAIL(&s->modexes, m, next);
	if (m->timeout_ms > 0) {
		m->timer = loop_timer_create(s->loop, too_late, m);
		loop_timer_start(m->timer, (uint64_t)m->timeout_ms * 1000);
	}
}

pmix_status_t upcall_dmodex(const pmix_proc_t *proc, const pmix_info_t info[],
			    size_t ninfo, pmix_modex_cbfunc_t cb, void *cbdata)
{
	struct modex *m = mem_alloc(sizeof(*m));

	m->item.run = run;
	m->proc = *proc;
	m->timeout_ms =
		(unsigned)infos_number(info, ninfo, PMIX_TIMEOUT, 0) * 1000;
	m->cb = cb;
	m->cbdata = cbdata;
	handover_post(&m->item);
	return PMIX_SUCCESS;
}

void dmodex_reply(struct server *s, const Berth__ModexReply *r)
{
	struct modex *m = find(s, r->id);

	if (m == NULL)
		return;
	TAILQ_REMOVE(&s->modexes, m, next);
	answer(m, r->status, r->data.data, r->data.len);
}

bool dmodex_undeliverable(struct server *s, uint64_t id)
{
	struct modex *m = find(s, id);

	if (m == NULL)
		return false;
	TAILQ_REMOVE(&s->modexes, m, next);
	answer(m, PMIX_ERR_UNREACH, NULL, 0);
	return true;
}

void dmodex_again(struct server *s)
{
	struct modex *m;

	TAILQ_FOREACH(m, &s->modexes, next)
		ask(s, m);
}

void dmodex_bury(struct server *s)
{
	struct modex *m, *after;

	for (m = TAILQ_FIRST(&s->modexes); m; m = after) {
		after = TAILQ_NEXT(m, next);
		if (!is_dead(s, &m->proc))
			continue;
		TAILQ_REMOVE(&s->modexes, m, next);
		answer(m, PMIX_ERR_LOST_CONNECTION, NULL, 0);
	}
}

void dmodex_finish(struct server *s)
{
	struct modex *m;

	while ((void)(m = TAILQ_FIRST(&s->modexes)), m != NULL) {
		TAILQ_REMOVE(&s->modexes, m, next);
		loop_timer_destroy(m->timer);
		free(m);
	}
}

/* ---- answering --------------------------------------------------------- */

static void send_reply(struct server *s, struct handover_item *item)
{
	struct served *v = (struct served *)item;
	Berth__ModexReply r = BERTH__MODEX_REPLY__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	r.id = v->id;
	r.status = v->status;
	r.data.data = (uint8_t *)v->data;
	r.data.len = v->len;
	msg.body_case = BERTH__MSG__BODY_MODEX_REPLY;
	msg.modex_reply = &r;
	server_route(s, &msg, v->node, v->shepherd);
	free(v->node);
	free(v->shepherd);
	free(v->data);
	free(v);
}

/* On PMIx's thread, once the rank has put what it has. */
static void found(pmix_status_t status, char *data, size_t len, void *cbdata)
{
	struct served *v = cbdata;

	v->status = status;
	v->data = len ? mem_dup(data, len) : NULL;
	v->len = len;
	handover_post(&v->item);
}

void dmodex_request(struct server *s, const Berth__Msg *msg)
{
	const Berth__ModexRequest *r = msg->modex_request;
	struct served *v = mem_alloc(sizeof(*v));
	pmix_proc_t proc;
	pmix_status_t rc;

	v->item.run = send_reply;
	v->id = r->id;
	v->node = mem_strdup(msg->from_node);
	v->shepherd = mem_strdup(msg->from_shepherd);
	PMIX_LOAD_PROCID(&proc, r->nspace, r->rank);
	rc = PMIx_server_dmodex_request(&proc, found, v);
	if (rc != PMIX_SUCCESS) {
		v->status = rc;
		send_reply(s, &v->item);
	}
}
