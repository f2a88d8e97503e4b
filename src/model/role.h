/* role.h - who shares: a user, a project, a queue. */
#ifndef MODEL_ROLE_H
#define MODEL_ROLE_H

#include <stdint.h>

#include "model/amount.h"

struct role {
	char *name;
	double weight;	    /* 1 unless set */
	struct amount used; /* by slices that are offered, held or busy */
	uint64_t mark;	    /* scratch of whoever walks the demands */
	uint32_t id;	    /* place in the order of arrival */
};

struct role *role_create(const char *name);
void role_destroy(struct role *r);

#endif
