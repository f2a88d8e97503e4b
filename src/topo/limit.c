/*
 * limit.c - how much memory our cgroup leaves us.
 *
 * The limit of any cgroup above binds as well, so all of them are looked at
 * as far as they can be seen.  Version 2 (memory.max) and version 1
 * (memory.limit_in_bytes, where "none" is a huge number).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/parts.h"

/* Beyond this a limit means none. */
#define LIMIT_NONE_MIB (UINT64_C(1) << 40)

static uint64_t read_limit(const char *path)
{
	uint64_t bytes = UINT64_MAX;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return UINT64_MAX;
	if (fscanf(f, "%" SCNu64, &bytes) != 1)
		bytes = UINT64_MAX;
	fclose(f);
	return bytes >> 20 >= LIMIT_NONE_MIB ? UINT64_MAX : bytes >> 20;
}

/* The smallest limit of the cgroup at path and of those above it. */
static uint64_t climb(const char *root, const char *mount, const char *path,
		      const char *file)
{
	uint64_t least = UINT64_MAX;
	char *at = mem_strdup(path);

	for (;;) {
		char *name = mem_printf("%s%s%s/%s", root, mount, at, file);
		uint64_t limit = read_limit(name);
		char *slash;

		free(name);
		if (limit < least)
			least = limit;
		slash = strrchr(at, '/');
		if (slash == NULL)
			break;
		*slash = '\0';
	}
	free(at);
	return least;
}

/* One line of /proc/self/cgroup: "number:controllers:path". */
static uint64_t line_limit(const char *root, char *line)
{
	char *controllers = strchr(line, ':'), *path;

	if (controllers == NULL)
		return UINT64_MAX;
	controllers++;
	path = strchr(controllers, ':');
	if (path == NULL)
		return UINT64_MAX;
	*path++ = '\0';
	path[strcspn(path, "\n")] = '\0';
	if (strcmp(path, "/") == 0)
		path = "";
	if (*controllers == '\0')
		return climb(root, "/sys/fs/cgroup", path, "memory.max");
	if (strcmp(controllers, "memory") == 0)
		return climb(root, "/sys/fs/cgroup/memory", path,
			     "memory.limit_in_bytes");
	return UINT64_MAX;
}

uint64_t topo_memory_limit(const char *root)
{
	char *name = mem_printf("%s/proc/self/cgroup", root);
	uint64_t least = UINT64_MAX;
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	f = fopen(name, "re");
	free(name);
	if (f == NULL)
		return UINT64_MAX;
	while (getline(&line, &size, f) >= 0) {
		uint64_t limit = line_limit(root, line);

		if (limit < least)
			least = limit;
	}
	free(line);
	fclose(f);
	return least;
}
