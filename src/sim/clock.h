/*
 * clock.h - virtual time and what is to happen in it.
 *
 * Alarms are embedded in what they belong to.  Those of the same moment ring
 * in an order that depends on nothing but the calls made before, so a run
 * repeats itself exactly.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

typedef void (*alarm_f)(void *arg);

struct alarm {
	struct heap_entry due;
	alarm_f ring;
	void *arg;
};

struct clock {
	struct heap heap;
	uint64_t now_us;
	uint64_t rung; /* alarms so far */
};

void clock_init(struct clock *c, uint64_t now_us);
void clock_finish(struct clock *c);

void alarm_init(struct alarm *a, alarm_f ring, void *arg);
/* Set it, or move it; a moment that has passed is now. */
void clock_set(struct clock *c, struct alarm *a, uint64_t at_us);
void clock_after(struct clock *c, struct alarm *a, uint64_t us);
void clock_stop(struct clock *c, struct alarm *a);
static inline bool alarm_is_set(const struct alarm *a)
{
	return a->due.pos != 0;
}

/* Go to the next alarm and ring it; false when none is set. */
bool clock_step(struct clock *c);

#endif
