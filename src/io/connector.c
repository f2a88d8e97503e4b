/*
 * connector.c - the last part of stream.h: connecting over TCP without
 * blocking the loop.
 *
 * resolve → try each address in turn → done.  A numeric address is resolved
 * at once; a name in a thread of its own (getaddrinfo may take seconds), which
 * hands its result over through a loop_wake.  The lookup is shared by the
 * thread and the connector; whichever is last frees it.
 */
#include "io/stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct lookup {
	pthread_mutex_t lock;
	struct connector *owner; /* NULL: gave up */
	bool finished;		 /* the thread has */
	char *host, *port;
	int rc;
	struct addrinfo *list;
};

struct connector {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_timer *step; /* the next move, made from the loop */
	struct loop_wake *resolved;
	struct loop_fd *watch;
	struct lookup *lookup;
	const struct addrinfo *next;
	int fd;
	int last_errno;
	char *address;
	connector_f done;
	void *arg;
};

static void lookup_free(struct lookup *lk)
{
	if (lk->list)
		freeaddrinfo(lk->list);
	pthread_mutex_destroy(&lk->lock);
	free(lk->host);
	free(lk->port);
	free(lk);
}

static void lookup_run(struct lookup *lk, int flags)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = flags | AI_NUMERICSERV};

	lk->rc = getaddrinfo(lk->host, lk->port, &hints, &lk->list);
}

static void *lookup_thread(void *arg)
{
	struct lookup *lk = arg;
	bool abandoned;

	lookup_run(lk, AI_ADDRCONFIG);
	pthread_mutex_lock(&lk->lock);
	lk->finished = true;
	abandoned = lk->owner == NULL;
	/* Under the lock: the owner cannot destroy its bell meanwhile. */
	if (!abandoned)
		loop_wake_signal(lk->owner->resolved);
	pthread_mutex_unlock(&lk->lock);
	if (abandoned)
		lookup_free(lk);
	return NULL;
}

/* The owner leaves the lookup. */
static void lookup_drop(struct lookup *lk)
{
	bool finished;

	pthread_mutex_lock(&lk->lock);
	lk->owner = NULL;
	finished = lk->finished;
	pthread_mutex_unlock(&lk->lock);
	if (finished)
		lookup_free(lk);
}

static void finish(struct connector *c, int fd, const struct berth_error *err)
{
	connector_f done = c->done;
	void *arg = c->arg;

	c->fd = -1;
	loop_fd_destroy(c->watch);
	c->watch = NULL;
	loop_timer_stop(c->timer);
	done(arg, fd, err); /* may destroy c */
}

static void fail(struct connector *c, const char *why)
{
	struct berth_error err;

	if (c->fd >= 0) {
		loop_fd_destroy(c->watch);
		c->watch = NULL;
		close(c->fd);
	}
	error_set(&err, BERTH_EUNAVAIL, "%s: cannot connect: %s", c->address,
		  why);
	finish(c, -1, &err);
}

static void on_writable(void *arg, int fd, unsigned events);

/* Start on the next address; its outcome comes to on_writable. */
static void try_next(void *arg)
{
	struct connector *c = arg;
	int on = 1;

	for (; c->next; c->next = c->next->ai_next) {
		c->fd = socket(c->next->ai_family,
			       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (c->fd < 0) {
			c->last_errno = errno;
			continue;
		}
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
		if (connect(c->fd, c->next->ai_addr, c->next->ai_addrlen) ==
			    0 ||
		    errno == EINPROGRESS) {
			c->next = c->next->ai_next;
			c->watch = loop_fd_create(c->loop, c->fd, LOOP_WRITE,
						  on_writable, c);
			return;
		}
		c->last_errno = errno;
		close(c->fd);
		c->fd = -1;
	}
	fail(c, strerror(c->last_errno));
}

static void on_writable(void *arg, int fd, unsigned events)
{
	struct connector *c = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == 0) {
		finish(c, fd, NULL);
		return;
	}
	loop_fd_destroy(c->watch);
	c->watch = NULL;
	close(fd);
	c->fd = -1;
	c->last_errno = error;
	try_next(c);
}

static void on_resolved(void *arg)
{
	struct connector *c = arg;

	if (c->lookup->rc != 0) {
		fail(c, gai_strerror(c->lookup->rc));
		return;
	}
	c->next = c->lookup->list;
	c->last_errno = ENOENT;
	try_next(c);
}

static void on_timeout(void *arg)
{
	fail(arg, "timed out");
}

/* "host:port" or "[v6]:port"; a missing port leaves port empty. */
static void split_address(const char *address, char **host, char **port)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : strlen(address);

	*port = mem_strdup(colon ? colon + 1 : "");
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']')
		*host = mem_strndup(address + 1, len - 2);
	else
		*host = mem_strndup(address, len);
}

static void start_thread(struct connector *c)
{
	sigset_t all, old;
	pthread_t thread;

	/* Signals are the loop's thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	c->lookup->owner = c;
	if (pthread_create(&thread, NULL, lookup_thread, c->lookup) != 0) {
		c->lookup->rc = EAI_AGAIN;
		c->lookup->finished = true;
		loop_timer_start(c->step, 0);
	} else {
		pthread_detach(thread);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct connector *connector_tcp(struct loop *l, const char *address,
				uint64_t timeout_us, connector_f done,
				void *arg)
{
	struct connector *c = mem_alloc(sizeof(*c));

	c->loop = l;
	c->fd = -1;
	c->address = mem_strdup(address);
	c->done = done;
	c->arg = arg;
	c->timer = loop_timer_create(l, on_timeout, c);
	c->step = loop_timer_create(l, on_resolved, c);
	c->resolved = loop_wake_create(l, on_resolved, c);
	c->lookup = mem_alloc(sizeof(*c->lookup));
	pthread_mutex_init(&c->lookup->lock, NULL);
	split_address(address, &c->lookup->host, &c->lookup->port);
	if (timeout_us > 0)
		loop_timer_start(c->timer, timeout_us);
	lookup_run(c->lookup, AI_NUMERICHOST);
	if (c->lookup->rc == EAI_NONAME && c->lookup->port[0] != '\0') {
		start_thread(c);
	} else {
		c->lookup->finished = true;
		loop_timer_start(c->step, 0);
	}
	return c;
}

void connector_destroy(struct connector *c)
{
	if (c == NULL)
		return;
	lookup_drop(c->lookup);
	loop_fd_destroy(c->watch);
	if (c->fd >= 0)
		close(c->fd);
	loop_timer_destroy(c->timer);
	loop_timer_destroy(c->step);
	loop_wake_destroy(c->resolved);
	free(c->address);
	free(c);
}
