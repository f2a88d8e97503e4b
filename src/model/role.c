/* role.c - see role.h. */
#include "model/role.h"

#include <stdlib.h>

#include "base/mem.h"

struct role *role_create(const char *name)
{
	struct role *r = mem_alloc(sizeof(*r));

	r->name = mem_strdup(name);
	r->weight = 1;
	return r;
}

void role_destroy(struct role *r)
{
	if (r == NULL)
		return;
	free(r->name);
	free(r);
}
