#include "broker/book.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "broker/policy_plugin.h"

/* So long the spec and tasks of a job can be seen after its end. */
#define KEEP_TASKS_US (300ull * 1000000)

struct listener {
	book_event_f listen;
	void *arg;
};

struct book {
	struct ledger *ledger;
	struct rand_state rand;
	struct lease *lease;
	struct loop_timer *timer;
	uint64_t due_us; /* of the ledger's deadline that the timer is set to;
			    0: the timer is set to now, or not at all */
	struct listener *listener;
	size_t nlisteners;
	book_round_f round_done;
	void *round_arg;
};

/* Deadlines hang on it, so it goes on steadily when the wall clock jumps, and
 * comes back to that slowly.  A process has one time, hence not in a struct. */
static struct {
	uint64_t steady_us, time_us; /* when it was last asked for */
} clock_now;

/* It goes slower or faster by that part at most. */
enum { SLEW = 8 };

uint64_t book_now(void)
{
	uint64_t wall = loop_wall_us(), steady = loop_now_us();
	uint64_t past = steady - clock_now.steady_us, most = past / SLEW;

	if (clock_now.steady_us == 0) {
		clock_now.time_us = wall;
	} else {
		clock_now.time_us += past;
		if (wall > clock_now.time_us + most)
			clock_now.time_us += most;
		else if (wall + most < clock_now.time_us)
			clock_now.time_us -= most;
		else
			clock_now.time_us = wall;
	}
	clock_now.steady_us = steady;
	return clock_now.time_us;
}

uint64_t book_past(uint64_t us)
{
	uint64_t at = book_now();

	return us < at ? us : at;
}

struct ledger *book_ledger(const struct book *b)
{
	return b->ledger;
}

/* ---- rounds -------------------------------------------------------------- */

/* A round is due.  Several calls in one pass of the loop make one round. */
static void wake(struct book *b)
{
	if (b->due_us == 0 && loop_timer_pending(b->timer))
		return;
	b->due_us = 0;
	loop_timer_start(b->timer, 0);
}

static void sleep_until(struct book *b, uint64_t deadline_us)
{
	uint64_t at = book_now();

	b->due_us = deadline_us;
	loop_timer_start(b->timer, deadline_us > at ? deadline_us - at : 0);
}

static void on_timer(void *arg)
{
	struct book *b = arg;
	uint64_t deadline;
	int more;

	b->due_us = 0;
	if (b->lease != NULL && !lease_holds(b->lease))
		return; /* see on_regained */
	more = ledger_round(b->ledger, book_now(), &b->rand);
	deadline = ledger_next_deadline(b->ledger);
	/* The round's own events have set the timer to now; nothing that it
	 * did itself asks for another. */
	loop_timer_stop(b->timer);
	if (more == 1 || ledger_wants_round(b->ledger))
		wake(b);
	else if (deadline != UINT64_MAX)
		sleep_until(b, deadline);
	if (b->round_done != NULL)
		b->round_done(b->round_arg);
}

static void on_regained(void *arg)
{
	wake(arg);
}

void book_after_round(struct book *b, book_round_f done, void *arg)
{
	b->round_done = done;
	b->round_arg = arg;
}

/* ---- events -------------------------------------------------------------- */

static void on_event(void *arg, const struct event *ev)
{
	struct book *b = arg;

	for (size_t i = 0; i < b->nlisteners; i++)
		b->listener[i].listen(b->listener[i].arg, ev);
	wake(b);
}

void book_listen(struct book *b, book_event_f listen, void *arg)
{
	b->listener = mem_resize(b->listener, b->nlisteners + 1,
				 sizeof(b->listener[0]));
	b->listener[b->nlisteners++] = (struct listener){listen, arg};
}

/* ---- create, destroy ----------------------------------------------------- */

struct book *book_create(struct loop *loop, const struct book_config *config,
			 struct berth_error *err)
{
	struct book *b = mem_alloc(sizeof(*b));
	struct ledger_options options = {
		.offer_us = (uint64_t)config->offer_expiry_ms * 1000,
		.lend_us = (uint64_t)config->lend_after_ms * 1000,
		.first_id = config->first_id,
		.keep_jobs = config->keep_jobs,
		.forgotten = config->forgotten,
		.keep_tasks_us = KEEP_TASKS_US,
		.listen = on_event,
		.arg = b,
	};
	uint64_t seed = config->seed;
	struct switches *switches = NULL;

	options.policy = policy_plugin_load(config->policy, err);
	if (options.policy == NULL)
		goto fail;
	if (config->switches != NULL) {
		switches = switches_parse(config->switches,
					  config->topology_conf, err);
		if (switches == NULL)
			goto fail;
	}
	if (seed == 0)
		rand_secret(&seed, sizeof(seed));
	rand_seed(&b->rand, seed);
	b->ledger = ledger_create(&options);
	ledger_switches(b->ledger, switches);
	b->timer = loop_timer_create(loop, on_timer, b);
	b->lease = config->lease;
	if (b->lease != NULL)
		lease_on_regained(b->lease, on_regained, b);
	return b;
fail:
	book_destroy(b);
	return NULL;
}

void book_destroy(struct book *b)
{
	if (b == NULL)
		return;
	loop_timer_destroy(b->timer);
	ledger_destroy(b->ledger);
	free(b->listener);
	free(b);
}
