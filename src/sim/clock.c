/* clock.c - see clock.h. */
#include "sim/clock.h"

#include <string.h>

void clock_init(struct clock *c, uint64_t now_us)
{
	memset(c, 0, sizeof(*c));
	heap_init(&c->heap);
	c->now_us = now_us;
}

void clock_finish(struct clock *c)
{
	heap_finish(&c->heap);
}

void alarm_init(struct alarm *a, alarm_f ring, void *arg)
{
	memset(a, 0, sizeof(*a));
	a->ring = ring;
	a->arg = arg;
}

void clock_set(struct clock *c, struct alarm *a, uint64_t at_us)
{
	heap_put(&c->heap, &a->due, at_us < c->now_us ? c->now_us : at_us);
}

void clock_after(struct clock *c, struct alarm *a, uint64_t us)
{
	clock_set(c, a, c->now_us + us);
}

void clock_stop(struct clock *c, struct alarm *a)
{
	heap_remove(&c->heap, &a->due);
}

bool clock_step(struct clock *c)
{
	struct heap_entry *e = heap_first(&c->heap);
	struct alarm *a;

	if (e == NULL)
		return false;
	a = heap_owner(e, struct alarm, due);
	c->now_us = e->key;
	heap_remove(&c->heap, e);
	c->rung++;
	a->ring(a->arg);
	return true;
}
