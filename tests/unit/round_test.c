/*
 * round_test.c - a round looks at what changed alone, and misses nothing by
 * it.  Clusters, shares and demands are drawn from seeds; what is offered is
 * taken or declined, slices come back.  Whenever all is quiet - no offer is
 * open and no round is due - everything is looked at again: nothing more must
 * be offered then.
 */
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "unit.h"

enum {
	NODES = 12,
	FRAMEWORKS = 6,
	DEMANDS = 5,
	ROLES = 3,
	STEPS = 150,
	SEEDS = 60,
	MOST_ROUNDS = 2000,
};

struct world {
	struct ledger *l;
	struct rand_state rand, policy_rand;
	struct topology *topology[2];
	uint64_t now;
	size_t quiet; /* times that nothing was to be done any more */
};

static unsigned pick(struct world *w, unsigned n)
{
	return (unsigned)rand_below(&w->rand, n);
}

static const char *name_of(const char *prefix, unsigned i)
{
	static char names[8][8];
	static unsigned next;
	char *name = names[next++ % 8];

	snprintf(name, sizeof(names[0]), "%s%u", prefix, i % 1000);
	return name;
}

static const char *a_framework(struct world *w)
{
	return name_of("f", pick(w, FRAMEWORKS));
}

static const char *a_node(struct world *w)
{
	return name_of("n", pick(w, NODES));
}

/* ---- what happens ---- */

static char **some_nodes(struct world *w)
{
	char *names[3];

	for (int i = 0; i < 3; i++)
		names[i] = (char *)a_node(w);
	return mem_strv_dup(names, 3);
}

static void constrain(struct world *w, struct demand *d)
{
	struct label label = {"kind", pick(w, 2) ? "odd" : "even"};

	switch (pick(w, 8)) {
	case 0:
		d->nodes = some_nodes(w);
		break;
	case 1:
		d->exclude = some_nodes(w);
		break;
	case 2:
		d->label = label_copy(&label, 1);
		d->nlabels = 1;
		break;
	case 3:
		d->per_node = 1 + pick(w, 2);
		d->count = (d->count + 1) * d->per_node;
		break;
	case 4:
		d->prefer_nodes = some_nodes(w);
		d->wait_us = pick(w, 2) ? 0 : 500000;
		break;
	case 5:
		d->min_per_node = 1 + pick(w, 2);
		break;
	default:
		break;
	}
}

static void do_demand(struct world *w)
{
	struct demand *d = demand_create(name_of("d", pick(w, DEMANDS)));

	d->count = pick(w, 10);
	d->gang = pick(w, 3) == 0;
	d->separate = pick(w, 2);
	d->exclusive = pick(w, 12) == 0;
	d->revocable_ok = pick(w, 3) > 0;
	d->priority = (int)pick(w, 2);
	d->packing = (enum packing)pick(w, 3);
	d->unit.cores = 1 + pick(w, 6);
	d->unit.gpus = pick(w, 4) == 0;
	d->unit.memory_mib = pick(w, 2) ? 0 : 100 + pick(w, 900);
	constrain(w, d);
	d->max = d->count + (pick(w, 3) ? 0 : pick(w, 6));
	if (d->per_node > 0)
		d->max = d->count;
	ledger_demand(w->l, a_framework(w), d, w->now, NULL);
	demand_destroy(d);
}

static void do_release(struct world *w)
{
	const struct framework *f = ledger_framework(w->l, a_framework(w));
	const struct slice *s = TAILQ_FIRST(&f->slices);

	for (unsigned i = pick(w, 6); i > 0 && s != NULL; i--) {
		const struct slice *next = TAILQ_NEXT(s, of_owner);

		s = next != NULL ? next : s;
	}
	if (s != NULL)
		ledger_release(w->l, f->name, &s->id, 1, w->now, NULL);
}

static void do_node(struct world *w)
{
	const char *node = a_node(w);

	if (pick(w, 4) == 0)
		ledger_node_drain(w->l, node, true, w->now, NULL);
	else
		ledger_node_drain(w->l, node, false, w->now, NULL);
}

static void do_framework(struct world *w)
{
	if (pick(w, 2))
		ledger_suppress(w->l, a_framework(w), w->now, NULL);
	else
		ledger_revive(w->l, a_framework(w), w->now, NULL);
}

static void do_share(struct world *w)
{
	struct role_setting s;

	role_setting_init(&s, name_of("r", pick(w, ROLES)));
	s.weight = 1 + pick(w, 3);
	if (pick(w, 2)) {
		s.guarantee.of[RESOURCE_CORES].kind = QUOTA_NUMBER;
		s.guarantee.of[RESOURCE_CORES].value = pick(w, 30);
	}
	if (pick(w, 3) == 0) {
		s.limit.of[RESOURCE_CORES].kind = QUOTA_NUMBER;
		s.limit.of[RESOURCE_CORES].value = 30 + pick(w, 40);
	}
	ledger_share_set(w->l, &s, w->now, NULL);
}

