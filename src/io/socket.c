/*
 * socket.c - see socket.h.  TCP sockets have Nagle's algorithm off (messages
 * are small and someone waits for each) and keep-alive on; accepted ones
 * inherit both.
 */
#include "io/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/stream.h"

#define BACKLOG 1024

void socket_name_peer(const struct sockaddr *sa, socklen_t len, char *out,
		      size_t size)
{
	char host[64], port[8];

	if (sa->sa_family == AF_UNIX ||
	    getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, size, "unix");
	else
		snprintf(out, size,
			 sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
			 port);
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

int socket_listen_unix(const char *path, struct berth_error *err)
{
	struct sockaddr_un sa;
	int fd;

	if (unix_address(path, &sa, err) != 0 || remove_stale(path, err) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(err, "%s: socket", path);
	/* Nobody can connect before listen, so chmod comes in time. */
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
		error_sys(err, "%s: cannot listen", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int bind_one(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
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

int socket_listen_tcp(const char *host, unsigned port, struct berth_error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE};
	struct addrinfo *list = NULL;
	char service[16];
	int fd = -1, rc;

	snprintf(service, sizeof(service), "%u", port);
	/* All addresses: IPv6's any, which takes IPv4 as well. */
	rc = getaddrinfo(host, service, &hints, &list);
	if (rc != 0)
		return error_set(err, BERTH_EINPUT, "address %s:%u: %s",
				 host ? host : "*", port, gai_strerror(rc));
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
	return fd;
}

unsigned socket_port(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
		return 0;
	if (sa.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&sa)->sin6_port);
	if (sa.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&sa)->sin_port);
	return 0;
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
