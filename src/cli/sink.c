/*
 * sink.c - see sink.h.
 *
 * The descriptor is shared with whoever started us, so it is not made
 * non-blocking.  A pipe, socket or terminal that poll calls writable takes
 * PIPE_BUF bytes without waiting; a file takes all.
 */
#include "cli/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct sink {
	int fd;
	bool is_file; /* never waits, and epoll refuses it */
	bool broken;
	struct buf queue;
	size_t at; /* written part of queue */
	struct loop_fd *watch;
	struct loop_timer *tell; /* of a reader that is gone */
	loop_f on_drained, on_broken;
	void *arg;
};

static bool writable(const struct sink *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};

	return s->is_file || poll(&p, 1, 0) > 0;
}

static void give_up(struct sink *s)
{
	s->broken = true;
	buf_finish(&s->queue);
	s->at = 0;
	if (s->watch)
		loop_fd_set(s->watch, 0);
	loop_timer_start(s->tell, 0);
}

static void pump(struct sink *s)
{
	while (s->at < s->queue.len && writable(s)) {
		size_t n = s->queue.len - s->at;
		ssize_t done;

		if (!s->is_file && n > PIPE_BUF)
			n = PIPE_BUF;
		done = write(s->fd, s->queue.data + s->at, n);
		if (done < 0 && (errno == EINTR || errno == EAGAIN))
			break;
		if (done < 0) {
			give_up(s);
			return;
		}
		s->at += (size_t)done;
	}
	if (s->at == s->queue.len) {
		buf_clear(&s->queue);
		s->at = 0;
	}
	if (s->watch)
		loop_fd_set(s->watch, s->queue.len > 0 ? LOOP_WRITE : 0);
}

static void on_writable(void *arg, int fd, unsigned events)
{
	struct sink *s = arg;

	pump(s);
	if (!s->broken && s->queue.len == 0)
		s->on_drained(s->arg);
}

static void on_tell(void *arg)
{
	struct sink *s = arg;

	s->on_broken(s->arg);
}

struct sink *sink_create(struct loop *l, int fd, loop_f drained, loop_f broken,
			 void *arg)
{
	struct sink *s = mem_alloc(sizeof(*s));
	struct stat st;

	s->fd = fd;
	s->on_drained = drained;
	s->on_broken = broken;
	s->arg = arg;
	buf_init(&s->queue);
	/* Only what epoll takes is watched; the rest (files, /dev/null) never
	 * makes us wait. */
	s->is_file = fstat(fd, &st) != 0 ||
		     !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		       isatty(fd));
	if (!s->is_file)
		s->watch = loop_fd_create(l, fd, 0, on_writable, s);
	s->tell = loop_timer_create(l, on_tell, s);
	return s;
}

void sink_destroy(struct sink *s)
{
	if (s == NULL)
		return;
	loop_fd_destroy(s->watch);
	loop_timer_destroy(s->tell);
	buf_finish(&s->queue);
	free(s);
}

void sink_write(struct sink *s, const void *data, size_t len)
{
	if (s->broken || len == 0)
		return;
	if (s->at > s->queue.len / 2) {
		buf_drain(&s->queue, s->at);
		s->at = 0;
	}
	buf_add(&s->queue, data, len);
	pump(s);
}

size_t sink_queued(const struct sink *s)
{
	return s->queue.len - s->at;
}

void sink_finish(struct sink *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};

	while (!s->broken && s->at < s->queue.len) {
		poll(&p, 1, -1);
		pump(s);
	}
}
