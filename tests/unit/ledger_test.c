/* ledger_test.c - the ledger's calls one by one, and what its policies do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger_rig.h"
#include "unit.h"

/* A cluster of 4 nodes of 8 cores in 2 packages, frameworks a, b and c. */
static struct ledger_rig rig;
static char said[8000]; /* what the listener heard, by names */

static void listen(void *arg, const struct event *ev)
{
	size_t n = strlen(said);

	(void)arg;
	snprintf(said + n, sizeof(said) - n, "%s ", event_name(ev->type));
}

static void heard(const char *log)
{
	CU_ASSERT_STRING_EQUAL(said, log);
	said[0] = '\0';
}

static void start(const struct policy *p)
{
	struct topology_shape shape = {
		.packages = 2, .cores = 4, .mib = 1000, .gpus = 1,
		.gpu_vendor = "amd",
	};
	struct ledger_options o = {
		.policy = p,
		.listen = listen,
		.keep_jobs = 2,
		.keep_failed = 2,
	};

	ledger_rig_init(&rig, &shape, 4, &o);
	ledger_rig_frameworks(&rig, "abc");
	said[0] = '\0';
}

static void finish(void)
{
	ledger_rig_finish(&rig);
}

static void check_rounds(void)
{
	ledger_rig_rounds(&rig);
}

/* count units of so many cores. */
static struct demand *new_demand(const char *id, unsigned count,
				 unsigned cores, bool gang)
{
	struct demand *d = demand_create(id);

	d->count = count;
	d->max = count;
	d->gang = gang;
	d->unit.cores = cores;
	return d;
}

static void state(const char *framework, struct demand *d)
{
	ledger_rig_state(&rig, framework, d);
}

static void want(const char *framework, const char *id, unsigned count,
		 unsigned cores, bool gang)
{
	state(framework, new_demand(id, count, cores, gang));
}

static const struct offer *offer_to(const char *framework)
{
	return TAILQ_FIRST(&ledger_framework(rig.l, framework)->offers);
}

static unsigned units_to(const char *framework)
{
	const struct offer *o;
	unsigned units = 0;

	TAILQ_FOREACH (o, &ledger_framework(rig.l, framework)->offers,
		       of_framework)
		units += o->units;
	return units;
}

static void accept_all(const char *framework)
{
	ledger_rig_take(&rig, framework, NULL, NULL);
}

/* All cores as held slices of the framework, each one by itself. */
static void take_all(const char *framework)
{
	struct demand *d = new_demand("all", 32, 1, false);

	d->separate = true;
	state(framework, d);
	check_rounds();
	accept_all(framework);
}

static void release_one(const char *framework)
{
	const struct slice *s;

	s = TAILQ_FIRST(&ledger_framework(rig.l, framework)->slices);
	CU_ASSERT_EQUAL(
	    ledger_release(rig.l, framework, &s->id, 1, rig.now, &rig.err), 0);
}

static uint64_t submit(const char *framework)
{
	struct ledger_job job = {
		.name = "j", .framework = framework, .user = "ada",
		.spec = "{}",
	};
	uint64_t id = 0;

	CU_ASSERT_EQUAL(ledger_submit(rig.l, &job, rig.now, &id, &rig.err), 0);
	return id;
}

static int launch(const char *framework, uint64_t job, uint32_t index,
		  uint64_t slice)
{
	struct ledger_launch t = {
		.index = index, .slice = slice, .array_index = -1,
	};

	return ledger_launch(rig.l, framework, job, &t, 1, rig.now, &rig.err);
}

static int report(const char *node, uint64_t job, uint32_t index,
		  enum task_state st, int exit_code)
{
	struct ledger_report r = {
		.job = job,
		.index = index,
		.status = {.state = st, .end = TASK_END_EXITED,
			   .exit_code = exit_code, .rank = -1},
	};

	return ledger_task_report(rig.l, node, &r, rig.now, &rig.err);
}

/* ---- offers ---- */

