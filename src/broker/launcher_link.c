/* launcher_link.c - see launcher_link.h. */
#include "broker/launcher_link.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/surroundings.h"
#include "io/stream.h"
#include "io/where.h"
#include "rpc/link.h"

#define KEPT_MAX (64u << 20)

enum {
	RETRY_US = 200 * 1000,
	RETRY_MAX_US = 2000 * 1000,
	RESTART_AFTER_US = 1500 * 1000, /* of absence */
	RESTART_AGAIN_US = 10 * 1000 * 1000,
};

struct kept {
	STAILQ_ENTRY(kept) next;
	Berth__Msg *msg;
	size_t size;
};

struct launcher_link {
	struct loop *loop;
	char *node, *dir, *path, *berth;
	struct launcher_link_events ev;
	void *arg;
	struct link *link;
	struct loop_timer *timer;
	uint64_t retry_us;
	uint64_t away_since_us;
	uint64_t restarted_us;
	STAILQ_HEAD(, kept) kept;
	size_t kept_bytes;
	pid_t child; /* a launcher that we started and have not reaped */
	bool retired, said_away;
};

static void kept_clear(struct launcher_link *k)
{
	while (!STAILQ_EMPTY(&k->kept)) {
		struct kept *q = STAILQ_FIRST(&k->kept);

		STAILQ_REMOVE_HEAD(&k->kept, next);
		msg_free(q->msg);
		free(q);
	}
	k->kept_bytes = 0;
}

/* ---- the launcher's process ---- */

/* The launcher goes into the background by itself; what we start returns. */
static void child_reap(struct launcher_link *k)
{
	if (k->child > 0 && waitpid(k->child, NULL, WNOHANG) != 0)
		k->child = 0;
}

static void launcher_start(struct launcher_link *k)
{
	struct berth_error err = {0};
	char *path = where_program("berth-launcher", &err);
	char *argv[] = {path, "--restart", "--dir", k->dir, NULL};
	posix_spawnattr_t attr;
	sigset_t none;
	size_t n;
	char **env;
	int rc;

	k->restarted_us = loop_now_us();
	if (path == NULL) {
		log_error("the node's launcher is gone and can't be started "
			  "again: %s", err.text);
		return;
	}
	env = surroundings_create(0, &n);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSID);
	rc = posix_spawn(&k->child, path, NULL, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	if (rc != 0) {
		k->child = 0;
		log_error("%s: %s", path, strerror(rc));
	} else {
		log_info("the node's launcher is gone: started again");
	}
	mem_strv_free(env);
	free(path);
}

/* ---- the link ---- */

static void again(struct launcher_link *k)
{
	loop_timer_start(k->timer, k->retry_us);
	k->retry_us *= 2;
	if (k->retry_us > RETRY_MAX_US)
		k->retry_us = RETRY_MAX_US;
}

static void on_up(void *arg, struct link *l)
{
	struct launcher_link *k = arg;
	const Berth__Hello *peer = link_peer(l);

	if (strcmp(peer->role, "launcher") != 0 ||
	    strcmp(peer->node, k->node) != 0) {
		log_error("%s: a %s of node \"%s\" answers there, not this "
			  "node's launcher", k->path, peer->role, peer->node);
		link_destroy(k->link);
		k->link = NULL;
		again(k);
		return;
	}
	k->retry_us = RETRY_US;
	k->away_since_us = 0;
	k->said_away = false;
	while (!STAILQ_EMPTY(&k->kept)) {
		struct kept *q = STAILQ_FIRST(&k->kept);

		STAILQ_REMOVE_HEAD(&k->kept, next);
		link_send(l, q->msg, NULL);
		msg_free(q->msg);
		free(q);
	}
	k->kept_bytes = 0;
	k->ev.up(k->arg, peer->key, peer->pid);
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct launcher_link *k = arg;

	k->ev.message(k->arg, msg);
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct launcher_link *k = arg;

	log_warn("the link to the node's launcher is down: %s", text);
	link_destroy(k->link);
	k->link = NULL;
	k->away_since_us = loop_now_us();
	again(k);
	k->ev.down(k->arg);
}

static const struct link_events link_handlers = {
	.up = on_up, .message = on_message, .down = on_down};

static void maybe_restart(struct launcher_link *k)
{
	uint64_t now = loop_now_us();

	if (k->away_since_us == 0)
		k->away_since_us = now;
	if (k->retired || now - k->away_since_us < RESTART_AFTER_US)
		return;
	if (k->restarted_us && now - k->restarted_us < RESTART_AGAIN_US)
		return;
	if (k->child == 0)
		launcher_start(k);
}

static void try_connect(void *arg)
{
	struct launcher_link *k = arg;
	const struct link_self self = {
		.role = "rank", .node = k->node, .key = "", .berth = k->berth};
	struct berth_error err = {0};
	int fd;

	child_reap(k);
	fd = stream_connect_unix(k->path, &err);
	if (fd < 0) {
		if (!k->said_away)
			log_warn("no launcher: %s", err.text);
		k->said_away = true;
		maybe_restart(k);
		again(k);
		return;
	}
	k->link = link_create(k->loop, fd, false, &self, &link_handlers, k);
}

struct launcher_link *launcher_link_create(struct loop *l, const char *node,
					   const char *node_dir,
					   const char *berth,
					   const struct launcher_link_events *ev,
					   void *arg)
{
	struct launcher_link *k = mem_alloc(sizeof(*k));

	k->loop = l;
	k->node = mem_strdup(node);
	k->dir = mem_strdup(node_dir);
	k->path = mem_printf("%s/launcher.sock", node_dir);
	k->berth = mem_strdup(berth);
	k->ev = *ev;
	k->arg = arg;
	k->retry_us = RETRY_US;
	STAILQ_INIT(&k->kept);
	k->timer = loop_timer_create(l, try_connect, k);
	loop_timer_start(k->timer, 0);
	return k;
}

void launcher_link_destroy(struct launcher_link *k)
{
	if (k == NULL)
		return;
	/* What was sent goes out. */
	if (k->link)
		link_finish(k->link);
	kept_clear(k);
	loop_timer_destroy(k->timer);
	free(k->node);
	free(k->dir);
	free(k->path);
	free(k->berth);
	free(k);
}

bool launcher_link_up(const struct launcher_link *k)
{
	return k->link && link_is_up(k->link);
}

int launcher_link_send(struct launcher_link *k, const Berth__Msg *msg,
		       struct berth_error *err)
{
	struct kept *q;
	size_t size;

	if (launcher_link_up(k))
		return link_send(k->link, msg, err);
	size = berth__msg__get_packed_size(msg);
	if (k->kept_bytes + size > KEPT_MAX)
		return error_set(err, BERTH_EUNAVAIL,
				 "node %s: its launcher is away", k->node);
	q = mem_alloc(sizeof(*q));
	q->msg = msg_copy(msg);
	q->size = size;
	k->kept_bytes += size;
	STAILQ_INSERT_TAIL(&k->kept, q, next);
	return 0;
}

void launcher_link_retire(struct launcher_link *k)
{
	k->retired = true;
}
