/*
 * http_guard.c - see http_guard.h.
 *
 * libevent does not say when it frees a connection.  So each is known by its
 * descriptor and the cookie of the socket behind it: where they do not go
 * together any more, it is gone.
 */
#include "io/http_guard.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/idmap.h"
#include "base/log.h"
#include "base/mem.h"

#define LOOK_US 1000000
/* A request has so long to come. */
#define REQUEST_US (60u * 1000000)
#define CONNECTIONS_MOST 4096
/* A line in the log, at most so often. */
#define TELL_US (30u * 1000000)

struct conn {
	TAILQ_ENTRY(conn) next;
	struct http_guard *guard;
	uint64_t key; /* of its bufferevent, which may be gone */
	struct bufferevent *fresh; /* until its descriptor is known */
	int fd;
	uint64_t cookie;
	uint64_t begun_us; /* the first byte of a request; 0: none yet */
	bool busy, leaving, replaced;
};
TAILQ_HEAD(conn_list, conn);

struct http_guard {
	size_t most; /* connections */
	uint64_t request_us;
	struct conn_list conns; /* the one that was idle longest first */
	struct idmap by_bev;
	size_t staying;
	struct loop *loop;
	struct loop_timer *look;
	uint64_t told_us;
	size_t closed; /* since then */
};

static uint64_t key(const struct bufferevent *bev)
{
	return (uint64_t)(uintptr_t)bev;
}

/* 0: there is none. */
static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) != 0)
		return 0;
	return cookie;
}

static bool alive(const struct conn *c)
{
	return c->fresh != NULL ||
	       (c->fd >= 0 && cookie_of(c->fd) == c->cookie);
}

static void hang_up(const struct conn *c)
{
	if (alive(c) && c->fd >= 0)
		shutdown(c->fd, SHUT_RDWR);
}

static void leave(struct conn *c)
{
	if (c->leaving)
		return;
	c->leaving = true;
	c->guard->staying--;
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info,
		     void *arg)
{
	struct conn *c = arg;

	if (info->n_added == 0)
		return;
	if (!c->busy && c->begun_us == 0)
		c->begun_us = loop_now_us();
}

static void conn_free(struct conn *c)
{
	struct http_guard *g = c->guard;

	leave(c);
	TAILQ_REMOVE(&g->conns, c, next);
	if (!c->replaced)
		idmap_remove(&g->by_bev, c->key);
	free(c);
}

static void shut(struct conn *c, const char *why)
{
	struct http_guard *g = c->guard;
	uint64_t now = loop_now_us();

	leave(c);
	hang_up(c);
	g->closed++;
	if (g->told_us != 0 && now - g->told_us < TELL_US)
		return;
	log_warn("HTTP: %s, %zu connections closed", why, g->closed);
	g->told_us = now;
	g->closed = 0;
}

static void look(struct http_guard *g)
{
	uint64_t now = loop_now_us();
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&g->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, next);
		if (!alive(c))
			conn_free(c);
		else if (!c->leaving && !c->busy && c->begun_us != 0 &&
			 now - c->begun_us > g->request_us)
			shut(c, "a request takes too long to come");
	}
}

static void on_look(void *arg)
{
	struct http_guard *g = arg;

	look(g);
	if (!TAILQ_EMPTY(&g->conns))
		loop_timer_start(g->look, LOOK_US);
}

/* Room for one more: false when all are busy. */
static bool make_room(struct http_guard *g)
{
	struct conn *c;

	if (g->staying >= g->most)
		look(g);
	TAILQ_FOREACH(c, &g->conns, next) {
		if (g->staying < g->most)
			break;
		if (!c->busy && !c->leaving)
			shut(c, "too many of them");
	}
	return g->staying < g->most;
}

/* By now it has its descriptor. */
static void learn(void *arg)
{
	struct conn *c = arg;

	if (c->guard == NULL) {
		free(c);
		return;
	}
	if (c->replaced) {
		conn_free(c);
		return;
	}
	c->fd = bufferevent_getfd(c->fresh);
	c->cookie = c->fd >= 0 ? cookie_of(c->fd) : 0;
	c->fresh = NULL;
	if (c->leaving) /* it came when there were too many */
		hang_up(c);
}

/* Its memory is another one's now. */
static void replace(struct conn *c)
{
	c->replaced = true;
	if (c->fresh == NULL)
		conn_free(c);
}

void http_guard_watch(struct http_guard *g, struct bufferevent *bev)
{
	bool room = make_room(g);
	struct conn *c = idmap_remove(&g->by_bev, key(bev));

	if (c != NULL)
		replace(c);
	c = mem_alloc(sizeof(*c));
	c->guard = g;
	c->key = key(bev);
	c->fresh = bev;
	c->fd = -1;
	loop_defer(g->loop, learn, c);
	g->staying++;
	TAILQ_INSERT_TAIL(&g->conns, c, next);
	idmap_put(&g->by_bev, key(bev), c);
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, c);
	if (!room)
		leave(c);
	if (!loop_timer_pending(g->look))
		loop_timer_start(g->look, LOOK_US);
}

void http_guard_busy(struct http_guard *g, struct bufferevent *bev)
{
	struct conn *c = idmap_get(&g->by_bev, key(bev));

	if (c == NULL)
		return;
	c->busy = true;
	c->begun_us = 0;
}

void http_guard_idle(struct http_guard *g, struct bufferevent *bev)
{
	struct conn *c = idmap_get(&g->by_bev, key(bev));

	if (c == NULL)
		return;
	c->busy = false;
	c->begun_us = evbuffer_get_length(bufferevent_get_input(bev)) > 0
			      ? loop_now_us()
			      : 0;
	TAILQ_REMOVE(&g->conns, c, next);
	TAILQ_INSERT_TAIL(&g->conns, c, next);
}

/* The other descriptors are for nodes, files and hosts. */
static size_t connections_most(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 ||
	    r.rlim_cur / 2 > CONNECTIONS_MOST)
		return CONNECTIONS_MOST;
	return r.rlim_cur / 2 > 0 ? r.rlim_cur / 2 : 1;
}

struct http_guard *http_guard_create(struct loop *l)
{
	struct http_guard *g = mem_alloc(sizeof(*g));

	g->most = connections_most();
	g->request_us = REQUEST_US;
	g->loop = l;
	TAILQ_INIT(&g->conns);
	idmap_init(&g->by_bev);
	g->look = loop_timer_create(l, on_look, g);
	return g;
}

void http_guard_limit(struct http_guard *g, size_t connections,
		      uint64_t request_us)
{
	g->most = connections;
	g->request_us = request_us;
}

void http_guard_destroy(struct http_guard *g)
{
	if (g == NULL)
		return;
	while (!TAILQ_EMPTY(&g->conns)) {
		struct conn *c = TAILQ_FIRST(&g->conns);

		if (c->fresh == NULL) {
			conn_free(c);
		} else { /* learn frees it */
			TAILQ_REMOVE(&g->conns, c, next);
			c->guard = NULL;
		}
	}
	idmap_finish(&g->by_bev);
	loop_timer_destroy(g->look);
	free(g);
}
