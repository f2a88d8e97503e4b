/*
 * expire.c - what is over by the clock: offers, filters, waiting, frameworks
 * that stayed away; and old jobs that are kept no longer.
 */
#include "ledger/state.h"

static void expire_filter(struct ledger *l, const struct filter *f)
{
	struct event ev = {
		.type = EVENT_FILTER_EXPIRED,
		.at_us = l->now_us,
		.demand = {
			.framework = f->demand->framework->name,
			.demand = f->demand->id,
			.node = f->node != NULL ? f->node->name : NULL,
		},
	};

	state_must(l, &ev);
}

static void expire_framework(struct ledger *l, struct framework *f)
{
	struct event ev = {
		.at_us = l->now_us,
	};

	while (!TAILQ_EMPTY(&f->demands)) {
		ev.type = EVENT_DEMAND_WITHDRAWN;
		ev.demand.framework = f->name;
		ev.demand.demand = TAILQ_FIRST(&f->demands)->id;
		ev.demand.node = NULL;
		state_must(l, &ev);
	}
	ev.type = EVENT_FRAMEWORK_GONE;
	ev.framework.framework = f->name;
	ev.framework.demand = NULL;
	state_must(l, &ev);
}

/* Whoever lets an offer lapse gets none for as long, and twice as long with
 * each further one in a row: 16 times at most. */
static uint64_t lapse_us(const struct offer *o)
{
	unsigned more = o->framework->lapsed < 4 ? o->framework->lapsed : 4;

	return (o->expires_us - o->made_us) << more;
}

static void expire_due(struct ledger *l)
{
	struct heap_entry *e = heap_first(&l->due);

	for (; e != NULL && e->key <= l->now_us; e = heap_first(&l->due)) {
		struct offer *o;

		switch ((enum due)e->kind) {
		case DUE_OFFER:
			o = heap_owner(e, struct offer, due);
			call_end_offer(l, o, EVENT_OFFER_EXPIRED,
				       l->now_us + lapse_us(o), NULL);
			break;
		case DUE_FILTER:
			expire_filter(l, heap_owner(e, struct filter, due));
			break;
		case DUE_FRAMEWORK:
			expire_framework(l,
					 heap_owner(e, struct framework, due));
			break;
		case DUE_WAIT:
			prefer_over(l, heap_owner(e, struct demand, wait_due));
			break;
		case DUE_SLICE:
			call_revoke_due(l, heap_owner(e, struct slice, due));
			break;
		}
	}
}

static void job_event(struct ledger *l, enum event_type type, uint64_t job)
{
	struct event ev = {
		.type = type,
		.at_us = l->now_us,
		.job = {.job = job},
	};

	state_must(l, &ev);
}

static uint64_t collapse_at(const struct ledger *l)
{
	if (l->uncollapsed == NULL)
		return UINT64_MAX;
	return l->uncollapsed->ended_us + l->options.keep_tasks_us;
}

static void prune_jobs(struct ledger *l)
{
	while (collapse_at(l) <= l->now_us ||
	       l->ended_tasks > l->options.keep_tasks)
		job_event(l, EVENT_JOB_COLLAPSED, l->uncollapsed->id);
	while (l->nended > l->options.keep_jobs) {
		struct job *oldest = TAILQ_FIRST(&l->ended);

		if (!oldest->collapsed)
			job_event(l, EVENT_JOB_COLLAPSED, oldest->id);
		job_event(l, EVENT_JOB_FORGOTTEN, oldest->id);
	}
}

/* Frameworks that are gone leave nothing idle behind. */
static void prune_frameworks(struct ledger *l)
{
	struct framework *f;

	if (l->ngone == 0)
		return;
	map_foreach (l->frameworks, f) {
		struct slice *s, *next;
		struct event ev = {
			.type = EVENT_FRAMEWORK_REMOVED,
			.at_us = l->now_us,
			.framework = {.framework = f->name},
		};

		if (!f->gone)
			continue;
		for (s = TAILQ_FIRST(&f->slices); s != NULL; s = next) {
			next = TAILQ_NEXT(s, of_owner);
			if (s->state == SLICE_HELD)
				call_release(l, s);
		}
		if (f->nslices == 0 && f->njobs == 0)
			state_must(l, &ev);
	}
}

void expire_all(struct ledger *l)
{
	expire_due(l);
	prune_jobs(l);
	prune_frameworks(l);
}

uint64_t ledger_next_deadline(const struct ledger *l)
{
	const struct heap_entry *e = heap_first(&l->due);
	uint64_t at = collapse_at(l);

	at = l->lend_at_us < at ? l->lend_at_us : at;
	return e != NULL && e->key < at ? e->key : at;
}
