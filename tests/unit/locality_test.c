/* locality_test.c - where data lies: preferred nodes and waiting for them,
 * datasets that tasks leave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger_rig.h"
#include "unit.h"

/* Nodes n0 to n3 of 4 cores; frameworks a and b. */
static struct ledger_rig rig;

static void watch(void *arg, const struct event *ev);

static void start(const struct policy *p)
{
	struct topology_shape shape = {.packages = 1, .cores = 4, .mib = 1000};
	struct ledger_options o = {.policy = p, .listen = watch};

	ledger_rig_init(&rig, &shape, 0, &o);
	for (unsigned i = 0; i < 4; i++) {
		struct label label = {"disk", i < 2 ? "fast" : "slow"};

		ledger_rig_node(&rig, i, &label, 1);
	}
	ledger_rig_frameworks(&rig, "ab");
}

static void finish(void)
{
	ledger_rig_finish(&rig);
}

static void rounds(void)
{
	ledger_rig_rounds(&rig);
}

static char **one(const char *name)
{
	char *list[1] = {(char *)name};

	return mem_strv_dup(list, 1);
}

static struct demand *demand(unsigned count, unsigned wait_ms)
{
	struct demand *d = ledger_rig_demand("d", count);

	d->wait_us = (uint64_t)wait_ms * 1000;
	return d;
}

static int state(const char *framework, struct demand *d)
{
	int rc;

	rig.now++;
	rc = ledger_demand(rig.l, framework, d, rig.now, &rig.err);
	demand_destroy(d);
	if (rc == 0)
		rounds();
	return rc;
}

static void count_by_node(void *arg, const struct slice *s)
{
	unsigned *units = arg;

	units[s->node->name[1] - '0'] += s->units;
}

/* Accept all that is offered; counts units by node in units[4]. */
static unsigned take(const char *framework, unsigned units[4])
{
	memset(units, 0, 4 * sizeof(*units));
	return ledger_rig_take(&rig, framework, count_by_node, units);
}

static const struct demand *the_demand(const char *framework)
{
	return ledger_find_demand(rig.l, framework, "d");
}

static void fill(const char *node)
{
	struct demand *d = demand_create("fill");
	unsigned units[4];

	d->count = d->max = 4;
	d->separate = true;
	d->nodes = one(node);
	state("b", d);
	CU_ASSERT_EQUAL(take("b", units), 4);
}

static void release_on(const char *framework, const char *node)
{
	const struct slice *s;

	TAILQ_FOREACH (s, &ledger_framework(rig.l, framework)->slices,
		       of_owner) {
		if (strcmp(s->node->name, node) == 0)
			break;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_EQUAL(
	    ledger_release(rig.l, framework, &s->id, 1, rig.now, &rig.err), 0);
	rounds();
}

/* Only preferred ones, then any, then again. */
static void check_wait(const struct policy *p)
{
	struct demand *d;
	unsigned units[4];

	start(p);
	fill("n0");
	release_on("b", "n0");
	d = demand(4, 2000);
	d->prefer_nodes = one("n0");
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 1);
	CU_ASSERT_EQUAL(units[0], 1);
	rounds();
	CU_ASSERT_EQUAL(the_demand("a")->patience, PATIENCE_RUNS);
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l),
			the_demand("a")->wait_until_us);
	/* A preferred place before it is over: the time begins anew. */
	rig.now += 1500000;
	rounds();
	release_on("b", "n0");
	CU_ASSERT_EQUAL(take("a", units), 1);
	CU_ASSERT_EQUAL(units[0], 1);
	rounds();
	rig.now += 1500000;
	rounds();
	CU_ASSERT_EQUAL(take("a", units), 0);
	rig.now += 600000;
	rounds();
	CU_ASSERT_EQUAL(take("a", units), 2);
	CU_ASSERT_EQUAL(units[0], 0);
	finish();
}

static void test_wait(void)
{
	for (size_t i = 0; policy_at(i) != NULL; i++) {
		if (strcmp(policy_at(i)->name, "static") != 0)
			check_wait(policy_at(i));
	}
}

