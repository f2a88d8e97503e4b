/* sim.c - see sim.h. */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/clock.h"
#include "sim/failures.h"
#include "sim/pool.h"

#define STATIC "static"
/* Nodes may fail for ever while nothing gets on. */
#define FAILURES_IN_VAIN 10000

struct sim {
	const struct scenario *s;
	struct outcome *out;
	struct clock clock;
	struct pool *pool;
	size_t npools, nready; /* ready: to be finished */
	size_t next;	       /* job to be submitted */
	size_t left;	       /* jobs that have not ended */
	size_t *chain; /* of each framework: its next job that waits for the
			  one before it */
	bool *busy;    /* one of these runs */
	struct alarm submit;
	struct failures *failures;
	uint64_t patience; /* failures after which nothing can come of it */
	bool *started; /* of each job: handed to its framework */
};

/* ---- jobs come ---- */

static void submit_job(struct sim *sim, struct work *w)
{
	struct app *a = &sim->out->app[w->app];

	sim->started[w - sim->out->work.at] = true;
	pool_submit(a->pool, a, w);
}

/* The next one of those that come one after the other. */
static void follow_chain(struct sim *sim, unsigned app)
{
	struct worklist *list = &sim->out->work;

	if (sim->busy[app])
		return;
	for (size_t i = sim->chain[app]; i < list->count; i++) {
		struct work *w = &list->at[i];

		if (w->app != app || !w->after_last || sim->started[i])
			continue;
		if (w->submit_us > sim->clock.now_us)
			return;
		sim->chain[app] = i + 1;
		sim->busy[app] = true;
		submit_job(sim, w);
		return;
	}
}

static void submit_ring(void *arg)
{
	struct sim *sim = arg;
	struct worklist *list = &sim->out->work;

	while (sim->next < list->count &&
	       list->at[sim->next].submit_us <= sim->clock.now_us) {
		struct work *w = &list->at[sim->next++];

		if (w->after_last)
			follow_chain(sim, w->app);
		else
			submit_job(sim, w);
	}
	if (sim->next < list->count)
		clock_set(&sim->clock, &sim->submit,
			  list->at[sim->next].submit_us);
}

static void job_done(void *arg, struct app *a, struct work *w)
{
	struct sim *sim = arg;

	sim->left--;
	sim->patience = failures_count(sim->failures) + FAILURES_IN_VAIN;
	if (w->after_last) {
		sim->busy[a->index] = false;
		follow_chain(sim, a->index);
	}
}

/* ---- the clusters ---- */

static int check_partitions(const struct scenario *s, const unsigned *nodes,
			    struct berth_error *err)
{
	unsigned sum = 0;

	for (size_t i = 0; i < s->napps; i++)
		sum += nodes[i];
	if (sum > s->nodes)
		return error_set(err, BERTH_EINPUT,
				 "the static partitions have %u nodes together,"
				 " the cluster has %u",
				 sum, s->nodes);
	for (size_t i = 0; i < s->work.count; i++) {
		const struct work *w = &s->work.at[i];
		const struct app_conf *a = &s->app[w->app];
		uint64_t slots = scenario_slots(s, a, nodes[w->app]);
		uint32_t need = a->ops == &app_service ? w->workers : w->least;

		if (a->ops == &app_mpi)
			need = w->workers;
		if (need > slots)
			return error_set(
				err, BERTH_EINPUT,
				"job %s needs %u tasks at a time; the "
				"partition of %s, %u nodes, holds %llu",
				w->name, need, a->name, nodes[w->app],
				(unsigned long long)slots);
	}
	return 0;
}

static void node_fails(void *arg, unsigned node, bool up)
{
	struct sim *sim = arg;

	for (size_t i = 0; i < sim->npools; i++) {
		struct pool *p = &sim->pool[i];

		if (node >= p->options.first &&
		    node - p->options.first < p->options.nodes)
			pool_node(p, node, up);
	}
}

