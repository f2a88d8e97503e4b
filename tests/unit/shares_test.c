/* shares_test.c - roles in the ledger: guarantees, limits, what is revocable. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger_rig.h"
#include "unit.h"

/* 4 nodes of 8 cores and 2 GPUs; frameworks under roles of their names. */
static struct ledger_rig rig;

static void watch(void *arg, const struct event *ev);

static void start(const struct policy *p)
{
	struct topology_shape shape = {
		.packages = 2, .cores = 4, .mib = 1000, .gpus = 1,
		.gpu_vendor = "amd",
	};
	struct ledger_options o = {.policy = p, .listen = watch};

	ledger_rig_init(&rig, &shape, 4, &o);
	ledger_rig_frameworks(&rig, "abc");
}

static void finish(void)
{
	ledger_rig_finish(&rig);
}

static int set(const char *role, const char *guarantee, const char *limit,
	       const char *parent)
{
	struct role_setting s;

	role_setting_init(&s, role);
	s.parent = parent;
	CU_ASSERT_EQUAL(quota_parse(guarantee, &s.guarantee, &rig.err), 0);
	CU_ASSERT_EQUAL(quota_parse(limit, &s.limit, &rig.err), 0);
	return ledger_share_set(rig.l, &s, rig.now, &rig.err);
}

static void rounds(void)
{
	ledger_rig_rounds(&rig);
}

static void want(const char *framework, unsigned count, unsigned cores,
		 bool revocable_ok)
{
	struct demand *d = ledger_rig_demand("d", count);

	d->unit.cores = cores;
	d->revocable_ok = revocable_ok;
	ledger_rig_state(&rig, framework, d);
}

struct taken {
	unsigned cores, revocable;
};

static void count_cores(void *arg, const struct slice *s)
{
	struct taken *t = arg;

	t->cores += (unsigned)s->amount.cores;
	if (s->revocable)
		t->revocable += (unsigned)s->amount.cores;
}

/* Accept all that is offered to it; returns the cores, *revocable how many of
 * them. */
static unsigned take(const char *framework, unsigned *revocable)
{
	struct taken t = {0, 0};

	ledger_rig_take(&rig, framework, count_cores, &t);
	*revocable = t.revocable;
	return t.cores;
}

static void release_one(const char *framework)
{
	const struct framework *f = ledger_framework(rig.l, framework);

	CU_ASSERT_EQUAL(ledger_release(rig.l, framework,
				       &TAILQ_FIRST(&f->slices)->id, 1, rig.now,
				       &rig.err),
			0);
}

static void refused(const char *role, const char *guarantee,
		    const char *parent, const char *text)
{
	rig.err.text[0] = '\0';
	CU_ASSERT_EQUAL(set(role, guarantee, "", parent), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, text));
	if (strstr(rig.err.text, text) == NULL)
		printf("\n%s\n", rig.err.text);
}

static void test_refused(void)
{
	const struct role *r;

	start(&policy_fifo);
	CU_ASSERT_EQUAL(set("a", "cores=20", "", NULL), 0);
	refused("b", "cores=13", NULL, "sum to 33 cores (a 20, b 13), but the "
		"cluster has 32 cores");
	r = ledger_role(rig.l, "b");
	CU_ASSERT(quota_empty(&r->guarantee) && !r->set);
	CU_ASSERT_EQUAL(set("b", "cores=12", "", NULL), 0);
	CU_ASSERT_EQUAL(set("c", "", "", "b"), 0);
	refused("b", "cores=12", "c", "a cycle");
	refused("b", "cores=12", "b", "its own parent");
	refused("b", "cores=12", "x", "not known");
	CU_ASSERT_EQUAL(ledger_share_remove(rig.l, "b", rig.now, &rig.err), -1);
	CU_ASSERT_EQUAL(ledger_share_remove(rig.l, "c", rig.now, &rig.err), 0);
	CU_ASSERT_EQUAL(ledger_share_remove(rig.l, "b", rig.now, &rig.err), 0);
	CU_ASSERT_EQUAL(ledger_share_remove(rig.l, "b", rig.now, &rig.err), -1);
	CU_ASSERT_EQUAL(set("c", "cores=12", "", NULL), 0);
	finish();
}

