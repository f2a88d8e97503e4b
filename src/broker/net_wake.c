/* net_wake.c - see net_wake.h. */
#include "broker/net_wake.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum { RUNG_MAX = 64 };

enum sock_kind { SOCK_OTHER, SOCK_LISTENS, SOCK_CONNECTED };

struct sock {
	int fd;
	enum sock_kind kind;
	ino_t inode;
	in_port_t port; /* local, network order */
};

struct socks {
	struct sock *at;
	size_t n, cap;
};

struct inodes {
	ino_t *at;
	size_t n;
};

struct net_wake {
	int epfd;
	struct loop_fd *watch;
	loop_f ring;
	void *arg;
	struct inodes before;	 /* listened before MPI_Init: ours */
	struct inodes listeners; /* the library's */
	int rung[RUNG_MAX];
	size_t nrung;
	bool wants_scan, hung_up;
};

/* ---- what sockets there are ---- */

static bool sock_look(int fd, struct sock *s)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(int);
	int domain, type, listens;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    (domain != AF_INET && domain != AF_INET6))
		return false;
	len = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    type != SOCK_STREAM)
		return false;
	len = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return false;
	len = sizeof(sa);
	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return false;
	s->fd = fd;
	s->inode = st.st_ino;
	s->kind = listens ? SOCK_LISTENS : SOCK_CONNECTED;
	/* sin_port and sin6_port lie at the same place. */
	s->port = ((struct sockaddr_in *)&sa)->sin_port;
	return true;
}

static void socks_list(struct socks *out)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *de;

	memset(out, 0, sizeof(*out));
	if (dir == NULL) {
		log_warn("/proc/self/fd: %s: messages between the ranks are "
			 "noticed by a timer alone",
			 strerror(errno));
		return;
	}
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		if (out->n == out->cap) {
			out->cap = out->cap ? out->cap * 2 : 32;
			out->at = mem_resize(out->at, out->cap,
					     sizeof(*out->at));
		}
		if (sock_look(atoi(de->d_name), &out->at[out->n]))
			out->n++;
	}
	closedir(dir);
}

static bool inodes_have(const struct inodes *in, ino_t inode)
{
	for (size_t i = 0; i < in->n; i++) {
		if (in->at[i] == inode)
			return true;
	}
	return false;
}

static void inodes_add(struct inodes *in, ino_t inode)
{
	in->at = mem_resize(in->at, in->n + 1, sizeof(*in->at));
	in->at[in->n++] = inode;
}

/* Did this connection come in by a listener that is not the library's? */
static bool sock_is_ours(const struct net_wake *w, const struct socks *all,
			 const struct sock *s)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct sock *o = &all->at[i];

		if (o->kind == SOCK_LISTENS && o->port == s->port &&
		    !inodes_have(&w->listeners, o->inode))
			return true;
	}
	return false;
}

/* ---- watching them ---- */

static void rung_add(struct net_wake *w, int fd)
{
	for (size_t i = 0; i < w->nrung; i++) {
		if (w->rung[i] == fd)
			return;
	}
	if (w->nrung < RUNG_MAX)
		w->rung[w->nrung++] = fd;
}

static void on_epoll(void *arg, int fd, unsigned events)
{
	struct net_wake *w = arg;
	struct epoll_event ev[32];
	int n;

	do {
		n = epoll_wait(w->epfd, ev, 32, 0);
		for (int i = 0; i < n; i++) {
			uint64_t data = ev[i].data.u64;

			if (ev[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
				w->hung_up = true;
			if (data >> 32)
				w->wants_scan = true;
			else
				rung_add(w, (int)data);
		}
	} while (n == 32);
	w->ring(w->arg);
}

struct net_wake *net_wake_create(struct loop *l, loop_f ring, void *arg,
				 struct berth_error *err)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);
	struct net_wake *w;
	struct socks all;

	if (epfd < 0) {
		error_sys(err, "epoll_create1");
		return NULL;
	}
	w = mem_alloc(sizeof(*w));
	w->epfd = epfd;
	w->ring = ring;
	w->arg = arg;
	w->watch = loop_fd_create(l, epfd, LOOP_READ, on_epoll, w);
	socks_list(&all);
	for (size_t i = 0; i < all.n; i++) {
		if (all.at[i].kind == SOCK_LISTENS)
			inodes_add(&w->before, all.at[i].inode);
	}
	free(all.at);
	return w;
}

void net_wake_destroy(struct net_wake *w)
{
	if (w == NULL)
		return;
	loop_fd_destroy(w->watch);
	close(w->epfd);
	free(w->before.at);
	free(w->listeners.at);
	free(w);
}

void net_wake_started(struct net_wake *w)
{
	struct socks all;

	socks_list(&all);
	for (size_t i = 0; i < all.n; i++) {
		const struct sock *s = &all.at[i];

		if (s->kind == SOCK_LISTENS &&
		    !inodes_have(&w->before, s->inode))
			inodes_add(&w->listeners, s->inode);
	}
	free(all.at);
	net_wake_scan(w);
}

void net_wake_scan(struct net_wake *w)
{
	struct socks all;

	w->wants_scan = false;
	socks_list(&all);
	for (size_t i = 0; i < all.n; i++) {
		const struct sock *s = &all.at[i];
		struct epoll_event ev = {
			.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			.data.u64 = (uint64_t)s->fd};

		if (s->kind == SOCK_LISTENS) {
			if (!inodes_have(&w->listeners, s->inode))
				continue;
			ev.data.u64 |= UINT64_C(1) << 32;
		} else if (sock_is_ours(w, &all, s)) {
			continue;
		}
		/* EEXIST: it is there already. */
		if (epoll_ctl(w->epfd, EPOLL_CTL_ADD, s->fd, &ev) < 0 &&
		    errno != EEXIST)
			log_debug("epoll_ctl %d: %s", s->fd, strerror(errno));
	}
	free(all.at);
}

bool net_wake_unread(struct net_wake *w)
{
	size_t keep = 0;

	for (size_t i = 0; i < w->nrung; i++) {
		int bytes = 0;

		if (ioctl(w->rung[i], FIONREAD, &bytes) == 0 && bytes > 0)
			w->rung[keep++] = w->rung[i];
	}
	w->nrung = keep;
	return keep > 0;
}

void net_wake_give_up(struct net_wake *w)
{
	w->nrung = 0;
}

bool net_wake_wants_scan(const struct net_wake *w)
{
	return w->wants_scan;
}

bool net_wake_hung_up(struct net_wake *w)
{
	bool hung_up = w->hung_up;

	w->hung_up = false;
	return hung_up;
}
