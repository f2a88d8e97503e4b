/* slice.c - see slice.h. */
#include "model/slice.h"

#include <stdlib.h>

#include "base/mem.h"

struct slice *slice_create(void)
{
	struct slice *s = mem_alloc(sizeof(*s));

	TAILQ_INIT(&s->tasks);
	return s;
}

void slice_destroy(struct slice *s)
{
	if (s == NULL)
		return;
	bitset_finish(&s->cores);
	free(s->memory);
	free(s->drives);
	free(s);
}

struct slice *slice_copy(const struct slice *from)
{
	struct slice *s = slice_create();

	s->id = from->id;
	s->node = from->node;
	bitset_copy(&s->cores, &from->cores);
	if (from->nmemory > 0)
		s->memory = mem_dup(from->memory,
				    from->nmemory * sizeof(*s->memory));
	s->nmemory = from->nmemory;
	s->gpus = from->gpus;
	if (from->ndrives > 0)
		s->drives = mem_dup(from->drives,
				    from->ndrives * sizeof(*s->drives));
	s->ndrives = from->ndrives;
	s->ports = from->ports;
	s->amount = from->amount;
	s->units = from->units;
	s->exclusive = from->exclusive;
	s->revocable = from->revocable;
	s->lent_for = from->lent_for;
	s->fit = from->fit;
	s->gpu_distance = from->gpu_distance;
	return s;
}

const char *slice_state_name(enum slice_state state)
{
	static const char *const names[] = {
		[SLICE_OFFERED] = "offered",
		[SLICE_HELD] = "held",
		[SLICE_BUSY] = "busy",
	};

	return names[state];
}
