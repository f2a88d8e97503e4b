/* uplink.c - see uplink.h. */
#include "shepherd/uplink.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/stream.h"
#include "rpc/link.h"

struct kept {
	STAILQ_ENTRY(kept) next;
	Berth__Msg *msg;
};

struct uplink {
	struct loop *loop;
	char *node, *key, *berth;
	struct uplink_events ev;
	void *arg;
	struct listener *listener;
	struct link *link;  /* the launcher's, NULL: nobody there */
	struct link *guest; /* connected, handshake not done */
	STAILQ_HEAD(, kept) kept;
};

static void flush_kept(struct uplink *u)
{
	while (u->link && !STAILQ_EMPTY(&u->kept)) {
		struct kept *k = STAILQ_FIRST(&u->kept);

		STAILQ_REMOVE_HEAD(&u->kept, next);
		uplink_send(u, k->msg);
		msg_free(k->msg);
		free(k);
	}
}

static void on_up(void *arg, struct link *l)
{
	struct uplink *u = arg;

	u->guest = NULL;
	if (u->link) {
		log_info("another launcher (process %u) takes over",
			 link_peer(l)->pid);
		link_destroy(u->link);
	}
	u->link = l;
	u->ev.up(u->arg);
	flush_kept(u);
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct uplink *u = arg;

	if (l == u->link)
		u->ev.message(u->arg, msg);
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct uplink *u = arg;

	if (l == u->link) {
		log_info("the launcher is gone: %s", text);
		u->link = NULL;
		link_destroy(l);
		u->ev.down(u->arg);
		return;
	}
	if (l == u->guest)
		u->guest = NULL;
	log_warn("a connection to the shepherd was refused: %s", text);
	link_destroy(l);
}

static void on_connect(void *arg, int fd, const char *peer)
{
	static const struct link_events ev = {
		.up = on_up,
		.message = on_message,
		.down = on_down,
	};
	struct uplink *u = arg;
	struct link_self self = {
		.role = "shepherd",
		.node = u->node,
		.key = u->key,
		.berth = u->berth,
	};

	(void)peer;
	if (u->guest)
		link_destroy(u->guest);
	u->guest = link_create(u->loop, fd, false, &self, &ev, u);
}

struct uplink *uplink_create(struct loop *l, const struct uplink_self *self,
			     const struct uplink_events *ev, void *arg,
			     struct berth_error *err)
{
	struct uplink *u = mem_alloc(sizeof(*u));

	u->loop = l;
	u->node = mem_strdup(self->node);
	u->key = mem_strdup(self->key);
	u->berth = mem_strdup(self->berth);
	u->ev = *ev;
	u->arg = arg;
	STAILQ_INIT(&u->kept);
	u->listener = listener_unix(l, self->path, on_connect, u, err);
	if (u->listener == NULL) {
		uplink_destroy(u);
		return NULL;
	}
	return u;
}

static void stop_listening(struct uplink *u)
{
	if (u->listener)
		listener_destroy(u->listener);
	u->listener = NULL;
}

void uplink_finish(struct uplink *u)
{
	stop_listening(u);
	if (u->link)
		link_finish(u->link);
	u->link = NULL;
}

void uplink_destroy(struct uplink *u)
{
	if (u == NULL)
		return;
	stop_listening(u);
	if (u->guest)
		link_destroy(u->guest);
	if (u->link)
		link_destroy(u->link);
	while (!STAILQ_EMPTY(&u->kept)) {
		struct kept *k = STAILQ_FIRST(&u->kept);

		STAILQ_REMOVE_HEAD(&u->kept, next);
		msg_free(k->msg);
		free(k);
	}
	free(u->node);
	free(u->key);
	free(u->berth);
	free(u);
}

bool uplink_is_up(const struct uplink *u)
{
	return u->link != NULL;
}

size_t uplink_queued(const struct uplink *u)
{
	return u->link ? link_queued(u->link) : 0;
}

void uplink_send(struct uplink *u, const Berth__Msg *msg)
{
	struct berth_error err;

	if (u->link && link_send(u->link, msg, &err) != 0)
		log_error("%s not sent: %s", msg_name(msg), err.text);
}

void uplink_post(struct uplink *u, const Berth__Msg *msg)
{
	struct kept *k;

	if (u->link) {
		uplink_send(u, msg);
		return;
	}
	k = mem_alloc(sizeof(*k));
	k->msg = msg_copy(msg);
	STAILQ_INSERT_TAIL(&u->kept, k, next);
}
