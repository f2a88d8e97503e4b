/* nodetopo.c - see nodetopo.h. */
#include "shepherd/nodetopo.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/whole_file.h"
#include "topo/topo.h"

#define NAME "topology.xml"

struct nodetopo {
	int folder; /* NODE_DIR */
	int file;   /* -1: not there yet */
};

struct nodetopo *nodetopo_create(const char *node_dir)
{
	struct nodetopo *t = mem_alloc(sizeof(*t));

	t->file = -1;
	t->folder = open(node_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->folder >= 0)
		t->file = openat(t->folder, NAME, O_RDONLY | O_CLOEXEC);
	return t;
}

void nodetopo_destroy(struct nodetopo *t)
{
	if (t == NULL)
		return;
	if (t->file >= 0)
		close(t->file);
	if (t->folder >= 0)
		close(t->folder);
	free(t);
}

void nodetopo_use(const struct nodetopo *t)
{
	char path[64];

	if (t->file < 0)
		return;
	/* The folder may be closed to the user that we have become. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->file);
	setenv("HWLOC_XMLFILE", path, 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
}

void nodetopo_leave(const struct nodetopo *t)
{
	if (t->file < 0)
		return;
	unsetenv("HWLOC_XMLFILE");
	unsetenv("HWLOC_THISSYSTEM");
}

void nodetopo_keep(const struct nodetopo *t)
{
	char name[64], *xml = NULL;
	struct topology *topology;
	int fd, rc = -1;

	if (t->file >= 0 || t->folder < 0)
		return;
	snprintf(name, sizeof(name), "." NAME ".%d", (int)getpid());
	fd = openat(t->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return;
	topology = topo_load_system(0, &xml, NULL);
	if (topology && xml)
		rc = whole_file_put(fd, xml, strlen(xml));
	if (close(fd) == 0 && rc == 0)
		renameat(t->folder, name, t->folder, NAME);
	else
		unlinkat(t->folder, name, 0);
	free(xml);
	topology_unref(topology);
}