/* Where nothing is free, no time runs: it has lost nothing. */
static void test_wait_begins_late(void)
{
	struct demand *d;
	unsigned units[4];

	start(&policy_fifo);
	for (int i = 0; i < 4; i++) {
		char name[3] = {'n', (char)('0' + i), '\0'};

		fill(name);
	}
	d = demand(1, 1000);
	d->prefer_nodes = one("n0");
	CU_ASSERT_EQUAL(state("a", d), 0);
	rig.now += 10000000;
	rounds();
	CU_ASSERT_EQUAL(the_demand("a")->patience, PATIENCE_FRESH);
	release_on("b", "n1");
	CU_ASSERT_EQUAL(take("a", units), 0);
	CU_ASSERT_EQUAL(the_demand("a")->patience, PATIENCE_RUNS);
	rig.now += 1000001;
	rounds();
	CU_ASSERT_EQUAL(take("a", units), 1);
	CU_ASSERT_EQUAL(units[1], 1);
	finish();
}

/* What can't come is not waited for. */
static void test_wait_in_vain(void)
{
	struct demand *d;
	unsigned units[4];

	start(&policy_fifo);
	d = demand(2, 5000);
	d->prefer_nodes = one("n9");
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 2);
	/* A gang that is larger than all preferred nodes goes there first. */
	d = demand(6, 5000);
	d->gang = true;
	d->prefer_nodes = one("n3");
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 6);
	CU_ASSERT_EQUAL(units[3], 4);
	finish();
}

static void test_labels(void)
{
	struct label slow = {"disk", "slow"};
	struct demand *d;
	unsigned units[4];

	start(&policy_fifo);
	d = demand(10, 1000);
	d->prefer_label = label_copy(&slow, 1);
	d->nprefer_labels = 1;
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 8);
	CU_ASSERT_EQUAL(units[2] + units[3], 8);
	rig.now += 1;
	rounds();
	rig.now += 1000001;
	rounds();
	CU_ASSERT_EQUAL(take("a", units), 2);
	finish();
}

static void test_bad_wait(void)
{
	struct demand *d;

	start(&policy_fifo);
	CU_ASSERT_EQUAL(state("a", demand(1, 10)), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "prefers no nodes"));
	d = demand(1, 5001);
	d->prefer_nodes = one("n0");
	CU_ASSERT_EQUAL(state("a", d), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, "at most 5000"));
	finish();
}

/* ---- datasets ---- */

/* A job of a's that leaves "data", with one task on the node, ends so. */
static void write_on(const char *node, int exit_code)
{
	const char *leaves[1] = {"data"};
	struct ledger_job job = {
		.name = "j", .framework = "a", .user = "ada", .spec = "{}",
		.leaves = leaves, .nleaves = 1,
	};
	struct ledger_launch launch = {.array_index = -1};
	struct ledger_report r = {
		.status = {.state = TASK_ENDED, .end = TASK_END_EXITED,
			   .exit_code = exit_code, .rank = -1},
	};
	struct demand *d = demand(1, 0);
	const struct slice *s;
	unsigned units[4];
	uint64_t slice;

	d->nodes = one(node);
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 1);
	s = TAILQ_LAST(&ledger_framework(rig.l, "a")->slices, slice_list);
	slice = launch.slice = s->id;
	CU_ASSERT_EQUAL(ledger_submit(rig.l, &job, rig.now, &r.job, &rig.err),
			0);
	CU_ASSERT_EQUAL(
	    ledger_launch(rig.l, "a", r.job, &launch, 1, rig.now, &rig.err), 0);
	CU_ASSERT_EQUAL(ledger_task_report(rig.l, node, &r, rig.now, &rig.err),
			0);
	CU_ASSERT_EQUAL(
	    ledger_release(rig.l, "a", &slice, 1, rig.now, &rig.err), 0);
	rounds();
}

static size_t copies(void)
{
	const struct dataset *s;
	size_t pos = 0, n = 0;

	while ((s = ledger_next_dataset(rig.l, &pos)) != NULL)
		n += s->ncopies;
	return n;
}

