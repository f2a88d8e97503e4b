/*
 * coll.c - keyed collectives: what fence, connect, disconnect and group have
 * in common.
 *
 * The key is made of the members and of how many collectives of theirs there
 * have been, which all shepherds count alike; the parties are the members'
 * shepherds.  With a single party nobody else is asked, unless an id is
 * wanted that has to be unique among all jobs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "shepherd/server_impl.h"

/* A longer list of members is replaced by its hash in the key. */
#define SIGNATURE_MAX 160

struct coll {
	TAILQ_ENTRY(coll) next;
	char *key;
	struct parties parties;
	pmix_proc_t *procs; /* the members, of a living one */
	size_t nprocs;
	void *data;
	size_t len;
	pmix_status_t status;
	unsigned timeout_ms;
	bool want_context_id, living;
	coll_f done;
	void *arg;
};

/* ---- key --------------------------------------------------------------- */

static void hash(struct buf *b)
{
	uint64_t h[2] = { UINT64_C(0xcbf29ce484222325),
			  UINT64_C(0x84222325cbf29ce4) };

	for (size_t i = 0; i < b->len; i++) {
		h[0] = (h[0] ^ (unsigned char)b->data[i]) *
		       UINT64_C(0x100000001b3);
		h[1] = (h[1] ^ (unsigned char)b->data[b->len - 1 - i]) *
		       UINT64_C(0x100000001b3);
	}
	buf_clear(b);
	buf_printf(b, "%016lx%016lx", (unsigned long)h[0], (unsigned long)h[1]);
}

static int by_name(const void *a, const void *b)
{
	const pmix_proc_t *x = a, *y = b;

	return strncmp(x->nspace, y->nspace, PMIX_MAX_NSLEN);
}

/* "berth.1:0-3,berth.2:*": the same whatever the order of the members. */
static char *signature(const pmix_proc_t *procs, size_t n)
{
	pmix_proc_t *v = mem_dup(procs, n * sizeof(*v));
	struct bitset ranks;
	struct buf b;

	qsort(v, n, sizeof(*v), by_name);
	buf_init(&b);
	bitset_init(&ranks);
	for (size_t i = 0; i < n; i++) {
		bool all = v[i].rank > PMIX_RANK_VALID;
		bool last = i + 1 == n || by_name(&v[i], &v[i + 1]) != 0;
		char *list;

		if (i == 0 || by_name(&v[i - 1], &v[i]) != 0)
			buf_printf(&b, "%s%s:", b.len ? "," : "", v[i].nspace);
		if (all)
			buf_puts(&b, "*");
		else
			bitset_set(&ranks, v[i].rank);
		if (!last)
			continue;
		list = bitset_format(&ranks);
		buf_puts(&b, list);
		bitset_clear_all(&ranks);
		free(list);
	}
	bitset_finish(&ranks);
	free(v);
	if (b.len > SIGNATURE_MAX)
		hash(&b);
	return buf_take(&b);
}

static char *make_key(struct server *s, const struct coll_order *o)
{
	char *sig = signature(o->procs, o->nprocs);
	char *name = mem_printf("%s/%s/%s", o->kind, o->label ? o->label : "",
				sig);
	unsigned long *count = map_get(s->coll_count, name);
	char *key;

	if (count == NULL) {
		count = mem_alloc(sizeof(*count));
		map_put(s->coll_count, name, count);
	}
	key = mem_printf("%s/%lu", name, (*count)++);
	free(name);
	free(sig);
	return key;
}

/* ---- parties ----------------------------------------------------------- */

static int find_parties(struct server *s, const struct coll_order *o,
			struct parties *p)
{
	for (size_t i = 0; i < o->nprocs; i++) {
		const struct nspace *n = server_nspace(s, o->procs[i].nspace);
		const char *node;

		if (n == NULL)
			return -1;
		if (o->procs[i].rank <= PMIX_RANK_VALID) {
			node = nspace_node(n, o->procs[i].rank);
			if (node)
				parties_add(p, node, n->shepherd);
			continue;
		}
		for (size_t k = 0; k < n->map->n_nodes; k++) {
			if (n->map->nodes[k]->n_ranks > 0)
				parties_add(p, n->map->nodes[k]->node,
					    n->shepherd);
		}
	}
	parties_sort(p);
	return 0;
}

/* ---- members that are gone --------------------------------------------- */

/* Do all members outlive ranks of their own? */
static bool all_living(struct server *s, const struct coll_order *o)
{
	for (size_t i = 0; i < o->nprocs; i++) {
		const struct nspace *n = server_nspace(s, o->procs[i].nspace);

		if (n == NULL || !n->ft)
			return false;
	}
	return true;
}