static void test_limit(void)
{
	unsigned revocable;

	for (size_t i = 0; policy_at(i) != NULL; i++) {
		start(policy_at(i));
		CU_ASSERT_EQUAL(set("top", "", "cores=12", NULL), 0);
		CU_ASSERT_EQUAL(set("a", "", "cores=8", "top"), 0);
		CU_ASSERT_EQUAL(set("b", "", "", "top"), 0);
		want("a", 20, 2, true);
		rounds();
		CU_ASSERT_EQUAL(take("a", &revocable), 8);
		want("b", 20, 2, true);
		rounds();
		CU_ASSERT_EQUAL(take("b", &revocable), 4);
		rig.now += 2000000;
		rounds();
		CU_ASSERT_EQUAL(take("b", &revocable), 0);
		/* Room under the limit, on another node than it had before. */
		release_one("a");
		want("a", 0, 2, true);
		rounds();
		CU_ASSERT_EQUAL(take("b", &revocable), 2);
		/* And a higher limit. */
		CU_ASSERT_EQUAL(set("top", "", "cores=16", NULL), 0);
		rounds();
		CU_ASSERT_EQUAL(take("b", &revocable), 4);
		finish();
	}
}

static void test_revocable(void)
{
	unsigned revocable;

	start(&policy_fifo);
	/* Nothing guaranteed: who wants nothing revocable gets all. */
	want("a", 4, 2, false);
	rounds();
	CU_ASSERT_EQUAL(take("a", &revocable), 8);
	CU_ASSERT_EQUAL(revocable, 0);
	CU_ASSERT_EQUAL(set("b", "cores=4", "", NULL), 0);
	want("b", 4, 2, true);
	rounds();
	CU_ASSERT_EQUAL(take("b", &revocable), 8);
	CU_ASSERT_EQUAL(revocable, 4);
	want("b", 4, 1, false);
	want("c", 4, 1, false);
	rounds();
	CU_ASSERT_EQUAL(take("b", &revocable), 0);
	CU_ASSERT_EQUAL(take("c", &revocable), 0);
	CU_ASSERT_EQUAL(set("c", "cores=3", "", NULL), 0);
	rounds();
	CU_ASSERT_EQUAL(take("c", &revocable), 3);
	CU_ASSERT_EQUAL(revocable, 0);
	finish();
}

/* ---- who gets how much ---- */

static void want_as(const char *framework, const char *role, const char *id,
		    unsigned count, unsigned cores, unsigned gpus)
{
	struct demand *d = demand_create(id);

	d->count = d->max = count;
	d->unit.cores = cores;
	d->unit.gpus = gpus;
	d->separate = true;
	free(d->role);
	d->role = mem_strdup(role);
	rig.now++;
	CU_ASSERT_EQUAL(ledger_demand(rig.l, framework, d, rig.now, &rig.err),
			0);
	demand_destroy(d);
}

static unsigned offered(const char *role)
{
	return (unsigned)ledger_role(rig.l, role)->used.cores;
}

/* Later and with little, but guaranteed. */
static void test_guaranteed_first(void)
{
	const struct policy *const p[] = {&policy_fifo, &policy_drf,
					  &policy_lottery};

	for (size_t i = 0; i < 3; i++) {
		start(p[i]);
		CU_ASSERT_EQUAL(set("top", "cores=20", "", NULL), 0);
		CU_ASSERT_EQUAL(set("c", "cores=12", "", "top"), 0);
		want_as("a", "a", "d", 100, 1, 0);
		want_as("b", "top", "d", 100, 1, 0);
		want_as("c", "c", "d", 100, 1, 0);
		rounds();
		CU_ASSERT(offered("c") >= 12);
		CU_ASSERT(ledger_role(rig.l, "top")->sum.cores >= 20);
		CU_ASSERT_EQUAL(offered("a") + offered("top") + offered("c"),
				32);
		CU_ASSERT(offered("a") <= 12);
		finish();
	}
}

static int set_weight(const char *role, const char *parent, double weight,
		      int priority)
{
	struct role_setting s;

	role_setting_init(&s, role);
	s.parent = parent;
	s.weight = weight;
	s.priority = priority;
	return ledger_share_set(rig.l, &s, rig.now, &rig.err);
}

/* 32 cores: x gets twice what y gets, and in x its two children a third and
 * two thirds of that. */