/* What one framework's job left another's finds. */
static void test_hand_over(void)
{
	struct demand *d;
	unsigned units[4];

	start(&policy_fifo);
	write_on("n1", 1);
	CU_ASSERT_EQUAL(copies(), 0);
	write_on("n2", 0);
	CU_ASSERT_EQUAL(copies(), 1);
	d = demand(1, 1000);
	d->prefer_datasets = one("data");
	CU_ASSERT_EQUAL(state("b", d), 0);
	CU_ASSERT_EQUAL(take("b", units), 1);
	CU_ASSERT_EQUAL(units[2], 1);
	/* It comes back empty. */
	CU_ASSERT_EQUAL(ledger_node_lost(rig.l, "n2", "a test", rig.now, NULL),
			0);
	CU_ASSERT_EQUAL(copies(), 0);
	finish();
}

/* A hard one waits until there is somebody who holds it, and goes to the node
 * that holds all. */
static void test_hard(void)
{
	char *both[2] = {(char *)"x", (char *)"y"};
	struct demand *d;
	unsigned units[4];

	start(&policy_fifo);
	ledger_dataset_store(rig.l, "x", "n0", 5, 0, rig.now, NULL);
	d = demand(1, 0);
	d->datasets = mem_strv_dup(both, 2);
	CU_ASSERT_EQUAL(ledger_demand_possible(rig.l, d, &rig.err), 0);
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 0);
	CU_ASSERT_EQUAL(
	    ledger_dataset_store(rig.l, "x", "n3", 5, 0, rig.now, NULL), 0);
	CU_ASSERT_EQUAL(
	    ledger_dataset_store(rig.l, "y", "n3", 5, 0, rig.now, NULL), 0);
	rounds();
	CU_ASSERT_EQUAL(take("a", units), 1);
	CU_ASSERT_EQUAL(units[3], 1);
	CU_ASSERT_EQUAL(
	    ledger_dataset_remove(rig.l, "y", "n0", rig.now, &rig.err), -1);
	CU_ASSERT_EQUAL(
	    ledger_dataset_remove(rig.l, "x", NULL, rig.now, &rig.err), 0);
	CU_ASSERT_EQUAL(copies(), 1);
	CU_ASSERT_EQUAL(
	    ledger_dataset_store(rig.l, "x", "n9", 5, 0, rig.now, &rig.err),
	    -1);
	finish();
}

/* Of several, the node that holds most comes first. */
static void test_most_data(void)
{
	char *both[2] = {(char *)"x", (char *)"y"};
	struct demand *d;
	unsigned units[4];

	start(&policy_fifo);
	ledger_dataset_store(rig.l, "x", "n0", 900, 0, rig.now, NULL);
	ledger_dataset_store(rig.l, "x", "n1", 5, 0, rig.now, NULL);
	ledger_dataset_store(rig.l, "y", "n1", 5, 0, rig.now, NULL);
	d = demand(1, 0);
	d->prefer_datasets = mem_strv_dup(both, 2);
	CU_ASSERT_EQUAL(state("a", d), 0);
	CU_ASSERT_EQUAL(take("a", units), 1);
	CU_ASSERT_EQUAL(units[1], 1);
	finish();
}

/* ---- whatever happens ---- */

static bool holds(const char *name, const struct node *n)
{
	const struct dataset *s;
	size_t pos = 0;

	while ((s = ledger_next_dataset(rig.l, &pos)) != NULL) {
		if (strcmp(s->name, name) == 0)
			return dataset_on(s, n) != NULL;
	}
	return false;
}

/* Every offer, when it is made. */
static void watch(void *arg, const struct event *ev)
{
	const struct demand *d;

	if (ev->type != EVENT_OFFER_MADE)
		return;
	d = ledger_find_demand(rig.l, ev->offer_made.framework,
			       ev->offer_made.demand);
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct node *n = ev->offer_made.slices[i]->node;

		CU_ASSERT_TRUE(d->datasets == NULL || holds(d->datasets[0], n));
		CU_ASSERT_TRUE(d->nodes == NULL ||
			       strcmp(d->nodes[0], n->name) == 0);
	}
}

static const char *some(const char *prefix, struct rand_state *r, unsigned n)
{
	static char name[4][8];
	static unsigned next;
	char *out = name[next++ % 4];

	snprintf(out, 8, "%s%u", prefix, (unsigned)rand_below(r, n));
	return out;
}

