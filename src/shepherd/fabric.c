/* fabric.c - see fabric.h. */
#include "shepherd/fabric.h"

#include <ctype.h>
#include <glob.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define DEBIAN_PARAMS "/etc/openmpi/openmpi-mca-params.conf"

static const char *env_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static bool psm_hardware(void)
{
	static const char *const pattern[] = {"/dev/ipath*", "/dev/hfi1*"};
	bool found = false;

	for (size_t i = 0; i < sizeof(pattern) / sizeof(*pattern); i++) {
		glob_t g = {0};

		if (glob(pattern[i], 0, NULL, &g) == 0)
			found = true;
		globfree(&g);
	}
	return found;
}

/* Where "key = value" begins with key, its value, trimmed; else NULL. */
static char *line_value(char *line, const char *key)
{
	size_t len = strlen(key);
	char *end;

	while (isspace((unsigned char)*line))
		line++;
	if (strncmp(line, key, len) != 0)
		return NULL;
	line += len;
	while (isspace((unsigned char)*line))
		line++;
	if (*line != '=')
		return NULL;
	line++;
	while (isspace((unsigned char)*line))
		line++;
	end = line + strlen(line);
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return line;
}

/* The last setting of mtl in a parameter file; *exists tells whether there is
 * such a file.  The caller frees. */
static char *file_mtl(const char *path, bool *exists)
{
	char line[1024], *value, *found = NULL;
	FILE *f = fopen(path, "re");

	*exists = f != NULL;
	if (!f)
		return NULL;
	while (fgets(line, sizeof(line), f)) {
		value = line_value(line, "mtl");
		if (value) {
			free(found);
			found = mem_strdup(value);
		}
	}
	fclose(f);
	return found;
}

/* etc/openmpi-mca-params.conf of the Open MPI whose mpirun the task's PATH
 * finds; NULL when there is none.  The caller frees. */
static char *system_params(char *const *env)
{
	const char *prefix = env_get(env, "OPAL_PREFIX");
	const char *path = env_get(env, "PATH");
	char *copy, *dir, *save = NULL, *found = NULL;

	if (prefix)
		return mem_printf("%s/etc/openmpi-mca-params.conf", prefix);
	copy = mem_strdup(path ? path : "");
	for (dir = strtok_r(copy, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		char *program = mem_printf("%s/mpirun", dir);

		if (access(program, X_OK) == 0)
			found = strcmp(dir, "/usr/bin") == 0 ||
						strcmp(dir, "/bin") == 0
					? mem_strdup(DEBIAN_PARAMS)
					: mem_printf("%s/../etc/openmpi-mca-"
						     "params.conf",
						     dir);
		free(program);
	}
	free(copy);
	return found;
}

char *fabric_mtl_without_psm(const char *env_value, const char *user,
			     const char *system)
{
	const char *now = env_value ? env_value : user ? user : system;

	if (now && now[0] != '^')
		return NULL;
	if (now && strstr(now, "psm"))
		return NULL;
	return mem_printf("%s%spsm,psm2", now && now[1] ? now : "^",
			  now && now[1] ? "," : "");
}

char *fabric_mtl(char *const *env)
{
	const char *home = env_get(env, "HOME");
	char *user_file, *system_file, *user, *system, *value = NULL;
	bool user_exists, system_exists;

	if (psm_hardware())
		return NULL;
	system_file = system_params(env);
	if (!system_file)
		return NULL;
	user_file = mem_printf("%s/.openmpi/mca-params.conf", home ? home : "");
	user = file_mtl(user_file, &user_exists);
	system = file_mtl(system_file, &system_exists);
	if (system_exists)
		value = fabric_mtl_without_psm(env_get(env, "OMPI_MCA_mtl"),
					       user, system);
	free(user);
	free(system);
	free(user_file);
	free(system_file);
	return value;
}

static bool only_loopback(void)
{
	struct ifaddrs *list, *i;
	bool other = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
		    (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK))
			other = true;
	freeifaddrs(list);
	return !other;
}

bool fabric_needs_loopback(char *const *env, bool emulated)
{
	return !env_get(env, "OMPI_MCA_btl_tcp_if_include") &&
	       !env_get(env, "OMPI_MCA_btl_tcp_if_exclude") &&
	       (emulated || only_loopback());
}
