/* nodedir.c - see nodedir.h. */
#include "launcher/nodedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/whole_file.h"
#include "rpc/start.h"

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
		int rc = whole_file_folder(path, err);

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
	if (whole_file_folder(dir, err) || check_owner(dir, err) ||
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

int nodedir_write(const char *dir, const char *name, const void *data,
		  size_t len, struct berth_error *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	int rc = whole_file_write(path, data, len, err);

	free(path);
	return rc;
}

char *nodedir_read(const char *dir, const char *name, struct berth_error *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	size_t len;
	char *text = whole_file_read(path, SIZE_MAX, &len, err);

	free(path);
	return text;
}

void nodedir_forget(const char *dir)
{
	static const char *const names[] = {"settings", "roster",   "token",
					    "contexts", "berth.conf",
					    "api.sock", "life"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = mem_printf("%s/%s", dir, names[i]);

		unlink(path);
		free(path);
	}
}
