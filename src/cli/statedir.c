/* statedir.c - see statedir.h. */
#include "cli/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/rand.h"
#include "io/whole_file.h"

static int check(const char *path, struct berth_error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_sys(err, "folder %s", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, BERTH_EINPUT, "%s is not a folder",
				 path);
	if (st.st_uid != geteuid())
		return error_set(err, BERTH_EINPUT,
				 "folder %s belongs to user %u, not to you: "
				 "choose another --dir",
				 path, (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return error_set(err, BERTH_EINPUT,
				 "others can enter folder %s: chmod 700 it, or "
				 "choose another --dir",
				 path);
	if (access(path, W_OK | X_OK) < 0)
		return error_sys(err, "cannot write in folder %s", path);
	return 0;
}

char *statedir_make(const char *path, struct berth_error *err)
{
	char *copy = mem_strdup(path);
	char real[PATH_MAX];
	char *result = NULL;

	if (copy[0] == '\0')
		error_set(err, BERTH_EINPUT, "--dir is empty");
	else if (whole_file_folder(copy, err) == 0 && check(copy, err) == 0) {
		if (realpath(copy, real))
			result = mem_strdup(real);
		else
			error_sys(err, "folder %s", copy);
	}
	free(copy);
	return result;
}

int statedir_lock(const char *dir, struct berth_error *err)
{
	char *path = mem_printf("%s/lock", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		error_sys(err, "%s", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		error_set(err, BERTH_ECONFLICT,
			  "another `berth up` or `berth down` is at work in "
			  "%s",
			  dir);
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

char *statedir_read(const char *dir, const char *name)
{
	char *path = dir ? mem_printf("%s/%s", dir, name) : mem_strdup(name);
	size_t len;
	char *text = whole_file_read(path, SIZE_MAX, &len, NULL);

	free(path);
	if (text && len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

int statedir_write(const char *dir, const char *name, const char *text,
		   struct berth_error *err)
{
	char *path = mem_printf("%s/%s", dir, name);
	char *line = mem_printf("%s\n", text);
	int rc = whole_file_write(path, line, strlen(line), err);

	free(line);
	free(path);
	return rc;
}

void statedir_remove(const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);

	unlink(path);
	free(path);
}

char *statedir_secret(const char *dir, const char *name,
		      struct berth_error *err)
{
	char *text = statedir_read(dir, name);
	char hex[65];

	if (text && strlen(text) == 64)
		return text;
	free(text);
	rand_secret_hex(hex, 32);
	if (statedir_write(dir, name, hex, err))
		return NULL;
	return mem_strdup(hex);
}

size_t statedir_nodes(const char *dir, struct statedir_node **out)
{
	char *text = statedir_read(dir, "nodes");
	char *save = NULL;
	size_t n = 0;

	*out = NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		char node[128], address[300], folder[PATH_MAX] = "";
		struct statedir_node *s;

		if (sscanf(line, "%127s %299s %4095s", node, address,
			   folder) < 2)
			continue;
		*out = mem_resize(*out, n + 1, sizeof(**out));
		s = &(*out)[n++];
		s->node = mem_strdup(node);
		s->address = mem_strdup(address);
		s->folder = mem_strdup(folder);
	}
	free(text);
	return n;
}

void statedir_nodes_free(struct statedir_node *nodes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(nodes[i].node);
		free(nodes[i].address);
		free(nodes[i].folder);
	}
	free(nodes);
}
