/* program.c - see program.h. */
#include "cli/program.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

static bool in_path(const char *name)
{
	const char *path = getenv("PATH");
	bool found = false;

	while (path && *path && !found) {
		size_t len = strcspn(path, ":");
		char *full = mem_printf("%.*s/%s", (int)len, path, name);

		found = is_program(full);
		free(full);
		path += len + (path[len] == ':');
	}
	return found;
}

/* A path is looked at where the job will run; what this machine cannot see at
 * all may still be there on the nodes, if it is absolute. */
static int check_program(const char *name, const char *cwd,
			 struct berth_error *err)
{
	char *path = name[0] == '/' ? mem_strdup(name)
				    : mem_printf("%s/%s", cwd, name);
	struct stat st;
	int rc = 0;

	if (stat(path, &st) != 0) {
		if (name[0] != '/' && access(cwd, X_OK) == 0)
			rc = error_set(err, BERTH_EINPUT,
				       "program %s: not found in %s", name,
				       cwd);
	} else if (!S_ISREG(st.st_mode)) {
		rc = error_set(err, BERTH_EINPUT, "program %s: not a file",
			       name);
	} else if (access(path, X_OK) != 0) {
		rc = error_set(err, BERTH_EINPUT,
			       "program %s: not executable; chmod +x it", name);
	}
	free(path);
	return rc;
}

json_t *program_argv(int argc, char **argv, const char *cwd,
		  struct berth_error *err)
{
	json_t *list = json_array();
	char *here;

	if (argc == 0 || argv[0][0] == '\0') {
		error_set(err, BERTH_EINPUT, "no program to run is given");
		goto fail;
	}
	if (strchr(argv[0], '/') && check_program(argv[0], cwd, err) != 0)
		goto fail;
	here = mem_printf("%s/%s", cwd, argv[0]);
	/* A bare name of this directory, as mpirun takes it. */
	if (!strchr(argv[0], '/') && !in_path(argv[0]) && is_program(here)) {
		char *dotted = mem_printf("./%s", argv[0]);

		json_array_append_new(list, json_string(dotted));
		free(dotted);
	}
	free(here);
	for (int i = (int)json_array_size(list); i < argc; i++) {
		if (json_array_append_new(list, json_string(argv[i])) == 0)
			continue;
		error_set(err, BERTH_EINPUT,
			  "argument %d of %s is not UTF-8 text", i, argv[0]);
		goto fail;
	}
	return list;
fail:
	json_decref(list);
	return NULL;
}

char *program_cwd(const char *chdir, struct berth_error *err)
{
	char here[PATH_MAX];

	if (chdir && chdir[0] == '/')
		return mem_strdup(chdir);
	if (getcwd(here, sizeof(here)) == NULL) {
		error_sys(err, "the working directory");
		return NULL;
	}
	/* The shell's word for it may avoid an automounter's path. */
	if (chdir == NULL) {
		const char *pwd = getenv("PWD");
		struct stat a, b;

		if (pwd && pwd[0] == '/' && stat(pwd, &a) == 0 &&
		    stat(here, &b) == 0 && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino)
			return mem_strdup(pwd);
		return mem_strdup(here);
	}
	return mem_printf("%s/%s", here, chdir);
}