static void test_life_of_a_job(void)
{
	const struct slice *s;
	const struct job *j;
	uint64_t job, slice;

	start(NULL);
	job = submit("a");
	want("a", "1", 1, 4, false);
	check_rounds();
	heard("job_submitted demand_set offer_made ");
	s = TAILQ_FIRST(&offer_to("a")->slices);
	CU_ASSERT_EQUAL(s->amount.cores, 4);
	CU_ASSERT_EQUAL(s->state, SLICE_OFFERED);
	slice = s->id;
	CU_ASSERT_EQUAL(launch("a", job, 0, slice), -1); /* only offered */
	accept_all("a");
	CU_ASSERT_PTR_NULL(ledger_find_demand(rig.l, "a", "1")); /* met */
	CU_ASSERT_EQUAL(launch("a", job, 0, slice), 0);
	CU_ASSERT_EQUAL(launch("a", job, 0, slice), -1); /* index twice */
	CU_ASSERT_EQUAL(launch("b", job, 1, slice), -1); /* not b's */
	CU_ASSERT_EQUAL(s->state, SLICE_BUSY);
	CU_ASSERT_EQUAL(ledger_release(rig.l, "a", &slice, 1, rig.now, NULL),
			-1);
	CU_ASSERT_EQUAL(report("n0", job, 0, TASK_RUNNING, 0), 0);
	CU_ASSERT_EQUAL(report("n0", job, 0, TASK_RUNNING, 0), -1);
	CU_ASSERT_EQUAL(report("n1", job, 0, TASK_ENDED, 0), -1);
	CU_ASSERT_EQUAL(report("n0", job, 9, TASK_ENDED, 0), -1);
	CU_ASSERT_EQUAL(ledger_job_finished(rig.l, "a", job, JOB_DONE, 0, 0, "",
					    rig.now, &rig.err),
			-1);
	CU_ASSERT_EQUAL(report("n0", job, 0, TASK_ENDED, 3), 0);
	CU_ASSERT_EQUAL(report("n0", job, 0, TASK_ENDED, 3), -1);
	CU_ASSERT_EQUAL(s->state, SLICE_HELD);
	CU_ASSERT_EQUAL(launch("a", job, 1, slice), 0); /* once more in it */
	CU_ASSERT_EQUAL(report("n0", job, 1, TASK_ENDED, 0), 0);
	CU_ASSERT_EQUAL(ledger_job_finished(rig.l, "b", job, JOB_FAILED, 3, 0,
					    "x", rig.now, NULL),
			-1);
	CU_ASSERT_EQUAL(ledger_job_finished(rig.l, "a", job, JOB_FAILED, 3, 0,
					    "x", rig.now, NULL),
			0);
	j = ledger_job(rig.l, job);
	CU_ASSERT(j->state == JOB_ENDED && j->exit_code == 3 &&
		  j->counts.done == 1 && j->counts.failed == 1);
	CU_ASSERT_EQUAL(ledger_release(rig.l, "a", &slice, 1, rig.now, NULL),
			0);
	CU_ASSERT_PTR_NULL(ledger_slice(rig.l, slice));
	heard("offer_accepted job_started task_launched task_started "
	      "task_finished task_launched task_finished job_finished "
	      "slice_released ");
	finish();
}

static void test_part_and_decline(void)
{
	const char *nodes[1] = {"n0"};
	const struct offer *o;
	uint64_t id;

	start(NULL);
	want("a", "1", 4, 8, false);
	check_rounds();
	o = offer_to("a");
	CU_ASSERT_EQUAL(o->nslices, 4);
	id = TAILQ_FIRST(&o->slices)->id;
	CU_ASSERT_EQUAL(ledger_accept(rig.l, "b", o->id, &id, 1, rig.now, NULL),
			-1);
	CU_ASSERT_EQUAL(ledger_accept(rig.l, "a", o->id, &id, 1, rig.now, NULL),
			0);
	CU_ASSERT_EQUAL(ledger_find_demand(rig.l, "a", "1")->count, 3);
	check_rounds();
	CU_ASSERT_PTR_NULL(offer_to("a")); /* what was left is not wanted */
	rig.now += 1000001;
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l) <= rig.now, true);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 3);
	/* Not n0 and not now: the others again at once, n0 later. */
	want("b", "1", 4, 1, false);
	o = offer_to("a");
	CU_ASSERT_EQUAL(
	    ledger_decline(rig.l, "a", o->id, 5000000, NULL, 0, rig.now, NULL),
	    0);
	check_rounds();
	CU_ASSERT_PTR_NULL(offer_to("a"));
	CU_ASSERT_EQUAL(units_to("b"), 4);
	nodes[0] = TAILQ_FIRST(&offer_to("b")->slices)->node->name;
	CU_ASSERT_EQUAL(ledger_decline(rig.l, "b", offer_to("b")->id, 5000000,
				       nodes, 1, rig.now, NULL),
			0);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 4);
	CU_ASSERT_STRING_NOT_EQUAL(
		TAILQ_FIRST(&offer_to("b")->slices)->node->name, nodes[0]);
	/* Revive clears filters. */
	CU_ASSERT_EQUAL(ledger_revive(rig.l, "a", rig.now, NULL), 0);
	check_rounds();
	CU_ASSERT_PTR_NOT_NULL(offer_to("a"));
	finish();
}

