/* prompt.c - see prompt.h. */
#include "shepherd/prompt.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/mem.h"

#define EVERY_US 1000
#define FOR_US 80000
/* With so many ranks the others' messages come in between anyway. */
#define SOCKETS_MAX 256

struct prompt {
	struct loop_timer *timer;
	uint64_t until_us;
	int fd[SOCKETS_MAX];
	unsigned n;
};

static bool is_tcp(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
	       (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
}

/* The only TCP connections of a shepherd are those of PMIx's clients. */
static void find_sockets(struct prompt *p)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	p->n = 0;
	while (d && ((void)(e = readdir(d)), e != NULL)) {
		int fd = atoi(e->d_name);

		if (fd > 2 && is_tcp(fd) && p->n < SOCKETS_MAX)
			p->fd[p->n++] = fd;
	}
	if (d)
		closedir(d);
}

static void tick(void *arg)
{
	struct prompt *p = arg;
	int on = 1;

	/* A descriptor that is closed by now only gives an error. */
	for (unsigned i = 0; i < p->n; i++)
		setsockopt(p->fd[i], IPPROTO_TCP, TCP_QUICKACK, &on,
			   sizeof(on));
	if (p->n > 0 && loop_now_us() < p->until_us)
		loop_timer_start(p->timer, EVERY_US);
}

struct prompt *prompt_create(struct loop *l)
{
	struct prompt *p = mem_alloc(sizeof(*p));

	p->timer = loop_timer_create(l, tick, p);
	return p;
}

void prompt_destroy(struct prompt *p)
{
	if (p == NULL)
		return;
	loop_timer_destroy(p->timer);
	free(p);
}

void prompt_expect(struct prompt *p)
{
	p->until_us = loop_now_us() + FOR_US;
	if (loop_timer_pending(p->timer))
		return;
	find_sockets(p);
	loop_timer_start(p->timer, EVERY_US);
}