static void step(struct rand_state *r)
{
	const char *f = rand_below(r, 2) ? "a" : "b";
	struct demand *d;
	unsigned units[4];
	const struct slice *s;

	rig.now += rand_below(r, 700000);
	switch (rand_below(r, 8)) {
	case 0:
		ledger_dataset_store(rig.l, some("s", r, 3), some("n", r, 4),
				     rand_below(r, 10), 0, rig.now, NULL);
		break;
	case 1:
		ledger_dataset_remove(rig.l, some("s", r, 3),
				      rand_below(r, 2) ? NULL : some("n", r, 4),
				      rig.now, NULL);
		break;
	case 2:
		if (rand_below(r, 4) == 0) {
			const char *n = some("n", r, 4);

			ledger_node_lost(rig.l, n, "a test", rig.now, NULL);
			ledger_node_up(rig.l, n, rig.t, NULL, 0, true, rig.now,
				       NULL);
		}
		break;
	case 3:
	case 4:
		d = demand(1 + (unsigned)rand_below(r, 6), 0);
		d->gang = rand_below(r, 3) == 0;
		d->packing = (enum packing)rand_below(r, 3);
		if (rand_below(r, 2))
			d->prefer_datasets = one(some("s", r, 3));
		if (rand_below(r, 3) == 0)
			d->prefer_nodes = one(some("n", r, 5));
		if (rand_below(r, 3) == 0)
			d->datasets = one(some("s", r, 3));
		if (rand_below(r, 5) == 0)
			d->nodes = one(some("n", r, 4));
		if (demand_prefers(d))
			d->wait_us = rand_below(r, 5000000);
		ledger_demand(rig.l, f, d, rig.now, NULL);
		demand_destroy(d);
		break;
	case 5:
		take(f, units);
		break;
	default:
		s = TAILQ_FIRST(&ledger_framework(rig.l, f)->slices);
		if (s != NULL)
			ledger_release(rig.l, f, &s->id, 1, rig.now, NULL);
		break;
	}
	ledger_round(rig.l, rig.now, &rig.rand);
}

/* In the end everybody has what he wants, whatever he would have preferred,
 * if his hard constraints let him. */
static void settle(void)
{
	unsigned units[4];

	for (int i = 0; i < 40; i++) {
		for (const char *f = "ab"; *f != '\0'; f++) {
			char name[2] = {*f, '\0'};
			const struct slice *s;

			take(name, units);
			while ((s = TAILQ_FIRST(
				    &ledger_framework(rig.l, name)->slices)) !=
			       NULL)
				ledger_release(rig.l, name, &s->id, 1, rig.now,
					       NULL);
		}
		rig.now += 1000000;
		rounds();
	}
	for (const char *f = "ab"; *f != '\0'; f++) {
		char name[2] = {*f, '\0'};
		const struct demand *d = the_demand(name);

		CU_ASSERT_TRUE(d == NULL || d->datasets != NULL ||
			       d->nodes != NULL);
	}
}

static void test_random(void)
{
	for (size_t p = 0; policy_at(p) != NULL; p++) {
		if (strcmp(policy_at(p)->name, "static") == 0)
			continue;
		for (uint64_t seed = 1; seed <= 12; seed++) {
			struct rand_state r;

			rand_seed(&r, seed);
			start(policy_at(p));
			for (int i = 0; i < 1500; i++) {
				step(&r);
				if (i % 10 == 0)
					CU_ASSERT_EQUAL(
					    ledger_check(rig.l, &rig.err), 0);
			}
			settle();
			finish();
		}
	}
}

static const struct unit_test tests[] = {
	{"a demand waits for what it prefers, then takes any", test_wait},
	{"its time begins with what it let pass", test_wait_begins_late},
	{"nobody waits in vain", test_wait_in_vain},
	{"nodes that are preferred by label", test_labels},
	{"waits that make no sense", test_bad_wait},
	{"from one framework's job to the next", test_hand_over},
	{"datasets that are needed", test_hard},
	{"where most of it lies", test_most_data},
	{"hard constraints hold and waiting ends", test_random},
};

UNIT_MAIN("locality", tests)