static void test_expiry(void)
{
	start(NULL);
	want("a", "1", 1, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l), rig.now + 5000000);
	rig.now += 5000000;
	said[0] = '\0';
	check_rounds();
	heard("offer_expired ");
	/* For as long again it is not offered anything. */
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l), rig.now + 5000000);
	rig.now += 5000000;
	check_rounds();
	heard("filter_expired offer_made ");
	finish();
}

static void test_suppress(void)
{
	start(NULL);
	want("a", "1", 1, 1, false);
	check_rounds();
	said[0] = '\0';
	CU_ASSERT_EQUAL(ledger_suppress(rig.l, "a", rig.now, NULL), 0);
	check_rounds();
	heard("offer_rescinded framework_suppressed ");
	want("a", "2", 1, 1, false);
	check_rounds();
	heard("demand_set ");
	CU_ASSERT_EQUAL(ledger_revive(rig.l, "a", rig.now, NULL), 0);
	check_rounds();
	heard("framework_revived offer_made offer_made ");
	finish();
}

static void test_withdraw_and_restate(void)
{
	start(NULL);
	want("a", "1", 40, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 32);
	said[0] = '\0';
	want("a", "1", 0, 1, false);
	heard("offer_rescinded demand_withdrawn ");
	want("a", "1", 2, 1, false);
	check_rounds();
	want("a", "1", 5, 1, false); /* two of them are on offer */
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 5);
	finish();
}

static void test_ask(void)
{
	const struct offer *o;

	start(NULL);
	take_all("b");
	release_one("b");
	CU_ASSERT_EQUAL(ledger_ask(rig.l, "a", "mine", rig.now, NULL), 0);
	check_rounds();
	o = offer_to("a");
	CU_ASSERT_STRING_EQUAL(o->demand_id, "mine");
	CU_ASSERT_EQUAL(o->nslices, 1); /* the only node with a core free */
	CU_ASSERT_EQUAL(TAILQ_FIRST(&o->slices)->amount.gpus, 2);
	finish();
}

/* ---- gangs ---- */

static void test_gang(void)
{
	start(NULL);
	want("a", "gang", 3, 8, true);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 3);
	/* Six do not fit beside them: nothing. */
	want("b", "gang", 2, 8, true);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 0);
	accept_all("a");
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 0);
	release_one("a");
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 2);
	finish();
}

/* Small ones that come after a gang fill what it can't use, and do not keep
 * it waiting. */
static void test_backfill(const struct policy *p)
{
	start(p);
	take_all("a");
	want("b", "gang", 2, 8, true);
	want("c", "small", 100, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("c"), 0);
	/* One core after the other comes back, in any order. */
	for (int i = 0; i < 32; i++) {
		const struct framework *a = ledger_framework(rig.l, "a");
		const struct slice *s = TAILQ_FIRST(&a->slices);

		for (int k = (i * 7) % 5; k > 0; k--) {
			if (TAILQ_NEXT(s, of_owner) != NULL)
				s = TAILQ_NEXT(s, of_owner);
		}
		CU_ASSERT_EQUAL(
		    ledger_release(rig.l, "a", &s->id, 1, rig.now, NULL), 0);
		check_rounds();
		if (units_to("b") == 0)
			accept_all("c");
	}
	CU_ASSERT_EQUAL(units_to("b"), 2);
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "c")->used.cores, 16);
	finish();
}

