/*
 * publish.c - publish, lookup and unpublish.  The launchers keep the entries;
 * the shepherd packs and unpacks values, and says its own entries again to a
 * launcher that has come anew.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "shepherd/server_impl.h"
#include "shepherd/upcalls.h"

/* An entry of ours, until it goes or, where it may be read once, was read. */
struct published {
	TAILQ_ENTRY(published) next;
	Berth__Msg *msg;
};

struct lookup {
	struct handover_item item;
	TAILQ_ENTRY(lookup) next;
	struct server *server;
	uint64_t id;
	pmix_proc_t proc;
	char **keys;
	size_t nkeys;
	bool wait;
	unsigned timeout_ms;
	uint32_t range;
	struct loop_timer *timer;
	pmix_lookup_cbfunc_t cb;
	void *cbdata;
	publish_found_f found; /* instead of cb: we ask for ourselves */
	void *found_arg;
};

struct change { /* publish or unpublish */
	struct handover_item item;
	pmix_proc_t proc;
	char **keys;
	struct infos info;
	pmix_op_cbfunc_t cb;
	void *cbdata;
};

static size_t count_keys(char *const *keys)
{
	size_t n = 0;

	while (keys && keys[n])
		n++;
	return n;
}

/* ---- publish ----------------------------------------------------------- */

static void keep(struct server *s, const Berth__Msg *msg)
{
	struct published *p = mem_alloc(sizeof(*p));

	p->msg = msg_copy(msg);
	TAILQ_INSERT_TAIL(&s->published, p, next);
}

void publish_entry(struct server *s, const pmix_proc_t *owner, const char *key,
		   const void *value, size_t len, pmix_data_range_t range,
		   pmix_persistence_t persistence)
{
	Berth__Publish p = BERTH__PUBLISH__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct nspace *n = server_nspace(s, owner->nspace);

	p.owner_nspace = (char *)owner->nspace;
	p.owner_rank = owner->rank;
	p.key = (char *)key;
	p.value.data = (uint8_t *)value;
	p.value.len = len;
	p.range = range;
	p.persistence = persistence;
	p.origin = s->node;
	p.id = p.number = server_new_id(s);
	p.uid = geteuid();
	p.owner_shepherd = s->key;
	msg.body_case = BERTH__MSG__BODY_PUBLISH;
	msg.publish = &p;
	if (n)
		n->publishes = true;
	keep(s, &msg);
	uplink_send(s->up, &msg);
}

static void drop(struct server *s, struct published *p)
{
	TAILQ_REMOVE(&s->published, p, next);
	msg_free(p->msg);
	free(p);
}

void publish_was_read(struct server *s, uint64_t number)
{
	struct published *p;

	TAILQ_FOREACH(p, &s->published, next)
	{
		if (p->msg->publish->number == number) {
			drop(s, p);
			return;
		}
	}
}

/* What describes the request and is not to be published. */
static bool is_directive(const char *key)
{
	static const char *const names[] = {
		PMIX_RANGE, PMIX_PERSISTENCE, PMIX_TIMEOUT, PMIX_USERID,
		PMIX_GRPID, PMIX_WAIT, PMIX_ACCESS_PERMISSIONS,
		PMIX_LOCAL_COLLECTIVE_STATUS,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(key, names[i]) == 0)
			return true;
	}
	return false;
}

static void run_publish(struct server *s, struct handover_item *item)
{
	struct change *c = (struct change *)item;
	long range = infos_number(c->info.v, c->info.n, PMIX_RANGE,
				  PMIX_RANGE_SESSION);
	long persistence = infos_number(c->info.v, c->info.n, PMIX_PERSISTENCE,
					PMIX_PERSIST_APP);

	for (size_t i = 0; i < c->info.n; i++) {
		struct buf value;

		if (is_directive(c->info.v[i].key))
			continue;
		buf_init(&value);
		infos_pack(&value, &c->info.v[i], 1);
		publish_entry(s, &c->proc, c->info.v[i].key, value.data,
			      value.len, (pmix_data_range_t)range,
			      (pmix_persistence_t)persistence);
		buf_finish(&value);
	}
	if (c->cb)
		c->cb(PMIX_SUCCESS, c->cbdata);
	infos_finish(&c->info);
	free(c);
}

