/* feed.c - see feed.h. */
#include "cli/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define PIECE 65536
/* Between looks at whether the terminal is ours again, and between tries
 * after a refusal. */
#define AGAIN_US 500000

struct feed {
	struct loop *loop;
	long long job;
	struct http_client *client;
	struct http_call *call;
	struct loop_fd *watch; /* NULL: a file, always readable */
	struct loop_timer *again;
	unsigned char piece[PIECE];
	size_t len;
	unsigned long long offset; /* of piece */
	bool have;		   /* piece (maybe empty, at the end) is to go */
	bool eof, over;
};

static void step(struct feed *f);

static bool in_background(void)
{
	pid_t front = isatty(STDIN_FILENO) ? tcgetpgrp(STDIN_FILENO) : -1;

	return front >= 0 && front != getpgrp();
}

static void stop(struct feed *f)
{
	f->over = true;
	if (f->watch)
		loop_fd_set(f->watch, 0);
	loop_timer_stop(f->again);
}

static void on_done(void *arg, int status, const char *body, size_t len,
		    const struct berth_error *err)
{
	struct feed *f = arg;

	f->call = NULL;
	if (status == 200) {
		f->offset += f->len;
		f->have = false;
		if (f->eof)
			stop(f);
		else
			step(f);
	} else if (status == 410 || status == 404 || status == 409) {
		stop(f); /* nobody reads, or will */
	} else {
		loop_timer_start(f->again, AGAIN_US);
	}
}

static void post(struct feed *f)
{
	static const struct http_call_events ev = {.done = on_done};
	char *path;

	if (f->client == NULL || f->call)
		return;
	path = mem_printf("/v1/jobs/%lld/stdin?offset=%llu%s", f->job,
			  f->offset, f->eof ? "&eof=1" : "");
	f->call = http_call_start(f->client, "POST", path, f->piece, f->len, 0,
				  &ev, f);
	free(path);
}

/* Read the next piece; 0 when there is none yet. */
static int fill(struct feed *f)
{
	ssize_t n;

	if (in_background()) {
		loop_timer_start(f->again, AGAIN_US);
		return 0;
	}
	n = read(STDIN_FILENO, f->piece, sizeof(f->piece));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	f->len = n > 0 ? (size_t)n : 0;
	f->eof = n <= 0;
	f->have = true;
	return 1;
}

static void step(struct feed *f)
{
	if (f->over)
		return;
	if (f->have) {
		post(f);
	} else if (f->watch) {
		loop_fd_set(f->watch, LOOP_READ);
	} else if (fill(f)) {
		post(f);
	}
}

static void on_readable(void *arg, int fd, unsigned events)
{
	struct feed *f = arg;

	loop_fd_set(f->watch, 0);
	if (!f->have && fill(f))
		post(f);
	else if (!f->have && !loop_timer_pending(f->again))
		loop_fd_set(f->watch, LOOP_READ);
}

static void on_again(void *arg)
{
	step(arg);
}

struct feed *feed_create(struct loop *l, long long job)
{
	struct feed *f = mem_alloc(sizeof(*f));
	struct stat st;

	f->loop = l;
	f->job = job;
	f->again = loop_timer_create(l, on_again, f);
	if (fstat(STDIN_FILENO, &st) != 0) {
		/* Closed: the same as empty. */
		f->eof = f->have = true;
	} else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
		   isatty(STDIN_FILENO)) {
		f->watch = loop_fd_create(l, STDIN_FILENO, 0, on_readable, f);
	}
	return f;
}

void feed_destroy(struct feed *f)
{
	if (f == NULL)
		return;
	http_call_cancel(f->call);
	loop_fd_destroy(f->watch);
	loop_timer_destroy(f->again);
	free(f);
}

void feed_connect(struct feed *f, struct http_client *client)
{
	http_call_cancel(f->call);
	f->call = NULL;
	f->client = client;
	if (client)
		step(f);
}
