/*
 * net.c - see net.h and net_impl.h: the part that does not depend on the
 * transport.
 */
#include "broker/net_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void deliver_to_self(void *arg)
{
	struct net *n = arg;

	net_enter(n);
	/* What handlers send to themselves now waits for the next pass, so
	 * that nobody keeps the loop for himself. */
	STAILQ_HEAD(, net_self_msg) batch = STAILQ_HEAD_INITIALIZER(batch);

	STAILQ_CONCAT(&batch, &n->to_self);
	while (!STAILQ_EMPTY(&batch)) {
		struct net_self_msg *m = STAILQ_FIRST(&batch);

		STAILQ_REMOVE_HEAD(&batch, link);
		if (!n->doomed)
			net_call_message(n, n->self, m->msg);
		msg_free(m->msg);
		free(m);
	}
	net_leave(n);
}

static int send_to_self(struct net *n, const Berth__Msg *msg)
{
	struct net_self_msg *m = mem_alloc(sizeof(*m));

	m->msg = msg_copy(msg);
	STAILQ_INSERT_TAIL(&n->to_self, m, link);
	loop_timer_start(n->self_timer, 0);
	n->stats.sent++;
	return 0;
}

void net_base_init(struct net *n, const struct net_ops *ops, struct loop *l,
		   const char *node)
{
	n->ops = ops;
	n->loop = l;
	n->self = mem_strdup(node);
	n->peers = map_create();
	STAILQ_INIT(&n->to_self);
	n->self_timer = loop_timer_create(l, deliver_to_self, n);
}

void net_base_finish(struct net *n)
{
	while (!STAILQ_EMPTY(&n->to_self)) {
		struct net_self_msg *m = STAILQ_FIRST(&n->to_self);

		STAILQ_REMOVE_HEAD(&n->to_self, link);
		msg_free(m->msg);
		free(m);
	}
	loop_timer_destroy(n->self_timer);
	map_destroy(n->peers, NULL);
	free(n->names);
	free(n->self);
	free(n->first);
}

void net_enter(struct net *n)
{
	n->busy++;
}

bool net_leave(struct net *n)
{
	if (--n->busy > 0)
		return !n->doomed;
	if (!n->doomed)
		return true;
	n->ops->destroy(n);
	return false;
}

bool net_call_up(struct net *n, const char *node)
{
	if (n->started && !n->doomed && n->ev.up)
		n->ev.up(n->arg, node);
	return !n->doomed;
}

bool net_call_down(struct net *n, const char *node, const char *why)
{
	if (n->started && !n->doomed && n->ev.down)
		n->ev.down(n->arg, node, why);
	return !n->doomed;
}

bool net_call_message(struct net *n, const char *node, const Berth__Msg *msg)
{
	n->stats.received++;
	if (!n->doomed && n->ev.message)
		n->ev.message(n->arg, node, msg);
	return !n->doomed;
}

void net_start(struct net *n, const struct net_events *ev, void *arg)
{
	const char *const *node;
	size_t count;
	char **names;

	n->ev = *ev;
	n->arg = arg;
	n->started = true;
	net_enter(n);
	n->ops->start(n);
	node = net_peers(n, &count);
	names = mem_strv_dup((char *const *)node, count);
	for (size_t i = 0; i < count && !n->doomed; i++) {
		if (net_has(n, names[i]))
			net_call_up(n, names[i]);
	}
	mem_strv_free(names);
	net_leave(n);
}

void net_destroy(struct net *n)
{
	if (n == NULL)
		return;
	n->doomed = true;
	if (n->busy == 0)
		n->ops->destroy(n);
}

const char *net_self(const struct net *n)
{
	return n->self;
}

const char *net_first(const struct net *n)
{
	return n->first;
}

bool net_founding(const struct net *n)
{
	return n->founding;
}

bool net_has(const struct net *n, const char *node)
{
	return map_get(n->peers, node) != NULL;
}

const char *const *net_peers(struct net *n, size_t *count)
{
	struct net_peer *p;
	size_t i = 0;

	free(n->names);
	n->names = mem_array(map_count(n->peers) + 1, sizeof(*n->names));
	map_foreach(n->peers, p)
		n->names[i++] = p->node;
	*count = i;
	return n->names;
}

void net_set_term(struct net *n, uint64_t term)
{
	n->term = term;
}

int net_send(struct net *n, const char *node, const Berth__Msg *msg,
	     struct berth_error *err)
{
	struct net_peer *p;
	Berth__Msg stamped;

	if (n->term != 0) {
		stamped = *msg;
		stamped.term = n->term;
		msg = &stamped;
	}

	if (strcmp(node, n->self) == 0)
		return send_to_self(n, msg);
	p = map_get(n->peers, node);
	if (p == NULL)
		return error_set(err, BERTH_EUNAVAIL,
				 "node %s: its rank is not there", node);
	return n->ops->send(n, p, msg, err);
}

void net_drop(struct net *n, const char *node)
{
	struct net_peer *p = map_get(n->peers, node);

	if (p)
		n->ops->drop(n, p);
}

int net_open_port(struct net *n, char **port, struct berth_error *err)
{
	return n->ops->open_port(n, port, err);
}

int net_accept(struct net *n, const char *port, struct berth_error *err)
{
	return n->ops->accept(n, port, err);
}

int net_connect(struct net *n, const char *node, const char *port,
		struct berth_error *err)
{
	return n->ops->connect(n, node, port, err);
}

void net_stats(const struct net *n, struct net_stats *out)
{
	*out = n->stats;
}
