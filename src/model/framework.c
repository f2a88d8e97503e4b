/* framework.c - see framework.h. */
#include "model/framework.h"

#include <stdlib.h>

#include "base/mem.h"

struct framework *framework_create(const char *name, struct role *role)
{
	struct framework *f = mem_alloc(sizeof(*f));

	f->name = mem_strdup(name);
	f->role = role;
	f->weight = 1;
	f->by_id = map_create();
	TAILQ_INIT(&f->demands);
	TAILQ_INIT(&f->slices);
	TAILQ_INIT(&f->offers);
	return f;
}

void framework_destroy(struct framework *f)
{
	if (f == NULL)
		return;
	map_destroy(f->by_id, NULL);
	free(f->name);
	free(f->session);
	free(f->asked);
	free(f);
}
