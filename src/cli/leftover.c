/* leftover.c - see leftover.h. */
#include "cli/leftover.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/stream.h"
#include "io/where.h"
#include "rpc/link.h"

#define SHUTDOWN_US (5u * 1000 * 1000)
#define CONNECT_US (1000u * 1000)

/* One connection to a launcher, from first to last. */
struct visit {
	struct loop *loop;
	const struct statedir_node *node;
	const char *berth, *secret;
	bool kill_tasks, done;
	int fd;
	struct link *link;
};

static void time_over(void *arg)
{
	loop_stop(arg);
}

static void on_connected(void *arg, int fd, const struct berth_error *err)
{
	struct visit *v = arg;

	v->fd = fd;
	loop_stop(v->loop);
}

/* A descriptor, or -1. */
static int connect_to(struct visit *v)
{
	struct loop_timer *t;
	struct connector *c;

	v->fd = -1;
	t = loop_timer_create(v->loop, time_over, v->loop);
	loop_timer_start(t, 2 * CONNECT_US);
	c = connector_tcp(v->loop, v->node->address, CONNECT_US, on_connected,
			  v);
	loop_run(v->loop, NULL);
	connector_destroy(c);
	loop_timer_destroy(t);
	return v->fd;
}

/* Is the folder's lock held?  -1: there is no such folder here. */
static int lock_held(const char *folder)
{
	char *path = mem_printf("%s/launcher.pid", folder);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int held;

	free(path);
	if (fd < 0)
		return access(folder, F_OK) == 0 ? 0 : -1;
	held = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	return held;
}

bool leftover_answers(const struct statedir_node *n)
{
	int held = n->folder[0] ? lock_held(n->folder) : -1;
	struct visit v = {.node = n};

	if (held >= 0)
		return held;
	v.loop = loop_create(NULL);
	if (v.loop == NULL)
		return false;
	if (connect_to(&v) >= 0)
		close(v.fd);
	loop_destroy(v.loop);
	return v.fd >= 0;
}

static void on_up(void *arg, struct link *l)
{
	struct visit *v = arg;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Shutdown s = BERTH__SHUTDOWN__INIT;

	s.reason = (char *)"berth down";
	s.kill_tasks = v->kill_tasks;
	msg.body_case = BERTH__MSG__BODY_SHUTDOWN;
	msg.shutdown = &s;
	v->done = link_send(l, &msg, NULL) == 0;
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
}

/* The launcher closes the link when it has heard us, or refuses us. */
static void on_down(void *arg, struct link *l, const char *text)
{
	struct visit *v = arg;

	loop_stop(v->loop);
}

static void speak(struct visit *v)
{
	static const struct link_events events = {
		.up = on_up, .message = on_message, .down = on_down};
	const struct link_self self = {
		.role = "tool",
		.node = "",
		.key = "",
		.berth = v->berth,
		.secret = v->secret,
		.secret_len = strlen(v->secret),
	};
	struct loop_timer *t = loop_timer_create(v->loop, time_over, v->loop);

	loop_timer_start(t, SHUTDOWN_US);
	v->link = link_create(v->loop, v->fd, true, &self, &events, v);
	loop_run(v->loop, NULL);
	link_destroy(v->link);
	loop_timer_destroy(t);
}

int leftover_shutdown(const struct statedir_node *n, const char *berth,
		      const char *secret, bool kill_tasks)
{
	struct visit v = {.node = n,
			  .berth = berth,
			  .secret = secret,
			  .kill_tasks = kill_tasks};

	v.loop = loop_create(NULL);
	if (v.loop == NULL)
		return -1;
	if (connect_to(&v) >= 0)
		speak(&v);
	loop_destroy(v.loop);
	return v.done ? 0 : -1;
}

/* ---- shepherds without a launcher ---- */

/* The process that listens at a socket; 0: none. */
static pid_t listener_of(const char *path)
{
	int fd = stream_connect_unix(path, NULL);
	struct ucred cred = {0};
	socklen_t len = sizeof cred;

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		cred.pid = 0;
	close(fd);
	return cred.pid;
}

/* Signal all that listen in the folder; returns how many there are. */
static size_t signal_listeners(const char *folder, int sig)
{
	char *dir_path = mem_printf("%s/shepherd", folder);
	DIR *dir = opendir(dir_path);
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir)) != NULL) {
		char *path = mem_printf("%s/%s", dir_path, e->d_name);
		pid_t pid = e->d_name[0] == '.' ? 0 : listener_of(path);

		free(path);
		if (pid > 1 && kill(pid, sig) == 0)
			n++;
	}
	if (dir)
		closedir(dir);
	free(dir_path);
	return n;
}

size_t leftover_end(const char *folder)
{
	const struct timespec step = {.tv_nsec = 50 * 1000 * 1000};
	size_t n = signal_listeners(folder, SIGTERM);

	if (n == 0)
		return 0;
	for (int i = 0; i < 100; i++) {
		nanosleep(&step, NULL);
		if (signal_listeners(folder, 0) == 0)
			return n;
	}
	signal_listeners(folder, SIGKILL);
	return n;
}

extern char **environ;

void leftover_tidy(const char *folder)
{
	char *program = where_program("berth-launcher", NULL);
	char *argv[] = {program, (char *)"--tidy", (char *)"--dir",
			(char *)folder, NULL};
	pid_t pid;

	if (program && posix_spawn(&pid, program, NULL, NULL, argv, environ) ==
			       0)
		waitpid(pid, NULL, 0);
	free(program);
}
