/* net_ranks.c - see net_ranks.h. */
#include "broker/net_ranks.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	NODE_MAX = 64,	    /* longest name */
	MAX_IN_FLIGHT = 16, /* transfers to one peer */
	STRAY_REPLY_US = 1000 * 1000,
	/* Two ranks that connect to each other at once keep one connection:
	 * the other side tells which. */
	SUSPECT_US = 200 * 1000,
};

/* ---- tables ---- */

void ranks_init(struct net_ranks *r, const struct net_ops *ops,
		const struct carrier_ops *carrier, struct loop *l,
		const char *node)
{
	net_base_init(&r->net, ops, l, node);
	r->carrier = carrier;
	LIST_INIT(&r->channels);
}

void ranks_finish(struct net_ranks *r)
{
	net_base_finish(&r->net);
}

void ranks_channel_init(struct net_ranks *r, struct rank_channel *ch,
			bool pair, int size)
{
	ch->pair = pair;
	ch->size = size;
	ch->by_rank = mem_array((size_t)size, sizeof(*ch->by_rank));
	ch->stray_us = mem_array((size_t)size, sizeof(*ch->stray_us));
	LIST_INSERT_HEAD(&r->channels, ch, link);
}

static struct rank_peer *peer_create(struct rank_channel *ch, int rank)
{
	struct rank_peer *p = mem_alloc(sizeof(*p));

	p->ch = ch;
	p->rank = rank;
	net_out_init(&p->out);
	net_in_init(&p->in);
	ch->by_rank[rank] = p;
	return p;
}

static void peer_free(struct rank_peer *p)
{
	p->ch->by_rank[p->rank] = NULL;
	net_out_finish(&p->out);
	net_in_finish(&p->in);
	free(p->base.node);
	free(p);
}

void ranks_channel_finish(struct rank_channel *ch)
{
	for (int i = 0; i < ch->size; i++) {
		if (ch->by_rank[i])
			peer_free(ch->by_rank[i]);
	}
	LIST_REMOVE(ch, link);
	free(ch->closed_node);
	free(ch->by_rank);
	free(ch->stray_us);
}

static void founder_add(struct net_ranks *r, struct rank_channel *ch, int rank,
			const char *node)
{
	struct rank_peer *p = peer_create(ch, rank);

	p->greeted = true;
	p->base.node = mem_strdup(node);
	map_put(r->net.peers, node, p);
}

int ranks_found(struct net_ranks *r, struct rank_channel *ch, int self,
		char *names, size_t room, struct berth_error *err)
{
	struct net *n = &r->net;

	for (int i = 0; i < ch->size; i++) {
		char *name = names + (size_t)i * room;

		name[room - 1] = '\0';
		if (i == 0)
			n->first = mem_strdup(name);
		if (i == self)
			continue;
		if (strcmp(name, n->self) == 0 || map_get(n->peers, name))
			return error_set(err, BERTH_EINPUT,
					 "two ranks are on node %s: start one "
					 "berthd a node (mpirun -N 1), or name "
					 "each with --node", name);
		founder_add(r, ch, i, name);
	}
	return 0;
}

/* ---- sending ---- */

static void peer_fail(struct net_ranks *r, struct rank_peer *p,
		      const char *why)
{
	if (p->failed == NULL)
		p->failed = why;
	r->some_failed = true;
}

/* May a transfer go to p now?  Not over a connection that is closed, and not
 * more than its socket takes at once; see net_conn.h. */
static bool peer_ready(struct net_ranks *r, struct rank_peer *p)
{
	size_t size = net_out_size(&p->out);

	if (p->failed || p->suspect_us || p->in_flight >= MAX_IN_FLIGHT ||
	    size == 0)
		return false;
	switch (conn_state(&p->conns)) {
	case CONN_UNKNOWN:
		return true;
	case CONN_CLOSED:
		r->carrier->look(r); /* that decides */
		return false;
	case CONN_OPEN:
		break;
	}
	if (conn_room(&p->conns, size))
		return true;
	r->some_wait = true;
	return false;
}

/* A send to p may have opened a connection: it is p's, and p does not know
 * that it is ours. */
void ranks_connected(struct net_ranks *r, struct rank_peer *p, int probe)
{
	char name[CONN_NAME];

	if (!conn_found(&p->conns, probe))
		return;
	r->carrier->connected(r);
	if (conn_name(&p->conns, name))
		net_out_control(&p->out, NET_SOCKET, 0, name, true);
	r->some_wait = true;
}

static void peer_pump(struct net_ranks *r, struct rank_peer *p)
{
	struct buf bytes;

	while (peer_ready(r, p)) {
		int probe = conn_probe();

		buf_init(&bytes);
		if (!net_out_next(&p->out, &bytes))
			break;
		p->in_flight++;
		if (r->carrier->send(r, p->ch, p->rank, &bytes, p) < 0)
			peer_fail(r, p, "a send to it failed");
		ranks_connected(r, p, probe);
	}
	if (!r->polling)
		r->carrier->kick(r);
}

