/* failures.c - see failures.h. */
#include "sim/failures.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"

/* Of one node, drawn or listed: it fails at its alarm, and is back at the
 * next one. */
struct fault {
	struct failures *all;
	unsigned node;
	bool failed;
	uint64_t for_us;	/* of a listed one; 0: drawn, again and again */
	struct rand_state rand; /* of a drawn one */
	struct alarm alarm;
};

struct failures {
	const struct scenario *s;
	struct clock *clock;
	failures_f tell;
	void *arg;
	struct fault *fault;
	size_t nfaults;
	unsigned *down; /* of each node: faults that it has now */
	uint64_t count;
};

/* Exponential. */
static uint64_t draw(struct rand_state *r, uint64_t mean_us)
{
	double x = -log(1.0 - rand_double(r)) * (double)mean_us;

	return x < 1 ? 1 : (uint64_t)x;
}

static void ring(void *arg)
{
	struct fault *f = arg;
	struct failures *all = f->all;
	uint64_t mean;

	f->failed = !f->failed;
	if (f->failed) {
		all->count++;
		if (all->down[f->node]++ == 0)
			all->tell(all->arg, f->node, false);
	} else if (--all->down[f->node] == 0) {
		all->tell(all->arg, f->node, true);
	}
	if (f->for_us > 0) {
		if (f->failed)
			clock_after(all->clock, &f->alarm, f->for_us);
		return;
	}
	mean = f->failed ? all->s->repair_us : all->s->mtbf_us;
	clock_after(all->clock, &f->alarm, draw(&f->rand, mean));
}

static struct fault *add(struct failures *f, unsigned node)
{
	struct fault *t = &f->fault[f->nfaults++];

	t->all = f;
	t->node = node;
	alarm_init(&t->alarm, ring, t);
	return t;
}

struct failures *failures_create(const struct scenario *s, struct clock *clock,
				 failures_f tell, void *arg)
{
	struct failures *f = mem_alloc(sizeof(*f));

	f->s = s;
	f->clock = clock;
	f->tell = tell;
	f->arg = arg;
	f->down = mem_array(s->nodes, sizeof(*f->down));
	f->fault = mem_array(s->nfailures + s->nodes, sizeof(*f->fault));
	for (size_t i = 0; i < s->nfailures; i++) {
		struct fault *t = add(f, s->failure[i].node);

		t->for_us = s->failure[i].for_us;
		clock_set(clock, &t->alarm, s->failure[i].at_us);
	}
	for (unsigned i = 0; i < s->nodes && s->mtbf_us > 0; i++) {
		struct fault *t = add(f, i);

		rand_seed(&t->rand, work_mix(work_mix(s->seed, 4242), i));
		clock_after(clock, &t->alarm, draw(&t->rand, s->mtbf_us));
	}
	return f;
}

void failures_destroy(struct failures *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->nfaults; i++)
		clock_stop(f->clock, &f->fault[i].alarm);
	free(f->fault);
	free(f->down);
	free(f);
}

uint64_t failures_count(const struct failures *f)
{
	return f->count;
}