static void test_backfill_fifo(void)
{
	test_backfill(&policy_fifo);
}

static void test_backfill_drf(void)
{
	test_backfill(&policy_drf);
}

/* A gang that the nodes which are up can't ever meet blocks nobody. */
static void test_hopeless_gang(void)
{
	start(NULL);
	want("a", "gang", 100, 8, true);
	want("b", "small", 32, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 32);
	finish();
}

/* ---- constraints and preferences ---- */

static unsigned nodes_of(const char *framework)
{
	const struct offer *o = offer_to(framework);
	const struct node *seen[64];
	const struct slice *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &o->slices, of_owner) {
		bool known = false;

		for (unsigned i = 0; i < n; i++)
			known |= seen[i] == s->node;
		if (!known)
			seen[n++] = s->node;
	}
	return n;
}

static void test_pack_and_spread(void)
{
	struct demand *d;

	start(NULL);
	d = new_demand("1", 4, 1, true);
	d->packing = PACKING_SPREAD;
	state("a", d);
	d = new_demand("1", 10, 1, true);
	d->packing = PACKING_PACK;
	state("b", d);
	d = new_demand("1", 6, 1, true);
	d->per_node = 2;
	state("c", d);
	check_rounds();
	CU_ASSERT_EQUAL(nodes_of("a"), 4);
	CU_ASSERT_EQUAL(nodes_of("b"), 2);
	CU_ASSERT_EQUAL(nodes_of("c"), 3);
	finish();
}

static void test_names(void)
{
	char *only[] = {"n2", NULL}, *not[] = {"n0", "n1", NULL};
	struct demand *d;

	start(NULL);
	d = new_demand("1", 20, 1, false);
	d->nodes = mem_strv_dup(only, 1);
	state("a", d);
	d = new_demand("1", 20, 1, false);
	d->exclude = mem_strv_dup(not, 2);
	state("b", d);
	d = new_demand("1", 1, 1, false);
	d->prefer_nodes = mem_strv_dup(not + 1, 1);
	state("c", d);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 8);
	CU_ASSERT_EQUAL(units_to("b"), 8); /* n3 */
	CU_ASSERT_STRING_EQUAL(
		TAILQ_FIRST(&offer_to("c")->slices)->node->name, "n1");
	finish();
}

static void test_exclusive(void)
{
	struct demand *d;

	start(NULL);
	d = new_demand("1", 2, 2, true);
	d->exclusive = true;
	d->separate = true;
	state("a", d);
	want("b", "1", 32, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(nodes_of("a"), 1);
	CU_ASSERT_EQUAL(offer_to("a")->nslices, 2);
	CU_ASSERT_EQUAL(units_to("b"), 24);
	accept_all("a");
	accept_all("b");
	release_one("a");
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 0); /* half of it is still a's */
	release_one("a");
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 8);
	finish();
}

static int possible(struct demand *d)
{
	int rc = ledger_demand_possible(rig.l, d, &rig.err);

	demand_destroy(d);
	return rc;
}

static void test_possible(void)
{
	char *nowhere[] = {"n2", "n9", NULL};
	struct demand *d;

	start(NULL);
	CU_ASSERT_EQUAL(possible(new_demand("x", 100, 8, false)), 0);
	CU_ASSERT_EQUAL(possible(new_demand("x", 4, 8, true)), 0);
	CU_ASSERT_EQUAL(possible(new_demand("x", 5, 8, true)), -1);
	CU_ASSERT_STRING_EQUAL(rig.err.text,
			       "demand x: 5 units at once are asked for, but "
			       "all nodes it may go to together have room for "
			       "4");
	CU_ASSERT_EQUAL(possible(new_demand("x", 1, 9, false)), -1);
	CU_ASSERT_STRING_EQUAL(rig.err.text,
			       "demand x: cores: 9 asked for one unit, but no "
			       "node it may go to has more than 8");
	d = new_demand("x", 1, 1, false);
	d->nodes = mem_strv_dup(nowhere, 2);
	CU_ASSERT_EQUAL(possible(d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "n9"));
	d = new_demand("x", 1, 1, false);
	d->unit.gpus = 1;
	d->unit.gpu_vendor = mem_strdup("intel");
	CU_ASSERT_EQUAL(possible(d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "intel"));
	d = new_demand("x", 1, 1, false);
	d->unit.memory_mib = 2001;
	CU_ASSERT_EQUAL(possible(d), -1);
	d = new_demand("x", 1, 5, false);
	d->fit = FIT_NUMA;
	CU_ASSERT_EQUAL(possible(d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "one numa"));
	d = new_demand("x", 1, 1, false);
	d->label = mem_array(1, sizeof(*d->label));
	d->label[0].name = mem_strdup("arch");
	d->label[0].value = mem_strdup("x");
	d->nlabels = 1;
	CU_ASSERT_EQUAL(possible(d), -1);
	finish();
}

