/*
 * gang_test.c - gangs that wait: what is held for them, lent and called back.
 *
 * First step by step; then at random: small demands without end, gangs that
 * come at any time, borrowers that give back at once or never.  After every
 * event the ledger is checked; no gang is served by halves, nothing is called
 * back from anybody but a borrower above his guarantee, and every gang that
 * fits the cluster is served.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger_rig.h"
#include "unit.h"

enum {
	SECOND = 1000000,
	NODES = 6,
	CORES = 8,
	GANGS = 6,	/* of a run */
	LONGEST = 40,	/* seconds that anything is kept */
	SEEDS = 40,
};

struct kept {
	uint64_t slice, until;
	char framework[8];
};

static struct ledger_rig rig;
static struct {
	struct rand_state rand;
	struct kept kept[256];
	size_t nkept;
	unsigned called, lent, wrong;
	bool stubborn; /* borrowers never give back by themselves */
} w;

static void wrong(const char *what)
{
	if (w.wrong++ == 0)
		printf("%s\n", what);
}

/* Was the role of the slice above its guarantee? */
static void check_call(const struct event *ev)
{
	const struct slice *s = ledger_slice(rig.l, ev->revoking.slice);
	const struct demand *d = ledger_find_demand(
	    rig.l, ev->revoking.claimant, ev->revoking.demand);

	if (s == NULL || d == NULL || !s->revocable ||
	    ev->revoking.lent != (s->lent_for == d->seq)) {
		wrong("taken back without a reason");
		return;
	}
	w.called += ev->revoking.lent;
	if (!ev->revoking.lent && d->charged->floor.cores == 0)
		wrong("called back from one who did not borrow");
	for (const struct role *r = s->role; r != NULL; r = r->parent) {
		/* leaving counts s already. */
		if (r->sum.cores - r->leaving.cores + s->amount.cores <=
		    r->floor.cores)
			wrong("taken from one at his guarantee");
	}
}

static void check_made(const struct event *ev)
{
	const struct demand *d = ledger_find_demand(
	    rig.l, ev->offer_made.framework, ev->offer_made.demand);
	unsigned units = 0;

	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct slice *s = ev->offer_made.slices[i];

		units += s->units;
		w.lent += s->lent_for != 0;
		if (s->lent_for != 0 && (d->gang || !d->revocable_ok))
			wrong("lent to one who may not borrow");
	}
	if (d->gang && units != d->count)
		wrong("half a gang");
}

static void watch(void *arg, const struct event *ev)
{
	(void)arg;
	if (ev->type == EVENT_SLICE_REVOKING)
		check_call(ev);
	if (ev->type == EVENT_OFFER_MADE)
		check_made(ev);
}

static void start(const struct policy *p, uint64_t seed)
{
	struct topology_shape shape = {
		.packages = 2, .cores = CORES / 2, .mib = 1000,
	};
	struct ledger_options o = {
		.policy = p,
		.lend_us = 3 * SECOND,
		.grace_us = 2 * SECOND,
		.listen = watch,
	};

	memset(&w, 0, sizeof(w));
	ledger_rig_init(&rig, &shape, NODES, &o);
	rand_seed(&w.rand, seed);
	rand_seed(&rig.rand, seed + 1);
	ledger_rig_frameworks(&rig, "abc");
}

static void finish(void)
{
	CU_ASSERT_EQUAL(w.wrong, 0);
	ledger_rig_finish(&rig);
}

static void check(void)
{
	if (ledger_check(rig.l, &rig.err) != 0)
		wrong(rig.err.text);
}

static void rounds(void)
{
	for (int i = 0; ledger_round(rig.l, rig.now, &rig.rand) == 1; i++) {
		check();
		if (i == 1000) {
			wrong("rounds without end");
			return;
		}
	}
	check();
}

static struct demand *make(const char *id, unsigned count, unsigned cores,
			   bool gang)
{
	struct demand *d = ledger_rig_demand(id, count);

	d->unit.cores = cores;
	d->gang = gang;
	return d;
}

static void state(const char *framework, struct demand *d)
{
	ledger_rig_state(&rig, framework, d);
}

static void keep(void *arg, const struct slice *s)
{
	unsigned *lent = arg;
	struct kept *k;

	*lent += s->lent_for != 0 ? s->units : 0;
	CU_ASSERT_FATAL(w.nkept < 256);
	k = &w.kept[w.nkept++];
	k->slice = s->id;
	k->until = rig.now + rand_below(&w.rand, LONGEST) * SECOND;
	snprintf(k->framework, sizeof(k->framework), "%s", s->framework->name);
}

