/* ulfm.c - see ulfm.h. */
#include "shepherd/ulfm.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "shepherd/tree.h"

#define LIBRARY "/libmpi.so"
#define SYMBOL "MPIX_Comm_shrink"

static bool holds(const char *path, const char *word, bool *seen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;
	struct stat st;
	void *text;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
			    fd, 0);
		if (text != MAP_FAILED) {
			*seen = true;
			found = memmem(text, (size_t)st.st_size, word,
				       strlen(word)) != NULL;
			munmap(text, (size_t)st.st_size);
		}
	}
	close(fd);
	return found;
}

/* The first MPI library that the process has loaded, as it is seen from here;
 * NULL: none.  The caller frees. */
static char *library_of(pid_t pid)
{
	char *maps = mem_printf("/proc/%d/maps", (int)pid);
	FILE *f = fopen(maps, "re");
	char *line = NULL, *found = NULL;
	size_t cap = 0;

	free(maps);
	while (f && found == NULL && getline(&line, &cap, f) > 0) {
		const char *path = strchr(line, '/');

		line[strcspn(line, "\n")] = '\0';
		if (path && strstr(path, LIBRARY))
			found = mem_printf("/proc/%d/root%s", (int)pid, path);
	}
	if (f)
		fclose(f);
	free(line);
	return found;
}

bool ulfm_missing(pid_t session)
{
	DIR *d = opendir("/proc");
	bool seen = false, can = false;
	struct dirent *e;

	while (d && !can && ((void)(e = readdir(d)), e != NULL)) {
		pid_t pid = (pid_t)atoi(e->d_name);
		char *path;

		if (pid <= 0 || !tree_in_session(pid, session))
			continue;
		path = library_of(pid);
		if (path)
			can = holds(path, SYMBOL, &seen);
		free(path);
	}
	if (d)
		closedir(d);
	return seen && !can;
}
