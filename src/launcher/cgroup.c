/* cgroup.c - see cgroup.h. */
#include "launcher/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

struct cgroups {
	char *path; /* our folder; NULL: none */
	bool v1;
	bool spare; /* shepherds run on: do not wait for their cgroups */
};

/* The mount point of a cgroup file system: version 2, or the freezer. */
static char *mount_point(bool v1)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char line[1024], dir[512], type[64], options[512];
	char *found = NULL;

	while (f && found == NULL && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%*s %511s %63s %511s", dir, type, options) !=
		    3)
			continue;
		if (!v1 && strcmp(type, "cgroup2") == 0)
			found = mem_strdup(dir);
		else if (v1 && strcmp(type, "cgroup") == 0 &&
			 strstr(options, "freezer"))
			found = mem_strdup(dir);
	}
	if (f)
		fclose(f);
	return found;
}

/* Our own place in that hierarchy, from /proc/self/cgroup. */
static char *own_place(bool v1)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[1024];
	char *found = NULL;

	while (f && found == NULL && fgets(line, sizeof line, f)) {
		char *names = strchr(line, ':');
		char *path = names ? strchr(names + 1, ':') : NULL;

		line[strcspn(line, "\n")] = '\0';
		if (path == NULL)
			continue;
		*path++ = '\0';
		if (v1 ? strstr(names, "freezer") != NULL
		       : strncmp(line, "0:", 2) == 0)
			found = mem_strdup(path);
	}
	if (f)
		fclose(f);
	return found;
}

/* A launcher that a rank has started again sits in the rank's cgroup, where it
 * would die with the rank: it moves to the place of the one before it.  place
 * is cut to that. */
static void leave_own(const char *mount, const char *name, char *place)
{
	char *mark = mem_printf("/%s/", name), *procs;
	char *ours = strstr(place, mark);
	int fd;

	free(mark);
	if (ours == NULL)
		return;
	*ours = '\0';
	procs = mem_printf("%s%s/cgroup.procs", mount, place);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) < 0)
		log_warn("cannot move to cgroup %s: this launcher ends with "
			 "the rank that started it",
			 place[0] ? place : "/");
	if (fd >= 0)
		close(fd);
	free(procs);
}

/* Two kernels' worth of differences end here: may we, and does it do what we
 * need? */
static char *try_version(bool v1, const char *name)
{
	char *mount = mount_point(v1);
	char *place = mount ? own_place(v1) : NULL;
	char *path = NULL, *probe = NULL;

	if (place == NULL)
		goto out;
	leave_own(mount, name, place);
	path = mem_printf("%s%s/%s", mount,
			  strcmp(place, "/") == 0 ? "" : place, name);
	probe = mem_printf("%s/cgroup.%s", path, v1 ? "procs" : "kill");
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    access(probe, W_OK) < 0) {
		rmdir(path);
		free(path);
		path = NULL;
	}
out:
	free(probe);
	free(place);
	free(mount);
	return path;
}

/* A cgroup whose processes have just been killed is busy for a moment more. */
#define SWEEP_TRIES 20
#define SWEEP_STEP_US 5000

typedef bool (*used_f)(void *arg, const char *key);

/* Remove every cgroup of ours that nobody is in, nor used (may be NULL) says
 * is somebody's; returns how many stay. */
static size_t sweep(const struct cgroups *c, used_f used, void *arg)
{
	DIR *dir = c->path ? opendir(c->path) : NULL;
	struct dirent *e;
	size_t n = 0;

	while (dir && (e = readdir(dir)) != NULL) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		if ((used && used(arg, e->d_name)) ||
		    unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR) < 0)
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

void cgroups_sweep(struct cgroups *c,
		   bool (*used)(void *arg, const char *key), void *arg)
{
	sweep(c, used, arg);
}

/* Unique on the machine, also where containers see different folders under
 * one path. */
static char *make_name(const char *berth, const char *node, const char *dir)
{
	struct stat st = {0};

	if (stat(dir, &st) < 0)
		log_warn("%s: %s", dir, strerror(errno));
	return mem_printf("berth-%s-%s-%" PRIx64 "-%" PRIx64, berth, node,
			  (uint64_t)st.st_dev, (uint64_t)st.st_ino);
}

struct cgroups *cgroups_create(const char *berth, const char *node,
			       const char *dir)
{
	struct cgroups *c = mem_alloc(sizeof *c);
	char *name = make_name(berth, node, dir);

	c->path = try_version(false, name);
	if (c->path == NULL) {
		c->path = try_version(true, name);
		c->v1 = true;
	}
	sweep(c, NULL, NULL);
	free(name);
	return c;
}

void cgroups_spare(struct cgroups *c)
{
	c->spare = true;
}

void cgroups_destroy(struct cgroups *c)
{
	if (c == NULL)
		return;
	for (int i = 0; c->path && i < SWEEP_TRIES; i++) {
		if ((sweep(c, NULL, NULL) == 0 && rmdir(c->path) == 0) || c->spare)
			break;
		usleep(SWEEP_STEP_US);
	}
	free(c->path);
	free(c);
}

bool cgroups_usable(const struct cgroups *c)
{
	return c->path != NULL;
}

const char *cgroups_path(const struct cgroups *c)
{
	return c->path ? c->path : "none";
}

int cgroups_open(struct cgroups *c, const char *key)
{
	char *path, *procs;
	int fd = -1;

	if (c->path == NULL)
		return -1;
	path = mem_printf("%s/%s", c->path, key);
	procs = mem_printf("%s/cgroup.procs", path);
	mkdir(c->path, 0755); /* should somebody have tidied up */
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		fd = open(procs, O_WRONLY | O_CLOEXEC);
	free(procs);
	free(path);
	return fd;
}

static bool write_file(const char *dir, const char *file, const char *text)
{
	char *path = mem_printf("%s/%s", dir, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	free(path);
	return ok;
}

/* Returns how many were there. */
static int kill_listed(const char *dir)
{
	char *path = mem_printf("%s/cgroup.procs", dir);
	FILE *f = fopen(path, "re");
	int n = 0, pid;

	while (f && fscanf(f, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		n++;
	}
	if (f)
		fclose(f);
	free(path);
	return n;
}

/* Version 1 has no kill: stop them all first, so that none forks away. */
static void kill_v1(const char *dir)
{
	write_file(dir, "freezer.state", "FROZEN");
	kill_listed(dir);
	write_file(dir, "freezer.state", "THAWED");
}

bool cgroups_kill(struct cgroups *c, const char *key)
{
	char *dir;
	bool empty;

	if (c->path == NULL)
		return true;
	dir = mem_printf("%s/%s", c->path, key);
	if (c->v1)
		kill_v1(dir);
	else
		write_file(dir, "cgroup.kill", "1");
	empty = kill_listed(dir) == 0;
	free(dir);
	return empty;
}

void cgroups_kill_all(struct cgroups *c)
{
	DIR *dir = c->path ? opendir(c->path) : NULL;
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			cgroups_kill(c, e->d_name);
	}
	if (dir)
		closedir(dir);
}

void cgroups_remove(struct cgroups *c, const char *key)
{
	char *dir;

	if (c->path == NULL)
		return;
	dir = mem_printf("%s/%s", c->path, key);
	rmdir(dir);
	free(dir);
}