static void test_hierarchy(void)
{
	start(&policy_drf);
	set_weight("x", NULL, 3, 0);
	set_weight("y", NULL, 1, 0);
	set_weight("x1", "x", 1, 0);
	set_weight("x2", "x", 2, 0);
	want_as("a", "x1", "d", 100, 1, 0);
	want_as("b", "x2", "d", 100, 1, 0);
	want_as("c", "y", "d", 100, 1, 0);
	rounds();
	CU_ASSERT_EQUAL(offered("y"), 8);
	CU_ASSERT_EQUAL(offered("x1"), 8);
	CU_ASSERT_EQUAL(offered("x2"), 16);
	finish();
}

/*
 * One child of x can use the GPUs alone and so has a great share of them;
 * the other child of x must not starve for it: when cores come free, x's part
 * of them is x1's.
 */
static void test_no_starvation(void)
{
	unsigned revocable, x1 = 0;

	start(&policy_drf);
	set_weight("x", NULL, 1, 0);
	set_weight("x1", "x", 1, 0);
	set_weight("x2", "x", 1, 0);
	want_as("b", "x2", "g", 8, 1, 1);
	rounds();
	CU_ASSERT_EQUAL(take("b", &revocable), 8);
	want_as("c", "c", "d", 100, 1, 0);
	rounds();
	CU_ASSERT_EQUAL(take("c", &revocable), 24);
	want_as("a", "x1", "d", 100, 1, 0);
	for (int i = 0; i < 24; i++) {
		release_one("c");
		rounds();
		x1 += take("a", &revocable);
		take("c", &revocable);
	}
	CU_ASSERT(x1 >= 10);
	finish();
}

static void test_role_priority(void)
{
	const struct policy *const p[] = {&policy_fifo, &policy_drf};

	for (size_t i = 0; i < 2; i++) {
		start(p[i]);
		set_weight("c", NULL, 1, 1);
		want_as("a", "a", "d", 100, 1, 0);
		want_as("c", "c", "d", 20, 1, 0);
		rounds();
		CU_ASSERT_EQUAL(offered("c"), 20);
		CU_ASSERT_EQUAL(offered("a"), 12);
		finish();
	}
}

static void prefer(const char *framework, const char *role, const char *node)
{
	struct demand *d = demand_create("d");

	d->count = d->max = 8;
	d->unit.cores = 1;
	d->prefer_nodes = mem_array(2, sizeof(char *));
	d->prefer_nodes[0] = mem_strdup(node);
	free(d->role);
	d->role = mem_strdup(role);
	rig.now++;
	CU_ASSERT_EQUAL(ledger_demand(rig.l, framework, d, rig.now, &rig.err),
			0);
	demand_destroy(d);
}

static unsigned cores_on(const char *framework, const char *node)
{
	const struct offer *o;
	const struct slice *s;
	unsigned cores = 0;

	TAILQ_FOREACH (o, &ledger_framework(rig.l, framework)->offers,
		       of_framework) {
		TAILQ_FOREACH(s, &o->slices, of_owner) {
			if (strcmp(s->node->name, node) == 0)
				cores += (unsigned)s->amount.cores;
		}
	}
	return cores;
}

/* A node that two prefer is divided by their weights, on average. */
static void test_lottery(void)
{
	unsigned a = 0, b = 0;

	for (uint64_t seed = 1; seed <= 50; seed++) {
		start(&policy_lottery);
		rand_seed(&rig.rand, seed);
		set_weight("a", NULL, 3, 0);
		prefer("a", "a", "n2");
		prefer("b", "b", "n2");
		rounds();
		a += cores_on("a", "n2");
		b += cores_on("b", "n2");
		CU_ASSERT_EQUAL(offered("a") + offered("b"), 16);
		finish();
	}
	CU_ASSERT_EQUAL(a + b, 400);
	CU_ASSERT(a > 250 && a < 350);
}

static void test_static(void)
{
	start(&policy_static);
	set_weight("a", NULL, 1, 0);
	set_weight("b", NULL, 3, 0);
	want_as("a", "a", "d", 100, 1, 0);
	want_as("c", "c", "d", 100, 1, 0);
	rounds();
	CU_ASSERT_EQUAL(offered("a"), 8);
	CU_ASSERT_EQUAL(cores_on("a", "n0"), 8);
	CU_ASSERT_EQUAL(offered("c"), 0);
	want_as("b", "b", "d", 100, 1, 0);
	rounds();
	CU_ASSERT_EQUAL(offered("b"), 24);
	finish();
}

/* ---- taking back ---- */

static uint64_t submit(const char *framework)
{
	struct ledger_job j = {.framework = framework, .user = "u",
			       .spec = "{}", .grace_us = 300000};
	uint64_t id = 0;

	CU_ASSERT_EQUAL(ledger_submit(rig.l, &j, rig.now, &id, &rig.err), 0);
	return id;
}

