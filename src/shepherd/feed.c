/* feed.c - see feed.h. */
#include "shepherd/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

struct feed {
	struct loop *loop;
	feed_ack_f ack;
	void *arg;
	int fd; /* writing end, -1: not open yet, or closed */
	struct loop_fd *watch;
	struct buf queue;
	uint64_t written; /* offset of queue.data[0] */
	bool eof, closed;
};

struct feed *feed_create(struct loop *l, feed_ack_f ack, void *arg)
{
	struct feed *f = mem_alloc(sizeof(*f));

	f->loop = l;
	f->ack = ack;
	f->arg = arg;
	f->fd = -1;
	buf_init(&f->queue);
	return f;
}

static void close_pipe(struct feed *f)
{
	loop_fd_destroy(f->watch);
	f->watch = NULL;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->closed = true;
}

void feed_destroy(struct feed *f)
{
	if (f == NULL)
		return;
	if (f->watch)
		loop_fd_destroy(f->watch);
	if (f->fd >= 0)
		close(f->fd);
	buf_finish(&f->queue);
	free(f);
}

/* Returns whether that was said. */
static bool push(struct feed *f)
{
	uint64_t before = f->written;
	bool broken = false;

	while (f->fd >= 0 && f->queue.len > 0) {
		ssize_t n = write(f->fd, f->queue.data, f->queue.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			broken = errno != EAGAIN;
			break;
		}
		f->written += (uint64_t)n;
		buf_drain(&f->queue, (size_t)n);
	}
	if (broken || (f->fd >= 0 && f->eof && f->queue.len == 0)) {
		buf_clear(&f->queue);
		close_pipe(f);
	}
	if (f->watch)
		loop_fd_set(f->watch, f->queue.len ? LOOP_WRITE : 0);
	if (f->written == before && !f->closed)
		return false;
	f->ack(f->arg, f->written, f->closed);
	return true;
}

static void writable(void *arg, int fd, unsigned events)
{
	(void)fd;
	(void)events;
	push(arg);
}

int feed_open(struct feed *f, struct berth_error *err)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) != 0)
		return error_sys(err, "pipe for standard input");
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	f->fd = p[1];
	f->watch = loop_fd_create(f->loop, f->fd, 0, writable, f);
	push(f);
	return p[0];
}

void feed_data(struct feed *f, uint64_t offset, const void *data, size_t len,
	       bool eof)
{
	uint64_t have = f->written + f->queue.len;

	if (f->closed) {
		f->ack(f->arg, f->written, true);
		return;
	}
	if (offset > have) {
		log_warn("standard input: bytes from %lu to %lu are missing",
			 (unsigned long)have, (unsigned long)offset);
		return;
	}
	if (offset + len > have) {
		size_t known = (size_t)(have - offset);

		buf_add(&f->queue, (const char *)data + known, len - known);
	}
	f->eof = f->eof || eof;
	/* What was told again, because the answer got lost. */
	if (!push(f) && f->queue.len == 0)
		f->ack(f->arg, f->written, false);
}

uint64_t feed_offset(const struct feed *f)
{
	return f->written;
}

bool feed_closed(const struct feed *f)
{
	return f->closed;
}
