/* mesh.c - see mesh.h. */
#include "launcher/mesh.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/stream.h"
#include "rpc/link.h"

#define CONNECT_US (5u * 1000 * 1000)
#define BACKOFF_MIN_US (50u * 1000)
#define BACKOFF_MAX_US (2u * 1000 * 1000)

struct kept {
	TAILQ_ENTRY(kept) entry;
	Berth__Msg *msg;
	size_t size;
};

/* One socket; its host is known once the peer has said Hello. */
struct channel {
	LIST_ENTRY(channel) entry;
	struct mesh *mesh;
	struct host *host; /* NULL: incoming, not named yet, or a tool */
	struct link *link;
};

/*
 * A node that we talk with.  idle -> trying -> up -> trying … -> lost.
 * Trying ends with up or, when no link came for MESH_LOST_US, with lost;
 * a message for a lost node starts one more attempt.
 */
enum host_state { HOST_IDLE, HOST_TRYING, HOST_UP, HOST_LOST };

struct host {
	struct mesh *mesh;
	char *node;
	enum host_state state;
	bool again; /* was up or lost once */
	struct channel *tx; /* what we send on, when up */
	struct connector *connector;
	struct loop_timer *retry;
	uint64_t backoff_us, give_up_us;
	TAILQ_HEAD(, kept) kept;
	size_t kept_bytes;
};

struct mesh {
	struct loop *loop;
	const struct settings *settings;
	struct roster *roster;
	const struct mesh_events *ev;
	void *arg;
	struct listener *listener;
	struct map *hosts;
	LIST_HEAD(, channel) channels;
};

static void attempt(void *arg);

static struct host *host_get(struct mesh *m, const char *node)
{
	struct host *h = map_get(m->hosts, node);

	if (h)
		return h;
	h = mem_alloc(sizeof *h);
	h->mesh = m;
	h->node = mem_strdup(node);
	h->retry = loop_timer_create(m->loop, attempt, h);
	h->backoff_us = BACKOFF_MIN_US;
	TAILQ_INIT(&h->kept);
	map_put(m->hosts, node, h);
	return h;
}

static void drop_kept(struct host *h)
{
	struct kept *k;

	while ((k = TAILQ_FIRST(&h->kept)) != NULL) {
		TAILQ_REMOVE(&h->kept, k, entry);
		msg_free(k->msg);
		free(k);
	}
	h->kept_bytes = 0;
}

static void host_destroy(void *p)
{
	struct host *h = p;

	drop_kept(h);
	connector_destroy(h->connector);
	loop_timer_destroy(h->retry);
	free(h->node);
	free(h);
}

/* ---- a host's states ---- */

/* Hand back all that was kept for the host.  The handler may send again. */
static void return_kept(struct host *h)
{
	size_t n = 0;
	struct kept *k;

	TAILQ_FOREACH(k, &h->kept, entry)
		n++;
	while (n-- > 0 && (k = TAILQ_FIRST(&h->kept)) != NULL) {
		TAILQ_REMOVE(&h->kept, k, entry);
		h->kept_bytes -= k->size;
		h->mesh->ev->undelivered(h->mesh->arg, h->node, k->msg);
		msg_free(k->msg);
		free(k);
	}
}

static void give_up(struct host *h)
{
	bool known = h->state == HOST_LOST;

	h->state = HOST_LOST;
	h->again = true;
	if (!known) {
		log_warn("node %s cannot be reached, given up", h->node);
		h->mesh->ev->lost(h->mesh->arg, h->node);
	}
	return_kept(h);
}

static void failed(struct host *h, const char *why)
{
	log_debug("no link to node %s: %s", h->node, why);
	if (h->state == HOST_LOST || loop_now_us() >= h->give_up_us) {
		give_up(h);
		return;
	}
	loop_timer_start(h->retry, h->backoff_us);
	h->backoff_us *= 2;
	if (h->backoff_us > BACKOFF_MAX_US)
		h->backoff_us = BACKOFF_MAX_US;
}

/* Is a handshake with the host under way? */
static bool greeting(const struct host *h)
{
	const struct channel *c;

	LIST_FOREACH(c, &h->mesh->channels, entry) {
		if (c->host == h && !link_is_up(c->link))
			return true;
	}
	return false;
}