int ranks_send(struct net *n, struct net_peer *np, const Berth__Msg *msg,
	       struct berth_error *err)
{
	struct net_ranks *r = (struct net_ranks *)n;
	struct rank_peer *p = (struct rank_peer *)np;
	size_t size = 0;

	if (net_out_message(&p->out, msg, &size, err) < 0) {
		if (p->out.bytes + FRAME_MAX > NET_QUEUE_MAX) {
			peer_fail(r, p, "it does not take what is sent to it");
			r->carrier->kick(r);
		}
		return error_prefix(err, "node %s", np->node);
	}
	n->stats.sent++;
	n->stats.sent_bytes += size;
	peer_pump(r, p);
	return 0;
}

void ranks_sent(struct net_ranks *r, struct rank_peer *p, bool ok)
{
	p->in_flight--;
	if (ok)
		peer_pump(r, p);
	else
		peer_fail(r, p, "a send to it failed");
}

bool ranks_push(struct net_ranks *r)
{
	struct rank_peer *p;

	if (!r->some_wait)
		return false;
	r->some_wait = false;
	map_foreach(r->net.peers, p)
		peer_pump(r, p);
	return r->some_wait;
}

static void peer_greet(struct net_ranks *r, struct rank_peer *p)
{
	if (p->greeted)
		return;
	p->greeted = true;
	net_out_control(&p->out, NET_HELLO, 0, r->net.self, true);
	peer_pump(r, p);
}

void ranks_pair(struct net_ranks *r, struct rank_channel *ch, bool first)
{
	struct rank_peer *p = peer_create(ch, 0);

	r->unclean = true;
	if (first)
		peer_greet(r, p);
}

void ranks_leave(struct net_ranks *r)
{
	struct rank_peer *p;

	map_foreach(r->net.peers, p) {
		net_out_control(&p->out, NET_LEAVE, 0, "", false);
		peer_pump(r, p);
	}
}

bool ranks_drained(const struct net_ranks *r)
{
	struct rank_peer *p;

	map_foreach(r->net.peers, p) {
		if (!p->failed && !p->suspect_us &&
		    (p->in_flight > 0 || p->out.bytes > 0))
			return false;
	}
	return true;
}

/* ---- the end of a peer ---- */

/* Take p out of everything; whoever sends on its channel after this is told
 * that it was dropped. */
static void peer_remove(struct net_ranks *r, struct rank_peer *p)
{
	r->carrier->orphan(r, p);
	if (r->reading == p)
		r->reading = NULL;
	if (p->ch->pair)
		p->ch->closed_node = mem_strdup(p->base.node);
	if (p->base.node)
		map_remove(r->net.peers, p->base.node);
	peer_free(p);
}

static void peer_end(struct net_ranks *r, struct rank_peer *p,
		     const char *why)
{
	char *node = mem_strdup(p->base.node);

	peer_remove(r, p);
	if (node)
		net_call_down(&r->net, node, why);
	free(node);
}

void ranks_lost(struct net_ranks *r, struct rank_peer *p, const char *why)
{
	r->unclean = true;
	peer_end(r, p, why);
}

void ranks_drop(struct net *n, struct net_peer *np)
{
	struct net_ranks *r = (struct net_ranks *)n;

	r->unclean = true;
	peer_remove(r, (struct rank_peer *)np);
}

static struct rank_peer *failed_next(struct net_ranks *r)
{
	struct rank_channel *ch;

	LIST_FOREACH(ch, &r->channels, link) {
		for (int i = 0; i < ch->size; i++) {
			if (ch->by_rank[i] && ch->by_rank[i]->failed)
				return ch->by_rank[i];
		}
	}
	return NULL;
}

void ranks_check(struct net_ranks *r)
{
	struct rank_channel *ch, *next;
	struct rank_peer *p;

	while (r->some_failed && !r->net.doomed) {
		p = failed_next(r);
		if (p)
			ranks_lost(r, p, p->failed);
		else
			r->some_failed = false;
	}
	if (!r->some_over)
		return;
	r->some_over = false;
	for (ch = LIST_FIRST(&r->channels); ch; ch = next) {
		next = LIST_NEXT(ch, link);
		if (ch->over && ch->by_rank[0] == NULL)
			r->carrier->close(r, ch);
	}
}

/* The next peer whose connection has been closed for long enough; *again:
 * another one's has just been. */
static struct rank_peer *closed_next(struct net_ranks *r, bool *again)
{
	uint64_t now = loop_now_us();
	struct rank_channel *ch;

