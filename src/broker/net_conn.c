/* net_conn.c - see net_conn.h. */
#include "broker/net_conn.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool inode_of(int fd, ino_t *inode)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	*inode = st.st_ino;
	return true;
}

static bool conns_have(const struct conns *c, ino_t inode)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->at[i].inode == inode)
			return true;
	}
	return false;
}

static bool conns_add(struct conns *c, int fd, ino_t inode)
{
	if (c->n == CONN_MAX || conns_have(c, inode))
		return false;
	c->at[c->n].fd = fd;
	c->at[c->n].inode = inode;
	c->n++;
	return true;
}

static bool is_tcp(int fd)
{
	int protocol, listens;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ||
	    protocol != IPPROTO_TCP)
		return false;
	len = sizeof(int);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	       !listens;
}

int conn_probe(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

bool conn_found(struct conns *c, int probe)
{
	ino_t inode;

	return probe >= 0 && inode_of(probe, &inode) && is_tcp(probe) &&
	       conns_add(c, probe, inode);
}

/* IPv4 in IPv6 is written as IPv4, so that both sides write the same. */
static bool address_text(const struct sockaddr_storage *sa,
			 char name[CONN_NAME])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *four = (const struct sockaddr_in *)sa;
	char host[INET6_ADDRSTRLEN];
	bool mapped = sa->ss_family == AF_INET6 &&
		      IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);

	if (sa->ss_family != AF_INET && sa->ss_family != AF_INET6)
		return false;
	if (mapped)
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], host,
			  sizeof(host));
	else if (sa->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
	else
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
	/* sin_port and sin6_port lie at the same place. */
	snprintf(name, CONN_NAME, "%s:%u", host, ntohs(four->sin_port));
	return true;
}

bool conn_name(const struct conns *c, char name[CONN_NAME])
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	return c->n > 0 &&
	       getsockname(c->at[c->n - 1].fd, (struct sockaddr *)&sa, &len) ==
		       0 &&
	       address_text(&sa, name);
}

static bool peer_is(int fd, const char *name)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[CONN_NAME];

	return getpeername(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       address_text(&sa, text) && strcmp(text, name) == 0;
}

bool conn_named(struct conns *c, const char *name)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *de;
	bool found = false;

	while (dir && !found && (de = readdir(dir)) != NULL) {
		int fd = atoi(de->d_name);
		ino_t inode;

		if (de->d_name[0] == '.' || !inode_of(fd, &inode))
			continue;
		found = is_tcp(fd) && peer_is(fd, name) &&
			conns_add(c, fd, inode);
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool is_open(int fd, ino_t inode)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int unread = 0;
	ino_t now;

	if (!inode_of(fd, &now) || now != inode)
		return false;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return false;
	switch (info.tcpi_state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return true;
	case TCP_CLOSE_WAIT: /* it sent something before it closed */
		return ioctl(fd, FIONREAD, &unread) == 0 && unread > 0;
	default:
		return false;
	}
}

enum conn_state conn_state(struct conns *c)
{
	size_t keep = 0;

	if (c->n == 0)
		return CONN_UNKNOWN;
	for (size_t i = 0; i < c->n; i++) {
		if (is_open(c->at[i].fd, c->at[i].inode))
			c->at[keep++] = c->at[i];
	}
	if (keep == 0)
		return CONN_CLOSED;
	c->n = keep;
	return CONN_OPEN;
}

bool conn_room(const struct conns *c, size_t len)
{
	for (size_t i = 0; i < c->n; i++) {
		int queued = 0, room = 0;
		socklen_t size = sizeof(room);

		if (ioctl(c->at[i].fd, SIOCOUTQ, &queued) < 0 ||
		    getsockopt(c->at[i].fd, SOL_SOCKET, SO_SNDBUF, &room,
			       &size) < 0)
			continue;
		/* The kernel counts its own overhead as well; an empty buffer
		 * takes what it gets. */
		if (queued > 0 && ((size_t)queued + len) * 2 > (size_t)room)
			return false;
	}
	return true;
}
