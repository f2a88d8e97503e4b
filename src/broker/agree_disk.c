/* agree_disk.c - see agree_disk.h. */
#include "broker/agree_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* The log's file, how far it is synced, and the term stay open. */
enum { OPEN_FILES = 3 };

struct open_file {
	char *name;
	int fd;
};

struct agree_folder {
	char *path;
	int fd, lock;
	struct open_file open[OPEN_FILES];
	unsigned next;
};

static int fail(const struct agree_folder *f, const char *name,
		const char *what, struct berth_error *err)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	error_sys(err, "%s/%s: cannot %s", f->path, name, what);
	if (full && err)
		err->code = BERTH_ESPACE;
	return -1;
}

/* ---- open files ---- */

static void forget(struct open_file *o)
{
	if (o->name == NULL)
		return;
	close(o->fd);
	free(o->name);
	o->name = NULL;
}

static void forget_name(struct agree_folder *f, const char *name)
{
	for (unsigned i = 0; i < OPEN_FILES; i++) {
		if (f->open[i].name && strcmp(f->open[i].name, name) == 0)
			forget(&f->open[i]);
	}
}

static int open_cached(struct agree_folder *f, const char *name, bool create)
{
	struct open_file *o;
	int fd;

	for (unsigned i = 0; i < OPEN_FILES; i++) {
		if (f->open[i].name && strcmp(f->open[i].name, name) == 0)
			return f->open[i].fd;
	}
	fd = openat(f->fd, name, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0),
		    0600);
	if (fd < 0)
		return -1;
	o = &f->open[f->next++ % OPEN_FILES];
	forget(o);
	o->name = mem_strdup(name);
	o->fd = fd;
	return fd;
}

/* ---- the functions ---- */

static int folder_list(void *d, void (*each)(void *arg, const char *name),
		       void *arg, struct berth_error *err)
{
	struct agree_folder *f = d;
	DIR *dir = opendir(f->path);
	struct dirent *e;

	if (dir == NULL)
		return error_sys(err, "%s", f->path);
	for (e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] != '.')
			each(arg, e->d_name);
	}
	closedir(dir);
	return 0;
}

static int folder_read(void *d, const char *name, struct buf *out,
		       struct berth_error *err)
{
	struct agree_folder *f = d;
	int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0)
		return fail(f, name, "open it", err);
	while (n > 0) {
		char *at = buf_reserve(out, 1 << 16);

		n = read(fd, at, 1 << 16);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n > 0)
			out->len += (size_t)n;
	}
	close(fd);
	return n < 0 ? fail(f, name, "read it", err) : 0;
}

static int folder_write(void *d, const char *name, size_t offset,
			const void *data, size_t len, struct berth_error *err)
{
	struct agree_folder *f = d;
	int fd = open_cached(f, name, true);
	const char *p = data;

	if (fd < 0)
		return fail(f, name, "open it", err);
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(f, name, "write it", err);
		p += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

static int folder_sync(void *d, const char *name, struct berth_error *err)
{
	struct agree_folder *f = d;
	int fd = open_cached(f, name, false);

	if (fd < 0)
		return fail(f, name, "open it", err);
	return fdatasync(fd) == 0 ? 0 : fail(f, name, "sync it", err);
}

static int folder_reserve(void *d, const char *name, size_t size,
			  struct berth_error *err)
{
	struct agree_folder *f = d;
	int fd, rc;

	forget_name(f, name);
	fd = openat(f->fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(f, name, "make it", err);
	rc = posix_fallocate(fd, 0, (off_t)size);
	if (rc == 0 && (fsync(fd) != 0 || fsync(f->fd) != 0))
		rc = errno;
	close(fd);
	if (rc == 0)
		return 0;
	unlinkat(f->fd, name, 0);
	errno = rc;
	return fail(f, name, "make room for it", err);
}

static int folder_truncate(void *d, const char *name, size_t size,
			   struct berth_error *err)
{
	struct agree_folder *f = d;
	int fd = open_cached(f, name, false);

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0 || fsync(fd) != 0)
		return fail(f, name, "cut it", err);
	return 0;
}

static int folder_rename(void *d, const char *from, const char *to,
			 struct berth_error *err)
{
	struct agree_folder *f = d;

	forget_name(f, from);
	forget_name(f, to);
	if (renameat(f->fd, from, f->fd, to) != 0 || fsync(f->fd) != 0)
		return fail(f, from, "rename it", err);
	return 0;
}

static int folder_remove(void *d, const char *name, struct berth_error *err)
{
	struct agree_folder *f = d;

	forget_name(f, name);
	if (unlinkat(f->fd, name, 0) != 0 && errno != ENOENT)
		return fail(f, name, "remove it", err);
	return 0;
}

static const struct agree_disk_ops folder_ops = {
	.list = folder_list,
	.read = folder_read,
	.reserve = folder_reserve,
	.write = folder_write,
	.sync = folder_sync,
	.truncate = folder_truncate,
	.rename = folder_rename,
	.remove = folder_remove,
};

/* ---- life ---- */

struct agree_folder *agree_folder_create(const char *path,
					 struct berth_error *err)
{
	struct agree_folder *f = mem_alloc(sizeof(*f));

	f->path = mem_strdup(path);
	f->fd = f->lock = -1;
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		error_sys(err, "%s", path);
		goto fail;
	}
	f->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0) {
		error_sys(err, "%s", path);
		goto fail;
	}
	f->lock = openat(f->fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->lock < 0) {
		error_sys(err, "%s/.lock", path);
		goto fail;
	}
	if (flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
		error_set(err, BERTH_ECONFLICT,
			  "%s: another process has it (%s)", path,
			  strerror(errno));
		goto fail;
	}
	return f;
fail:
	agree_folder_destroy(f);
	return NULL;
}

void agree_folder_destroy(struct agree_folder *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; i < OPEN_FILES; i++)
		forget(&f->open[i]);
	if (f->lock >= 0)
		close(f->lock);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

struct agree_disk agree_folder_disk(struct agree_folder *f)
{
	return (struct agree_disk){&folder_ops, f, f->path};
}
