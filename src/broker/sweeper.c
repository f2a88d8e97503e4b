/*
 * sweeper.c - see sweeper.h.  A folder is first renamed to jobs/.gone-JOB,
 * then emptied.
 */
#include "broker/sweeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define GONE ".gone-"

enum { BATCH = 200, DEPTH_MAX = 32 };

struct sweeper {
	char *dir; /* NODE_DIR/jobs */
	struct loop_timer *timer;
};

/* Remove up to *left entries below at/name; true when name itself is gone. */
static bool remove_some(int at, const char *name, int *left, int depth)
{
	int fd = openat(at, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *de;
	DIR *dir;

	if (fd < 0 || depth > DEPTH_MAX) {
		if (fd >= 0)
			close(fd);
		(*left)--;
		return unlinkat(at, name, 0) == 0 || errno == ENOENT;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return false;
	}
	while (*left > 0 && (de = readdir(dir)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		(*left)--;
		if (unlinkat(fd, de->d_name, 0) < 0 && errno != ENOENT)
			remove_some(fd, de->d_name, left, depth + 1);
	}
	closedir(dir);
	return unlinkat(at, name, AT_REMOVEDIR) == 0;
}

/* The name of one forgotten folder; the caller frees. */
static char *next_gone(DIR *dir)
{
	struct dirent *de;

	while ((de = readdir(dir)) != NULL) {
		if (strncmp(de->d_name, GONE, strlen(GONE)) == 0)
			return mem_strdup(de->d_name);
	}
	return NULL;
}

static void sweep(void *arg)
{
	struct sweeper *s = arg;
	DIR *dir = opendir(s->dir);
	int left = BATCH;
	bool stuck = false;
	char *name;

	if (dir == NULL)
		return;
	while (left > 0 && !stuck && (name = next_gone(dir)) != NULL) {
		if (!remove_some(dirfd(dir), name, &left, 0) && left > 0) {
			log_warn("%s/%s can't be removed: %s", s->dir, name,
				 strerror(errno));
			stuck = true;
		}
		free(name);
	}
	closedir(dir);
	if (left <= 0)
		loop_timer_start(s->timer, 1000);
}

struct sweeper *sweeper_create(struct loop *l, const char *node_dir)
{
	struct sweeper *s = mem_alloc(sizeof(*s));

	s->dir = mem_printf("%s/jobs", node_dir);
	s->timer = loop_timer_create(l, sweep, s);
	loop_timer_start(s->timer, 0);
	return s;
}

void sweeper_destroy(struct sweeper *s)
{
	if (s == NULL)
		return;
	loop_timer_destroy(s->timer);
	free(s->dir);
	free(s);
}

void sweeper_job(struct sweeper *s, uint64_t job)
{
	char *from = mem_printf("%s/%" PRIu64, s->dir, job);
	char *to = mem_printf("%s/" GONE "%" PRIu64, s->dir, job);

	if (rename(from, to) == 0)
		loop_timer_start(s->timer, 0);
	else if (errno == ENOTEMPTY || errno == EEXIST)
		log_warn("%s is still being removed", to);
	else if (errno != ENOENT)
		log_warn("%s: %s", from, strerror(errno));
	free(from);
	free(to);
}
