/*
 * net_local.c - net.h inside one process, for tests: members of a hub hand
 * each other copies of messages through the loop.
 *
 * A link joins two members.  Each direction has a queue; what is due on a
 * link that is not cut is delivered by the hub's timer.  A link ends when a
 * member is destroyed (the other one hears down, as from a library that
 * reports failures) or dropped (the other one hears it with the next message
 * that it sends, as over MPI).
 */
#include "broker/net_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct member;

/* One's end of a link: the peer as this member sees it. */
struct end {
	struct net_peer peer; /* first */
	struct member *to;
	struct end *other; /* NULL: the other side has dropped us */
	bool cut;
};

enum item_kind { ITEM_UP, ITEM_DOWN, ITEM_MESSAGE };

struct item {
	STAILQ_ENTRY(item) link;
	enum item_kind kind;
	struct member *to;
	struct end *end; /* the receiver's; NULL once it is gone */
	char *node;	 /* of the sender */
	Berth__Msg *msg;
	const char *why;
	uint64_t due_us;
};

struct member {
	struct net net; /* first */
	struct net_hub *hub;
	LIST_ENTRY(member) link;
	bool accepting;
};

struct net_hub {
	struct loop *loop;
	struct loop_timer *timer;
	LIST_HEAD(, member) members;
	STAILQ_HEAD(, item) items;
	char *first;
	bool sealed; /* the founders are complete */
	uint64_t delay_us;
};

static struct member *member_find(struct net_hub *h, const char *node)
{
	struct member *m;

	LIST_FOREACH(m, &h->members, link) {
		if (strcmp(m->net.self, node) == 0)
			return m;
	}
	return NULL;
}

static void item_free(struct item *it)
{
	msg_free(it->msg);
	free(it->node);
	free(it);
}

static void hub_post(struct net_hub *h, enum item_kind kind, struct member *to,
		     struct end *end, const char *node, Berth__Msg *msg,
		     const char *why)
{
	struct item *it = mem_alloc(sizeof(*it));

	it->kind = kind;
	it->to = to;
	it->end = end;
	it->node = mem_strdup(node);
	it->msg = msg;
	it->why = why;
	it->due_us = loop_now_us() + h->delay_us;
	STAILQ_INSERT_TAIL(&h->items, it, link);
	if (!loop_timer_pending(h->timer))
		loop_timer_start(h->timer, h->delay_us);
}

/* Forget what waits for an end (or, with end NULL, for a member). */
static void hub_purge(struct net_hub *h, const struct member *to,
		      const struct end *end)
{
	STAILQ_HEAD(, item) keep = STAILQ_HEAD_INITIALIZER(keep);

	while (!STAILQ_EMPTY(&h->items)) {
		struct item *it = STAILQ_FIRST(&h->items);

		STAILQ_REMOVE_HEAD(&h->items, link);
		if (it->to == to && (end == NULL || it->end == end))
			item_free(it);
		else
			STAILQ_INSERT_TAIL(&keep, it, link);
	}
	STAILQ_CONCAT(&h->items, &keep);
}

static void end_free(struct end *e, struct member *owner)
{
	hub_purge(owner->hub, owner, e);
	if (e->other)
		e->other->other = NULL;
	map_remove(owner->net.peers, e->peer.node);
	free(e->peer.node);
	free(e);
}

static struct end *end_add(struct member *owner, struct member *to)
{
	struct end *e = mem_alloc(sizeof(*e));

	e->peer.node = mem_strdup(to->net.self);
	e->to = to;
	map_put(owner->net.peers, e->peer.node, e);
	return e;
}

static void members_join(struct member *a, struct member *b)
{
	struct end *ea = end_add(a, b), *eb = end_add(b, a);

	ea->other = eb;
	eb->other = ea;
}

/* Carry out one item; the member may be gone afterwards. */
static void item_deliver(struct item *it)
{
	struct net *n = &it->to->net;

	net_enter(n);
	switch (it->kind) {
	case ITEM_UP:
		net_call_up(n, it->node);
		break;
	case ITEM_DOWN:
		if (it->end)
			end_free(it->end, it->to);
		net_call_down(n, it->node, it->why);
		break;
	case ITEM_MESSAGE:
		net_call_message(n, it->node, it->msg);
		break;
	}
	net_leave(n);
}

/* First item that may go now: in order, but a cut link holds its own up. */
static struct item *hub_next(struct net_hub *h, uint64_t now, uint64_t *wait)
{
	struct item *it;

	*wait = 0;
	STAILQ_FOREACH(it, &h->items, link) {
		if (it->end && it->end->cut)
			continue;
		if (!it->to->net.started)
			continue;
		if (it->due_us <= now)
			return it;
		*wait = it->due_us - now;
		break;
	}
	return NULL;
}

static void hub_run(void *arg)
{
	struct net_hub *h = arg;
	uint64_t now = loop_now_us(), wait;
	struct item *it;

	/* A bounded batch, so that other events get their turn. */
	for (int i = 0; i < 64; i++) {
		it = hub_next(h, now, &wait);
		if (it == NULL) {
			if (wait)
				loop_timer_start(h->timer, wait);
			return;
		}
		STAILQ_REMOVE(&h->items, it, item, link);
		item_deliver(it);
		item_free(it);
	}
	loop_timer_start(h->timer, 0);
}