static void answer(struct world *w, const struct offer *o)
{
	const char *node = TAILQ_FIRST(&o->slices)->node->name;
	uint64_t ids[200];
	const struct slice *s;
	size_t n = 0;

	if (pick(w, 6) == 0) {
		ledger_decline(w->l, o->framework->name, o->id, 1000000, &node,
			       pick(w, 2), w->now, NULL);
		return;
	}
	TAILQ_FOREACH(s, &o->slices, of_owner) {
		if (n < 200 && (n == 0 || pick(w, 8) > 0))
			ids[n++] = s->id;
	}
	CU_ASSERT_EQUAL(ledger_accept(w->l, o->framework->name, o->id, ids, n,
				      w->now, NULL), 0);
}

/* ---- quiet ---- */

static bool settle(struct world *w)
{
	for (unsigned turn = 0; turn < MOST_ROUNDS; turn++) {
		const struct offer *o;

		ledger_round(w->l, w->now, &w->policy_rand);
		for (o = ledger_first_offer(w->l); o != NULL;
		     o = ledger_first_offer(w->l))
			answer(w, o);
		if (!ledger_wants_round(w->l))
			return true;
	}
	return false;
}

static uint64_t offers_made(const struct world *w)
{
	struct ledger_stats stats;

	ledger_stats(w->l, &stats);
	return stats.offers_made;
}

/* NULL: as it should be. */
static const char *look_again(struct world *w)
{
	uint64_t before;

	if (!settle(w))
		return "rounds without end";
	before = offers_made(w);
	ledger_touch(w->l);
	ledger_round(w->l, w->now, &w->policy_rand);
	if (offers_made(w) != before)
		return "a full round finds more";
	w->quiet++;
	return NULL;
}

/* ---- worlds ---- */

static void start(struct world *w, uint64_t seed, const struct policy *p)
{
	struct topology_shape shape[2] = {
		{.packages = 2, .numas = 1, .l3s = 1, .cores = 4, .mib = 4000,
		 .gpus = 1, .gpu_vendor = "amd"},
		{.packages = 1, .cores = 6, .pus = 2, .mib = 3000},
	};
	struct ledger_options o = {
		.policy = p,
		.lend_us = 2000000,
		.grace_us = 1000000,
	};

	*w = (struct world){.now = 1000000};
	rand_seed(&w->rand, seed);
	rand_seed(&w->policy_rand, seed + 1);
	w->l = ledger_create(&o);
	for (int i = 0; i < 2; i++)
		w->topology[i] = topology_create_regular(&shape[i]);
	for (unsigned i = 0; i < FRAMEWORKS; i++)
		ledger_register(w->l, name_of("f", i), name_of("r", i % ROLES),
				"s", 3000000, w->now, NULL);
	for (unsigned i = 0; i < NODES; i++) {
		struct label label = {"kind", i % 2 ? "odd" : "even"};

		ledger_node_up(w->l, name_of("n", i), w->topology[pick(w, 2)],
			       &label, 1, false, w->now, NULL);
	}
}

static void finish(struct world *w)
{
	ledger_destroy(w->l);
	for (int i = 0; i < 2; i++)
		topology_unref(w->topology[i]);
}

static void step(struct world *w)
{
	static void (*const calls[])(struct world *) = {
		do_demand, do_demand, do_demand, do_release, do_release,
		do_release, do_release, do_release, do_node, do_framework,
		do_share,
	};
	unsigned n = 1 + pick(w, 4);

	w->now += pick(w, 10) ? 1000 : 700000;
	while (n-- > 0)
		calls[pick(w, sizeof(calls) / sizeof(*calls))](w);
}

static size_t run(const struct policy *p, uint64_t seed)
{
	const char *wrong = NULL;
	struct berth_error err;
	struct world w;

	start(&w, seed, p);
	for (unsigned i = 0; i < STEPS && wrong == NULL; i++) {
		step(&w);
		wrong = look_again(&w);
		if (wrong == NULL && ledger_check(w.l, &err) != 0)
			wrong = err.text;
		if (wrong != NULL)
			printf("%s, seed %llu, step %u: %s\n", p->name,
			       (unsigned long long)seed, i, wrong);
	}
	CU_ASSERT_PTR_NULL(wrong);
	finish(&w);
	return w.quiet;
}

static void run_all(const char *policy)
{
	const struct policy *p = policy_find(policy, NULL);
	size_t quiet = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		quiet += run(p, seed);
	CU_ASSERT_EQUAL(quiet, SEEDS * STEPS);
}

static void test_fifo(void)
{
	run_all("fifo");
}

static void test_drf(void)
{
	run_all("drf");
}

static void test_lottery(void)
{
	run_all("lottery");
}

static void test_static(void)
{
	run_all("static");
}

static const struct unit_test tests[] = {
	{"fifo", test_fifo},
	{"drf", test_drf},
	{"lottery", test_lottery},
	{"static", test_static},
};
UNIT_MAIN("rounds", tests)
