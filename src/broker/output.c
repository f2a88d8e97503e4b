/*
 * output.c - see output.h.
 *
 * Each parked read has an inotify watch on its file as soon as that is there
 * (the kernel gives one number for several watches of a file, so it is taken
 * off when its last reader goes).  A slow timer looks at all that are parked,
 * for files that do not tell (a network file system) and for the time limits.
 */
#include "broker/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	READ_DEFAULT = 64 * 1024,
	READ_MAX = 4 * 1024 * 1024,
	LOOK_US = 250 * 1000,
};

struct parked {
	TAILQ_ENTRY(parked) link;
	char *node;
	Berth__Msg *req;
	uint64_t until_us;
	int watch; /* -1: none */
	bool look;
};

struct output {
	struct loop *loop;
	char *dir;
	struct output_events ev;
	void *arg;
	TAILQ_HEAD(, parked) parked;
	struct loop_timer *timer;
	int inotify;
	struct loop_fd *inotify_watch;
};

/* What a look at the file gave. */
struct result {
	char *data;
	size_t len;
	uint64_t size;
	bool missing, ended;
};

/* ---- files ---- */

static bool name_is_plain(const char *s)
{
	return s[0] != '.' && strchr(s, '/') == NULL;
}

static char *path_of(const struct output *o, const Berth__OutputRead *req)
{
	const char *ext = req->err ? "err" : "out";

	if (req->nspace[0] && req->rank >= 0)
		return mem_printf("%s/jobs/%" PRIu64 "/%u.%s.%d.%s", o->dir,
				  req->job, req->index, req->nspace, req->rank,
				  ext);
	if (req->rank >= 0)
		return mem_printf("%s/jobs/%" PRIu64 "/%u.%d.%s", o->dir,
				  req->job, req->index, req->rank, ext);
	return mem_printf("%s/jobs/%" PRIu64 "/%u.%s", o->dir, req->job,
			  req->index, ext);
}

/* -1: there is none that may be read. */
static int file_open(const char *path, struct stat *st)
{
	struct stat name;
	int fd;

	if (lstat(path, &name) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    st->st_uid == name.st_uid)
		return fd;
	close(fd);
	return -1;
}

static void look(struct output *o, const Berth__OutputRead *req,
		 struct result *res)
{
	/* Asked before the file is looked at: what a task wrote before its
	 * end is seen then. */
	bool lives = o->ev.lives(o->arg, req->job, req->index);
	char *path = path_of(o, req);
	size_t max = req->max ? req->max : READ_DEFAULT;
	struct stat st;
	ssize_t n = 0;
	int fd;

	memset(res, 0, sizeof(*res));
	fd = name_is_plain(req->nspace) ? file_open(path, &st) : -1;
	free(path);
	if (fd < 0) {
		res->missing = true;
		res->ended = !lives;
		return;
	}
	if (max > READ_MAX)
		max = READ_MAX;
	res->size = (uint64_t)st.st_size;
	if (req->offset < res->size) {
		if (max > res->size - req->offset)
			max = (size_t)(res->size - req->offset);
		res->data = mem_array(max, 1);
		n = pread(fd, res->data, max, (off_t)req->offset);
	}
	if (n > 0)
		res->len = (size_t)n;
	res->ended = !lives && req->offset + res->len >= res->size;
	close(fd);
}

static void reply(struct output *o, const char *node, uint64_t id,
		  const struct result *res)
{
	Berth__OutputData data = BERTH__OUTPUT_DATA__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	data.id = id;
	data.data.data = (uint8_t *)res->data;
	data.data.len = res->len;
	data.size = res->size;
	data.missing = res->missing;
	data.ended = res->ended;
	msg.body_case = BERTH__MSG__BODY_OUTPUT_DATA;
	msg.output_data = &data;
	o->ev.reply(o->arg, node, &msg);
}

/* ---- parked reads ---- */

static void watch_add(struct output *o, struct parked *p)
{
	char *path = path_of(o, p->req->output_read);

	p->watch = inotify_add_watch(o->inotify, path, IN_MODIFY);
	free(path);
}

static void watch_remove(struct output *o, const struct parked *p)
{
	const struct parked *q;

	if (p->watch < 0)
		return;
	TAILQ_FOREACH(q, &o->parked, link) {
		if (q != p && q->watch == p->watch)
			return;
	}
	inotify_rm_watch(o->inotify, p->watch);
}

static void unpark(struct output *o, struct parked *p)
{
	TAILQ_REMOVE(&o->parked, p, link);
	watch_remove(o, p);
	msg_free(p->req);
	free(p->node);
	free(p);
	if (TAILQ_EMPTY(&o->parked))
		loop_timer_stop(o->timer);
}