static int make_pool(struct sim *sim, const struct policy *policy,
		     unsigned first, unsigned nodes, bool check,
		     struct berth_error *err)
{
	struct pool_options o = {
		.policy = policy,
		.topology = sim->s->topology,
		.topologies = sim->s->topologies,
		.nodes = nodes,
		.first = first,
		.cluster = sim->s->nodes,
		.seed = work_mix(sim->s->seed, 1),
		.latency_us = sim->s->latency_us,
		.start_us = sim->s->start_us,
		.round_us = sim->s->round_us,
		.stop_us = sim->s->stop_us,
		.check = check,
	};

	return pool_init(&sim->pool[sim->nready++], &o, &sim->clock, job_done,
			 sim, err);
}

static int make_pools(struct sim *sim, const char *policy, bool check,
		      struct berth_error *err)
{
	const struct scenario *s = sim->s;
	struct outcome *out = sim->out;
	bool parts = strcmp(policy, STATIC) == 0;
	unsigned first = 0;
	size_t wrong;
	const struct policy *p = policy_find(parts ? "fifo" : policy, err);

	if (p == NULL)
		return -1;
	for (size_t i = 0; i < s->napps; i++)
		out->nodes[i] = parts ? scenario_partition(s, &s->app[i]) :
					s->nodes;
	if (parts && check_partitions(s, out->nodes, err) != 0)
		return -1;
	sim->npools = parts ? s->napps : 1;
	sim->pool = mem_array(sim->npools, sizeof(*sim->pool));
	for (size_t i = 0; i < sim->npools; i++) {
		if (make_pool(sim, p, first, out->nodes[i], check, err) != 0)
			return -1;
		first += out->nodes[i];
	}
	if (!parts &&
	    scenario_set_roles(s, sim->pool[0].ledger, 0, &wrong, err) != 0)
		return -1;
	for (size_t i = 0; i < s->napps; i++) {
		struct app *a = &out->app[i];

		a->conf = &s->app[i];
		a->index = (unsigned)i;
		tally_init(&a->busy_cores, s->bin_us, 0);
		tally_init(&a->busy_mib, s->bin_us, 0);
		tally_init(&a->used_cores, s->bin_us, 0);
		tally_init(&a->used_mib, s->bin_us, 0);
		tally_init(&a->taken, s->bin_us, 0);
		tally_init(&a->lost_work, s->bin_us, 0);
		if (pool_add(&sim->pool[parts ? i : 0], a, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the run ---- */

static int never_ended(const struct sim *sim, struct berth_error *err)
{
	const struct worklist *list = &sim->out->work;
	size_t i = 0;

	while (i < list->count && list->at[i].ended)
		i++;
	return error_set(err, BERTH_ESYS,
			 "%zu jobs never ended, job %s of %s the first of them",
			 sim->left, i < list->count ? list->at[i].name : "?",
			 i < list->count ? sim->s->app[list->at[i].app].name
					 : "?");
}

static int run(struct sim *sim, struct berth_error *err)
{
	while (sim->left > 0) {
		if (!clock_step(&sim->clock) ||
		    failures_count(sim->failures) > sim->patience)
			return never_ended(sim, err);
		for (size_t i = 0; i < sim->npools; i++) {
			pool_settle(&sim->pool[i]);
			if (sim->pool[i].failed) {
				*err = sim->pool[i].error;
				return error_prefix(err, "simulation");
			}
		}
	}
	return 0;
}

/* Everything was given back. */
static int check_end(const struct sim *sim, struct berth_error *err)
{
	for (size_t i = 0; i < sim->npools; i++) {
		struct ledger_stats st;

		if (ledger_check(sim->pool[i].ledger, err) != 0)
			return -1;
		ledger_stats(sim->pool[i].ledger, &st);
		if (st.tasks > 0 || st.jobs > 0 || st.slices > 0 ||
		    !amount_equal(&st.free, &st.total))
			return error_set(err, BERTH_ESYS,
					 "all jobs ended, but %zu jobs, %zu "
					 "tasks, %zu slices are left",
					 st.jobs, st.tasks, st.slices);
	}
	return 0;
}

static void collect(struct sim *sim)
{
	struct outcome *o = sim->out;

	o->end_us = sim->clock.now_us;
	for (size_t i = 0; i < sim->s->napps; i++) {
		struct app *a = &o->app[i];

		tally_set(&a->busy_cores, 0, o->end_us);
		tally_set(&a->busy_mib, 0, o->end_us);
		tally_set(&a->used_cores, 0, o->end_us);
		tally_set(&a->used_mib, 0, o->end_us);
	}
	o->failures = failures_count(sim->failures);
	for (size_t i = 0; i < sim->npools; i++) {
		struct ledger_stats st;

		ledger_stats(sim->pool[i].ledger, &st);
		o->rounds += st.rounds;
		o->events += st.events;
		o->round_spent_us += sim->pool[i].round_spent_us;
		o->offers_made += st.offers_made;
		o->offers_accepted += st.offers_accepted;
		o->offers_declined += st.offers_declined;
		o->offers_expired += st.offers_expired;
		o->offers_rescinded += st.offers_rescinded;
		o->slices_revoked += st.slices_revoked;
	}
}

static void finish(struct sim *sim)
{
	for (size_t i = 0; i < sim->nready; i++)
		pool_finish(&sim->pool[i]);
	clock_stop(&sim->clock, &sim->submit);
	failures_destroy(sim->failures);
	clock_finish(&sim->clock);
	free(sim->pool);
	free(sim->chain);
	free(sim->busy);
	free(sim->started);
}

struct outcome *sim_run(const struct scenario *s, const char *policy,
			bool check, struct berth_error *err)
{
	struct berth_error own;
	struct outcome *o = mem_alloc(sizeof(*o));
	struct sim sim = {.s = s, .out = o, .left = s->work.count};
	int rc;

	err = err != NULL ? err : &own;
	if (s->work.count == 0) {
		error_set(err, BERTH_EINPUT, "%s: no job in it ran to its "
					     "end: nothing to run again",
			  s->name);
		free(o);
		return NULL;
	}
	o->policy = mem_strdup(policy);
	o->scenario = s;
	worklist_copy(&o->work, &s->work);
	o->app = mem_array(s->napps, sizeof(*o->app));
	o->nodes = mem_array(s->napps, sizeof(*o->nodes));
	sim.chain = mem_array(s->napps, sizeof(*sim.chain));
	sim.busy = mem_array(s->napps, sizeof(*sim.busy));
	sim.started = mem_array(s->work.count, sizeof(*sim.started));
	clock_init(&sim.clock, 0);
	alarm_init(&sim.submit, submit_ring, &sim);
	sim.failures = failures_create(s, &sim.clock, node_fails, &sim);
	sim.patience = FAILURES_IN_VAIN;
	rc = make_pools(&sim, policy, check, err);
	if (rc == 0) {
		clock_set(&sim.clock, &sim.submit, o->work.at[0].submit_us);
		rc = run(&sim, err);
	}
	if (rc == 0)
		rc = check_end(&sim, err);
	if (rc == 0)
		collect(&sim);
	finish(&sim);
	if (rc == 0)
		return o;
	outcome_destroy(o);
	return NULL;
}

void outcome_destroy(struct outcome *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->scenario->napps; i++) {
		tally_finish(&o->app[i].busy_cores);
		tally_finish(&o->app[i].busy_mib);
		tally_finish(&o->app[i].used_cores);
		tally_finish(&o->app[i].used_mib);
		tally_finish(&o->app[i].taken);
		tally_finish(&o->app[i].lost_work);
	}
	worklist_finish(&o->work);
	free(o->app);
	free(o->nodes);
	free(o->policy);
	free(o);
}
