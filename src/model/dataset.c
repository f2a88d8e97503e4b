/* dataset.c - see dataset.h. */
#include "model/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/node.h"

struct dataset *dataset_create(const char *name)
{
	struct dataset *s = mem_alloc(sizeof(*s));

	s->name = mem_strdup(name);
	return s;
}

void dataset_destroy(struct dataset *s)
{
	if (s == NULL)
		return;
	free(s->name);
	free(s->copy);
	free(s);
}

/* The first copy whose node has this id or a greater one. */
static size_t place_of(const struct dataset *s, uint32_t id)
{
	size_t low = 0, high = s->ncopies;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->copy[mid].node->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct dataset_copy *dataset_on(const struct dataset *s,
				      const struct node *n)
{
	size_t i = place_of(s, n->id);

	return i < s->ncopies && s->copy[i].node == n ? &s->copy[i] : NULL;
}

void dataset_put(struct dataset *s, const struct dataset_copy *copy)
{
	size_t i = place_of(s, copy->node->id);

	if (i == s->ncopies || s->copy[i].node != copy->node) {
		if (s->ncopies == s->room) {
			s->room = s->room > 0 ? s->room * 2 : 4;
			s->copy = mem_resize(s->copy, s->room,
					     sizeof(*s->copy));
		}
		memmove(s->copy + i + 1, s->copy + i,
			(s->ncopies - i) * sizeof(*s->copy));
		s->ncopies++;
	}
	s->copy[i] = *copy;
}

void dataset_remove(struct dataset *s, const struct node *n)
{
	size_t i = place_of(s, n->id);

	if (i == s->ncopies || s->copy[i].node != n)
		return;
	s->ncopies--;
	memmove(s->copy + i, s->copy + i + 1,
		(s->ncopies - i) * sizeof(*s->copy));
}