/* Answer a parked read if there is something to say. */
static void parked_look(struct output *o, struct parked *p, uint64_t now)
{
	const Berth__OutputRead *req = p->req->output_read;
	struct result res;

	look(o, req, &res);
	if (res.len > 0 || res.ended || now >= p->until_us) {
		char *node = mem_strdup(p->node);
		uint64_t id = req->id;

		unpark(o, p);
		reply(o, node, id, &res);
		free(node);
	} else if (p->watch < 0 && !res.missing) {
		watch_add(o, p);
		/* It may have grown before it was watched. */
		p->look = p->watch >= 0;
	}
	free(res.data);
}

/* Look at all that are marked; marks set meanwhile are seen too. */
static void look_marked(struct output *o)
{
	uint64_t now = loop_now_us();
	struct parked *p, *next;

	for (p = TAILQ_FIRST(&o->parked); p; p = next) {
		if (p->look) {
			p->look = false;
			parked_look(o, p, now);
			/* Whom the answer set off may have changed the list. */
			next = TAILQ_FIRST(&o->parked);
			continue;
		}
		next = TAILQ_NEXT(p, link);
	}
}

static void on_timer(void *arg)
{
	struct output *o = arg;
	struct parked *p;

	loop_timer_start(o->timer, LOOK_US);
	TAILQ_FOREACH(p, &o->parked, link)
		p->look = true;
	look_marked(o);
}

static void on_inotify(void *arg, int fd, unsigned events)
{
	char room[4096] __attribute__((aligned(8)));
	struct output *o = arg;
	struct parked *p;
	ssize_t n;

	while ((n = read(fd, room, sizeof(room))) > 0) {
		for (char *at = room; at < room + n;) {
			struct inotify_event *ev = (struct inotify_event *)at;

			TAILQ_FOREACH(p, &o->parked, link) {
				if (p->watch == ev->wd ||
				    (ev->mask & IN_Q_OVERFLOW))
					p->look = true;
			}
			at += sizeof(*ev) + ev->len;
		}
	}
	look_marked(o);
}

static uint64_t wait_us(const struct parked *p, uint64_t now)
{
	return p->until_us > now ? p->until_us - now : 0;
}

static void park(struct output *o, const char *node,
		 const Berth__OutputRead *req)
{
	struct parked *p = mem_alloc(sizeof(*p));
	uint64_t now = loop_now_us();
	Berth__Msg msg = BERTH__MSG__INIT;

	msg.body_case = BERTH__MSG__BODY_OUTPUT_READ;
	msg.output_read = (Berth__OutputRead *)req;
	p->node = mem_strdup(node);
	p->req = msg_copy(&msg);
	p->until_us = now + (uint64_t)req->wait_ms * 1000;
	p->watch = -1;
	TAILQ_INSERT_TAIL(&o->parked, p, link);
	p->look = true;
	if (!loop_timer_pending(o->timer) || wait_us(p, now) < LOOK_US)
		loop_timer_start(o->timer, wait_us(p, now) < LOOK_US
						   ? wait_us(p, now)
						   : LOOK_US);
	look_marked(o);
}

void output_read(struct output *o, const char *node,
		 const Berth__OutputRead *req)
{
	struct result res;

	look(o, req, &res);
	if (res.len > 0 || res.ended || req->wait_ms == 0)
		reply(o, node, req->id, &res);
	else
		park(o, node, req);
	free(res.data);
}

void output_cancel(struct output *o, const char *node, uint64_t id)
{
	struct parked *p;

	TAILQ_FOREACH(p, &o->parked, link) {
		if (p->req->output_read->id == id &&
		    strcmp(p->node, node) == 0) {
			unpark(o, p);
			return;
		}
	}
}

void output_forget_node(struct output *o, const char *node)
{
	struct parked *p, *next;

	for (p = TAILQ_FIRST(&o->parked); p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (strcmp(p->node, node) == 0)
			unpark(o, p);
	}
}

void output_task_changed(struct output *o, uint64_t job, uint32_t index)
{
	struct parked *p;

	TAILQ_FOREACH(p, &o->parked, link) {
		const Berth__OutputRead *req = p->req->output_read;

		if (req->job == job && req->index == index)
			p->look = true;
	}
	look_marked(o);
}

/* ---- life ---- */

struct output *output_create(struct loop *l, const char *node_dir,
			     const struct output_events *ev, void *arg,
			     struct berth_error *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct output *o;

	if (fd < 0) {
		error_sys(err, "inotify_init1");
		return NULL;
	}
	o = mem_alloc(sizeof(*o));
	o->loop = l;
	o->dir = mem_strdup(node_dir);
	o->ev = *ev;
	o->arg = arg;
	TAILQ_INIT(&o->parked);
	o->timer = loop_timer_create(l, on_timer, o);
	o->inotify = fd;
	o->inotify_watch = loop_fd_create(l, fd, LOOP_READ, on_inotify, o);
	return o;
}

void output_destroy(struct output *o)
{
	struct parked *p;

	if (o == NULL)
		return;
	while ((p = TAILQ_FIRST(&o->parked)) != NULL)
		unpark(o, p);
	loop_fd_destroy(o->inotify_watch);
	close(o->inotify);
	loop_timer_destroy(o->timer);
	free(o->dir);
	free(o);
}