/* A task in each idle slice of the framework. */
static void run_all(const char *framework, uint64_t job, uint32_t *index)
{
	const struct framework *f = ledger_framework(rig.l, framework);
	const struct slice *s;

	TAILQ_FOREACH(s, &f->slices, of_owner) {
		struct ledger_launch t = {.index = *index, .slice = s->id,
					  .array_index = -1};

		if (s->state != SLICE_HELD || s->revoking)
			continue;
		(*index)++;
		CU_ASSERT_EQUAL(ledger_launch(rig.l, framework, job, &t, 1,
					      rig.now, &rig.err),
				0);
	}
}

static void start_tasks(uint64_t job)
{
	const struct task *t;

	TAILQ_FOREACH (t, &ledger_job(rig.l, job)->tasks, of_job) {
		struct ledger_report r = {
		    .job = job,
		    .index = t->index,
		    .status = {.state = TASK_RUNNING, .start_us = rig.now},
		};

		if (t->status.state == TASK_STARTING)
			ledger_task_report(rig.l, t->node->name, &r, rig.now,
					   NULL);
	}
}

/* The tasks in slices that are being taken back end, so many at most. */
static unsigned end_some(const char *framework, unsigned most)
{
	const struct framework *f = ledger_framework(rig.l, framework);
	const struct slice *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &f->slices, of_owner) {
		while (n < most && s->revoking && !TAILQ_EMPTY(&s->tasks)) {
			const struct task *t = TAILQ_FIRST(&s->tasks);
			struct ledger_report r = {
				.job = t->job->id,
				.index = t->index,
				.status = {.state = TASK_ENDED,
					   .end = TASK_END_REVOKED},
			};

			CU_ASSERT_EQUAL(ledger_task_report(rig.l, s->node->name,
							   &r, rig.now,
							   &rig.err),
					0);
			n++;
		}
	}
	return n;
}

static unsigned end_revoked(const char *framework)
{
	return end_some(framework, UINT_MAX);
}

static unsigned revoking(const char *framework)
{
	const struct framework *f = ledger_framework(rig.l, framework);
	const struct slice *s;
	unsigned cores = 0;

	TAILQ_FOREACH(s, &f->slices, of_owner)
		cores += s->revoking ? (unsigned)s->amount.cores : 0;
	return cores;
}

static const struct policy *const guaranteeing[] = {
	&policy_fifo, &policy_drf, &policy_lottery};

/* a has all; b is guaranteed 8 and gets just that. */
static void test_revoke(void)
{
	for (size_t i = 0; i < 3; i++) {
		unsigned revocable;
		uint32_t index = 0;
		uint64_t job;

		start(guaranteeing[i]);
		CU_ASSERT_EQUAL(set("b", "cores=8", "", NULL), 0);
		job = submit("a");
		want("a", 32, 1, true);
		rounds();
		CU_ASSERT_EQUAL(take("a", &revocable), 32);
		CU_ASSERT_EQUAL(revocable, 32);
		run_all("a", job, &index);
		rig.now += 1000000;
		start_tasks(job);
		want("c", 4, 1, true);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 0);
		want("b", 10, 2, true);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 8);
		CU_ASSERT_EQUAL(take("b", &revocable), 0);
		/* Once is enough. */
		rig.now += 100000;
		ledger_touch(rig.l);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 8);
		CU_ASSERT_EQUAL(ledger_next_deadline(rig.l), rig.now + 200000);
		CU_ASSERT_EQUAL(end_revoked("a"), 8);
		rounds();
		CU_ASSERT_EQUAL(take("c", &revocable), 0);
		CU_ASSERT_EQUAL(take("b", &revocable), 8);
		CU_ASSERT_EQUAL(revocable, 0);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 0);
		finish();
	}
}

