/* input.c - see input.h. */
#include "sim/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define DATA "$BERTH_DATA/"
#define SIZE_LIMIT (1u << 30)

static int read_all(int fd, const char *path, struct buf *out,
		    struct berth_error *err)
{
	ssize_t n = 1;

	while (n > 0 && out->len <= SIZE_LIMIT) {
		n = read(fd, buf_reserve(out, 1 << 18), 1 << 18);
		if (n > 0)
			out->len += (size_t)n;
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		return error_sys(err, "%s: cannot read", path);
	if (out->len > SIZE_LIMIT)
		return error_set(err, BERTH_ELIMIT, "%s: larger than %u bytes",
				 path, SIZE_LIMIT);
	buf_reserve(out, 1)[0] = '\0';
	return 0;
}

/* What gzip makes of fd; it is waited for. */
static int read_gzip(int fd, const char *path, struct buf *out,
		     struct berth_error *err)
{
	int pipes[2], status = 0, rc;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return error_sys(err, "%s: no pipe for gzip", path);
	child = fork();
	if (child == 0) {
		if (dup2(fd, 0) >= 0 && dup2(pipes[1], 1) >= 0)
			execlp("gzip", "gzip", "-dc", (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	if (child < 0) {
		close(pipes[0]);
		return error_sys(err, "%s: cannot start gzip", path);
	}
	rc = read_all(pipes[0], path, out, err);
	close(pipes[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, BERTH_ESYS,
				 "%s: gzip is needed to read it and is not "
				 "installed",
				 path);
	if (rc == 0 && status != 0)
		return error_set(err, BERTH_EINPUT, "%s: gzip cannot unpack it",
				 path);
	return rc;
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

int input_read(const char *path, struct buf *out, struct berth_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0) {
		error_sys(err, "%s: cannot open", path);
		if (err != NULL)
			err->code = BERTH_EINPUT; /* the user named it */
		return -1;
	}
	rc = ends_in(path, ".gz") ? read_gzip(fd, path, out, err)
				  : read_all(fd, path, out, err);
	close(fd);
	return rc;
}

bool input_data_set(void)
{
	const char *data = getenv("BERTH_DATA");

	return data != NULL && *data != '\0';
}

char *input_path(const char *scenario, const char *name)
{
	const char *slash = strrchr(scenario, '/');
	const char *data = getenv("BERTH_DATA");

	if (name[0] == '/')
		return mem_strdup(name);
	if (strncmp(name, DATA, strlen(DATA)) == 0)
		return mem_printf("%s/%s",
				  input_data_set() ? data : "../shared/data",
				  name + strlen(DATA));
	if (slash == NULL)
		return mem_strdup(name);
	return mem_printf("%.*s/%s", (int)(slash - scenario), scenario, name);
}
