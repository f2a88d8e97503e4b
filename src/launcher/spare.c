/* spare.c - see spare.h. */
#include "launcher/spare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/where.h"
#include "launcher/child.h"

/* A spare is made when a job, or the broker, has started, not while it
 * starts. */
#define LATER_US (300 * 1000u)
#define FIRST_US (1500 * 1000u)
/* One that ends before it is ready is not tried again for long. */
#define FAILED_US (60 * 1000000u)

struct spare {
	struct loop *loop;
	const struct settings *settings;
	struct loop_timer *later;
	pid_t pid;	 /* 0: none */
	int fd;		 /* our end of its socket */
	struct loop_fd *watch;
	bool ready;
	char *log;
};

static void spare_drop(struct spare *sp)
{
	loop_fd_destroy(sp->watch);
	sp->watch = NULL;
	if (sp->fd >= 0)
		close(sp->fd);
	sp->fd = -1;
	sp->ready = false;
	if (sp->log)
		unlink(sp->log);
	free(sp->log);
	sp->log = NULL;
}

static void on_word(void *arg, int fd, unsigned events)
{
	struct spare *sp = arg;
	char byte;
	ssize_t n = read(fd, &byte, 1);

	if (n < 0 && errno == EINTR)
		return;
	if (n == 1 && byte == 'w' && !sp->ready) {
		sp->ready = true;
		return;
	}
	/* It ends; it is reaped in its time. */
	spare_drop(sp);
}

static int start(struct spare *sp, int fd, struct berth_error *err)
{
	char *program = where_program("berth-shepherd", err);
	char after[32];
	char *argv[] = {program, "--spare", "--orphan-after", after, NULL};
	struct child c = {.argv = argv, .ready_fd = fd, .cgroup_fd = -1};
	char **env;

	if (program == NULL)
		return -1;
	snprintf(after, sizeof after, "%llu", sp->settings->orphan_ms);
	env = child_environment(sp->settings);
	sp->log = mem_printf("%s/log/shepherd-spare.log", sp->settings->dir);
	c.env = env;
	c.log = sp->log;
	sp->pid = child_start(&c, err);
	mem_strv_free(env);
	free(program);
	return sp->pid < 0 ? -1 : 0;
}

static void on_later(void *arg)
{
	struct spare *sp = arg;
	struct berth_error err;
	int fds[2];

	if (sp->pid > 0)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		log_warn("no spare shepherd: %s", strerror(errno));
		return;
	}
	sp->fd = fds[0];
	if (start(sp, fds[1], &err) != 0) {
		log_warn("no spare shepherd: %s", err.text);
		sp->pid = 0;
		spare_drop(sp);
	} else {
		sp->watch = loop_fd_create(sp->loop, sp->fd, LOOP_READ,
					   on_word, sp);
	}
	close(fds[1]);
}

struct spare *spare_create(struct loop *l, const struct settings *s)
{
	struct spare *sp = mem_alloc(sizeof(*sp));

	sp->loop = l;
	sp->settings = s;
	sp->fd = -1;
	sp->later = loop_timer_create(l, on_later, sp);
	loop_timer_start(sp->later, FIRST_US);
	return sp;
}

void spare_destroy(struct spare *sp)
{
	if (sp == NULL)
		return;
	spare_drop(sp);
	loop_timer_destroy(sp->later);
	free(sp);
}

void spare_want(struct spare *sp)
{
	if (sp->pid == 0 && !loop_timer_pending(sp->later))
		loop_timer_start(sp->later, LATER_US);
}

int spare_take(struct spare *sp, const char *key, const char *log, pid_t *pid)
{
	char *line = mem_printf("%s\n", key);
	ssize_t n = -1;
	int fd;

	if (sp->ready)
		n = write(sp->fd, line, strlen(line));
	free(line);
	if (n <= 0)
		return -1;
	if (rename(sp->log, log) != 0)
		log_warn("%s: %s", log, strerror(errno));
	free(sp->log);
	sp->log = NULL;
	fd = sp->fd;
	*pid = sp->pid;
	sp->fd = -1;
	sp->pid = 0;
	spare_drop(sp);
	return fd;
}

bool spare_reaped(struct spare *sp, pid_t pid)
{
	if (sp->pid == 0 || pid != sp->pid)
		return false;
	if (!sp->ready) {
		log_warn("a spare shepherd ended before it was ready");
		loop_timer_start(sp->later, FAILED_US);
	}
	sp->pid = 0;
	spare_drop(sp);
	return true;
}