/* Is a member there alive? */
static bool lives(struct server *s, const struct coll *c,
		  const Berth__Party *party)
{
	for (size_t i = 0; i < c->nprocs; i++) {
		const struct nspace *n = server_nspace(s, c->procs[i].nspace);
		uint32_t rank = c->procs[i].rank;
		const char *node;

		if (n == NULL || strcmp(n->shepherd, party->shepherd) != 0)
			continue;
		if (rank > PMIX_RANK_VALID) {
			if (nspace_on(n, party->node) &&
			    !nspace_dead_on(n, party->node))
				return true;
			continue;
		}
		node = nspace_node(n, rank);
		if (node && strcmp(node, party->node) == 0 &&
		    !bitset_test(&n->dead, rank))
			return true;
	}
	return false;
}

/* The parties that are gone; and the order in which all are named: the first
 * that lives coordinates.  Both arrays have room for all. */
static size_t sort_out(struct server *s, const struct coll *c,
		       Berth__Party **order, Berth__Party **lost)
{
	size_t n = c->parties.n, nlost = 0, first = n;

	for (size_t i = 0; i < n; i++) {
		if (!lives(s, c, c->parties.p[i]))
			lost[nlost++] = c->parties.p[i];
		else if (first == n)
			first = i;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = c->parties.p[(i + first) % n];
	return nlost;
}

/* ---- life -------------------------------------------------------------- */

static void coll_free(struct coll *c)
{
	parties_finish(&c->parties);
	free(c->procs);
	free(c->key);
	free(c->data);
	free(c);
}

static void send_join(struct server *s, const struct coll *c)
{
	Berth__CollJoin j = BERTH__COLL_JOIN__INIT;
	Berth__Party self = BERTH__PARTY__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	self.node = s->node;
	self.shepherd = s->key;
	j.key = c->key;
	j.parties = c->parties.p;
	j.n_parties = c->parties.n;
	if (c->living) {
		j.parties = mem_array(c->parties.n, sizeof(*j.parties));
		j.lost = mem_array(c->parties.n, sizeof(*j.lost));
		j.n_lost = sort_out(s, c, j.parties, j.lost);
		j.living = true;
	}
	j.from = &self;
	j.data.data = c->data;
	j.data.len = c->len;
	j.status = c->status;
	j.timeout_ms = c->timeout_ms;
	j.want_context_id = c->want_context_id;
	msg.body_case = BERTH__MSG__BODY_COLL_JOIN;
	msg.coll_join = &j;
	uplink_send(s->up, &msg);
	if (c->living) {
		free(j.parties);
		free(j.lost);
	}
}

int coll_start(struct server *s, const struct coll_order *o, coll_f done,
	       void *arg)
{
	struct coll *c = mem_alloc(sizeof(*c));

	if (find_parties(s, o, &c->parties) != 0) {
		coll_free(c);
		return -1;
	}
	if (c->parties.n <= 1 && !o->want_context_id) {
		struct coll_part part = { .data = o->data, .len = o->len };
		struct coll_result r = {
			.status = o->status,
			.n = 1,
			.part = &part,
		};

		coll_free(c);
		done(s, arg, &r);
		return 0;
	}
	c->key = make_key(s, o);
	c->data = o->len ? mem_dup(o->data, o->len) : NULL;
	c->len = o->len;
	c->status = o->status;
	c->timeout_ms = o->timeout_ms;
	c->want_context_id = o->want_context_id;
	c->living = o->living && all_living(s, o);
	if (c->living) {
		c->procs = mem_dup(o->procs, o->nprocs * sizeof(*c->procs));
		c->nprocs = o->nprocs;
	}
	c->done = done;
	c->arg = arg;
	TAILQ_INSERT_TAIL(&s->colls, c, next);
	send_join(s, c);
	return 0;
}

void coll_done(struct server *s, const Berth__CollDone *d)
{
	struct coll_result r = { .status = d->status,
				 .context_id = d->context_id };
	struct coll *c;

	TAILQ_FOREACH(c, &s->colls, next)
	{
		if (strcmp(c->key, d->key) == 0)
			break;
	}
	if (c == NULL)
		return; /* said twice */
	TAILQ_REMOVE(&s->colls, c, next);
	r.n = d->n_pieces;
	r.part = mem_array(r.n + 1, sizeof(*r.part));
	for (size_t i = 0; i < r.n; i++) {
		r.part[i].data = d->pieces[i]->data.data;
		r.part[i].len = d->pieces[i]->data.len;
	}
	c->done(s, c->arg, &r);
	free(r.part);
	coll_free(c);
}

void coll_again(struct server *s)
{
	struct coll *c;

	TAILQ_FOREACH(c, &s->colls, next)
		send_join(s, c);
}

/* PMIx is gone already: nobody is to be answered. */
void coll_finish(struct server *s)
{
	struct coll *c;

	while ((void)(c = TAILQ_FIRST(&s->colls)), c != NULL) {
		TAILQ_REMOVE(&s->colls, c, next);
		coll_free(c);
	}
}