/* ---- policies ---- */

static void test_priority(void)
{
	struct demand *d;

	start(&policy_fifo);
	want("a", "1", 32, 1, false);
	want("b", "1", 32, 1, false);
	d = new_demand("1", 30, 1, false);
	d->priority = 1;
	state("c", d);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("c"), 30);
	CU_ASSERT_EQUAL(units_to("a"), 2);
	CU_ASSERT_EQUAL(units_to("b"), 0);
	finish();
}

static void test_fair(void)
{
	start(&policy_drf);
	want("a", "1", 100, 1, false);
	want("b", "1", 100, 1, false);
	want("c", "1", 4, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("c"), 4);
	CU_ASSERT_EQUAL(units_to("a"), 14);
	CU_ASSERT_EQUAL(units_to("b"), 14);
	finish();
}

/* a has nothing, b has all: what comes back is a's until both have half. */
static void test_fair_over_time(void)
{
	start(&policy_drf);
	take_all("b");
	want("b", "more", 100, 1, false);
	want("a", "1", 100, 1, false);
	check_rounds();
	for (int i = 0; i < 40; i++) {
		release_one("b");
		check_rounds();
		accept_all("a");
		accept_all("b");
	}
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "a")->used.cores, 16);
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "b")->used.cores, 16);
	finish();
}

/* The dominant resource counts: a wants cores, b GPUs (8 of them, 32 cores).
 * b's GPUs are all of its share, as a's cores are of a's. */
static void test_dominant(void)
{
	struct demand *d;

	start(&policy_drf);
	want("a", "1", 100, 2, false);
	d = new_demand("1", 100, 1, false);
	d->unit.gpus = 1;
	state("b", d);
	check_rounds();
	CU_ASSERT(units_to("b") >= 5); /* of 8 GPUs */
	CU_ASSERT(units_to("a") >= 10); /* of 16 pairs */
	finish();
}

/* ---- failure ---- */

static void test_node_lost(void)
{
	uint64_t job;
	const struct slice *s;

	start(NULL);
	job = submit("a");
	want("a", "1", 1, 8, false);
	check_rounds();
	accept_all("a");
	s = TAILQ_FIRST(&ledger_framework(rig.l, "a")->slices);
	CU_ASSERT_EQUAL(launch("a", job, 0, s->id), 0);
	CU_ASSERT_EQUAL(launch("a", job, 1, s->id), 0);
	want("b", "1", 4, 8, false);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 3);
	said[0] = '\0';
	CU_ASSERT_EQUAL(
	    ledger_node_lost(rig.l, s->node->name, "no ping", rig.now, NULL),
	    0);
	heard("task_finished task_finished slice_lost node_down ");
	CU_ASSERT_EQUAL(ledger_task(rig.l, job, 0)->status.end, TASK_END_LOST);
	CU_ASSERT_EQUAL(ledger_node_lost(rig.l, "n0", "again", rig.now, NULL),
			-1);
	/* A node of b's offer goes: it is no offer any more. */
	CU_ASSERT_EQUAL(ledger_node_lost(rig.l, "n1", "no ping", rig.now, NULL),
			0);
	heard("offer_rescinded node_down ");
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 2);
	said[0] = '\0';
	CU_ASSERT_EQUAL(
	    ledger_node_up(rig.l, "n1", rig.t, NULL, 0, true, rig.now, NULL),
	    0);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("b"), 3);
	heard("node_up offer_made ");
	/* It says hello again: nothing happens. */
	CU_ASSERT_EQUAL(
	    ledger_node_up(rig.l, "n1", rig.t, NULL, 0, true, rig.now, NULL),
	    0);
	heard("");
	finish();
}

