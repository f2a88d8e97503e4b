/* rank.c - see rank.h. */
#include "launcher/rank.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/stream.h"
#include "rpc/link.h"

struct visitor {
	LIST_ENTRY(visitor) entry;
	struct rank *rank;
	struct link *link;
};

struct rank {
	struct loop *loop;
	const struct settings *settings;
	const struct rank_events *ev;
	void *arg;
	struct listener *listener;
	LIST_HEAD(, visitor) visitors;
	struct visitor *current; /* the rank, once linked */
};

struct rank *rank_create(struct loop *l, const struct settings *s,
			 const struct rank_events *ev, void *arg)
{
	struct rank *r = mem_alloc(sizeof *r);

	r->loop = l;
	r->settings = s;
	r->ev = ev;
	r->arg = arg;
	LIST_INIT(&r->visitors);
	return r;
}

static void visitor_destroy(struct visitor *v)
{
	LIST_REMOVE(v, entry);
	link_destroy(v->link);
	free(v);
}

void rank_destroy(struct rank *r)
{
	struct visitor *v;

	if (r == NULL)
		return;
	listener_destroy(r->listener);
	while ((v = LIST_FIRST(&r->visitors)) != NULL)
		visitor_destroy(v);
	free(r);
}

static void on_up(void *arg, struct link *l)
{
	struct visitor *v = arg;
	struct rank *r = v->rank;
	const Berth__Hello *peer = link_peer(l);

	if (strcmp(peer->role, "tool") == 0)
		return;
	if (strcmp(peer->role, "rank") != 0 ||
	    strcmp(peer->node, r->settings->node) != 0) {
		log_warn("a %s of node '%s' at our socket: link closed",
			 peer->role, peer->node);
		visitor_destroy(v);
		return;
	}
	if (r->current) {
		log_info("another rank links in place of the one we had");
		visitor_destroy(r->current);
	}
	r->current = v;
	r->ev->up(r->arg);
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct visitor *v = arg;

	if (v == v->rank->current ||
	    msg->body_case == BERTH__MSG__BODY_SHUTDOWN)
		v->rank->ev->message(v->rank->arg, (Berth__Msg *)msg);
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct visitor *v = arg;
	struct rank *r = v->rank;
	bool was = v == r->current;

	visitor_destroy(v);
	if (!was)
		return;
	r->current = NULL;
	log_info("the rank has closed its link: %s", text);
	r->ev->down(r->arg);
}

static const struct link_events visitor_events = {
	.up = on_up, .message = on_message, .down = on_down};

static void on_accept(void *arg, int fd, const char *peer)
{
	struct rank *r = arg;
	const struct settings *s = r->settings;
	const struct link_self self = {
		.role = "launcher",
		.node = s->node,
		.key = s->address,
		.berth = s->berth,
	};
	struct visitor *v = mem_alloc(sizeof *v);

	v->rank = r;
	LIST_INSERT_HEAD(&r->visitors, v, entry);
	v->link = link_create(r->loop, fd, false, &self, &visitor_events, v);
}

int rank_listen(struct rank *r, struct berth_error *err)
{
	char *path = mem_printf("%s/launcher.sock", r->settings->dir);

	r->listener = listener_unix(r->loop, path, on_accept, r, err);
	free(path);
	return r->listener ? 0 : -1;
}

bool rank_is_up(const struct rank *r)
{
	return r->current != NULL;
}

int rank_send(struct rank *r, const Berth__Msg *msg)
{
	struct berth_error err;

	if (r->current == NULL)
		return -1;
	if (link_send(r->current->link, msg, &err) < 0)
		log_warn("to the rank: %s", err.text);
	return 0;
}
