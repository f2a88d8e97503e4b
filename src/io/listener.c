/*
 * listener.c - the second half of stream.h: where streams come from.
 *
 * TCP sockets have Nagle's algorithm off (the messages are small and someone
 * waits for each) and keep-alive on.  A host name is resolved in a thread of
 * its own, since getaddrinfo may take seconds.
 */
#include "io/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define BACKLOG 1024

struct listener {
	struct loop_fd *watch;
	struct loop_timer *breath;
	int fd;
	char *path; /* of a Unix socket */
	listener_f cb;
	void *arg;
};

static void tune_tcp(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static void name_peer(const struct sockaddr *sa, socklen_t len, char *out,
		      size_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (sa->sa_family == AF_UNIX ||
	    getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, size, "unix");
	else
		snprintf(out, size,
			 sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
			 port);
}

static void on_accept(void *arg, int lfd, unsigned events)
{
	struct listener *li = arg;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char peer[NI_MAXHOST + NI_MAXSERV + 4];
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
	if (li->path == NULL)
		tune_tcp(fd);
	name_peer((struct sockaddr *)&sa, len, peer, sizeof(peer));
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

static int unix_address(const char *path, struct sockaddr_un *sa,
			struct berth_error *err)
{
	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sa->sun_path))
		return error_set(err, BERTH_EINPUT,
				 "%s: too long for a socket's path (%zu "
				 "characters, at most %zu)",
				 path, strlen(path), sizeof(sa->sun_path) - 1);
	memcpy(sa->sun_path, path, strlen(path) + 1);
	return 0;
}

/* A socket file may go when nobody listens behind it any more; anything else
 * that lies there is not ours to remove. */
static int remove_stale(const char *path, struct berth_error *err)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, BERTH_ECONFLICT,
				 "%s: exists and is no socket", path);
	fd = stream_connect_unix(path, NULL);
	if (fd >= 0) {
		close(fd);
		return error_set(err, BERTH_ECONFLICT,
				 "%s: another process listens there", path);
	}
	unlink(path);
	return 0;
}

struct listener *listener_unix(struct loop *l, const char *path, listener_f cb,
			       void *arg, struct berth_error *err)
{
	struct sockaddr_un sa;
	int fd;

	if (unix_address(path, &sa, err) != 0 || remove_stale(path, err) != 0)
		return NULL;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		error_sys(err, "%s: socket", path);
		return NULL;
	}
	/* Nobody can connect before listen, so chmod comes in time. */
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
		error_sys(err, "%s: cannot listen", path);
		close(fd);
		return NULL;
	}
	return listener_new(l, fd, path, cb, arg);
}

static int bind_one(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(fd, BACKLOG) != 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

struct listener *listener_tcp(struct loop *l, const char *host, unsigned port,
			      listener_f cb, void *arg, struct berth_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE};
	struct addrinfo *list = NULL;
	char service[16];
	int fd = -1, rc;

	snprintf(service, sizeof(service), "%u", port);
	/* All addresses: IPv6's any, which takes IPv4 as well. */
	rc = getaddrinfo(host, service, &hints, &list);
	if (rc != 0) {
		error_set(err, BERTH_EINPUT, "address %s:%u: %s",
			  host ? host : "*", port, gai_strerror(rc));
		return NULL;
	}
	for (struct addrinfo *ai = list; ai && fd < 0 && host == NULL;
	     ai = ai->ai_next) {
		if (ai->ai_family == AF_INET6)
			fd = bind_one(ai);
	}
	for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = bind_one(ai);
	if (fd < 0)
		error_sys(err, "%s:%u: cannot listen", host ? host : "*", port);
	freeaddrinfo(list);
	return fd < 0 ? NULL : listener_new(l, fd, NULL, cb, arg);
}

unsigned listener_port(const struct listener *li)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(li->fd, (struct sockaddr *)&sa, &len) != 0)
		return 0;
	if (sa.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&sa)->sin6_port);
	if (sa.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&sa)->sin_port);
	return 0;
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

int stream_connect_unix(const char *path, struct berth_error *err)
{
	struct sockaddr_un sa;
	int fd;

	if (unix_address(path, &sa, err) != 0)
		return -1;
	/* Blocking for the connect: with a full backlog it waits instead of
	 * failing. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(err, "%s: socket", path);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		error_sys(err, "%s: cannot connect", path);
		if (err && (errno == ENOENT || errno == ECONNREFUSED))
			err->code = BERTH_EUNAVAIL;
		close(fd);
		return -1;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}
