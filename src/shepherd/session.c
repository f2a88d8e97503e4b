/* session.c - see session.h. */
#include "shepherd/session.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "io/scratch.h"

struct session {
	struct scratch disk, memory;
};

struct session *session_create(struct berth_error *err)
{
	struct session *s = mem_alloc(sizeof(*s));

	scratch_sweep();
	if (scratch_make(&s->disk, scratch_disk(), err) != 0) {
		free(s);
		return NULL;
	}
	scratch_make(&s->memory, scratch_memory(), NULL);
	return s;
}

void session_destroy(struct session *s)
{
	if (s == NULL)
		return;
	scratch_remove(&s->disk);
	scratch_remove(&s->memory);
	scratch_sweep();
	free(s);
}

const char *session_path(const struct session *s)
{
	return s->disk.path;
}

const char *session_shared_memory(const struct session *s)
{
	return s->memory.path;
}

void session_mkdir(struct session *s, const char *name)
{
	char *path = mem_printf("%s/%s", s->disk.path, name);

	mkdir(path, 0700);
	free(path);
}
