/* output.c - see output.h. */
#include "shepherd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct output {
	int jobs_fd;
	char *node;
	/* The folder of the job that was asked for last. */
	uint64_t job;
	int job_fd;
};

struct output *output_create(int jobs_fd, const char *node)
{
	struct output *o = mem_alloc(sizeof(*o));

	o->jobs_fd = jobs_fd;
	o->node = mem_strdup(node);
	o->job_fd = -1;
	return o;
}

void output_destroy(struct output *o)
{
	if (o == NULL)
		return;
	if (o->job_fd >= 0)
		close(o->job_fd);
	free(o->node);
	free(o);
}

char *output_expand(const struct output *o, const char *pattern,
		    const Berth__Spec *spec, const struct output_name *n)
{
	struct buf b;

	buf_init(&b);
	for (const char *p = pattern; *p; p++) {
		if (p[0] != '%' || p[1] == '\0') {
			buf_add(&b, p, 1);
			continue;
		}
		switch (*++p) {
		case 'j':
			buf_printf(&b, "%lu", (unsigned long)n->job);
			break;
		case 'J':
			buf_printf(&b, "%lu.%u", (unsigned long)n->job,
				   n->index);
			break;
		case 't':
			buf_printf(&b, "%d", n->rank < 0 ? 0 : n->rank);
			break;
		case 'a':
			buf_printf(&b, "%ld",
				   n->array_index < 0 ? 0L
						      : (long)n->array_index);
			break;
		case 'n':
		case 'N':
			buf_puts(&b, o->node);
			break;
		case 'x':
			buf_puts(&b, spec->job_name);
			break;
		case '%':
			buf_puts(&b, "%");
			break;
		default:
			buf_add(&b, p - 1, 2);
			break;
		}
	}
	return buf_take(&b);
}

static void make_folders(const char *path)
{
	char *copy = mem_strdup(path);

	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(copy, 0777);
		*p = '/';
	}
	free(copy);
}

static int open_path(const char *path, struct berth_error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	int fd = open(path, flags, 0666);

	if (fd < 0 && errno == ENOENT) {
		make_folders(path);
		fd = open(path, flags, 0666);
	}
	if (fd < 0) {
		error_sys(err, "output file %s", path);
		if (err)
			err->code = BERTH_EINPUT;
	}
	return fd;
}

static int open_pattern(struct output *o, const char *pattern,
			const Berth__Spec *spec, const struct output_name *n,
			struct berth_error *err)
{
	char *path = output_expand(o, pattern, spec, n);
	int fd;

	if (path[0] != '/' && n->cwd && n->cwd[0]) {
		char *full = mem_printf("%s/%s", n->cwd, path);

		free(path);
		path = full;
	}
	fd = open_path(path, err);
	free(path);
	return fd;
}

static void forget_folder(struct output *o)
{
	if (o->job_fd >= 0)
		close(o->job_fd);
	o->job_fd = -1;
}

static int job_folder(struct output *o, uint64_t job, struct berth_error *err)
{
	char name[32];

	if (o->job_fd >= 0 && o->job == job)
		return o->job_fd;
	forget_folder(o);
	snprintf(name, sizeof(name), "%lu", (unsigned long)job);
	if (mkdirat(o->jobs_fd, name, 0700) != 0 && errno != EEXIST)
		error_sys(err, "output folder jobs/%s", name);
	o->job_fd = openat(o->jobs_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	o->job = job;
	if (o->job_fd < 0)
		return error_sys(err, "output folder jobs/%s", name);
	return o->job_fd;
}

static int open_own(struct output *o, const struct output_name *n,
		    const char *suffix, struct berth_error *err)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	int folder = job_folder(o, n->job, err);
	char name[320];
	int fd;

	if (folder < 0)
		return -1;
	if (n->rank < 0)
		snprintf(name, sizeof(name), "%u.%s", n->index, suffix);
	else if (n->nspace == NULL)
		snprintf(name, sizeof(name), "%u.%d.%s", n->index, n->rank,
			 suffix);
	else
		snprintf(name, sizeof(name), "%u.%s.%d.%s", n->index,
			 n->nspace, n->rank, suffix);
	fd = openat(folder, name, flags, 0600);
	if (fd < 0 && errno == ENOENT) {
		forget_folder(o); /* somebody has removed it meanwhile */
		folder = job_folder(o, n->job, err);
		if (folder < 0)
			return -1;
		fd = openat(folder, name, flags, 0600);
	}
	if (fd < 0)
		error_sys(err, "output file jobs/%lu/%s", (unsigned long)n->job,
			  name);
	return fd;
}

int output_open(struct output *o, const Berth__Spec *spec,
		const struct output_name *n, int fd[2], struct berth_error *err)
{
	const char *out = spec->output, *errs = spec->error;

	/* Like sbatch: a single name takes both streams. */
	if (errs[0] == '\0')
		errs = out;
	fd[0] = out[0] ? open_pattern(o, out, spec, n, err)
		       : open_own(o, n, "out", err);
	if (fd[0] < 0)
		return -1;
	if (errs[0] == '\0')
		fd[1] = open_own(o, n, "err", err);
	else if (strcmp(errs, out) == 0)
		fd[1] = fcntl(fd[0], F_DUPFD_CLOEXEC, 3);
	else
		fd[1] = open_pattern(o, errs, spec, n, err);
	if (fd[1] >= 0)
		return 0;
	close(fd[0]);
	return -1;
}
