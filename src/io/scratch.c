/* scratch.c - see scratch.h. */
#include "io/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define PREFIX "berth-session."
/* Until it is locked; one that stays was never used. */
#define BUDDING ".berth-session."
#define BUDDING_S 10
#define TRIAL "open_mpi."
#define MEMORY "/dev/shm"

const char *scratch_disk(void)
{
	const char *t = getenv("TMPDIR");

	return t && t[0] == '/' && strlen(t) < 40 ? t : "/tmp";
}

const char *scratch_memory(void)
{
	return MEMORY;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- one's own --------------------------------------------------------- */

int scratch_make(struct scratch *s, const char *parent, struct berth_error *err)
{
	char *bud = mem_printf("%s/" BUDDING "XXXXXX", parent);
	char *path;

	*s = (struct scratch){ .fd = -1 };
	if (mkdtemp(bud) == NULL) {
		error_sys(err, "folder %s", bud);
		free(bud);
		return -1;
	}
	path = mem_printf("%s/" PREFIX "%s", parent,
			  bud + strlen(bud) - strlen("XXXXXX"));
	s->fd = open(bud, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0 || flock(s->fd, LOCK_EX | LOCK_NB) != 0 ||
	    rename(bud, path) != 0) {
		error_sys(err, "folder %s", path);
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
		rmdir(bud);
		free(path);
		free(bud);
		return -1;
	}
	s->path = path;
	free(bud);
	return 0;
}

void scratch_remove(struct scratch *s)
{
	if (s->path)
		remove_tree(s->path);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	*s = (struct scratch){ .fd = -1 };
}

/* ---- what the dead left ------------------------------------------------ */

/* As its owner: who else walks a tree that its owner may change under way
 * would remove what that one points it to. */
static void remove_as(const char *path, const struct stat *st)
{
	pid_t child;

	if (st->st_uid == geteuid()) {
		remove_tree(path);
		return;
	}
	child = fork();
	if (child == 0) {
		if (setgid(st->st_gid) == 0 && setuid(st->st_uid) == 0)
			remove_tree(path);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static bool is_ours(const struct stat *st)
{
	return geteuid() == 0 || st->st_uid == geteuid();
}

static void sweep_folder(const char *path, bool budding)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && is_ours(&st) &&
	    (!budding || st.st_ctime + BUDDING_S < time(NULL)) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_as(path, &st);
	close(fd);
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static void sweep_folders(const char *parent)
{
	DIR *d = opendir(parent);

	while (d) {
		struct dirent *e = readdir(d);
		char *path;

		if (e == NULL)
			break;
		if (!begins(e->d_name, PREFIX) && !begins(e->d_name, BUDDING))
			continue;
		path = mem_printf("%s/%s", parent, e->d_name);
		sweep_folder(path, begins(e->d_name, BUDDING));
		free(path);
	}
	if (d)
		closedir(d);
}

/* Has a process that we may look at this file open? */
static bool is_open_in(const char *pid, const struct stat *file)
{
	char *dir = mem_printf("/proc/%s/fd", pid);
	DIR *d = opendir(dir);
	bool found = false;

	while (d && !found) {
		struct dirent *e = readdir(d);
		struct stat st;

		if (e == NULL)
			break;
		found = fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
			st.st_dev == file->st_dev && st.st_ino == file->st_ino;
	}
	if (d)
		closedir(d);
	free(dir);
	return found;
}

static bool is_open(const struct stat *file)
{
	DIR *d = opendir("/proc");
	bool found = d == NULL;

	while (d && !found) {
		struct dirent *e = readdir(d);

		if (e == NULL)
			break;
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			found = is_open_in(e->d_name, file);
	}
	if (d)
		closedir(d);
	return found;
}

static void sweep_trials(void)
{
	DIR *d = opendir(MEMORY);

	while (d) {
		struct dirent *e = readdir(d);
		struct stat was, is;

		if (e == NULL)
			break;
		if (begins(e->d_name, TRIAL) &&
		    fstatat(dirfd(d), e->d_name, &was, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    S_ISREG(was.st_mode) && is_ours(&was) && !is_open(&was) &&
		    fstatat(dirfd(d), e->d_name, &is, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    was.st_ino == is.st_ino)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

void scratch_sweep(void)
{
	sweep_folders(scratch_disk());
	sweep_folders(MEMORY);
	sweep_trials();
}