static void local_start(struct net *n)
{
	struct member *m = (struct member *)n;

	m->hub->sealed = true;
	loop_timer_start(m->hub->timer, 0);
}

static int local_send(struct net *n, struct net_peer *p,
		      const Berth__Msg *msg, struct berth_error *err)
{
	struct member *m = (struct member *)n;
	struct end *e = (struct end *)p;
	struct buf size;
	int rc;

	if (e->other == NULL) {
		hub_post(m->hub, ITEM_DOWN, m, e, e->peer.node, NULL,
			 "dropped by the other side");
		return 0;
	}
	/* The same limit as on the wire. */
	buf_init(&size);
	rc = frame_encode(&size, msg, err);
	if (rc == 0) {
		n->stats.sent++;
		n->stats.sent_bytes += size.len;
		e->to->net.stats.received_bytes += size.len;
		hub_post(m->hub, ITEM_MESSAGE, e->to, e->other, n->self,
			 msg_copy(msg), NULL);
	}
	buf_finish(&size);
	return rc;
}

static void local_drop(struct net *n, struct net_peer *p)
{
	end_free((struct end *)p, (struct member *)n);
}

static void local_destroy(struct net *n)
{
	struct member *m = (struct member *)n;
	struct end *e;

	map_foreach(n->peers, e) {
		struct end *other = e->other;

		if (other)
			hub_post(m->hub, ITEM_DOWN, e->to, other, n->self, NULL,
				 "its process has ended");
		end_free(e, m);
	}
	hub_purge(m->hub, m, NULL);
	LIST_REMOVE(m, link);
	net_base_finish(n);
	free(m);
}

static int local_open_port(struct net *n, char **port, struct berth_error *err)
{
	*port = mem_printf("local:%s", n->self);
	return 0;
}

static int local_accept(struct net *n, const char *port,
			struct berth_error *err)
{
	((struct member *)n)->accepting = true;
	return 0;
}

/* A peer of this name that is still there is replaced. */
static void local_replace(struct member *m, const char *node)
{
	struct end *old = map_get(m->net.peers, node);

	if (old == NULL)
		return;
	end_free(old, m);
	hub_post(m->hub, ITEM_DOWN, m, NULL, node, NULL,
		 "replaced by a newer rank of its node");
}

static int local_connect(struct net *n, const char *node, const char *port,
			 struct berth_error *err)
{
	struct member *m = (struct member *)n;
	struct member *peer = member_find(m->hub, node);

	if (peer == NULL || peer == m || strncmp(port, "local:", 6) != 0 ||
	    strcmp(port + 6, node) != 0)
		return error_set(err, BERTH_EUNAVAIL,
				 "node %s: nobody accepts at %s", node, port);
	local_replace(m, node);
	local_replace(peer, n->self);
	members_join(m, peer);
	hub_post(m->hub, ITEM_UP, m, map_get(n->peers, node), node, NULL, NULL);
	hub_post(m->hub, ITEM_UP, peer, map_get(peer->net.peers, n->self),
		 n->self, NULL, NULL);
	return 0;
}

static const struct net_ops local_ops = {
	.start = local_start,
	.destroy = local_destroy,
	.send = local_send,
	.drop = local_drop,
	.open_port = local_open_port,
	.accept = local_accept,
	.connect = local_connect,
};

struct net *net_local_create(struct net_hub *h, const char *node,
			     struct berth_error *err)
{
	struct member *m, *other;

	if (member_find(h, node)) {
		error_set(err, BERTH_ECONFLICT,
			  "node %s: there is a rank of that name", node);
		return NULL;
	}
	m = mem_alloc(sizeof(*m));
	net_base_init(&m->net, &local_ops, h->loop, node);
	m->hub = h;
	m->net.founding = !h->sealed;
	if (m->net.founding) {
		if (h->first == NULL)
			h->first = mem_strdup(node);
		m->net.first = mem_strdup(h->first);
		LIST_FOREACH(other, &h->members, link)
			members_join(m, other);
	}
	LIST_INSERT_HEAD(&h->members, m, link);
	return &m->net;
}

struct net_hub *net_hub_create(struct loop *l)
{
	struct net_hub *h = mem_alloc(sizeof(*h));

	h->loop = l;
	h->timer = loop_timer_create(l, hub_run, h);
	LIST_INIT(&h->members);
	STAILQ_INIT(&h->items);
	return h;
}

void net_hub_destroy(struct net_hub *h)
{
	if (h == NULL)
		return;
	while (!STAILQ_EMPTY(&h->items)) {
		struct item *it = STAILQ_FIRST(&h->items);

		STAILQ_REMOVE_HEAD(&h->items, link);
		item_free(it);
	}
	loop_timer_destroy(h->timer);
	free(h->first);
	free(h);
}

void net_hub_cut(struct net_hub *h, const char *a, const char *b, bool cut)
{
	struct member *ma = member_find(h, a), *mb = member_find(h, b);
	struct end *ea = ma ? map_get(ma->net.peers, b) : NULL;
	struct end *eb = mb ? map_get(mb->net.peers, a) : NULL;

	if (ea)
		ea->cut = cut;
	if (eb)
		eb->cut = cut;
	loop_timer_start(h->timer, 0);
}

void net_hub_delay(struct net_hub *h, uint64_t delay_us)
{
	h->delay_us = delay_us;
}
