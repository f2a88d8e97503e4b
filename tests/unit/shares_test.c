/* shares_test.c - roles in the ledger: guarantees, limits, what is revocable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/ledger.h"
#include "unit.h"

/* 4 nodes of 8 cores and 2 GPUs; frameworks under roles of their names. */
static struct {
	struct ledger *l;
	struct topology *t;
	struct rand_state rand;
	uint64_t now;
	struct berth_error err;
} w;

static void start(const struct policy *p)
{
	struct topology_shape shape = {
		.packages = 2, .cores = 4, .mib = 1000, .gpus = 1,
		.gpu_vendor = "amd",
	};
	struct ledger_options o = {.policy = p};

	memset(&w, 0, sizeof(w));
	w.now = 1000000;
	rand_seed(&w.rand, 1);
	w.t = topology_create_regular(&shape);
	w.l = ledger_create(&o);
	for (int i = 0; i < 4; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		CU_ASSERT_EQUAL(ledger_node_up(w.l, name, w.t, NULL, 0, true,
					       w.now, NULL), 0);
	}
	for (const char *f = "abc"; *f != '\0'; f++) {
		char name[2] = {*f, '\0'};

		CU_ASSERT_EQUAL(ledger_register(w.l, name, name, "s", 3000000,
						w.now, NULL), 0);
	}
}

static void finish(void)
{
	CU_ASSERT_EQUAL(ledger_check(w.l, &w.err), 0);
	ledger_destroy(w.l);
	topology_unref(w.t);
}

static int set(const char *role, const char *guarantee, const char *limit,
	       const char *parent)
{
	struct role_setting s;

	role_setting_init(&s, role);
	s.parent = parent;
	CU_ASSERT_EQUAL(quota_parse(guarantee, &s.guarantee, &w.err), 0);
	CU_ASSERT_EQUAL(quota_parse(limit, &s.limit, &w.err), 0);
	return ledger_share_set(w.l, &s, w.now, &w.err);
}

static void rounds(void)
{
	while (ledger_round(w.l, w.now, &w.rand) == 1)
		continue;
	CU_ASSERT_EQUAL(ledger_check(w.l, &w.err), 0);
}

static void want(const char *framework, unsigned count, unsigned cores,
		 bool revocable_ok)
{
	struct demand *d = demand_create("d");

	d->count = d->max = count;
	d->unit.cores = cores;
	d->separate = true;
	d->revocable_ok = revocable_ok;
	w.now++;
	CU_ASSERT_EQUAL(ledger_demand(w.l, framework, d, w.now, &w.err), 0);
	demand_destroy(d);
}

/* Accept all that is offered to it; returns the cores, *revocable how many of
 * them. */
static unsigned take(const char *framework, unsigned *revocable)
{
	const struct framework *f = ledger_framework(w.l, framework);
	unsigned cores = 0;

	*revocable = 0;
	while (!TAILQ_EMPTY(&f->offers)) {
		const struct offer *o = TAILQ_FIRST(&f->offers);
		uint64_t ids[64];
		const struct slice *s;
		size_t n = 0;

		TAILQ_FOREACH(s, &o->slices, of_owner) {
			ids[n++] = s->id;
			cores += (unsigned)s->amount.cores;
			if (s->revocable)
				*revocable += (unsigned)s->amount.cores;
		}
		CU_ASSERT_EQUAL(ledger_accept(w.l, framework, o->id, ids, n,
					      w.now, &w.err), 0);
	}
	return cores;
}

static void release_one(const char *framework)
{
	const struct framework *f = ledger_framework(w.l, framework);

	CU_ASSERT_EQUAL(ledger_release(w.l, framework,
				       &TAILQ_FIRST(&f->slices)->id, 1, w.now,
				       &w.err), 0);
}

static void refused(const char *role, const char *guarantee,
		    const char *parent, const char *text)
{
	w.err.text[0] = '\0';
	CU_ASSERT_EQUAL(set(role, guarantee, "", parent), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(w.err.text, text));
	if (strstr(w.err.text, text) == NULL)
		printf("\n%s\n", w.err.text);
}

static void test_refused(void)
{
	const struct role *r;

	start(&policy_fifo);
	CU_ASSERT_EQUAL(set("a", "cores=20", "", NULL), 0);
	refused("b", "cores=13", NULL, "sum to 33 cores (a 20, b 13), but the "
		"cluster has 32 cores");
	r = ledger_role(w.l, "b");
	CU_ASSERT(quota_empty(&r->guarantee) && !r->set);
	CU_ASSERT_EQUAL(set("b", "cores=12", "", NULL), 0);
	CU_ASSERT_EQUAL(set("c", "", "", "b"), 0);
	refused("b", "cores=12", "c", "a cycle");
	refused("b", "cores=12", "b", "its own parent");
	refused("b", "cores=12", "x", "not known");
	CU_ASSERT_EQUAL(ledger_share_remove(w.l, "b", w.now, &w.err), -1);
	CU_ASSERT_EQUAL(ledger_share_remove(w.l, "c", w.now, &w.err), 0);
	CU_ASSERT_EQUAL(ledger_share_remove(w.l, "b", w.now, &w.err), 0);
	CU_ASSERT_EQUAL(ledger_share_remove(w.l, "b", w.now, &w.err), -1);
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
		w.now += 2000000;
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
	w.now++;
	CU_ASSERT_EQUAL(ledger_demand(w.l, framework, d, w.now, &w.err), 0);
	demand_destroy(d);
}

static unsigned offered(const char *role)
{
	return (unsigned)ledger_role(w.l, role)->used.cores;
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
		CU_ASSERT(ledger_role(w.l, "top")->sum.cores >= 20);
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
	return ledger_share_set(w.l, &s, w.now, &w.err);
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
	w.now++;
	CU_ASSERT_EQUAL(ledger_demand(w.l, framework, d, w.now, &w.err), 0);
	demand_destroy(d);
}

static unsigned cores_on(const char *framework, const char *node)
{
	const struct offer *o;
	const struct slice *s;
	unsigned cores = 0;

	TAILQ_FOREACH(o, &ledger_framework(w.l, framework)->offers,
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
		rand_seed(&w.rand, seed);
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

static const struct unit_test tests[] = {
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
