/* recorder.c - see recorder.h. */
#include "broker/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/book.h"
#include "model/event_text.h"

#define SOON_US (200u * 1000)	 /* from an event to its write */
#define GATHER_MOST (1u << 20) /* bytes; more is written at once */
#define OLD_MOST 10000		 /* PATH.N */

struct recorder {
	char *path;
	int fd; /* -1: nothing is recorded (any more) */
	struct event_text *text;
	struct buf gathered;
	struct loop_timer *timer;
};

/* ---- the file ---- */

/* The log of an earlier leader keeps its lines under another name. */
static int move_away(const char *path, struct berth_error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return error_sys(err, "%s", path);
	if (!S_ISREG(st.st_mode)) /* a device, a pipe, a link */
		return error_set(err, BERTH_EINPUT,
				 "%s: there is something else than a file: "
				 "name another path", path);
	for (unsigned i = 1; i < OLD_MOST; i++) {
		char *old = mem_printf("%s.%u", path, i);
		int rc = link(path, old), why = errno;

		free(old);
		if (rc == 0)
			return unlink(path) == 0 ? 0 : error_sys(err, "%s",
								 path);
		errno = why;
		if (why != EEXIST)
			return error_sys(err, "%s: moving it to %s.%u", path,
					 path, i);
	}
	return error_set(err, BERTH_ELIMIT,
			 "%s: there are %d old ones: move some away", path,
			 OLD_MOST);
}

/* Of this user alone: it tells who ran what. */
static int open_new(const char *path, struct berth_error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
	int fd = open(path, flags, 0600);

	if (fd < 0 && errno == EEXIST) {
		if (move_away(path, err) != 0)
			return -1;
		fd = open(path, flags, 0600);
	}
	return fd >= 0 ? fd : error_sys(err, "%s", path);
}

static void stop(struct recorder *r, const char *why)
{
	log_error("event log: %s; events are not recorded any more, work goes "
		  "on", why);
	close(r->fd);
	r->fd = -1;
	buf_clear(&r->gathered);
	loop_timer_stop(r->timer);
}

static void flush(struct recorder *r)
{
	struct berth_error err;
	ssize_t n;

	while (r->fd >= 0 && r->gathered.len > 0) {
		n = write(r->fd, r->gathered.data, r->gathered.len);
		if (n > 0) {
			buf_drain(&r->gathered, (size_t)n);
		} else if (n < 0 && errno != EINTR) {
			error_sys(&err, "%s", r->path);
			stop(r, err.text);
		}
	}
}

static void on_timer(void *arg)
{
	flush(arg);
}

/* ---- events ---- */

void recorder_event(void *recorder, const struct event *ev)
{
	struct recorder *r = recorder;

	if (r->fd < 0)
		return;
	event_text_write(r->text, ev, &r->gathered);
	if (r->gathered.len >= GATHER_MOST)
		flush(r);
	else if (!loop_timer_pending(r->timer))
		loop_timer_start(r->timer, SOON_US);
}

/* ---- create, destroy ---- */

struct recorder *recorder_create(struct loop *loop, const char *path,
				 const char *version, const char *policy)
{
	const struct event_head head = {version, policy, book_now()};
	struct recorder *r = mem_alloc(sizeof(*r));
	struct berth_error err;

	r->path = mem_strdup(path);
	r->fd = -1;
	r->text = event_text_create(NULL, NULL);
	buf_init(&r->gathered);
	r->timer = loop_timer_create(loop, on_timer, r);
	if (path == NULL)
		return r;
	r->fd = open_new(path, &err);
	if (r->fd < 0) {
		log_error("event log: %s; events are not recorded", err.text);
		return r;
	}
	event_text_write_head(r->text, &head, &r->gathered);
	flush(r);
	return r;
}

void recorder_destroy(struct recorder *r)
{
	if (r == NULL)
		return;
	flush(r);
	loop_timer_destroy(r->timer);
	if (r->fd >= 0)
		close(r->fd);
	buf_finish(&r->gathered);
	event_text_destroy(r->text);
	free(r->path);
	free(r);
}
