/* offer.c - see offer.h. */
#include "model/offer.h"

#include <stdlib.h>

#include "base/mem.h"

struct offer *offer_create(uint64_t id)
{
	struct offer *o = mem_alloc(sizeof(*o));

	o->id = id;
	TAILQ_INIT(&o->slices);
	return o;
}

void offer_destroy(struct offer *o)
{
	if (o == NULL)
		return;
	free(o->demand_id);
	free(o);
}
