/* call_framework.c - what frameworks ask for, as checked events. */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/mem.h"

/* ---- their coming and going ---- */

static void rescind_all(struct ledger *l, struct framework *f, const char *why)
{
	while (!TAILQ_EMPTY(&f->offers))
		call_end_offer(l, TAILQ_FIRST(&f->offers),
			       EVENT_OFFER_RESCINDED, 0, why);
}

static void withdraw(struct ledger *l, struct demand *d)
{
	struct event ev = {
		.type = EVENT_DEMAND_WITHDRAWN,
		.at_us = l->now_us,
		.demand = {.framework = d->framework->name, .demand = d->id},
	};

	state_must(l, &ev);
}

int ledger_register(struct ledger *l, const char *name, const char *role,
		    const char *session, uint64_t failover_us, uint64_t now_us,
		    struct berth_error *err)
{
	return ledger_register_reacting(l, name, role, session, failover_us, 0,
					now_us, err);
}

int ledger_register_reacting(struct ledger *l, const char *name,
			     const char *role, const char *session,
			     uint64_t failover_us, uint64_t react_us,
			     uint64_t now_us, struct berth_error *err)
{
	struct framework *f = map_get(l->frameworks, name);
	struct event ev = {
		.type = EVENT_FRAMEWORK_REGISTERED,
		.registered = {
			.framework = name,
			.role = role,
			.session = session,
			.failover_us = failover_us,
			.react_us = react_us,
		},
	};

	if (call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	if (f != NULL) {
		rescind_all(l, f, "the framework registered again");
		while (!TAILQ_EMPTY(&f->demands))
			withdraw(l, TAILQ_FIRST(&f->demands));
	}
	return ledger_apply(l, &ev, err);
}

/* A call by a framework that needs no more than its name. */
static int plain(struct ledger *l, enum event_type type, const char *framework,
		 const char *demand, uint64_t now_us, struct berth_error *err)
{
	struct framework *f = state_framework(l, framework, err);
	struct event ev = {.type = type};

	if (f == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	ev.framework.framework = f->name;
	ev.framework.demand = demand;
	if (type == EVENT_FRAMEWORK_AWAY)
		rescind_all(l, f, "the framework is away");
	else if (type == EVENT_FRAMEWORK_SUPPRESSED)
		rescind_all(l, f, "the framework wants no offers");
	return ledger_apply(l, &ev, err);
}

int ledger_away(struct ledger *l, const char *name, uint64_t now_us,
		struct berth_error *err)
{
	return plain(l, EVENT_FRAMEWORK_AWAY, name, NULL, now_us, err);
}

int ledger_suppress(struct ledger *l, const char *framework, uint64_t now_us,
		    struct berth_error *err)
{
	return plain(l, EVENT_FRAMEWORK_SUPPRESSED, framework, NULL, now_us,
		     err);
}

int ledger_revive(struct ledger *l, const char *framework, uint64_t now_us,
		  struct berth_error *err)
{
	return plain(l, EVENT_FRAMEWORK_REVIVED, framework, NULL, now_us, err);
}

int ledger_ask(struct ledger *l, const char *framework, const char *demand,
	       uint64_t now_us, struct berth_error *err)
{
	return plain(l, EVENT_FRAMEWORK_ASKED, framework, demand, now_us, err);
}

/* ---- demands ---- */

static int withdraw_named(struct ledger *l, const char *framework,
			  const char *id, struct berth_error *err)
{
	struct demand *d = state_demand(l, framework, id, err);
	struct offer *o, *next;

	if (d == NULL)
		return -1;
	for (o = TAILQ_FIRST(&d->framework->offers); o != NULL; o = next) {
		next = TAILQ_NEXT(o, of_framework);
		if (o->demand == d)
			call_end_offer(l, o, EVENT_OFFER_RESCINDED, 0,
				       "its demand was withdrawn");
	}
	withdraw(l, d);
	return 0;
}

int ledger_demand(struct ledger *l, const char *framework,
		  const struct demand *d, uint64_t now_us,
		  struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_DEMAND_SET,
		.demand_set = {.framework = framework, .demand = d},
	};

	if (call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	if (d->count == 0 && d->max == 0)
		return withdraw_named(l, framework, d->id, err);
	return ledger_apply(l, &ev, err);
}

/* ---- offers ---- */

void call_end_offer(struct ledger *l, struct offer *o, enum event_type type,
		    uint64_t filter_us, const char *text)
{
	struct event ev = {
		.type = type,
		.at_us = l->now_us,
		.offer = {
			.offer = o->id,
			.framework = o->framework->name,
			.demand = o->demand_id,
			.filter_us = filter_us,
			.all = filter_us > 0,
			.text = text,
		},
	};

	state_must(l, &ev);
}

static struct offer *offer_of(const struct ledger *l, const char *framework,
			      uint64_t id, struct berth_error *err)
{
	struct framework *f = state_framework(l, framework, err);
	struct offer *o;

	if (f == NULL)
		return NULL;
	o = state_offer(l, id, err);
	if (o != NULL && o->framework != f) {
		error_set(err, BERTH_ECONFLICT, "offer %llu is not to %s",
			  (unsigned long long)id, framework);
		return NULL;
	}
	return o;
}

int ledger_accept(struct ledger *l, const char *framework, uint64_t offer,
		  const uint64_t *slices, size_t n, uint64_t now_us,
		  struct berth_error *err)
{
	struct offer *o = offer_of(l, framework, offer, err);
	struct event ev = {
		.type = EVENT_OFFER_ACCEPTED,
		.offer = {.offer = offer, .slices = slices, .nslices = n},
	};

	if (o == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	ev.offer.framework = o->framework->name;
	ev.offer.demand = o->demand_id;
	if (n < o->nslices)
		ev.offer.filter_us = l->now_us + l->options.refuse_us;
	return ledger_apply(l, &ev, err);
}

int ledger_decline(struct ledger *l, const char *framework, uint64_t offer,
		   uint64_t filter_us, const char *const *nodes, size_t n,
		   uint64_t now_us, struct berth_error *err)
{
	struct offer *o = offer_of(l, framework, offer, err);
	struct event ev = {
		.type = EVENT_OFFER_DECLINED,
		.offer = {
			.offer = offer,
			.nodes = nodes,
			.nnodes = n,
			.all = n == 0,
		},
	};

	if (o == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	ev.offer.framework = o->framework->name;
	ev.offer.demand = o->demand_id;
	if (filter_us > 0)
		ev.offer.filter_us = l->now_us + filter_us;
	return ledger_apply(l, &ev, err);
}

int ledger_rescind(struct ledger *l, uint64_t offer, const char *why,
		   uint64_t now_us, struct berth_error *err)
{
	struct offer *o = state_offer(l, offer, err);

	if (o == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	call_end_offer(l, o, EVENT_OFFER_RESCINDED, 0, why);
	return 0;
}

/* ---- slices ---- */

struct slice *call_slice_of(const struct ledger *l, const struct framework *f,
			    uint64_t id, struct berth_error *err)
{
	struct slice *s = state_slice(l, id, err);

	if (s == NULL)
		return NULL;
	if (s->framework != f || s->state == SLICE_OFFERED) {
		error_set(err, BERTH_ECONFLICT, "slice %llu is not held by %s",
			  (unsigned long long)id, f->name);
		return NULL;
	}
	return s;
}

void call_release(struct ledger *l, struct slice *s)
{
	struct event ev = {
		.type = EVENT_SLICE_RELEASED,
		.at_us = l->now_us,
		.slice = {
			.slice = s->id,
			.framework = s->framework->name,
			.node = s->node->name,
			.job = s->job,
		},
	};

	state_must(l, &ev);
}

int ledger_release(struct ledger *l, const char *framework,
		   const uint64_t *slices, size_t n, uint64_t now_us,
		   struct berth_error *err)
{
	struct framework *f = state_framework(l, framework, err);

	if (f == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct slice *s = call_slice_of(l, f, slices[i], err);

		if (s == NULL)
			return -1;
		if (s->state == SLICE_BUSY)
			return error_set(err, BERTH_ECONFLICT,
					 "slice %llu: %u tasks are in it",
					 (unsigned long long)s->id, s->ntasks);
	}
	for (size_t i = 0; i < n; i++) {
		struct slice *s = idmap_get(&l->slices, slices[i]);

		if (s != NULL) /* else it was named twice */
			call_release(l, s);
	}
	return 0;
}

/* ---- launches ---- */

static int by_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* No index twice in one launch. */
static int check_distinct(const struct job *j,
			  const struct ledger_launch *tasks, size_t n,
			  struct berth_error *err)
{
	uint32_t *index;
	int rc = 0;

	if (n < 2)
		return 0;
	index = mem_array(n, sizeof(*index));
	for (size_t i = 0; i < n; i++)
		index[i] = tasks[i].index;
	qsort(index, n, sizeof(*index), by_index);
	for (size_t i = 1; i < n && rc == 0; i++) {
		if (index[i] == index[i - 1])
			rc = error_set(err, BERTH_EINPUT,
				       "launch: task %llu.%u is named twice",
				       (unsigned long long)j->id, index[i]);
	}
	free(index);
	return rc;
}

static int check_launch(const struct ledger *l, const struct framework *f,
			const struct job *j, const struct ledger_launch *tasks,
			size_t n, struct berth_error *err)
{
	if (j->framework != map_get(l->names, f->name))
		return error_set(err, BERTH_ECONFLICT,
				 "job %llu is %s's, not %s's",
				 (unsigned long long)j->id, j->framework,
				 f->name);
	if (j->state == JOB_ENDED)
		return error_set(err, BERTH_ECONFLICT, "job %llu is ended",
				 (unsigned long long)j->id);
	for (size_t i = 0; i < n; i++) {
		const struct slice *s = call_slice_of(l, f, tasks[i].slice, err);

		if (s == NULL)
			return -1;
		if (s->revoking)
			return error_set(err, BERTH_ECONFLICT,
					 "task %llu.%u: slice %llu is being "
					 "taken back",
					 (unsigned long long)j->id,
					 tasks[i].index,
					 (unsigned long long)s->id);
		if (tasks[i].index == UINT32_MAX)
			return error_set(err, BERTH_EINPUT,
					 "task %llu.%u: the index is too large",
					 (unsigned long long)j->id,
					 tasks[i].index);
		if (idmap_get(&j->by_index, tasks[i].index) != NULL)
			return error_set(err, BERTH_ECONFLICT,
					 "task %llu.%u: there is one of this "
					 "index", (unsigned long long)j->id,
					 tasks[i].index);
	}
	return check_distinct(j, tasks, n, err);
}

int ledger_launch(struct ledger *l, const char *framework, uint64_t job,
		  const struct ledger_launch *tasks, size_t n, uint64_t now_us,
		  struct berth_error *err)
{
	struct framework *f = state_framework(l, framework, err);
	struct job *j;

	if (f == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	j = state_job(l, job, err);
	if (j == NULL || check_launch(l, f, j, tasks, n, err) != 0)
		return -1;
	if (n > 0 && j->state == JOB_QUEUED)
		ledger_job_started(l, NULL, job, now_us, NULL);
	for (size_t i = 0; i < n; i++) {
		struct event ev = {
			.type = EVENT_TASK_LAUNCHED,
			.at_us = l->now_us,
			.task_launched = {
				.job = job,
				.index = tasks[i].index,
				.slice = tasks[i].slice,
				.array_index = tasks[i].array_index,
				.ranks = tasks[i].ranks,
				.nranks = tasks[i].nranks,
			},
		};

		state_must(l, &ev);
	}
	return 0;
}