/* Accept all that is offered to it; returns the units, *lent how many of them
 * are lent. */
static unsigned take(const char *framework, unsigned *lent)
{
	*lent = 0;
	return ledger_rig_take(&rig, framework, keep, lent);
}

static void release(const char *framework, unsigned count)
{
	const struct framework *f = ledger_framework(rig.l, framework);

	for (; count > 0; count--)
		CU_ASSERT_EQUAL(ledger_release(rig.l, framework,
					       &TAILQ_FIRST(&f->slices)->id, 1,
					       rig.now, &rig.err),
				0);
}

static unsigned being_revoked(const char *framework)
{
	const struct framework *f = ledger_framework(rig.l, framework);
	const struct slice *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &f->slices, of_owner)
		n += s->revoking;
	return n;
}

/* a has everything, b waits for a gang of 16, c would take what there is. */
static void fill(const struct policy *p)
{
	unsigned lent;

	start(p, 1);
	state("a", make("all", NODES * CORES, 1, false));
	rounds();
	CU_ASSERT_EQUAL(take("a", &lent), NODES * CORES);
	state("b", make("gang", 16, 1, true));
	state("c", make("small", 100, 1, false));
	rounds();
	release("a", 4);
	rounds();
}

static void test_lend(const struct policy *p)
{
	unsigned lent;

	fill(p);
	/* Holes are held, and lent when the gang has waited. */
	CU_ASSERT_EQUAL(take("c", &lent), 0);
	CU_ASSERT(ledger_next_deadline(rig.l) <= rig.now + 3 * SECOND);
	rig.now += 3 * SECOND;
	rounds();
	CU_ASSERT_EQUAL(take("c", &lent), 4);
	CU_ASSERT_EQUAL(lent, 4);
	CU_ASSERT_EQUAL(being_revoked("c"), 0);
	/* Not enough yet: more is lent. */
	release("a", 8);
	rounds();
	CU_ASSERT_EQUAL(take("c", &lent), 8);
	CU_ASSERT_EQUAL(being_revoked("c"), 0);
	/* With what is lent it is enough: all of that is called back. */
	release("a", 5);
	rounds();
	CU_ASSERT_EQUAL(being_revoked("c"), 11);
	CU_ASSERT_EQUAL(take("b", &lent), 0);
	/* Whoever comes meanwhile gets nothing of it. */
	state("a", make("more", 40, 1, false));
	rounds();
	rig.now += 2 * SECOND;
	rounds();
	CU_ASSERT_EQUAL(take("b", &lent), 16);
	CU_ASSERT_EQUAL(lent, 0);
	CU_ASSERT_EQUAL(take("a", &lent) + take("c", &lent), 0);
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "c")->nslices, 1);
	finish();
}

static void test_lend_fifo(void)
{
	test_lend(&policy_fifo);
}

static void test_lend_drf(void)
{
	test_lend(&policy_drf);
}

/* Whoever wants nothing revocable borrows nothing; what is only offered is
 * back at once. */
static void test_borrowers(void)
{
	struct demand *d = make("small", 100, 1, false);
	unsigned lent;

	fill(&policy_fifo);
	d->revocable_ok = false;
	state("c", d);
	rig.now += 4 * SECOND;
	rounds();
	CU_ASSERT_EQUAL(take("c", &lent), 0);
	state("c", make("small", 100, 1, false));
	rounds();
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "c")->noffers, 1);
	release("a", 12);
	rounds();
	CU_ASSERT_EQUAL(ledger_framework(rig.l, "c")->noffers, 0);
	CU_ASSERT_EQUAL(take("b", &lent), 16);
	finish();
}

/* The gang is gone: what it lent is like any other slice. */
static void test_gone(void)
{
	struct demand *d = make("gang", 0, 1, true);
	unsigned lent;

	fill(&policy_fifo);
	rig.now += 3 * SECOND;
	rounds();
	CU_ASSERT_EQUAL(take("c", &lent), 4);
	state("b", d);
	release("a", 20);
	rounds();
	CU_ASSERT_EQUAL(being_revoked("c"), 0);
	CU_ASSERT_EQUAL(take("c", &lent), 20);
	CU_ASSERT_EQUAL(lent, 0);
	finish();
}

/* ---- at random ---- */

struct waiting {
	uint64_t since;
	bool stated, served;
};

/* With a guarantee that somebody else uses to the full, only what leaves that
 * alone is sure to be served. */
