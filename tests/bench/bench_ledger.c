/*
 * bench_ledger.c - what the ledger costs alone: rounds, tasks, memory.
 * Usage: bench_ledger [POLICY...]
 *
 * Rounds: N nodes of 64 cores and F frameworks, in the phases of the benchmark
 * of Mesos's own allocator.  add: the nodes.  cold: each framework states
 * demands for its part of the cluster and more, one round serves them all.
 * decline: all offers of a round are declined for some seconds, the next one
 * offers everything to others.  steady: the cluster is full and more is waited
 * for; a task ends, its framework states a demand, what came free is offered
 * and taken.  suppress: as steady, with 99 of 100 frameworks suppressed.
 * revive: the round when these are back.  In processor time.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "ledger/ledger.h"

/* Of our own time: the machine may have other work. */
static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t memory(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

struct world {
	struct ledger *l;
	struct rand_state rand;
	uint64_t now;
	uint64_t *slice; /* of offers that were made last */
	size_t nslices, room;
	uint64_t offer;
	char framework[16];
};

static void listen(void *arg, const struct event *ev)
{
	struct world *w = arg;

	if (ev->type != EVENT_OFFER_MADE)
		return;
	w->offer = ev->offer_made.offer;
	snprintf(w->framework, sizeof(w->framework), "%s",
		 ev->offer_made.framework);
	if (ev->offer_made.nslices > w->room) {
		w->room = ev->offer_made.nslices;
		w->slice = mem_resize(w->slice, w->room, sizeof(*w->slice));
	}
	w->nslices = ev->offer_made.nslices;
	for (size_t i = 0; i < w->nslices; i++)
		w->slice[i] = ev->offer_made.slices[i]->id;
}

static void must(int rc, const struct berth_error *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_ledger: %s\n", err->text);
	exit(1);
}

static void add_frameworks(struct world *w, size_t frameworks)
{
	for (size_t i = 0; i < frameworks; i++) {
		struct berth_error err;
		char name[24], role[24];

		snprintf(name, sizeof(name), "f%zu", i);
		snprintf(role, sizeof(role), "r%zu", i % 50);
		must(ledger_register(w->l, name, role, "s", 0, w->now, &err),
		     &err);
	}
}

static void start(struct world *w, const struct policy *p, size_t nodes,
		  size_t frameworks, const struct topology *t)
{
	struct ledger_options o = {
		.policy = p,
		.max_offers = 1000000,
		.listen = listen,
		.arg = w,
	};
	struct berth_error err;
	char name[24];

	memset(w, 0, sizeof(*w));
	rand_seed(&w->rand, 1);
	w->now = 1000000;
	w->l = ledger_create(&o);
	for (size_t i = 0; i < nodes; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		must(ledger_node_up(w->l, name, t, NULL, 0, false, w->now,
				    &err), &err);
	}
	add_frameworks(w, frameworks);
}

static void finish(struct world *w)
{
	ledger_destroy(w->l);
	free(w->slice);
}

static void demand(struct world *w, size_t framework, const char *id,
		   unsigned count, unsigned cores, bool gang)
{
	struct demand *d = demand_create(id);
	struct berth_error err;
	char name[24];

	snprintf(name, sizeof(name), "f%zu", framework);
	d->count = count;
	d->max = count;
	d->gang = gang;
	d->unit.cores = cores;
	d->unit.memory_mib = 1000;
	must(ledger_demand(w->l, name, d, w->now, &err), &err);
	demand_destroy(d);
}

static double round_s(struct world *w)
{
	double t = now_s();

	while (ledger_round(w->l, w->now, &w->rand) == 1)
		continue;
	return now_s() - t;
}

static void accept_all(struct world *w)
{
	const struct offer *o = ledger_first_offer(w->l);
	struct berth_error err;

	for (; o != NULL; o = ledger_first_offer(w->l)) {
		uint64_t *ids = mem_array(o->nslices, sizeof(*ids));
		const struct slice *s;
		size_t n = 0;

		TAILQ_FOREACH(s, &o->slices, of_owner)
			ids[n++] = s->id;
		must(ledger_accept(w->l, o->framework->name, o->id, ids, n,
				   w->now, &err), &err);
		free(ids);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct times {
	double *s;
	size_t n, room;
};

static void add_time(struct times *t, double s)
{
	if (t->n == t->room) {
		t->room = t->room > 0 ? t->room * 2 : 64;
		t->s = mem_resize(t->s, t->room, sizeof(*t->s));
	}
	t->s[t->n++] = s;
}

/* Prints median and worst in ms; t is empty then. */
static void print_times(struct times *t)
{
	if (t->n > 0) {
		qsort(t->s, t->n, sizeof(*t->s), by_value);
		printf(" %8.3f %8.3f", t->s[t->n / 2] * 1e3,
		       t->s[t->n - 1] * 1e3);
	} else {
		printf(" %8s %8s", "-", "-");
	}
	free(t->s);
	*t = (struct times){NULL, 0, 0};
	fflush(stdout);
}

/* A framework that has a slice, at random, and its first one. */
static const struct slice *some_slice(struct world *w, size_t frameworks,
				      size_t *f)
{
	for (;;) {
		char name[24];
		const struct slice *s;

		*f = rand_below(&w->rand, frameworks);
		snprintf(name, sizeof(name), "f%zu", *f);
		s = TAILQ_FIRST(&ledger_framework(w->l, name)->slices);
		if (s != NULL && !s->revoking)
			return s;
	}
}

/* A task ends, its framework states a demand, a round, what it offers is
 * taken. */
static void steady(struct world *w, size_t frameworks, size_t turns,
		   struct times *t)
{
	for (size_t i = 0; i < turns; i++) {
		struct berth_error err;
		size_t f;
		uint64_t id = some_slice(w, frameworks, &f)->id;
		char name[24];

		snprintf(name, sizeof(name), "f%zu", f);
		w->now += 1000;
		must(ledger_release(w->l, name, &id, 1, w->now, &err), &err);
		demand(w, f, "turn", 1, 32, false);
		add_time(t, round_s(w));
		accept_all(w);
	}
}

static void decline_all(struct world *w)
{
	const struct offer *o = ledger_first_offer(w->l);
	struct berth_error err;

	for (; o != NULL; o = ledger_first_offer(w->l)) {
		const char **nodes = mem_array(o->nslices, sizeof(*nodes));
		const struct slice *s;
		size_t n = 0;

		TAILQ_FOREACH(s, &o->slices, of_owner)
			nodes[n++] = s->node->name;
		must(ledger_decline(w->l, o->framework->name, o->id, 60000000,
				    nodes, n, w->now, &err), &err);
		free(nodes);
	}
}

static void suppress(struct world *w, size_t frameworks, bool back)
{
	for (size_t i = 0; i < frameworks; i++) {
		struct berth_error err;
		char name[24];

		if (i % 100 == 0)
			continue;
		snprintf(name, sizeof(name), "f%zu", i);
		must(back ? ledger_revive(w->l, name, w->now, &err) :
			    ledger_suppress(w->l, name, w->now, &err), &err);
	}
}

/* Slices of 32 cores: two a node; all of them are wanted, and more. */
static void demand_all(struct world *w, size_t nodes, size_t frameworks)
{
	for (size_t i = 0; i < frameworks; i++) {
		demand(w, i, "first", (unsigned)(nodes * 2 / frameworks), 32,
		       false);
		demand(w, i, "more", 4, 32, false);
		if (i % 10 == 0)
			demand(w, i, "gang", 8, 32, true);
	}
}

static void bench_rounds(const struct policy *p, size_t nodes,
			 size_t frameworks, const struct topology *t)
{
	size_t before = memory(), bare, after;
	struct times times = {NULL, 0, 0};
	double from = now_s();
	struct world w;

	start(&w, p, nodes, 0, t);
	add_time(&times, now_s() - from);
	bare = memory();
	printf("%-7s %6zu %5zu %8.1f", p->name, nodes, frameworks,
	       times.s[0] * 1e3);
	times.n = 0;
	add_frameworks(&w, frameworks);
	demand_all(&w, nodes, frameworks);
	after = memory();
	from = round_s(&w);
	printf(" %8.1f", from * 1e3);
	for (unsigned i = 0; i < 8; i++) {
		w.now += 1000000;
		decline_all(&w);
		add_time(&times, round_s(&w));
	}
	print_times(&times);
	decline_all(&w);
	w.now += 120000000; /* filters are over */
	round_s(&w);
	for (unsigned i = 0; i < 10; i++) {
		accept_all(&w);
		round_s(&w);
	}
	steady(&w, frameworks, 200, &times);
	print_times(&times);
	suppress(&w, frameworks, false);
	steady(&w, frameworks, 200, &times);
	print_times(&times);
	suppress(&w, frameworks, true);
	printf(" %8.3f", round_s(&w) * 1e3);
	printf(" %6zu %6zu\n", (bare - before) / nodes,
	       (after - bare) / frameworks);
	finish(&w);
}

/* Many demands wait for nodes that are full. */
static void bench_waiting(const struct policy *p, const struct topology *t)
{
	enum { NODES = 20000, FRAMEWORKS = 2000, WAITING = 10000 };
	struct times times = {NULL, 0, 0};
	struct world w;

	start(&w, p, NODES, FRAMEWORKS, t);
	demand_all(&w, NODES, FRAMEWORKS);
	for (size_t i = 0; i < WAITING; i++) {
		char id[24];

		snprintf(id, sizeof(id), "w%zu", i / FRAMEWORKS);
		demand(&w, i % FRAMEWORKS, id, 2, 32, false);
	}
	printf("%-7s %10.1f", p->name, round_s(&w) * 1e3);
	accept_all(&w);
	round_s(&w);
	steady(&w, FRAMEWORKS, 200, &times);
	print_times(&times);
	printf("\n");
	finish(&w);
}

/* Half of the cluster is guaranteed to 50 roles; 30 of them have it all when
 * the others come.  What is taken back takes its time. */
static void bench_claims(const struct policy *p, const struct topology *t)
{
	enum { NODES = 20000, FRAMEWORKS = 2000, CLAIMS = 20 };
	struct times times = {NULL, 0, 0};
	struct berth_error err;
	struct world w;

	start(&w, p, NODES, FRAMEWORKS, t);
	for (size_t i = 0; i < 50; i++) {
		struct role_setting s;
		char name[24];

		snprintf(name, sizeof(name), "r%zu", i);
		role_setting_init(&s, name);
		s.guarantee.of[RESOURCE_CORES].kind = QUOTA_NUMBER;
		s.guarantee.of[RESOURCE_CORES].value = NODES * 32 / 50;
		must(ledger_share_set(w.l, &s, w.now, &err), &err);
	}
	for (size_t i = 0; i < FRAMEWORKS; i++) {
		if (i % 50 >= CLAIMS)
			demand(&w, i, "first", 40, 32, false);
	}
	round_s(&w);
	accept_all(&w);
	for (size_t i = 0; i < FRAMEWORKS; i++) {
		if (i % 50 < CLAIMS)
			demand(&w, i, "claim", 2, 32, false);
	}
	printf("%-7s %10.1f", p->name, round_s(&w) * 1e3);
	steady(&w, FRAMEWORKS, 50, &times);
	print_times(&times);
	printf("\n");
	finish(&w);
}

/* launch + running + ended of tasks in held slices, and their jobs. */
static void bench_tasks(const struct topology *t)
{
	enum { JOBS = 2000, TASKS = 100, SLOTS = 64 };
	struct berth_error err;
	struct world w;
	uint64_t slots[SLOTS], id;
	size_t before, peak;
	double from, took;

	start(&w, &policy_fifo, 1, 1, t);
	{
		struct demand *d = demand_create("d");

		d->count = SLOTS;
		d->max = SLOTS;
		d->separate = true;
		must(ledger_demand(w.l, "f0", d, w.now, &err), &err);
		demand_destroy(d);
	}
	round_s(&w);
	memcpy(slots, w.slice, sizeof(slots));
	accept_all(&w);
	before = memory();
	from = now_s();
	for (size_t j = 0; j < JOBS; j++) {
		struct ledger_job job = {
			.name = "array", .framework = "f0", .user = "ada",
			.spec = "{\"argv\": [\"true\"], \"env\": {}}",
		};

		must(ledger_submit(w.l, &job, w.now, &id, &err), &err);
		for (uint32_t i = 0; i < TASKS; i++) {
			struct ledger_launch launch = {
				.index = i, .slice = slots[i % SLOTS],
				.array_index = i,
			};
			struct ledger_report r = {
				.job = id, .index = i,
				.status = {.state = TASK_RUNNING, .rank = -1},
			};

			w.now += 10;
			must(ledger_launch(w.l, "f0", id, &launch, 1, w.now,
					   &err), &err);
			must(ledger_task_report(w.l, "n0", &r, w.now, &err),
			     &err);
			r.status.state = TASK_ENDED;
			r.status.end = TASK_END_EXITED;
			must(ledger_task_report(w.l, "n0", &r, w.now, &err),
			     &err);
		}
		must(ledger_job_finished(w.l, "f0", id, JOB_DONE, 0, 0, "",
					 w.now, &err), &err);
		ledger_round(w.l, w.now, &w.rand);
	}
	took = now_s() - from;
	peak = memory() - before;
	w.now += 3600000000;
	ledger_round(w.l, w.now, &w.rand);
	printf("\n%d tasks: %.2f us each (launch, running, ended), "
	       "%.0f a second\n", JOBS * TASKS, took * 1e6 / (JOBS * TASKS),
	       JOBS * TASKS / took);
	printf("a finished job of %d tasks: %zu bytes kept (at most, while the "
	       "newest 20000 tasks are there, %zu a job)\n", TASKS,
	       (memory() - before) / JOBS, peak / JOBS);
	finish(&w);
}

/* demand + offer + accept + launch + ended + release of one-task jobs. */
static void bench_cycles(const struct topology *t)
{
	enum { TURNS = 50000 };
	struct berth_error err;
	struct world w;
	double from, took;
	uint64_t id;

	start(&w, &policy_fifo, 100, 1, t);
	from = now_s();
	for (size_t i = 0; i < TURNS; i++) {
		struct ledger_job job = {
			.name = "one", .framework = "f0", .user = "ada",
			.spec = "{}",
		};
		struct ledger_launch launch = {.array_index = -1};
		struct ledger_report r = {
			.status = {.state = TASK_ENDED,
				   .end = TASK_END_EXITED, .rank = -1},
		};
		char node[24];

		w.now += 10;
		must(ledger_submit(w.l, &job, w.now, &id, &err), &err);
		demand(&w, 0, "d", 1, 1, false);
		ledger_round(w.l, w.now, &w.rand);
		launch.slice = w.slice[0];
		snprintf(node, sizeof(node), "%s",
			 ledger_slice(w.l, launch.slice)->node->name);
		must(ledger_accept(w.l, "f0", w.offer, w.slice, 1, w.now,
				   &err), &err);
		must(ledger_launch(w.l, "f0", id, &launch, 1, w.now, &err),
		     &err);
		r.job = id;
		must(ledger_task_report(w.l, node, &r, w.now, &err), &err);
		must(ledger_job_finished(w.l, "f0", id, JOB_DONE, 0, 0, "",
					 w.now, &err), &err);
		must(ledger_release(w.l, "f0", &launch.slice, 1, w.now, &err),
		     &err);
	}
	took = now_s() - from;
	printf("%d jobs of one task, each with an offer of its own: %.2f us "
	       "each, %.0f a second\n", TURNS, took * 1e6 / TURNS,
	       TURNS / took);
	finish(&w);
}

static bool wanted(int argc, char **argv, const struct policy *p)
{
	bool any = argc < 2;

	for (int i = 1; i < argc; i++)
		any |= strcmp(argv[i], p->name) == 0;
	return any;
}

int main(int argc, char **argv)
{
	struct topology_shape shape = {
		.packages = 2, .numas = 2, .l3s = 4, .cores = 4, .pus = 2,
		.mib = 64000,
	};
	struct topology *t = topology_create_regular(&shape);
	static const size_t sizes[][2] = {
		{1000, 100}, {5000, 500}, {10000, 1000}, {20000, 2000},
		{50000, 6000},
	};
	const struct policy *p;

	printf("rounds, in ms (pairs: median and worst), and memory\n"
	       "%-7s %6s %5s %8s %8s %17s %17s %17s %8s %6s %6s\n", "policy",
	       "nodes", "fws", "add all", "cold", "decline", "steady",
	       "99% suppressed", "revive", "B/node", "B/fw");
	for (size_t k = 0; (p = policy_at(k)), p != NULL; k++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			if (wanted(argc, argv, p))
				bench_rounds(p, sizes[i][0], sizes[i][1], t);
		}
	}
	printf("\n20000 nodes, 2000 frameworks, 10000 demands more that wait\n"
	       "%-7s %10s %17s\n", "policy", "cold", "steady");
	for (size_t k = 0; (p = policy_at(k)), p != NULL; k++) {
		if (wanted(argc, argv, p))
			bench_waiting(p, t);
	}
	printf("\n20000 nodes, 2000 frameworks, 800 claims on what others have\n"
	       "%-7s %10s %17s\n", "policy", "revoking", "while it lasts");
	for (size_t k = 0; (p = policy_at(k)), p != NULL; k++) {
		if (wanted(argc, argv, p))
			bench_claims(p, t);
	}
	bench_tasks(t);
	bench_cycles(t);
	topology_unref(t);
	return 0;
}
