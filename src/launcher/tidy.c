/* tidy.c - see tidy.h. */
#include "launcher/tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "launcher/cgroup.h"
#include "launcher/nodedir.h"
#include "launcher/settings.h"
#include "launcher/strays.h"

/* Nobody listens there any more. */
static void remove_sockets(const char *dir)
{
	char *path = mem_printf("%s/shepherd", dir);
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		if (e->d_type == DT_SOCK)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	free(path);
	path = mem_printf("%s/launcher.sock", dir);
	unlink(path);
	free(path);
}

int tidy_node(const char *dir, struct berth_error *err)
{
	char *pid = mem_printf("%s/launcher.pid", dir);
	struct settings s;
	struct cgroups *c;
	int lock = -1, rc = 0;

	settings_init(&s);
	if (access(pid, F_OK) == 0)
		lock = nodedir_lock(dir, err);
	if (lock < 0)
		rc = access(pid, F_OK) == 0 ? -1 : 0;
	/* Without settings the launcher ended in order. */
	if (lock >= 0 && settings_load(&s, dir, NULL) == 0) {
		strays_kill(dir, NULL);
		c = cgroups_create(s.berth, s.node, dir);
		cgroups_kill_all(c);
		cgroups_destroy(c);
		remove_sockets(dir);
		nodedir_forget(dir);
	}
	if (lock >= 0) {
		unlink(pid);
		close(lock);
	}
	settings_finish(&s);
	free(pid);
	return rc;
}
