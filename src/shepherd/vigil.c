/* vigil.c - see vigil.h. */
#include "shepherd/vigil.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/where.h"

/* The rank has its turn first, and one that begins anew is back by then. */
#define GONE_US (4u * 1000 * 1000)
#define AGAIN_US (10u * 1000 * 1000)

extern char **environ;

struct vigil {
	char *dir;
	struct loop_timer *timer;
};

/* It goes into the background by itself; what we start returns, and is reaped
 * with whatever else ends. */
static void start(void *arg)
{
	struct vigil *v = arg;
	struct berth_error err = {0};
	char *path = where_program("berth-launcher", &err);
	char *argv[] = {path, (char *)"--restart", (char *)"--dir", v->dir,
			NULL};
	posix_spawnattr_t attr;
	pid_t pid;
	int rc;

	loop_timer_start(v->timer, AGAIN_US);
	if (path == NULL) {
		log_error("the node's launcher is gone: %s", err.text);
		return;
	}
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	rc = posix_spawn(&pid, path, NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (rc != 0)
		log_error("%s: %s", path, strerror(rc));
	else
		log_info("the node's launcher is gone: started again");
	free(path);
}

struct vigil *vigil_create(struct loop *l, const char *node_dir)
{
	struct vigil *v = mem_alloc(sizeof(*v));

	v->dir = mem_strdup(node_dir);
	v->timer = loop_timer_create(l, start, v);
	return v;
}

void vigil_destroy(struct vigil *v)
{
	if (v == NULL)
		return;
	loop_timer_destroy(v->timer);
	free(v->dir);
	free(v);
}

void vigil_seen(struct vigil *v)
{
	loop_timer_stop(v->timer);
}

void vigil_gone(struct vigil *v)
{
	loop_timer_start(v->timer, GONE_US);
}
