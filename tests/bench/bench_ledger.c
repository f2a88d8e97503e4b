/*
 * bench_ledger.c - what the ledger costs alone: rounds, tasks, memory.
 *
 * Rounds: N nodes of 64 cores and F frameworks (N / 10), as in the benchmark
 * of Mesos's own allocator.  Cold: each framework states a demand for its part
 * of the cluster, one round serves them all.  Steady: the cluster is full, a
 * slice comes back and is offered again.  Prints a table, in processor time.
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
	for (size_t i = 0; i < frameworks; i++) {
		char role[24];

		snprintf(name, sizeof(name), "f%zu", i);
		snprintf(role, sizeof(role), "r%zu", i % 50);
		must(ledger_register(w->l, name, role, "s", 0, w->now, &err),
		     &err);
	}
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

/* A slice comes back, a round offers it, it is taken again; the median. */
static double steady(struct world *w, size_t frameworks, size_t turns,
		     double *worst)
{
	double *s = mem_array(turns, sizeof(*s)), median;
	struct berth_error err;

	for (size_t i = 0; i < turns; i++) {
		char name[24];
		const struct slice *first = NULL;

		while (first == NULL) {
			size_t f = rand_below(&w->rand, frameworks);

			snprintf(name, sizeof(name), "f%zu", f);
			first = TAILQ_FIRST(
				&ledger_framework(w->l, name)->slices);
		}
		w->now += 1000;
		must(ledger_release(w->l, name, &first->id, 1, w->now, &err),
		     &err);
		s[i] = round_s(w);
		accept_all(w);
	}
	qsort(s, turns, sizeof(*s), by_value);
	median = s[turns / 2];
	*worst = s[turns - 1];
	free(s);
	return median;
}

static void bench_rounds(const struct policy *p, size_t nodes,
			 size_t frameworks, const struct topology *t)
{
	size_t before = memory(), after;
	double cold, med, worst, idle;
	struct world w;

	start(&w, p, nodes, frameworks, t);
	after = memory();
	/* Slices of 32 cores: two a node; all of them are wanted, and more. */
	for (size_t i = 0; i < frameworks; i++) {
		demand(&w, i, "first", (unsigned)(nodes * 2 / frameworks), 32,
		       false);
		demand(&w, i, "more", 4, 32, false);
		if (i % 10 == 0)
			demand(&w, i, "gang", 8, 32, true);
	}
	cold = round_s(&w);
	accept_all(&w);
	round_s(&w);
	med = steady(&w, frameworks, 200, &worst);
	ledger_touch(w.l);
	idle = round_s(&w);
	printf("%-5s %6zu %6zu %10.1f %10.3f %10.3f %10.3f %8zu\n", p->name,
	       nodes, frameworks, cold * 1e3, med * 1e3, worst * 1e3,
	       idle * 1e3, (after - before) / nodes);
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

int main(void)
{
	struct topology_shape shape = {
		.packages = 2, .numas = 2, .l3s = 4, .cores = 4, .pus = 2,
		.mib = 64000,
	};
	struct topology *t = topology_create_regular(&shape);
	static const size_t sizes[][2] = {
		{1000, 100}, {5000, 500}, {20000, 2000}, {50000, 6000},
	};

	printf("%-5s %6s %6s %10s %10s %10s %10s %8s\n", "", "nodes", "frmwks",
	       "cold ms", "steady ms", "worst ms", "full ms", "B/node");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (size_t p = 0; policy_at(p) != NULL; p++)
			bench_rounds(policy_at(p), sizes[i][0], sizes[i][1], t);
	}
	bench_tasks(t);
	bench_cycles(t);
	topology_unref(t);
	return 0;
}