static void host_try(struct host *h)
{
	if (h->connector || loop_timer_pending(h->retry) || greeting(h))
		return;
	if (h->state != HOST_LOST) {
		h->state = HOST_TRYING;
		h->give_up_us = loop_now_us() + MESH_LOST_US;
	}
	h->backoff_us = BACKOFF_MIN_US;
	/* By the timer: the caller may be in the middle of something. */
	loop_timer_start(h->retry, 0);
}

static void host_up(struct host *h, struct channel *c)
{
	struct kept *k;

	connector_destroy(h->connector);
	h->connector = NULL;
	loop_timer_stop(h->retry);
	h->backoff_us = BACKOFF_MIN_US;
	h->tx = c;
	if (h->state == HOST_LOST)
		log_info("node %s is back", h->node);
	h->state = HOST_UP;
	TAILQ_FOREACH(k, &h->kept, entry)
		link_send(c->link, k->msg, NULL);
	drop_kept(h);
	h->mesh->ev->up(h->mesh->arg, h->node, h->again);
	h->again = true;
}

/* ---- channels ---- */

static void channel_destroy(struct channel *c)
{
	LIST_REMOVE(c, entry);
	link_destroy(c->link);
	free(c);
}

static struct channel *other_channel(struct host *h, struct channel *not)
{
	struct channel *c;

	LIST_FOREACH(c, &h->mesh->channels, entry) {
		if (c != not && c->host == h && link_is_up(c->link))
			return c;
	}
	return NULL;
}

static void on_up(void *arg, struct link *l)
{
	struct channel *c = arg;
	struct mesh *m = c->mesh;
	const Berth__Hello *peer = link_peer(l);

	if (c->host == NULL && strcmp(peer->role, "tool") == 0)
		return;
	if (strcmp(peer->node, m->settings->node) == 0 ||
	    (c->host && strcmp(c->host->node, peer->node) != 0)) {
		log_warn("the launcher at %s says it is node %s: link closed",
			 c->host ? c->host->node : "a link", peer->node);
		if (c->host)
			failed(c->host, "another node answers there");
		channel_destroy(c);
		return;
	}
	if (c->host == NULL)
		c->host = host_get(m, peer->node);
	/* A launcher that was started anew has another port. */
	if (peer->key[0] && roster_put(m->roster, peer->node, peer->key))
		roster_save(m->roster, m->settings->dir, NULL);
	if (c->host->tx == NULL)
		host_up(c->host, c);
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct channel *c = arg;

	if (c->host)
		c->mesh->ev->message(c->mesh->arg, c->host->node, msg);
	else if (msg->body_case == BERTH__MSG__BODY_SHUTDOWN)
		c->mesh->ev->tool(c->mesh->arg, msg);
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct channel *c = arg;
	struct host *h = c->host;
	bool was_tx = h && h->tx == c;
	struct channel *next;

	if (h == NULL && !link_is_up(l) && link_peer(l) == NULL)
		log_warn("an incoming link was refused: %s", text);
	else if (h)
		log_debug("link to node %s: %s", h->node, text);
	next = h ? other_channel(h, c) : NULL;
	channel_destroy(c);
	if (h == NULL || (h->tx && !was_tx))
		return;
	if (!was_tx) { /* an attempt that failed in the handshake */
		failed(h, text);
		return;
	}
	h->tx = NULL;
	h->state = HOST_TRYING;
	h->mesh->ev->broken(h->mesh->arg, h->node);
	if (next)
		host_up(h, next);
	else
		host_try(h);
}

static const struct link_events channel_events = {
	.up = on_up, .message = on_message, .down = on_down};

/* A peer that vanished without a word is noticed by the kernel. */
static void tune_socket(int fd)
{
	const int on = 1, idle = 10, every = 5, count = 3;
	const unsigned unacked_ms = 25000;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms,
		   sizeof unacked_ms);
}

static void channel_open(struct mesh *m, int fd, struct host *h)
{
	const struct settings *s = m->settings;
	const struct link_self self = {
		.role = "launcher",
		.node = s->node,
		.key = s->address,
		.berth = s->berth,
		.secret = s->secret,
		.secret_len = strlen(s->secret),
	};
	struct channel *c = mem_alloc(sizeof *c);

	tune_socket(fd);
	c->mesh = m;
	c->host = h;
	LIST_INSERT_HEAD(&m->channels, c, entry);
	c->link = link_create(m->loop, fd, true, &self, &channel_events, c);
}

