/* bootstrap.c - see bootstrap.h. */
#include "launcher/bootstrap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* A configuration of a few hundred kilobytes is no configuration. */
#define INPUT_MAX (1u << 20)

struct bootstrap {
	struct loop *loop;
	struct settings *settings;
	struct roster *roster;
	const struct bootstrap_events *ev;
	void *arg;
	struct loop_fd *watch;
	struct buf in;
	bool late;
	bool *destroyed; /* told when the handler destroys us */
};

static void on_input(void *arg, int fd, unsigned events);

struct bootstrap *bootstrap_create(struct loop *l, struct settings *s,
				   struct roster *r,
				   const struct bootstrap_events *ev,
				   void *arg)
{
	struct bootstrap *b = mem_alloc(sizeof *b);

	b->loop = l;
	b->settings = s;
	b->roster = r;
	b->ev = ev;
	b->arg = arg;
	buf_init(&b->in);
	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
	b->watch = loop_fd_create(l, 0, LOOP_READ, on_input, b);
	return b;
}

void bootstrap_destroy(struct bootstrap *b)
{
	if (b == NULL)
		return;
	if (b->destroyed)
		*b->destroyed = true;
	loop_fd_destroy(b->watch);
	buf_finish(&b->in);
	free(b);
}

void bootstrap_say(const struct settings *s, const char *fmt, ...)
{
	struct buf line;
	char text[700];
	size_t at = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = '\0';
	buf_init(&line);
	/* One write a line: through srun lines of many nodes are mixed. */
	buf_printf(&line, "berth-launcher %d %s %s\n", BOOTSTRAP_VERSION,
		   s->node[0] ? s->node : "?", text);
	while (at < line.len) {
		ssize_t n = write(1, line.data + at, line.len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nobody listens; the log has it as well */
		at += (size_t)n;
	}
	buf_finish(&line);
}

static void fail(struct bootstrap *b, const char *why)
{
	bootstrap_say(b->settings, "error %s", why);
	b->ev->failed(b->arg, why);
}

/* Returns -1 when the line made an end of it. */
static int take_line(struct bootstrap *b, char *line)
{
	bool gone = false;
	struct berth_error err;
	int rc = 0;

	b->destroyed = &gone;
	if (!b->settings->complete) {
		rc = settings_line(b->settings, line, &err);
		if (rc == 0 && b->settings->complete)
			b->ev->settings(b->arg);
	} else if (strcmp(line, "late") == 0) {
		b->late = true;
	} else if (strcmp(line, "go") == 0) {
		b->ev->go(b->arg, b->late);
	} else {
		rc = roster_line(b->roster, line, &err);
	}
	if (gone)
		return -1;
	b->destroyed = NULL;
	if (rc < 0)
		fail(b, err.text);
	return rc;
}

static void on_input(void *arg, int fd, unsigned events)
{
	struct bootstrap *b = arg;
	ssize_t n = read(fd, buf_reserve(&b->in, 65536), 65536);
	char *nl;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		b->ev->failed(b->arg, "the starter closed standard input");
		return;
	}
	b->in.len += (size_t)n;
	b->in.data[b->in.len] = '\0';
	while ((nl = memchr(b->in.data, '\n', b->in.len)) != NULL) {
		char *line = mem_strndup(b->in.data,
					 (size_t)(nl - b->in.data));
		int rc;

		buf_drain(&b->in, strlen(line) + 1);
		rc = take_line(b, line);
		free(line);
		if (rc < 0)
			return;
	}
	if (b->in.len > INPUT_MAX)
		fail(b, "a line of more than a megabyte");
}
