/* whole_file.c - see whole_file.h. */
#include "broker/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

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

int whole_file_write(const char *path, const char *text, size_t len,
		     struct berth_error *err)
{
	char *tmp = mem_printf("%s.%ld", path, (long)getpid());
	int fd = -1, rc = -1;

	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_sys(err, "%s", tmp);
		goto out;
	}
	if (write_all(fd, text, len) != 0 || fsync(fd) != 0 ||
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

/* Returns what was read, -1 with errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = read(fd, text + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

char *whole_file_read(const char *path, size_t most, size_t *len,
		      struct berth_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0) {
		bool none = errno == ENOENT;

		error_sys(err, "%s", path);
		if (none && err != NULL)
			err->code = BERTH_ENOTFOUND;
		return NULL;
	}
	if (fstat(fd, &st) != 0) {
		error_sys(err, "%s", path);
		goto out;
	}
	if ((size_t)st.st_size > most) {
		error_set(err, BERTH_ELIMIT, "%s: larger than %zu bytes", path,
			  most);
		goto out;
	}
	text = mem_alloc((size_t)st.st_size + 1);
	n = read_all(fd, text, (size_t)st.st_size);
	if (n < 0) {
		error_sys(err, "%s", path);
		free(text);
		text = NULL;
		goto out;
	}
	text[n] = '\0';
	*len = (size_t)n;
out:
	close(fd);
	return text;
}
