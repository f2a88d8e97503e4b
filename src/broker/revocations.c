/* revocations.c - see revocations.h. */
#include "broker/revocations.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"

#define GRACE_US (5u * 1000000) /* of a job that says nothing */

struct pending {
	LIST_ENTRY(pending) entry;
	struct revocations *all;
	uint64_t slice, deadline_us;
	bool warned; /* the checkpoint signals were sent */
	struct loop_timer *timer;
};

struct revocations {
	struct loop *loop;
	struct book *book;
	struct jobs *jobs;
	struct launches *launches;
	LIST_HEAD(, pending) pending;
};

static void pending_destroy(struct pending *p)
{
	LIST_REMOVE(p, entry);
	loop_timer_destroy(p->timer);
	free(p);
}

static uint64_t left_us(const struct pending *p)
{
	uint64_t now = book_now();

	return p->deadline_us > now ? p->deadline_us - now : 0;
}

/* Has its job a wish to be warned? */
static uint32_t checkpoint_signal(const struct revocations *r,
				  const struct task *t)
{
	const struct job_spec *spec = jobs_spec(r->jobs, t->job->id);

	return spec != NULL ? spec->checkpoint_signal : 0;
}

static bool warn(struct revocations *r, const struct slice *s)
{
	const struct task *t;
	bool any = false;

	TAILQ_FOREACH(t, &s->tasks, of_slice) {
		uint32_t signal = checkpoint_signal(r, t);

		if (signal == 0 || t->status.state != TASK_RUNNING)
			continue;
		launches_warn_task(r->launches, t, signal);
		any = true;
	}
	return any;
}

static void stop(struct revocations *r, const struct slice *s,
		 uint64_t grace_us)
{
	const struct task *t;
	uint32_t grace_ms = (uint32_t)(grace_us / 1000);

	TAILQ_FOREACH(t, &s->tasks, of_slice)
		launches_revoke_task(r->launches, t,
				     grace_ms > 0 ? grace_ms : 1);
}

/* It was to be given back for its node's sake, which is in use again. */
static bool undrained(const struct slice *s)
{
	return s->revoked_for == 0 && s->node->state == NODE_UP;
}

static void on_timer(void *arg)
{
	struct pending *p = arg;
	struct revocations *r = p->all;
	const struct slice *s = ledger_slice(book_ledger(r->book), p->slice);

	if (s == NULL || !s->revoking || undrained(s) ||
	    s->revoke_us != p->deadline_us) {
		pending_destroy(p);
		return;
	}
	if (!p->warned && warn(r, s)) {
		p->warned = true;
		loop_timer_start(p->timer, left_us(p) / 2);
		return;
	}
	stop(r, s, left_us(p));
	pending_destroy(p);
}

/* A drained node's slices have time: what runs is asked to end when its job's
 * grace is all that is left. */
static uint64_t wait_us(const struct revocations *r, const struct slice *s,
			uint64_t left)
{
	const struct job *j = ledger_job(book_ledger(r->book), s->job);
	uint64_t grace = j != NULL && j->grace_us > 0 ? j->grace_us : GRACE_US;

	if (s->revoked_for != 0 || left < grace)
		return 0;
	return left - grace;
}

/* From now on its tasks hear of it. */
static void begin(struct revocations *r, uint64_t slice)
{
	const struct slice *s = ledger_slice(book_ledger(r->book), slice);
	struct pending *p = mem_alloc(sizeof(*p));

	p->all = r;
	p->slice = slice;
	p->deadline_us = s->revoke_us;
	p->timer = loop_timer_create(r->loop, on_timer, p);
	LIST_INSERT_HEAD(&r->pending, p, entry);
	loop_timer_start(p->timer, wait_us(r, s, left_us(p)));
}

void revocations_event(void *arg, const struct event *ev)
{
	if (ev->type == EVENT_SLICE_REVOKING && ev->revoking.react_us == 0)
		begin(arg, ev->revoking.slice);
	else if (ev->type == EVENT_SLICE_TOLD)
		begin(arg, ev->slice.slice);
}

struct revocations *revocations_create(struct loop *loop, struct book *book,
				       struct jobs *jobs,
				       struct launches *launches)
{
	struct revocations *r = mem_alloc(sizeof(*r));

	r->loop = loop;
	r->book = book;
	r->jobs = jobs;
	r->launches = launches;
	LIST_INIT(&r->pending);
	return r;
}

void revocations_destroy(struct revocations *r)
{
	if (r == NULL)
		return;
	while (!LIST_EMPTY(&r->pending))
		pending_destroy(LIST_FIRST(&r->pending));
	free(r);
}