/* The one who is furthest above loses, and what lost least. */
static void test_victims(void)
{
	unsigned revocable;
	uint32_t ia = 0, ib = 0;
	uint64_t ja, jb;
	const struct slice *s;

	start(&policy_fifo);
	CU_ASSERT_EQUAL(set("a", "cores=12", "", NULL), 0);
	CU_ASSERT_EQUAL(set("b", "cores=4", "", NULL), 0);
	CU_ASSERT_EQUAL(set("c", "cores=16", "", NULL), 0);
	ja = submit("a");
	jb = submit("b");
	want("a", 7, 2, true);
	want("b", 9, 2, true);
	rounds();
	CU_ASSERT_EQUAL(take("a", &revocable), 14);
	CU_ASSERT_EQUAL(revocable, 2);
	CU_ASSERT_EQUAL(take("b", &revocable), 18);
	run_all("a", ja, &ia);
	rig.now += 1000000;
	start_tasks(ja);
	run_all("b", jb, &ib);
	rig.now += 1000000;
	start_tasks(jb);
	rig.now += 1000000;
	want("c", 2, 2, true);
	rounds();
	CU_ASSERT_EQUAL(revoking("b"), 4);
	CU_ASSERT_EQUAL(revoking("a"), 0);
	/* All of b's that is above, and of a's. */
	want("c", 8, 2, true);
	rounds();
	CU_ASSERT_EQUAL(revoking("b"), 14);
	CU_ASSERT_EQUAL(revoking("a"), 2);
	TAILQ_FOREACH (s, &ledger_framework(rig.l, "a")->slices, of_owner)
		CU_ASSERT(!s->revoking || s->revocable);
	/* Nothing may start in what is being taken. */
	TAILQ_FOREACH (s, &ledger_framework(rig.l, "a")->slices, of_owner) {
		struct ledger_launch t = {.index = 99, .slice = s->id,
					  .array_index = -1};

		if (s->revoking)
			CU_ASSERT_EQUAL(ledger_launch(rig.l, "a", ja, &t, 1,
						      rig.now, &rig.err),
					-1);
	}
	end_revoked("a");
	end_revoked("b");
	rounds();
	CU_ASSERT_EQUAL(take("c", &revocable), 16);
	finish();
}

/* What the role furthest above has lies where the claimant may not go: the
 * next one gives, as much as is needed. */
static void test_elsewhere(void)
{
	struct demand *d = demand_create("d");
	unsigned revocable, a, b;
	const struct slice *s;

	start(&policy_fifo);
	CU_ASSERT_EQUAL(set("c", "cores=16", "", NULL), 0);
	want("a", 24, 1, true);
	rounds();
	CU_ASSERT_EQUAL(take("a", &revocable), 24);
	want("b", 8, 1, true);
	rounds();
	CU_ASSERT_EQUAL(take("b", &revocable), 8);
	s = TAILQ_FIRST(&ledger_framework(rig.l, "b")->slices);
	d->count = d->max = 3;
	d->separate = true;
	d->nodes = mem_array(2, sizeof(char *));
	d->nodes[0] = mem_strdup(s->node->name);
	CU_ASSERT_EQUAL(ledger_demand(rig.l, "c", d, rig.now, &rig.err), 0);
	rounds();
	a = revoking("a");
	b = revoking("b");
	CU_ASSERT_EQUAL(a + b, 3);
	CU_ASSERT(b > 0);
	TAILQ_FOREACH (s, &ledger_framework(rig.l, "a")->slices, of_owner)
		CU_ASSERT(!s->revoking ||
			  strcmp(s->node->name, d->nodes[0]) == 0);
	/* Nothing more while that is on its way. */
	ledger_touch(rig.l);
	rounds();
	CU_ASSERT_EQUAL(revoking("a") + revoking("b"), 3);
	demand_destroy(d);
	finish();
}

/* Idle ones go back at the deadline. */
static void test_idle(void)
{
	unsigned revocable;

	start(&policy_drf);
	CU_ASSERT_EQUAL(set("b", "cores=8", "", NULL), 0);
	want("a", 32, 1, true);
	rounds();
	CU_ASSERT_EQUAL(take("a", &revocable), 32);
	want("b", 1, 8, true);
	rounds();
	/* One node of eight cores, not eight cores here and there. */
	CU_ASSERT_EQUAL(revoking("a"), 8);
	rig.now += 4999999;
	rounds();
	CU_ASSERT_EQUAL(revoking("a"), 8);
	rig.now += 1;
	rounds();
	CU_ASSERT_EQUAL(revoking("a"), 0);
	CU_ASSERT_EQUAL(take("b", &revocable), 8);
	finish();
}