pmix_status_t upcall_publish(const pmix_proc_t *proc, const pmix_info_t info[],
			     size_t ninfo, pmix_op_cbfunc_t cb, void *cbdata)
{
	struct change *c = mem_alloc(sizeof(*c));

	c->item.run = run_publish;
	c->proc = *proc;
	infos_copy(&c->info, info, ninfo);
	c->cb = cb;
	c->cbdata = cbdata;
	handover_post(&c->item);
	return PMIX_SUCCESS;
}

/* ---- unpublish --------------------------------------------------------- */

static bool has_key(char *const *keys, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(keys[i], key) == 0)
			return true;
	}
	return n == 0;
}

static void forget(struct server *s, const Berth__Unpublish *u)
{
	struct published *p, *after;

	for (p = TAILQ_FIRST(&s->published); p; p = after) {
		const Berth__Publish *e = p->msg->publish;

		after = TAILQ_NEXT(p, next);
		if (strcmp(e->owner_nspace, u->owner_nspace) != 0 ||
		    (!u->whole_nspace && e->owner_rank != u->owner_rank) ||
		    !has_key(u->keys, u->n_keys, e->key))
			continue;
		drop(s, p);
	}
}

static void send_unpublish(struct server *s, const char *nspace,
			   uint32_t rank, bool whole, char **keys)
{
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	u.owner_nspace = (char *)nspace;
	u.owner_rank = rank;
	u.whole_nspace = whole;
	u.keys = keys;
	u.n_keys = count_keys(keys);
	u.origin = s->node;
	msg.body_case = BERTH__MSG__BODY_UNPUBLISH;
	msg.unpublish = &u;
	forget(s, &u);
	uplink_post(s->up, &msg);
}

static void run_unpublish(struct server *s, struct handover_item *item)
{
	struct change *c = (struct change *)item;

	send_unpublish(s, c->proc.nspace, c->proc.rank, false, c->keys);
	if (c->cb)
		c->cb(PMIX_SUCCESS, c->cbdata);
	mem_strv_free(c->keys);
	free(c);
}

pmix_status_t upcall_unpublish(const pmix_proc_t *proc, char **keys,
			       const pmix_info_t info[], size_t ninfo,
			       pmix_op_cbfunc_t cb, void *cbdata)
{
	struct change *c = mem_alloc(sizeof(*c));

	c->item.run = run_unpublish;
	c->proc = *proc;
	c->keys = keys ? mem_strv_dup(keys, count_keys(keys)) : NULL;
	c->cb = cb;
	c->cbdata = cbdata;
	handover_post(&c->item);
	return PMIX_SUCCESS;
}

void publish_nspace_over(struct server *s, struct nspace *n)
{
	if (n->publishes)
		send_unpublish(s, n->name, 0, true, NULL);
	n->publishes = n->announced = false;
}

/* ---- lookup ------------------------------------------------------------ */

static void send_lookup(struct server *s, const struct lookup *l)
{
	Berth__Lookup m = BERTH__LOOKUP__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	m.id = l->id;
	m.keys = l->keys;
	m.n_keys = l->nkeys;
	m.wait = l->wait;
	m.timeout_ms = l->timeout_ms;
	m.nspace = (char *)l->proc.nspace;
	m.rank = l->proc.rank;
	m.uid = geteuid();
	m.range = l->range;
	msg.body_case = BERTH__MSG__BODY_LOOKUP;
	msg.lookup = &m;
	uplink_send(s->up, &msg);
}

static void lookup_free(struct lookup *l)
{
	loop_timer_destroy(l->timer);
	mem_strv_free(l->keys);
	free(l);
}

static void lookup_failed(struct lookup *l, pmix_status_t status)
{
	if (l->cb)
		l->cb(status, NULL, 0, l->cbdata);
	else
		l->found(l->server, l->found_arg, NULL, 0);
	lookup_free(l);
}

static void lookup_late(void *arg)
{
	struct lookup *l = arg;

	TAILQ_REMOVE(&l->server->lookups, l, next);
	lookup_failed(l, PMIX_ERR_TIMEOUT);
}

