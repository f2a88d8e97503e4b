#include "broker/book.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "broker/event_json.h"
#include "broker/events.h"
#include "broker/frameworks.h"
#include "broker/jobs.h"
#include "broker/outputs.h"
#include "broker/stdins.h"

/* So long the spec and tasks of a job can be seen after its end. */
#define KEEP_TASKS_US (300ull * 1000000)

struct book {
	struct leader *leader;
	struct ledger *ledger;
	struct rand_state rand;
	struct loop_timer *timer;
	uint64_t due_us; /* of the ledger's deadline that the timer is set to;
			    0: the timer is set to now, or not at all */
	struct buf line;
};

uint64_t book_now(void)
{
	return loop_wall_us();
}

struct ledger *book_ledger(const struct book *b)
{
	return b->ledger;
}

/* ---- events -------------------------------------------------------------- */

static void on_event(void *arg, const struct event *ev)
{
	struct book *b = arg;
	struct leader *l = b->leader;

	buf_clear(&b->line);
	event_json_line(&b->line, events_last(l->events) + 1, ev);
	events_add(l->events, b->line.data, b->line.len);
	jobs_event(l->jobs, ev);
	frameworks_event(l->frameworks, ev);
	outputs_event(l->outputs, ev);
	stdins_event(l->stdins, ev);
	book_wake(b);
}

/* ---- rounds -------------------------------------------------------------- */

void book_wake(struct book *b)
{
	if (b->due_us == 0 && loop_timer_pending(b->timer))
		return;
	b->due_us = 0;
	loop_timer_start(b->timer, 0);
}

static void sleep_until(struct book *b, uint64_t deadline_us)
{
	uint64_t now = book_now();

	b->due_us = deadline_us;
	loop_timer_start(b->timer,
			 deadline_us > now ? deadline_us - now : 0);
}

static void on_timer(void *arg)
{
	struct book *b = arg;
	uint64_t deadline;
	int more;

	b->due_us = 0;
	more = ledger_round(b->ledger, book_now(), &b->rand);
	deadline = ledger_next_deadline(b->ledger);
	/* The round's own events have set the timer to now; nothing that it
	 * did itself asks for another. */
	loop_timer_stop(b->timer);
	if (more == 1 || ledger_wants_round(b->ledger))
		book_wake(b);
	else if (deadline != UINT64_MAX)
		sleep_until(b, deadline);
	frameworks_reap(b->leader->frameworks);
}

/* ---- create, destroy ----------------------------------------------------- */

struct book *book_create(struct leader *l, struct berth_error *err)
{
	struct book *b = mem_alloc(sizeof(*b));
	struct ledger_options options = {
		.offer_us = (uint64_t)l->set.offer_expiry_ms * 1000,
		.keep_jobs = l->set.keep_jobs,
		.keep_tasks_us = KEEP_TASKS_US,
		.listen = on_event,
		.arg = b,
	};
	uint64_t seed = l->set.seed;

	b->leader = l;
	buf_init(&b->line);
	options.policy = policy_find(l->set.policy, err);
	if (options.policy == NULL)
		goto fail;
	if (seed == 0)
		rand_secret(&seed, sizeof(seed));
	rand_seed(&b->rand, seed);
	b->ledger = ledger_create(&options);
	b->timer = loop_timer_create(l->loop, on_timer, b);
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
	buf_finish(&b->line);
	free(b);
}