/* A gang that would not get all takes nothing. */
static void test_gang(void)
{
	unsigned revocable;
	struct demand *d = demand_create("d");

	start(&policy_fifo);
	CU_ASSERT_EQUAL(set("b", "cores=16", "", NULL), 0);
	CU_ASSERT_EQUAL(set("a", "cores=16", "", NULL), 0);
	want("a", 32, 1, true);
	rounds();
	CU_ASSERT_EQUAL(take("a", &revocable), 32);
	CU_ASSERT_EQUAL(revocable, 16);
	d->gang = true;
	d->count = d->max = 3;
	d->unit.cores = 5;
	CU_ASSERT_EQUAL(ledger_demand(rig.l, "b", d, rig.now, &rig.err), 0);
	rounds();
	CU_ASSERT(revoking("a") == 0 || revoking("a") >= 15);
	d->count = d->max = 2;
	CU_ASSERT_EQUAL(ledger_demand(rig.l, "b", d, rig.now, &rig.err), 0);
	rounds();
	CU_ASSERT_EQUAL(revoking("a"), 10);
	demand_destroy(d);
	finish();
}

/* a has all 32 cores, and is at work in each. */
static void a_has_all(const struct policy *p)
{
	unsigned revocable;
	uint32_t index = 0;
	uint64_t job;

	start(p);
	CU_ASSERT_EQUAL(set("b", "cores=16", "", NULL), 0);
	job = submit("a");
	want("a", 32, 1, true);
	rounds();
	CU_ASSERT_EQUAL(take("a", &revocable), 32);
	run_all("a", job, &index);
	rig.now += 1000000;
	start_tasks(job);
}

static void want_gang(const char *framework, const char *role, unsigned count)
{
	struct demand *d = demand_create("gang");

	d->gang = true;
	d->separate = true;
	d->count = d->max = count;
	d->role = mem_strdup(role);
	rig.now++;
	CU_ASSERT_EQUAL(ledger_demand(rig.l, framework, d, rig.now, &rig.err),
			0);
	demand_destroy(d);
}

/* What comes back for gangs one by one stays until all is there, whoever has
 * the smaller share and whatever else is wanted. */
static void test_one_by_one(void)
{
	for (size_t i = 0; i < 3; i++) {
		unsigned revocable, got = 0;

		a_has_all(guaranteeing[i]);
		want("a", 32, 1, true);
		want_gang("b", "b", 9);
		want_gang("c", "b", 6);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 15);
		for (unsigned k = 0; k < 15; k++) {
			CU_ASSERT_EQUAL(end_some("a", 1), 1);
			rig.now += 1000;
			rounds();
			CU_ASSERT_EQUAL(take("a", &revocable), 0);
			CU_ASSERT_EQUAL(revoking("a"), 14 - k);
			got += take("b", &revocable);
			CU_ASSERT_EQUAL(revocable, 0);
			got += take("c", &revocable);
			CU_ASSERT_EQUAL(revocable, 0);
		}
		CU_ASSERT_EQUAL(got, 15);
		finish();
	}
}

/* A gang that lies inside its guarantee by a part only does not take what
 * others claim. */
static void test_part_of_gang(void)
{
	for (size_t i = 0; i < 3; i++) {
		unsigned revocable;

		start(guaranteeing[i]);
		CU_ASSERT_EQUAL(set("a", "cores=8", "", NULL), 0);
		CU_ASSERT_EQUAL(set("b", "cores=16", "", NULL), 0);
		want_gang("a", "a", 20);
		want("b", 16, 1, true);
		rounds();
		CU_ASSERT_EQUAL(take("b", &revocable), 16);
		CU_ASSERT_EQUAL(take("a", &revocable), 0);
		finish();
	}
}

/* What one demand claims, another of the same role can't claim again. */
static void test_claim_once(void)
{
	for (size_t i = 0; i < 3; i++) {
		unsigned revocable, got;

		a_has_all(guaranteeing[i]);
		want_as("b", "b", "first", 12, 1, 0);
		want_as("c", "b", "second", 12, 1, 0);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 16);
		ledger_touch(rig.l);
		rounds();
		CU_ASSERT_EQUAL(revoking("a"), 16);
		CU_ASSERT_EQUAL(end_some("a", 5), 5);
		rounds();
		got = take("b", &revocable) + take("c", &revocable);
		CU_ASSERT_EQUAL(got, 5);
		CU_ASSERT_EQUAL(revoking("a"), 11);
		end_revoked("a");
		rounds();
		got += take("b", &revocable) + take("c", &revocable);
		CU_ASSERT_EQUAL(got, 16);
		CU_ASSERT_EQUAL(revoking("a"), 0);
		finish();
	}
}