static void note_stray(void *arg, const struct ledger_report *r)
{
	*(uint64_t *)arg = r->job;
}

static void test_node_report(void)
{
	struct ledger_report r[2] = {
		{.index = 0, .status = {.state = TASK_RUNNING}},
		{.job = 77, .index = 0, .status = {.state = TASK_RUNNING}},
	};
	uint64_t stray = 0, slice;

	start(NULL);
	r[0].job = submit("a");
	want("a", "1", 1, 8, false);
	check_rounds();
	accept_all("a");
	slice = TAILQ_FIRST(&ledger_framework(rig.l, "a")->slices)->id;
	CU_ASSERT_EQUAL(launch("a", r[0].job, 0, slice), 0);
	CU_ASSERT_EQUAL(launch("a", r[0].job, 1, slice), 0);
	CU_ASSERT_EQUAL(ledger_node_report(rig.l, "n0", true, r, 2, note_stray,
					   &stray, rig.now, NULL),
			0);
	CU_ASSERT_EQUAL(stray, 77);
	CU_ASSERT_EQUAL(ledger_task(rig.l, r[0].job, 0)->status.state,
			TASK_RUNNING);
	/* It never came there. */
	CU_ASSERT_EQUAL(ledger_task(rig.l, r[0].job, 1)->status.end,
			TASK_END_REVOKED);
	CU_ASSERT_EQUAL(ledger_node_report(rig.l, "n0", true, r + 1, 0, NULL, NULL,
					   rig.now, NULL), 0);
	/* It ran. */
	CU_ASSERT_EQUAL(ledger_task(rig.l, r[0].job, 0)->status.end,
			TASK_END_LOST);
	finish();
}

static void test_drain(void)
{
	start(NULL);
	want("a", "1", 32, 1, false);
	check_rounds();
	CU_ASSERT_EQUAL(ledger_node_drain(rig.l, "n3", true, rig.now, NULL), 0);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 24);
	CU_ASSERT_EQUAL(ledger_node_drain(rig.l, "n3", true, rig.now, NULL),
			-1);
	CU_ASSERT_EQUAL(ledger_node_drain(rig.l, "n3", false, rig.now, NULL),
			0);
	check_rounds();
	CU_ASSERT_EQUAL(units_to("a"), 32);
	finish();
}

static void test_framework_gone(void)
{
	uint64_t job;
	const struct slice *s;

	start(NULL);
	job = submit("a");
	want("a", "1", 1, 8, false);
	check_rounds();
	accept_all("a");
	s = TAILQ_FIRST(&ledger_framework(rig.l, "a")->slices);
	CU_ASSERT_EQUAL(launch("a", job, 0, s->id), 0);
	want("a", "2", 1, 1, false);
	check_rounds();
	said[0] = '\0';
	CU_ASSERT_EQUAL(ledger_away(rig.l, "a", rig.now, NULL), 0);
	heard("offer_rescinded framework_away ");
	/* Back in time: everything but demands and offers is there. */
	rig.now += 1000000;
	CU_ASSERT_EQUAL(
	    ledger_register(rig.l, "a", "a", "new", 3000000, rig.now, NULL), 0);
	heard("demand_withdrawn framework_registered ");
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "a")->nslices, 1);
	CU_ASSERT_EQUAL(ledger_away(rig.l, "a", rig.now, NULL), 0);
	rig.now += 3000000;
	said[0] = '\0';
	check_rounds();
	heard("framework_gone ");
	CU_ASSERT_EQUAL(report("n0", job, 0, TASK_ENDED, 1), 0);
	check_rounds();
	CU_ASSERT_EQUAL(ledger_job_finished(rig.l, NULL, job, JOB_LOST, 1, 0,
					    "its framework is gone", rig.now,
					    NULL),
			0);
	check_rounds();
	heard("task_finished slice_released job_finished framework_removed ");
	CU_ASSERT_PTR_NULL(ledger_framework(rig.l, "a"));
	finish();
}

/* ---- what is kept ---- */

