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

static const struct unit_test tests[] = {
	{"refused shares", test_refused},
	{"limits", test_limit},
	{"what is revocable", test_revocable},
};

UNIT_MAIN("shares", tests)