/*
 * At random: roles in a tree with guarantees that change, demands, tasks that
 * end, and at every notice: nobody at or below his guarantee loses anything,
 * nothing firm is taken.
 */
static struct {
	unsigned notices, yields, spared, wrong;
} seen;

static void watch(void *arg, const struct event *ev)
{
	const struct demand *d;
	const struct role *r;
	struct amount has, leaving;

	(void)arg;
	if (ev->type == EVENT_SLICE_SPARED)
		seen.spared++;
	if (ev->type != EVENT_SLICE_REVOKING)
		return;
	seen.notices++;
	if (!ledger_slice(rig.l, ev->revoking.slice)->revocable)
		seen.wrong++;
	/* What it had before this notice. */
	r = ledger_role(rig.l, ev->revoking.role);
	has = r->sum;
	leaving = r->leaving;
	amount_sub(&leaving, &ledger_slice(rig.l, ev->revoking.slice)->amount);
	amount_sub(&has, &leaving);
	/* For a role below it, what it has stays in its guarantee. */
	d = ledger_find_demand(rig.l, ev->revoking.claimant,
			       ev->revoking.demand);
	if (!role_below(d->charged, r) && has.cores <= r->floor.cores && has.gpus <= r->floor.gpus)
		seen.wrong++;
}

static const char *const roles[] = {"x", "y", "x1", "x2", "a", "b", "c"};

static void random_share(struct rand_state *r)
{
	const char *role = roles[rand_below(r, 7)];
	struct role_setting s;

	role_setting_init(&s, role);
	if (role[0] == 'x' && role[1] != '\0')
		s.parent = "x";
	s.guarantee.of[RESOURCE_CORES].kind =
		rand_below(r, 2) ? QUOTA_NUMBER : QUOTA_PART;
	s.guarantee.of[RESOURCE_CORES].value =
		s.guarantee.of[RESOURCE_CORES].kind == QUOTA_NUMBER ?
			rand_below(r, 16) : rand_below(r, 6000);
	if (rand_below(r, 3) == 0) {
		s.guarantee.of[RESOURCE_GPUS].kind = QUOTA_NUMBER;
		s.guarantee.of[RESOURCE_GPUS].value = rand_below(r, 4);
	}
	if (rand_below(r, 4) == 0) {
		s.limit.of[RESOURCE_CORES].kind = QUOTA_NUMBER;
		s.limit.of[RESOURCE_CORES].value = 8 + rand_below(r, 20);
	}
	s.weight = 1 + (double)rand_below(r, 4);
	ledger_share_set(rig.l, &s, rig.now, NULL);
}

static void random_want(struct rand_state *r)
{
	const char f[2] = {(char)('a' + rand_below(r, 3)), '\0'};
	char id[8];
	struct demand *d;

	snprintf(id, sizeof(id), "d%d", (int)rand_below(r, 4));
	d = demand_create(id);
	d->count = d->max = (unsigned)rand_below(r, 12);
	d->unit.cores = 1 + (unsigned)rand_below(r, 5);
	d->unit.gpus = rand_below(r, 4) == 0;
	d->gang = rand_below(r, 3) == 0;
	d->separate = rand_below(r, 2) == 0;
	d->revocable_ok = rand_below(r, 5) != 0;
	free(d->role);
	d->role = mem_strdup(roles[rand_below(r, 7)]);
	ledger_demand(rig.l, f, d, rig.now, NULL);
	demand_destroy(d);
}

static void random_end(struct rand_state *r, uint64_t job)
{
	const struct task *t, *next;

	for (t = TAILQ_FIRST(&ledger_job(rig.l, job)->tasks); t != NULL;
	     t = next) {
		const struct slice *s = t->slice;
		struct ledger_report rep = {
			.job = job,
			.index = t->index,
			.status = {.state = TASK_ENDED,
				   .end = TASK_END_EXITED},
		};

		next = TAILQ_NEXT(t, of_job);
		if (s == NULL || rand_below(r, s->revoking ? 2 : 6) != 0)
			continue;
		ledger_task_report(rig.l, t->node->name, &rep, rig.now, NULL);
		if (!s->revoking && rand_below(r, 3) != 0)
			ledger_release(rig.l, s->framework->name, &s->id, 1,
				       rig.now, NULL);
	}
}

