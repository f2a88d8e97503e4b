/* strays.c - see strays.h. */
#include "launcher/strays.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* The environment that a process was started with; empty if it is not ours
 * to read. */
static void read_environ(pid_t pid, struct buf *out)
{
	char path[64];
	int fd;
	ssize_t n;

	buf_clear(out);
	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	do {
		n = read(fd, buf_reserve(out, 16384), 16384);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0);
	close(fd);
	*buf_reserve(out, 1) = '\0';
}

/* "NAME=value", or with a trailing "=" any value of that name. */
static bool has(const struct buf *environ, const char *entry)
{
	size_t len = strlen(entry);
	bool prefix = entry[len - 1] == '=';

	for (size_t at = 0; at < environ->len;) {
		const char *s = environ->data + at;

		if (prefix ? strncmp(s, entry, len) == 0
			   : strcmp(s, entry) == 0)
			return true;
		at += strlen(s) + 1;
	}
	return false;
}

size_t strays_kill(const char *node_dir, const char *key)
{
	char *dir_entry = mem_printf("BERTH_NODE_DIR=%s", node_dir);
	char *key_entry = mem_printf("BERTH_SHEPHERD=%s", key ? key : "");
	DIR *proc = opendir("/proc");
	struct dirent *e;
	struct buf text;
	size_t n = 0;

	buf_init(&text);
	while (proc && (e = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid <= 1 || pid == getpid())
			continue;
		read_environ(pid, &text);
		if (has(&text, dir_entry) && has(&text, key_entry) &&
		    kill(pid, SIGKILL) == 0)
			n++;
	}
	if (proc)
		closedir(proc);
	buf_finish(&text);
	free(key_entry);
	free(dir_entry);
	return n;
}
