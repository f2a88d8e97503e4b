/* whole_file.c - see whole_file.h. */
#include "io/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

int whole_file_put(int fd, const void *from, size_t len)
{
	const char *data = from;

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

int whole_file_write(const char *path, const void *text, size_t len,
		     struct berth_error *err)
{
	char host[65] = "", *tmp;
	int fd = -1, rc = -1;

	/* Processes of other nodes may write it at the same time. */
	gethostname(host, sizeof(host) - 1);
	tmp = mem_printf("%s.%s.%ld", path, host, (long)getpid());
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_sys(err, "%s", tmp);
		goto out;
	}
	if (whole_file_put(fd, text, len) != 0 || fsync(fd) != 0 ||
	    rename(tmp, path) != 0) {
		error_sys(err, "%s", path);
		unlink(tmp);
		goto out;
	}
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	free(tmp);
	return rc;
}

/* Up to most bytes and one more; also of what has no size, a pipe say. */
static int read_all(int fd, size_t most, struct buf *text)
{
	ssize_t n;

	do {
		n = read(fd, buf_reserve(text, 4096), 4096);
		if (n > 0)
			text->len += (size_t)n;
	} while ((n > 0 && text->len <= most) || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
}

char *whole_file_read(const char *path, size_t most, size_t *len,
		      struct berth_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text;
	bool well = false;

	buf_init(&text);
	if (fd < 0 || read_all(fd, most, &text) < 0) {
		bool none = errno == ENOENT;

		error_sys(err, "%s", path);
		if (none && err != NULL)
			err->code = BERTH_ENOTFOUND;
	} else if (text.len > most) {
		error_set(err, BERTH_ELIMIT, "%s: larger than %zu bytes", path,
			  most);
	} else {
		well = true;
		*len = text.len;
		*buf_reserve(&text, 1) = '\0';
	}
	if (fd >= 0)
		close(fd);
	if (!well)
		buf_finish(&text);
	return well ? buf_take(&text) : NULL;
}

int whole_file_folder(const char *path, struct berth_error *err)
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
