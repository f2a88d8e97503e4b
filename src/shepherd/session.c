/* session.c - see session.h. */
#include "shepherd/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

#define PREFIX "berth-session."
#define SWEEP_AGE_S 10

/* Open MPI makes this file to see whether it can, and removes it at once: one
 * that nobody has open is left from a rank that was killed in between. */
#define TRIAL "open_mpi."
#define MEMORY "/dev/shm"

struct folder {
	char *path; /* NULL: could not be made */
	int fd;	    /* holds the lock */
};

struct session {
	struct folder disk, memory;
};

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

static const char *parent_folder(void)
{
	const char *t = getenv("TMPDIR");

	/* Socket names in it must stay short. */
	return t && t[0] == '/' && strlen(t) < 40 ? t : "/tmp";
}

static void sweep_one(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	/* A young one may not have been locked yet. */
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    st.st_ctime + SWEEP_AGE_S < time(NULL) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_tree(path);
	close(fd);
}

static void sweep(const char *parent)
{
	DIR *d = opendir(parent);
	struct dirent *e;

	while (d && ((void)(e = readdir(d)), e != NULL)) {
		char *path;

		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		path = mem_printf("%s/%s", parent, e->d_name);
		sweep_one(path);
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
		if (strncmp(e->d_name, TRIAL, strlen(TRIAL)) == 0 &&
		    fstatat(dirfd(d), e->d_name, &was, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    S_ISREG(was.st_mode) && was.st_uid == geteuid() &&
		    !is_open(&was) &&
		    fstatat(dirfd(d), e->d_name, &is, AT_SYMLINK_NOFOLLOW) ==
			    0 &&
		    was.st_ino == is.st_ino)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

static void folder_remove(struct folder *f)
{
	if (f->path)
		remove_tree(f->path);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
}

static int folder_make(struct folder *f, const char *parent,
		       struct berth_error *err)
{
	sweep(parent);
	f->path = mem_printf("%s/" PREFIX "XXXXXX", parent);
	if (mkdtemp(f->path) == NULL) {
		error_sys(err, "session folder %s", f->path);
		free(f->path);
		f->path = NULL;
		return -1;
	}
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd >= 0)
		flock(f->fd, LOCK_EX | LOCK_NB);
	return 0;
}

struct session *session_create(struct berth_error *err)
{
	struct session *s = mem_alloc(sizeof(*s));

	s->disk.fd = s->memory.fd = -1;
	if (folder_make(&s->disk, parent_folder(), err) != 0) {
		session_destroy(s);
		return NULL;
	}
	folder_make(&s->memory, MEMORY, NULL);
	sweep_trials();
	return s;
}

void session_destroy(struct session *s)
{
	if (s == NULL)
		return;
	folder_remove(&s->disk);
	folder_remove(&s->memory);
	sweep_trials();
	free(s);
}

const char *session_path(const struct session *s)
{
	return s->disk.path;
}

const char *session_shared_memory(const struct session *s)
{
	return s->memory.path;
}

void session_mkdir(struct session *s, const char *name)
{
	char *path = mem_printf("%s/%s", s->disk.path, name);

	mkdir(path, 0700);
	free(path);
}