static void test_pruning(void)
{
	uint64_t job[3], slice;
	const struct job *j;

	start(NULL);
	want("a", "1", 1, 8, false);
	check_rounds();
	accept_all("a");
	slice = TAILQ_FIRST(&ledger_framework(rig.l, "a")->slices)->id;
	for (int i = 0; i < 3; i++) {
		job[i] = submit("a");
		for (uint32_t k = 0; k < 6; k++) {
			CU_ASSERT_EQUAL(launch("a", job[i], k, slice), 0);
			CU_ASSERT_EQUAL(report("n0", job[i], k, TASK_ENDED,
					       k % 2 ? 40 + (int)k : 0), 0);
		}
		CU_ASSERT_EQUAL(ledger_job_finished(rig.l, "a", job[i],
						    JOB_FAILED, 1, 0, NULL,
						    rig.now, NULL),
				0);
	}
	check_rounds();
	CU_ASSERT_PTR_NULL(ledger_job(rig.l, job[0])); /* the newest 2 stay */
	j = ledger_job(rig.l, job[1]);
	CU_ASSERT(!j->collapsed && j->spec != NULL);
	CU_ASSERT_PTR_NOT_NULL(ledger_task(rig.l, job[1], 5));
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l), rig.now + 60000000);
	rig.now += 60000000;
	check_rounds();
	CU_ASSERT(j->collapsed && j->spec == NULL);
	CU_ASSERT_PTR_NULL(ledger_task(rig.l, job[1], 5));
	CU_ASSERT(j->counts.total == 6 && j->counts.failed == 3);
	CU_ASSERT_EQUAL(j->ntraces, 2); /* keep_failed */
	CU_ASSERT(j->trace[1].index == 3 && j->trace[1].exit_code == 43);
	finish();
}

/* Impossible events are refused and change nothing. */
static void test_refused(void)
{
	struct event ev = {.type = EVENT_SLICE_RELEASED};

	start(NULL);
	want("a", "1", 1, 8, false);
	check_rounds();
	said[0] = '\0';
	ev.slice.slice = TAILQ_FIRST(&offer_to("a")->slices)->id;
	CU_ASSERT_EQUAL(ledger_apply(rig.l, &ev, &rig.err), -1);
	CU_ASSERT_EQUAL(rig.err.code, BERTH_ECONFLICT);
	ev.slice.slice = 999;
	CU_ASSERT_EQUAL(ledger_apply(rig.l, &ev, &rig.err), -1);
	CU_ASSERT_EQUAL(rig.err.code, BERTH_ENOTFOUND);
	ev.type = EVENT_NODE_DOWN;
	ev.node.node = TAILQ_FIRST(&offer_to("a")->slices)->node->name;
	CU_ASSERT_EQUAL(ledger_apply(rig.l, &ev, &rig.err), -1);
	ev.type = EVENT_TYPES;
	CU_ASSERT_EQUAL(ledger_apply(rig.l, &ev, &rig.err), -1);
	heard("");
	finish();
}

static const struct unit_test tests[] = {
	{"the life of a job", test_life_of_a_job},
	{"accept in part, decline, revive", test_part_and_decline},
	{"expiry", test_expiry},
	{"suppress and revive", test_suppress},
	{"withdraw and restate", test_withdraw_and_restate},
	{"ask", test_ask},
	{"a gang at once or not yet", test_gang},
	{"backfill behind a gang, fifo", test_backfill_fifo},
	{"backfill behind a gang, drf", test_backfill_drf},
	{"a hopeless gang", test_hopeless_gang},
	{"pack, spread, per_node", test_pack_and_spread},
	{"named nodes", test_names},
	{"exclusive", test_exclusive},
	{"what is possible", test_possible},
	{"fifo: priority, then age", test_priority},
	{"drf: equal shares", test_fair},
	{"drf: equal over time", test_fair_over_time},
	{"drf: the dominant resource", test_dominant},
	{"a node is lost", test_node_lost},
	{"a node reports", test_node_report},
	{"drain", test_drain},
	{"a framework is gone", test_framework_gone},
	{"what is kept of ended jobs", test_pruning},
	{"refused events", test_refused},
};

UNIT_MAIN("ledger", tests)
