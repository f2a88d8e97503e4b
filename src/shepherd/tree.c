/*
 * tree.c - see tree.h.
 *
 * /proc/PID/task/TID/children would tell at once, but many kernels are built
 * without it, so parents are read from /proc/PID/stat.
 */
#include "shepherd/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* So many PIDs are tried one by one before all of /proc is read. */
#define PROBE_MAX 64

void pids_add(struct pids *p, pid_t pid)
{
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->v = mem_resize(p->v, p->cap, sizeof(*p->v));
	}
	p->v[p->n++] = pid;
}

bool pids_has(const struct pids *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i] == pid)
			return true;
	}
	return false;
}

void pids_finish(struct pids *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}

static ssize_t read_file(const char *path, char *out, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, out, room - 1);
	close(fd);
	if (n >= 0)
		out[n] = '\0';
	return n;
}

/* Parent of pid, and whether it is a zombie; 0 when it is gone. */
static pid_t parent_of(pid_t pid, bool *zombie)
{
	char path[64], text[512], state = 0;
	const char *p;
	int ppid = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (read_file(path, text, sizeof(text)) <= 0)
		return 0;
	p = strrchr(text, ')'); /* the name before it may hold anything */
	if (p == NULL || sscanf(p + 1, " %c %d", &state, &ppid) != 2)
		return 0;
	*zombie = state == 'Z' || state == 'X';
	return ppid;
}

/* The newest PID of our PID namespace, 0 when that cannot be told. */
static pid_t newest_pid(void)
{
	char text[128];
	const char *p;

	if (read_file("/proc/loadavg", text, sizeof(text)) <= 0)
		return 0;
	p = strrchr(text, ' ');
	return p ? (pid_t)atoi(p + 1) : 0;
}

static void consider(pid_t pid, const struct pids *known, struct pids *out)
{
	bool zombie = false;

	if (pids_has(known, pid) || parent_of(pid, &zombie) != getpid())
		return;
	if (!zombie)
		pids_add(out, pid);
}

static void all_strays(const struct pids *known, struct pids *out)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	if (d == NULL)
		return;
	while ((void)(e = readdir(d)), e != NULL) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid > 0)
			consider(pid, known, out);
	}
	closedir(d);
}

/* The kernel knows at once whether there is any child. */
static bool childless(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 &&
	       errno == ECHILD;
}

void tree_strays(const struct pids *known, pid_t since, struct pids *out)
{
	pid_t newest;

	if (known->n == 0 && childless())
		return;
	newest = since > 0 ? newest_pid() : 0;
	/* Only what started after the task's first process can be its. */
	if (newest < since || newest - since > PROBE_MAX || since <= 0) {
		all_strays(known, out);
		return;
	}
	for (pid_t pid = since + 1; pid <= newest; pid++)
		consider(pid, known, out);
}

struct link_of {
	pid_t pid, parent;
};

static size_t read_tree(struct link_of **out)
{
	DIR *d = opendir("/proc");
	struct link_of *v = NULL;
	struct dirent *e;
	size_t n = 0, cap = 0;
	bool zombie;

	while (d && ((void)(e = readdir(d)), e != NULL)) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid <= 0)
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 256;
			v = mem_resize(v, cap, sizeof(*v));
		}
		v[n].pid = pid;
		v[n++].parent = parent_of(pid, &zombie);
	}
	if (d)
		closedir(d);
	*out = v;
	return n;
}

void tree_signal(const struct pids *roots, int signo)
{
	struct pids below = { 0 };
	struct link_of *v = NULL;
	size_t n = read_tree(&v);

	for (size_t i = 0; i < roots->n; i++)
		pids_add(&below, roots->v[i]);
	for (size_t k = 0; k < below.n; k++) {
		for (size_t i = 0; i < n; i++) {
			if (v[i].parent == below.v[k] &&
			    !pids_has(&below, v[i].pid))
				pids_add(&below, v[i].pid);
		}
	}
	for (size_t k = 0; k < below.n; k++)
		kill(below.v[k], signo);
	pids_finish(&below);
	free(v);
}

bool tree_in_session(pid_t pid, pid_t leader)
{
	return getsid(pid) == leader;
}

bool tree_marked(pid_t pid, const char *name, const char *value)
{
	char path[64];
	char *want = mem_printf("%s=%s", name, value);
	struct buf text;
	bool found = false;
	int fd;

	buf_init(&text);
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0) {
		ssize_t n = read(fd, buf_reserve(&text, 16384), 16384);

		if (n <= 0)
			break;
		text.len += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	for (size_t i = 0; i < text.len && !found;) {
		size_t len = strnlen(text.data + i, text.len - i);

		found = len == strlen(want) &&
			memcmp(text.data + i, want, len) == 0;
		i += len + 1;
	}
	buf_finish(&text);
	free(want);
	return found;
}