static void on_accept(void *arg, int fd, const char *peer)
{
	channel_open(arg, fd, NULL);
}

static void on_connected(void *arg, int fd, const struct berth_error *err)
{
	struct host *h = arg;

	connector_destroy(h->connector);
	h->connector = NULL;
	if (fd < 0)
		failed(h, err->text);
	else if (h->tx)
		close(fd);
	else
		channel_open(h->mesh, fd, h);
}

static void attempt(void *arg)
{
	struct host *h = arg;
	const struct roster_member *to = roster_find(h->mesh->roster, h->node);

	if (h->tx)
		return;
	if (to == NULL || to->address[0] == '\0') {
		failed(h, "its address is not known");
		return;
	}
	h->connector = connector_tcp(h->mesh->loop, to->address, CONNECT_US,
				     on_connected, h);
}

/* ---- outside ---- */

struct mesh *mesh_create(struct loop *l, const struct settings *s,
			 struct roster *r, const struct mesh_events *ev,
			 void *arg)
{
	struct mesh *m = mem_alloc(sizeof *m);

	m->loop = l;
	m->settings = s;
	m->roster = r;
	m->ev = ev;
	m->arg = arg;
	m->hosts = map_create();
	LIST_INIT(&m->channels);
	return m;
}

void mesh_destroy(struct mesh *m)
{
	struct channel *c;

	if (m == NULL)
		return;
	listener_destroy(m->listener);
	while ((c = LIST_FIRST(&m->channels)) != NULL)
		channel_destroy(c);
	map_destroy(m->hosts, host_destroy);
	free(m);
}

int mesh_listen(struct mesh *m, const char *host, unsigned port,
		struct berth_error *err)
{
	m->listener = listener_tcp(m->loop, host, port, on_accept, m, err);
	return m->listener ? (int)listener_port(m->listener) : -1;
}

static void keep(struct host *h, const Berth__Msg *msg)
{
	size_t size = berth__msg__get_packed_size(msg);
	struct kept *k;

	if (h->kept_bytes + size > MESH_QUEUE) {
		log_warn("too much waits for node %s: a %s message is dropped",
			 h->node, msg_name(msg));
		h->mesh->ev->undelivered(h->mesh->arg, h->node, msg);
		return;
	}
	k = mem_alloc(sizeof *k);
	k->msg = msg_copy(msg);
	k->size = size;
	h->kept_bytes += size;
	TAILQ_INSERT_TAIL(&h->kept, k, entry);
}

int mesh_send(struct mesh *m, const char *node, const Berth__Msg *msg)
{
	struct berth_error err;
	struct host *h;

	if (strcmp(node, m->settings->node) == 0 ||
	    (roster_find(m->roster, node) == NULL &&
	     map_get(m->hosts, node) == NULL))
		return -1;
	h = host_get(m, node);
	if (h->tx) {
		if (link_send(h->tx->link, msg, &err) < 0)
			log_warn("to node %s: %s", node, err.text);
		return 0;
	}
	keep(h, msg);
	host_try(h);
	return 0;
}

void mesh_send_all(struct mesh *m, const Berth__Msg *msg)
{
	for (size_t i = 0; i < roster_count(m->roster); i++)
		mesh_send(m, roster_at(m->roster, i)->node, msg);
}

void mesh_link_all(struct mesh *m)
{
	for (size_t i = 0; i < roster_count(m->roster); i++) {
		const char *node = roster_at(m->roster, i)->node;
		struct host *h;

		if (strcmp(node, m->settings->node) == 0)
			continue;
		h = host_get(m, node);
		if (h->tx == NULL)
			host_try(h);
	}
}

bool mesh_is_up(const struct mesh *m, const char *node)
{
	const struct host *h = map_get(m->hosts, node);

	return h && h->tx;
}

size_t mesh_queued(const struct mesh *m)
{
	const struct channel *c;
	size_t n = 0;

	LIST_FOREACH(c, &m->channels, entry)
		n += link_queued(c->link);
	return n;
}