	LIST_FOREACH(ch, &r->channels, link) {
		for (int i = 0; i < ch->size; i++) {
			struct rank_peer *p = ch->by_rank[i];

			if (p == NULL || conn_state(&p->conns) != CONN_CLOSED)
				continue;
			if (p->suspect_us == 0)
				p->suspect_us = now;
			if (now - p->suspect_us >= SUSPECT_US)
				return p;
			*again = true;
		}
	}
	return NULL;
}

bool ranks_check_conns(struct net_ranks *r)
{
	struct rank_peer *p;
	bool again = false;

	while (!r->net.doomed && (p = closed_next(r, &again)) != NULL)
		ranks_lost(r, p, "its connection is closed");
	return again;
}

/* ---- what comes in ---- */

/* A newer rank has come for the node: nothing is awaited of the old one. */
static void old_pairs_over(struct net_ranks *r, const char *node)
{
	struct rank_channel *ch;

	LIST_FOREACH(ch, &r->channels, link) {
		if (ch->closed_node && strcmp(ch->closed_node, node) == 0)
			ch->over = r->some_over = true;
	}
}

static bool peer_named(struct net_ranks *r, struct rank_peer *p,
		       const char *node)
{
	struct rank_peer *old = map_get(r->net.peers, node);

	if (p->base.node || node[0] == '\0' || strlen(node) > NODE_MAX ||
	    strcmp(node, r->net.self) == 0) {
		log_warn("a rank calls itself \"%s\": refused", node);
		ranks_lost(r, p, "it calls itself by another name");
		return false;
	}
	old_pairs_over(r, node);
	/* Should it be the same rank, which has kept that connection and not
	 * this one, it is told so with what it sends there. */
	if (old)
		ranks_lost(r, old, "replaced by a newer rank of its node");
	if (r->net.doomed)
		return false;
	p->base.node = mem_strdup(node);
	map_put(r->net.peers, node, p);
	peer_greet(r, p);
	net_call_up(&r->net, node);
	return r->reading == p && !r->net.doomed;
}

static bool on_message(void *arg, const Berth__Msg *msg)
{
	struct net_ranks *r = arg;
	struct rank_peer *p = r->reading;

	if (p->base.node == NULL) {
		ranks_lost(r, p, "it did not say who it is");
		return false;
	}
	net_call_message(&r->net, p->base.node, msg);
	return r->reading == p && !r->net.doomed;
}

static bool on_control(void *arg, enum net_control kind, uint64_t value,
		       const char *text)
{
	struct net_ranks *r = arg;
	struct rank_peer *p = r->reading;

	switch (kind) {
	case NET_HELLO:
		return peer_named(r, p, text);
	case NET_SOCKET:
		if (conn_named(&p->conns, text))
			p->suspect_us = 0;
		r->carrier->connected(r);
		return true;
	case NET_LARGE: /* the queue's own */
		return true;
	case NET_GONE:
		ranks_lost(r, p, "dropped by the other side");
		return false;
	case NET_LEAVE:
		peer_end(r, p, "its rank has ended");
		return false;
	}
	return true;
}

static const struct net_in_events in_events = {
	.message = on_message,
	.control = on_control,
};

static void peer_reads(struct net_ranks *r, struct rank_peer *p,
		       const void *data, size_t len)
{
	struct berth_error err = {0};
	int rc;

	r->net.stats.received_bytes += len;
	/* It lives, over a connection that we have not found yet. */
	if (p->suspect_us) {
		p->suspect_us = 0;
		p->conns.n = 0;
	}
	r->reading = p;
	rc = net_in_take(&p->in, data, len, &in_events, r, &err);
	if (rc < 0 && r->reading == p) {
		log_warn("node %s: its rank sent nonsense: %s",
			 p->base.node ? p->base.node : "?", err.text);
		ranks_lost(r, p, "it sent nonsense");
	}
	r->reading = NULL;
}

/* Somebody that we have dropped still sends: tell it, now and then. */
static void stray_reply(struct net_ranks *r, struct rank_channel *ch,
			int rank)
{
	uint64_t now = loop_now_us();
	struct buf bytes;

	if (ch->stray_us[rank] && now - ch->stray_us[rank] < STRAY_REPLY_US)
		return;
	ch->stray_us[rank] = now;
	buf_init(&bytes);
	net_control(&bytes, NET_GONE, 0, "");
	r->carrier->send(r, ch, rank, &bytes, NULL);
}

void ranks_take(struct net_ranks *r, struct rank_channel *ch, int rank,
		const void *data, size_t len)
{
	struct rank_peer *p = ch->by_rank[rank];

	if (p)
		peer_reads(r, p, data, len);
	else if (!net_is_control(data, len))
		stray_reply(r, ch, rank);
}
