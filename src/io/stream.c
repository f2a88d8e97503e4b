/*
 * stream.c - see stream.h.  Listeners and connectors are in listener.c.
 *
 * Callbacks may destroy the stream they are called for: while one runs, `busy`
 * holds the struct in memory, and what follows the call looks at `destroyed`.
 */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

#define READ_STEP (64 * 1024)
/* Reads of one wake-up, so that one busy peer does not starve the others. */
#define READ_ROUNDS 4
/* An idle stream gives larger buffers than this back. */
#define KEEP_MAX (256 * 1024)
/* How long a finished stream waits for the peer to take what is queued. */
#define LINGER_US 5000000

struct stream {
	int fd;
	struct loop_fd *watch;
	struct loop_timer *later;
	struct stream_events ev;
	void *arg;
	struct buf in, out;
	size_t out_at; /* written part of out */
	bool paused;
	bool finishing; /* the owner has left; no more callbacks */
	bool dead;	/* closed was, or is about to be, called */
	bool destroyed;
	int busy;
	char why[128];
};

static void update_watch(struct stream *s)
{
	unsigned events = 0;

	if (!s->dead && !s->paused)
		events |= LOOP_READ;
	if (!s->dead && s->out_at < s->out.len)
		events |= LOOP_WRITE;
	loop_fd_set(s->watch, events);
}

static void release(struct stream *s)
{
	if (--s->busy == 0 && s->destroyed)
		free(s);
}

/* The owner hears of a death from the loop, never inside its own call. */
static void die(struct stream *s, const char *why)
{
	if (s->dead)
		return;
	s->dead = true;
	strncpy(s->why, why, sizeof(s->why) - 1);
	buf_finish(&s->out);
	s->out_at = 0;
	update_watch(s);
	loop_timer_start(s->later, 0);
}

/* Show the owner what is unread. */
static void show(struct stream *s)
{
	size_t used;

	if (s->in.len == 0)
		return;
	if (s->finishing) {
		buf_clear(&s->in);
		return;
	}
	used = s->ev.data(s->arg, s->in.data, s->in.len);
	if (s->destroyed)
		return;
	buf_drain(&s->in, used);
	if (s->in.len == 0 && s->in.cap > KEEP_MAX)
		buf_finish(&s->in);
}

/* One read; 1 when there may be more, 0 when not now, -1 at the end with why
 * filled. */
static int read_some(struct stream *s, const char **why)
{
	ssize_t n = read(s->fd, buf_reserve(&s->in, READ_STEP), READ_STEP);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		*why = n == 0 ? "closed by the other side" : strerror(errno);
		return -1;
	}
	s->in.len += (size_t)n;
	s->in.data[s->in.len] = '\0';
	show(s);
	return n == READ_STEP && !s->destroyed && !s->finishing;
}

static void on_read(struct stream *s)
{
	const char *why = NULL;

	for (int i = 0; i < READ_ROUNDS && !s->paused && !s->dead; i++) {
		int rc = read_some(s, &why);

		if (rc < 0)
			die(s, why);
		if (rc <= 0)
			return;
	}
}

/* After a failed write the peer's last words may still wait to be read. */
static void tell_closed(struct stream *s)
{
	const char *why;

	while (!s->paused && read_some(s, &why) > 0)
		;
	if (s->destroyed)
		return;
	if (s->finishing)
		stream_destroy(s);
	else
		s->ev.closed(s->arg, s->why);
}

static void on_later(void *arg)
{
	struct stream *s = arg;

	s->busy++;
	if (s->dead)
		tell_closed(s);
	else if (s->finishing)
		stream_destroy(s); /* the peer took too long */
	else if (!s->paused)
		show(s);
	release(s);
}

static void flush(struct stream *s)
{
	while (s->out_at < s->out.len) {
		ssize_t n = send(s->fd, s->out.data + s->out_at,
				 s->out.len - s->out_at, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			/* Do not move megabytes for every few bytes sent. */
			if (s->out_at > s->out.len / 2) {
				buf_drain(&s->out, s->out_at);
				s->out_at = 0;
			}
			return;
		}
		if (n < 0) {
			die(s, strerror(errno));
			return;
		}
		s->out_at += (size_t)n;
	}
	s->out_at = 0;
	buf_clear(&s->out);
	if (s->out.cap > KEEP_MAX)
		buf_finish(&s->out);
	/* The peer still reads; when it closes as well, the stream ends. */
	if (s->finishing)
		shutdown(s->fd, SHUT_WR);
}

static void on_ready(void *arg, int fd, unsigned events)
{
	struct stream *s = arg;

	s->busy++;
	if (events & LOOP_WRITE && s->out.len > 0) {
		flush(s);
		update_watch(s);
		if (s->out.len == 0 && !s->dead && !s->finishing &&
		    s->ev.drained)
			s->ev.drained(s->arg);
	}
	if (events & LOOP_READ && !s->destroyed)
		on_read(s);
	release(s);
}

struct stream *stream_create(struct loop *l, int fd,
			     const struct stream_events *ev, void *arg)
{
	struct stream *s = mem_alloc(sizeof(*s));

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	s->fd = fd;
	s->ev = *ev;
	s->arg = arg;
	buf_init(&s->in);
	buf_init(&s->out);
	s->later = loop_timer_create(l, on_later, s);
	s->watch = loop_fd_create(l, fd, LOOP_READ, on_ready, s);
	return s;
}

void stream_destroy(struct stream *s)
{
	if (s == NULL || s->destroyed)
		return;
	s->destroyed = s->dead = true;
	loop_fd_destroy(s->watch);
	loop_timer_destroy(s->later);
	close(s->fd);
	buf_finish(&s->in);
	buf_finish(&s->out);
	if (s->busy == 0)
		free(s);
}

void stream_write(struct stream *s, const void *data, size_t len)
{
	if (s->dead || s->finishing || len == 0)
		return;
	buf_add(&s->out, data, len);
	if (s->out.len == len)
		flush(s);
	update_watch(s);
}

size_t stream_queued(const struct stream *s)
{
	return s->out.len - s->out_at;
}

void stream_pause(struct stream *s, bool paused)
{
	if (s->dead || s->paused == paused)
		return;
	s->paused = paused;
	update_watch(s);
	/* What was left unread is shown again. */
	if (!paused && s->in.len > 0)
		loop_timer_start(s->later, 0);
}

void stream_finish(struct stream *s)
{
	if (s == NULL || s->destroyed)
		return;
	if (s->dead) {
		stream_destroy(s);
		return;
	}
	s->finishing = true;
	s->paused = false;
	flush(s);
	if (s->dead)
		return; /* on_later takes it away */
	update_watch(s);
	loop_timer_start(s->later, LINGER_US);
}