static void random_gang(unsigned i, struct waiting *g, unsigned guaranteed)
{
	char id[8];
	unsigned cores = 1 + (unsigned)rand_below(&w.rand, CORES);
	unsigned most = NODES * (CORES / cores);
	struct demand *d;

	snprintf(id, sizeof(id), "g%u", i);
	if (guaranteed > 0) {
		cores = 1;
		most = NODES * CORES - guaranteed;
	}
	d = make(id, 1 + (unsigned)rand_below(&w.rand, most), cores, true);
	if (rand_below(&w.rand, 4) == 0 && d->count <= NODES && !guaranteed)
		d->per_node = 1;
	if (rand_below(&w.rand, 6) == 0 && !guaranteed)
		d->exclusive = true;
	if (d->exclusive)
		d->separate = false;
	g->stated = true;
	g->since = rig.now;
	state(i % 2 ? "b" : "a", d);
}

/* What is over, or was called back from somebody kind, goes back. */
static void give_back(void)
{
	size_t n = 0;

	for (size_t i = 0; i < w.nkept; i++) {
		const struct kept *k = &w.kept[i];
		const struct slice *s = ledger_slice(rig.l, k->slice);

		if (s == NULL)
			continue; /* taken */
		if (k->until > rig.now && (w.stubborn || !s->revoking)) {
			w.kept[n++] = *k;
			continue;
		}
		CU_ASSERT_EQUAL(ledger_release(rig.l, k->framework, &k->slice,
					       1, rig.now, &rig.err),
				0);
		check();
	}
	w.nkept = n;
}

static void look(struct waiting *gang)
{
	unsigned lent;

	take("a", &lent);
	take("b", &lent);
	take("c", &lent);
	check();
	for (unsigned i = 0; i < GANGS; i++) {
		char id[8];

		snprintf(id, sizeof(id), "g%u", i);
		if (!gang[i].stated || gang[i].served)
			continue;
		gang[i].served =
		    ledger_find_demand(rig.l, i % 2 ? "b" : "a", id) == NULL;
		/* Each of those before it may gather, run and give back. */
		if (rig.now - gang[i].since >
		    (uint64_t)GANGS * 3 * LONGEST * SECOND) {
			wrong("a gang starves");
			gang[i].served = true;
		}
	}
}

static void random_run(uint64_t seed, const struct policy *p, unsigned *lent,
		       unsigned *called)
{
	struct waiting gang[GANGS] = {{0}};
	unsigned guaranteed = seed % 3 == 0 ? 10 : 0;
	struct role_setting r;

	start(p, seed);
	w.stubborn = seed % 2;
	if (guaranteed > 0) {
		role_setting_init(&r, "c");
		CU_ASSERT_EQUAL(quota_parse("cores=10", &r.guarantee, &rig.err),
				0);
		CU_ASSERT_EQUAL(ledger_share_set(rig.l, &r, rig.now, &rig.err),
				0);
	}
	for (unsigned i = 0; i < 4000 && w.wrong == 0; i++) {
		unsigned k = (unsigned)rand_below(&w.rand, 4 * GANGS);

		/* Small ones without end. */
		if (ledger_find_demand(rig.l, "c", "small") == NULL)
			state("c", make("small", 200,
					1 + (unsigned)rand_below(&w.rand, 3),
					false));
		if (k < GANGS && !gang[k].stated)
			random_gang(k, &gang[k], guaranteed);
		rounds();
		look(gang);
		give_back();
		rig.now += rand_below(&w.rand, SECOND);
	}
	for (unsigned i = 0; i < GANGS; i++) {
		if (!gang[i].served)
			wrong("a gang was not served");
	}
	*lent += w.lent;
	*called += w.called;
	if (w.wrong > 0)
		printf("%s, seed %llu\n", p->name, (unsigned long long)seed);
	finish();
}

static void test_random(void)
{
	unsigned lent = 0, called = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		random_run(seed, seed % 4 < 2 ? &policy_fifo : &policy_drf,
			   &lent, &called);
	printf("%u lent, %u called back: ", lent, called);
	CU_ASSERT(lent > 1000);
	CU_ASSERT(called > 300);
}

static const struct unit_test tests[] = {
	{"lent and called back, fifo", test_lend_fifo},
	{"lent and called back, drf", test_lend_drf},
	{"who borrows", test_borrowers},
	{"the gang is gone", test_gone},
	{"at random", test_random},
};

UNIT_MAIN("gangs", tests)
