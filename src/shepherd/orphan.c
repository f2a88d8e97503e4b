/* orphan.c - see orphan.h. */
#include "shepherd/orphan.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

struct orphan {
	uint64_t after_us;
	struct loop_timer *timer;
	bool kept; /* until a launcher says something else */
	loop_f over;
	void *arg;
};

static void time_over(void *arg)
{
	struct orphan *o = arg;

	log_warn("no broker for %.1f s: the tasks are ended",
		 (double)o->after_us / 1e6);
	o->over(o->arg);
}

void orphan_alone(struct orphan *o)
{
	if (o->after_us > 0 && !o->kept && !loop_timer_pending(o->timer))
		loop_timer_start(o->timer, o->after_us);
}

struct orphan *orphan_create(struct loop *l, uint64_t after_ms, loop_f over,
			     void *arg)
{
	struct orphan *o = mem_alloc(sizeof(*o));

	o->after_us = after_ms * 1000;
	o->over = over;
	o->arg = arg;
	o->timer = loop_timer_create(l, time_over, o);
	orphan_alone(o);
	return o;
}

void orphan_destroy(struct orphan *o)
{
	if (o == NULL)
		return;
	loop_timer_destroy(o->timer);
	free(o);
}

void orphan_told(struct orphan *o, const Berth__Attended *word)
{
	o->kept = word->kept;
	if (word->broker || word->kept)
		loop_timer_stop(o->timer);
	else
		orphan_alone(o);
}
