/* listener.c - the listeners of stream.h. */
#include "io/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/socket.h"

struct listener {
	struct loop_fd *watch;
	struct loop_timer *breath;
	int fd;
	char *path; /* of a Unix socket */
	listener_f cb;
	void *arg;
};

static void on_accept(void *arg, int lfd, unsigned events)
{
	struct listener *li = arg;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char peer[SOCKET_PEER_MAX];
	int fd;

	/* One at a time: the callback may destroy the listener. */
	fd = accept4(lfd, (struct sockaddr *)&sa, &len,
		     SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			/* It stays readable; do not spin. */
			log_error("cannot accept a connection: %s",
				  strerror(errno));
			loop_fd_set(li->watch, 0);
			loop_timer_start(li->breath, 100000);
		}
		return;
	}
	socket_name_peer((struct sockaddr *)&sa, len, peer, sizeof(peer));
	li->cb(li->arg, fd, peer);
}

static void on_breath(void *arg)
{
	struct listener *li = arg;

	loop_fd_set(li->watch, LOOP_READ);
}

static struct listener *listener_new(struct loop *l, int fd, const char *path,
				     listener_f cb, void *arg)
{
	struct listener *li = mem_alloc(sizeof(*li));

	li->fd = fd;
	li->path = mem_strdup(path);
	li->cb = cb;
	li->arg = arg;
	li->breath = loop_timer_create(l, on_breath, li);
	li->watch = loop_fd_create(l, fd, LOOP_READ, on_accept, li);
	return li;
}

struct listener *listener_unix(struct loop *l, const char *path, listener_f cb,
			       void *arg, struct berth_error *err)
{
	int fd = socket_listen_unix(path, err);

	return fd < 0 ? NULL : listener_new(l, fd, path, cb, arg);
}

struct listener *listener_tcp(struct loop *l, const char *host, unsigned port,
			      listener_f cb, void *arg, struct berth_error *err)
{
	int fd = socket_listen_tcp(host, port, err);

	return fd < 0 ? NULL : listener_new(l, fd, NULL, cb, arg);
}

unsigned listener_port(const struct listener *li)
{
	return socket_port(li->fd);
}

void listener_destroy(struct listener *li)
{
	if (li == NULL)
		return;
	loop_fd_destroy(li->watch);
	loop_timer_destroy(li->breath);
	close(li->fd);
	if (li->path)
		unlink(li->path);
	free(li->path);
	free(li);
}

