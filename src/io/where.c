/* where.c - see where.h. */
#include "io/where.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

/* Folder of the running program; empty when the kernel does not say. */
static char *own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return mem_strdup("");
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	return mem_strdup(path);
}

/* Is dir/sub/file there?  Then it becomes *found; else dir/sub is added to
 * the list of what was looked at. */
static bool look(const char *dir, const char *sub, const char *file, int mode,
		 char **found, struct buf *looked)
{
	char *path;

	if (dir == NULL || dir[0] == '\0')
		return false;
	path = mem_printf("%s%s/%s", dir, sub, file);
	if (access(path, mode) == 0) {
		*found = path;
		return true;
	}
	free(path);
	buf_printf(looked, "%s%s%s", looked->len > 0 ? ", " : "", dir, sub);
	return false;
}

char *where_program(const char *name, struct berth_error *err)
{
	char *own = own_folder();
	char *found = NULL;
	struct buf looked;

	buf_init(&looked);
	if (!look(getenv("BERTH_LIBEXEC"), "", name, X_OK, &found, &looked) &&
	    !look(own, "", name, X_OK, &found, &looked) &&
	    !look(own, "/../libexec/berth", name, X_OK, &found, &looked) &&
	    !look(own, "/../../bin", name, X_OK, &found, &looked) &&
	    !look(BERTH_LIBEXECDIR, "", name, X_OK, &found, &looked) &&
	    !look(BERTH_BINDIR, "", name, X_OK, &found, &looked))
		error_set(err, BERTH_ENOTFOUND,
			  "program %s not found (looked in %s); set "
			  "BERTH_LIBEXEC to its folder",
			  name, looked.data);
	buf_finish(&looked);
	free(own);
	return found;
}

char *where_plugin(const char *name, struct berth_error *err)
{
	char *file = mem_printf("%s.so", name);
	const char *list = getenv("BERTH_PLUGIN_PATH");
	char *own = own_folder();
	char *found = NULL;
	struct buf looked;

	buf_init(&looked);
	if (name[0] == '\0' || strchr(name, '/')) {
		error_set(err, BERTH_EINPUT, "'%s' is no name of a framework",
			  name);
		goto out;
	}
	while (list && found == NULL) {
		size_t len = strcspn(list, ":");
		char *dir = mem_strndup(list, len);

		look(dir, "", file, R_OK, &found, &looked);
		free(dir);
		list = list[len] ? list + len + 1 : NULL;
	}
	if (found == NULL &&
	    !look(own, "/../plugins/.libs", file, R_OK, &found, &looked) &&
	    !look(own, "/../lib/berth", file, R_OK, &found, &looked) &&
	    !look(own, "/../../lib/berth", file, R_OK, &found, &looked) &&
	    !look(BERTH_PLUGINDIR, "", file, R_OK, &found, &looked))
		error_set(err, BERTH_ENOTFOUND,
			  "no framework plug-in %s (looked in %s); set "
			  "BERTH_PLUGIN_PATH to its folder",
			  file, looked.data);
out:
	buf_finish(&looked);
	free(file);
	free(own);
	return found;
}