/* Somebody who is to give slices back names others, or gives some at once. */
static void random_yield(struct rand_state *r, const char *framework)
{
	const struct framework *f = ledger_framework(rig.l, framework);
	uint64_t back[8], others[8];
	const struct slice *s;
	size_t n = 0, m = 0, most = 1 + rand_below(r, 4);

	TAILQ_FOREACH(s, &f->slices, of_owner) {
		if (s->revoking && n < most)
			back[n++] = s->id;
	}
	TAILQ_FOREACH(s, &f->slices, of_owner) {
		if (!s->revoking && m < 2 * most && rand_below(r, 2) == 0)
			others[m++] = s->id;
	}
	if (n > 0 &&
	    ledger_yield(rig.l, framework, back, n, others,
			 rand_below(r, 4) == 0 ? 0 : m, rig.now, NULL) == 0)
		seen.yields++;
	CU_ASSERT_EQUAL(ledger_check(rig.l, &rig.err), 0);
}

/* A node goes or comes back, or a framework does; tasks that are being taken
 * back with them. */
static void random_loss(struct rand_state *r)
{
	char n[3] = {'n', (char)('0' + rand_below(r, 4)), '\0'};
	char f[2] = {(char)('a' + rand_below(r, 3)), '\0'};

	switch (rand_below(r, 8)) {
	case 0:
		ledger_node_lost(rig.l, n, "test", rig.now, NULL);
		break;
	case 1:
		ledger_away(rig.l, f, rig.now, NULL);
		ledger_register_reacting(rig.l, f, f, "t", 3000000,
					 100000 * rand_below(r, 5), rig.now,
					 NULL);
		break;
	case 2:
		ledger_node_drain(rig.l, n, true, rig.now, NULL);
		break;
	case 3:
		ledger_node_drain(rig.l, n, false, rig.now, NULL);
		break;
	default:
		ledger_node_up(rig.l, n, rig.t, NULL, 0, true, rig.now, NULL);
	}
}

static void random_run(uint64_t seed, const struct policy *p)
{
	uint32_t index[3] = {0, 0, 0};
	struct rand_state r;
	unsigned revocable;
	uint64_t job[3];

	start(p);
	rand_seed(&r, seed);
	rand_seed(&rig.rand, seed);
	set("x", "", "", NULL);
	ledger_register_reacting(rig.l, "b", "b", "t", 3000000, 200000, rig.now,
				 NULL);
	ledger_register_reacting(rig.l, "c", "c", "t", 3000000, 400000, rig.now,
				 NULL);
	for (int i = 0; i < 3; i++)
		job[i] = submit((char[]){(char)('a' + i), '\0'});
	for (int step = 0; step < 150; step++) {
		char f[2] = {(char)('a' + rand_below(&r, 3)), '\0'};

		rig.now += rand_below(&r, 400000);
		switch (rand_below(&r, 9)) {
		case 7:
		case 8:
			random_yield(&r, f);
			break;
		case 6:
			random_loss(&r);
			break;
		case 0:
			random_share(&r);
			break;
		case 1:
		case 2:
			random_want(&r);
			break;
		case 3:
			random_end(&r, job[f[0] - 'a']);
			break;
		default:
			take(f, &revocable);
			run_all(f, job[f[0] - 'a'], &index[f[0] - 'a']);
			start_tasks(job[f[0] - 'a']);
		}
		rounds();
	}
	finish();
}

static void test_random(void)
{
	for (uint64_t seed = 1; seed <= 60; seed++)
		random_run(seed, guaranteeing[seed % 3]);
	CU_ASSERT(seen.notices > 100);
	CU_ASSERT(seen.yields > 100);
	CU_ASSERT(seen.spared > 5);
	CU_ASSERT_EQUAL(seen.wrong, 0);
}

static const struct unit_test tests[] = {
	{"taking back", test_revoke},
	{"whose slices", test_victims},
	{"from a role further down", test_elsewhere},
	{"idle slices", test_idle},
	{"for a gang", test_gang},
	{"for gangs, one by one", test_one_by_one},
	{"a gang by a part only", test_part_of_gang},
	{"no claim twice", test_claim_once},
	{"at random", test_random},
	{"guarantees first", test_guaranteed_first},
	{"drf: weights in a tree", test_hierarchy},
	{"drf: nobody starves for what his brother has", test_no_starvation},
	{"priorities of roles", test_role_priority},
	{"lottery for a node", test_lottery},
	{"static parts", test_static},
	{"refused shares", test_refused},
	{"limits", test_limit},
	{"what is revocable", test_revocable},
};

UNIT_MAIN("shares", tests)
