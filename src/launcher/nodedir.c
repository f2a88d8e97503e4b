/* nodedir.c - see nodedir.h. */
#include "launcher/nodedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "rpc/start.h"

static int make_path(const char *path, struct berth_error *err)
{
	char *copy = mem_strdup(path);
	int rc = 0;

	for (char *p = copy + 1; rc == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;

		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			rc = error_sys(err, "cannot make folder %s", copy);
		*p = end;
		if (end == '\0')
			break;
	}
	free(copy);
	return rc;
}

static int check_owner(const char *path, struct berth_error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return error_sys(err, "folder %s", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, BERTH_EINPUT, "%s is not a folder",
				 path);
	if (st.st_uid != geteuid())
		return error_set(err, BERTH_EINPUT,
				 "folder %s belongs to user %u, not to us",
				 path, (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return error_set(err, BERTH_EINPUT,
				 "others can enter folder %s: chmod 700 it",
				 path);
	return 0;
}

/* Whoever owns a folder above ours, or may rename in it, could put another one
 * in its place. */
static int check_above(const char *path, struct berth_error *err)
{
	char *copy = mem_strdup(path);
	int rc = 0;

	for (char *p = strrchr(copy, '/'); rc == 0 && p > copy;
	     p = strrchr(copy, '/')) {
		struct stat st;

		*p = '\0';
		if (stat(copy, &st) < 0)
			rc = error_sys(err, "folder %s", copy);
		else if ((st.st_uid != geteuid() && st.st_uid != 0) ||
			 (st.st_mode & 022 && !(st.st_mode & S_ISVTX)))
			rc = error_set(err, BERTH_EINPUT,
				       "others can replace what is in folder "
				       "%s: choose another --dir", copy);
	}
	free(copy);
	return rc;
}

static int make_parts(const char *dir, struct berth_error *err)
{
	static const char *const parts[] = {"shepherd", "log", "jobs"};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		char *path = mem_printf("%s/%s", dir, parts[i]);
		int rc = make_path(path, err);

		free(path);
		if (rc)
			return -1;
	}
	return 0;
}

char *nodedir_make(const char *base, const char *node,
		   struct berth_error *err)
{
	char *dir = mem_printf("%s/%s", base, node);

	if (dir[0] != '/') {
		error_set(err, BERTH_EINPUT, "folder %s is not absolute", dir);
		goto fail;
	}
	if (strlen(dir) > START_FOLDER_MAX) {
		error_set(err, BERTH_EINPUT,
			  "folder %s is %zu characters long, and the paths of "
			  "sockets allow %d: choose a shorter --dir",
			  dir, strlen(dir), START_FOLDER_MAX);
		goto fail;
	}
	if (make_path(dir, err) || check_owner(dir, err) ||
	    check_above(dir, err) || make_parts(dir, err))
		goto fail;
	if (access(dir, W_OK) < 0) {
		error_sys(err, "cannot write in folder %s", dir);
		goto fail;
	}
	return dir;
fail:
	free(dir);
	return NULL;
}

int nodedir_lock(const char *dir, struct berth_error *err)
{
	char *path = mem_printf("%s/launcher.pid", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_sys(err, "%s", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			error_set(err, BERTH_ECONFLICT,
				  "a launcher runs in %s already", dir);
		else
			error_sys(err, "cannot lock %s", path);
		close(fd);
		fd = -1;
	} else {
		nodedir_own(fd);
	}
	free(path);
	return fd;
}

void nodedir_own(int lock_fd)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (ftruncate(lock_fd, 0) < 0 || pwrite(lock_fd, text, (size_t)n, 0) < 0)
		return; /* only `berth down` without a broker misses it */
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int nodedir_write(const char *dir, const char *name, const void *data,
		  size_t len, struct berth_error *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	char *temp = mem_printf("%s.new", path);
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0)
		rc = error_sys(err, "cannot write %s", temp);
	else if (write_all(fd, data, len) < 0 || fsync(fd) < 0)
		rc = error_sys(err, "cannot write %s", temp);
	if (fd >= 0)
		close(fd);
	if (rc == 0 && rename(temp, path) < 0)
		rc = error_sys(err, "cannot replace %s", path);
	if (rc && fd >= 0)
		unlink(temp);
	free(temp);
	free(path);
	return rc;
}

char *nodedir_read(const char *dir, const char *name, struct berth_error *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text;
	ssize_t n;

	buf_init(&text);
	if (fd < 0) {
		error_sys(err, "cannot read %s", path);
		free(path);
		return NULL;
	}
	do {
		n = read(fd, buf_reserve(&text, 4096), 4096);
		if (n > 0)
			text.len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
	*buf_reserve(&text, 1) = '\0';
	if (n < 0) {
		error_sys(err, "cannot read %s", path);
		buf_finish(&text);
		free(path);
		return NULL;
	}
	free(path);
	return buf_take(&text);
}