static void begin_lookup(struct server *s, struct lookup *l)
{
	l->server = s;
	l->id = server_new_id(s);
	TAILQ_INSERT_TAIL(&s->lookups, l, next);
	if (l->timeout_ms > 0) {
		l->timer = loop_timer_create(s->loop, lookup_late, l);
		loop_timer_start(l->timer, (uint64_t)l->timeout_ms * 1000);
	}
	send_lookup(s, l);
}

static void run_lookup(struct server *s, struct handover_item *item)
{
	begin_lookup(s, (struct lookup *)item);
}

pmix_status_t upcall_lookup(const pmix_proc_t *proc, char **keys,
			    const pmix_info_t info[], size_t ninfo,
			    pmix_lookup_cbfunc_t cb, void *cbdata)
{
	struct lookup *l = mem_alloc(sizeof(*l));

	l->item.run = run_lookup;
	l->proc = *proc;
	l->nkeys = count_keys(keys);
	l->keys = mem_strv_dup(keys, l->nkeys);
	l->wait = infos_find(info, ninfo, PMIX_WAIT) != NULL;
	l->timeout_ms =
		(unsigned)infos_number(info, ninfo, PMIX_TIMEOUT, 0) * 1000;
	l->range = (uint32_t)infos_number(info, ninfo, PMIX_RANGE,
					  PMIX_RANGE_SESSION);
	l->cb = cb;
	l->cbdata = cbdata;
	handover_post(&l->item);
	return PMIX_SUCCESS;
}

void publish_ask(struct server *s, const char *key, unsigned timeout_ms,
		 publish_found_f done, void *arg)
{
	struct lookup *l = mem_alloc(sizeof(*l));

	l->keys = mem_strv_dup((char *const[]){ (char *)key }, 1);
	l->nkeys = 1;
	l->wait = true;
	l->timeout_ms = timeout_ms;
	l->range = PMIX_RANGE_GLOBAL;
	l->found = done;
	l->found_arg = arg;
	begin_lookup(s, l);
}

static void give_found(struct lookup *l, const Berth__LookupReply *r)
{
	pmix_pdata_t *v = NULL;
	size_t n = 0;

	PMIX_PDATA_CREATE(v, r->n_found + 1);
	for (size_t i = 0; i < r->n_found; i++) {
		const Berth__Publish *p = r->found[i];
		struct infos one;

		infos_init(&one);
		if (infos_unpack(&one, p->value.data, p->value.len) == 0 &&
		    one.n == 1) {
			PMIX_LOAD_PROCID(&v[n].proc, p->owner_nspace,
					 p->owner_rank);
			PMIX_LOAD_KEY(v[n].key, p->key);
			PMIx_Value_xfer(&v[n].value, &one.v[0].value);
			n++;
		}
		infos_finish(&one);
	}
	l->cb(n ? PMIX_SUCCESS : PMIX_ERR_NOT_FOUND, v, n, l->cbdata);
	PMIX_PDATA_FREE(v, r->n_found + 1);
}

void publish_reply(struct server *s, const Berth__LookupReply *r)
{
	struct lookup *l;

	TAILQ_FOREACH(l, &s->lookups, next)
	{
		if (l->id == r->id)
			break;
	}
	if (l == NULL)
		return;
	TAILQ_REMOVE(&s->lookups, l, next);
	if (r->status != PMIX_SUCCESS || r->n_found == 0) {
		lookup_failed(l, r->status != PMIX_SUCCESS
					 ? r->status
					 : PMIX_ERR_NOT_FOUND);
		return;
	}
	if (l->cb)
		give_found(l, r);
	else
		l->found(s, l->found_arg, r->found[0]->value.data,
			 r->found[0]->value.len);
	lookup_free(l);
}

void publish_again(struct server *s)
{
	struct published *p;
	struct lookup *l;

	TAILQ_FOREACH(p, &s->published, next)
		uplink_send(s->up, p->msg);
	TAILQ_FOREACH(l, &s->lookups, next)
		send_lookup(s, l);
}

void publish_finish(struct server *s)
{
	struct published *p;
	struct lookup *l;

	while ((void)(p = TAILQ_FIRST(&s->published)), p != NULL)
		drop(s, p);
	while ((void)(l = TAILQ_FIRST(&s->lookups)), l != NULL) {
		TAILQ_REMOVE(&s->lookups, l, next);
		lookup_free(l);
	}
}
