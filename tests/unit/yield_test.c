/*
 * yield_test.c - a framework that is to give slices back: it gives them at
 * once, names others, or is spared because the claimant goes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ledger_rig.h"
#include "unit.h"

#define REACT_US 200000u

/* 4 nodes of 8 cores; a has all of them, in slices of one core, in each of
 * which a task runs; b is guaranteed 8. */
static struct ledger_rig rig;
static struct {
	uint64_t job;
	uint32_t index;
	unsigned told, spared;
} w;

static void watch(void *arg, const struct event *ev)
{
	(void)arg;
	w.told += ev->type == EVENT_SLICE_TOLD;
	w.spared += ev->type == EVENT_SLICE_SPARED;
}

static void rounds(void)
{
	ledger_rig_rounds(&rig);
}

static void demand(const char *framework, unsigned count, unsigned cores,
		   const char *node)
{
	struct demand *d = ledger_rig_demand("d", count);

	d->unit.cores = cores;
	if (node != NULL) {
		d->nodes = mem_array(2, sizeof(char *));
		d->nodes[0] = mem_strdup(node);
	}
	ledger_rig_state(&rig, framework, d);
}

static unsigned take(const char *framework)
{
	return ledger_rig_take(&rig, framework, NULL, NULL);
}

static uint64_t submit(uint64_t grace_us)
{
	struct ledger_job j = {.name = "j", .framework = "a", .role = "a",
			       .user = "u", .spec = "", .grace_us = grace_us};
	uint64_t id = 0;

	CU_ASSERT_EQUAL(ledger_submit(rig.l, &j, rig.now, &id, &rig.err), 0);
	return id;
}

static void run_in(const struct slice *s, uint64_t job)
{
	struct ledger_launch t = {.index = w.index, .slice = s->id,
				  .array_index = -1};
	struct ledger_report rep = {.job = job, .index = w.index++,
				    .status = {.state = TASK_RUNNING}};

	CU_ASSERT_EQUAL(
	    ledger_launch(rig.l, "a", job, &t, 1, rig.now, &rig.err), 0);
	CU_ASSERT_EQUAL(
	    ledger_task_report(rig.l, s->node->name, &rep, rig.now, &rig.err),
	    0);
}

static void start(uint64_t react_us)
{
	struct topology_shape shape = {.packages = 2, .cores = 4, .mib = 1000};
	struct ledger_options o = {.policy = &policy_fifo, .listen = watch};
	const struct slice *s;
	struct role_setting set;

	memset(&w, 0, sizeof(w));
	ledger_rig_init(&rig, &shape, 4, &o);
	CU_ASSERT_EQUAL(ledger_register_reacting(rig.l, "a", "a", "s", 3000000,
						 react_us, rig.now, NULL),
			0);
	CU_ASSERT_EQUAL(
	    ledger_register(rig.l, "b", "b", "s", 3000000, rig.now, NULL), 0);
	role_setting_init(&set, "b");
	CU_ASSERT_EQUAL(quota_parse("cores=8", &set.guarantee, &rig.err), 0);
	CU_ASSERT_EQUAL(ledger_share_set(rig.l, &set, rig.now, &rig.err), 0);
	w.job = submit(1000000);
	demand("a", 32, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(take("a"), 32);
	TAILQ_FOREACH (s, &ledger_framework(rig.l, "a")->slices, of_owner)
		run_in(s, w.job);
	rounds();
}

static void finish(void)
{
	CU_ASSERT_EQUAL(ledger_check(rig.l, &rig.err), 0);
	ledger_destroy(rig.l);
	topology_unref(rig.t);
}

/* a's slices that are being taken back, or are not, on this node or any. */
static size_t list(bool revoking, const char *node, uint64_t *ids, size_t most)
{
	const struct slice *s;
	size_t n = 0;

	TAILQ_FOREACH (s, &ledger_framework(rig.l, "a")->slices, of_owner) {
		if (s->revoking == revoking && n < most &&
		    (node == NULL || strcmp(s->node->name, node) == 0))
			ids[n++] = s->id;
	}
	return n;
}

static size_t revoking(void)
{
	uint64_t ids[64];

	return list(true, NULL, ids, 64);
}

static int yield(const uint64_t *ids, size_t n, const uint64_t *others,
		 size_t m)
{
	return ledger_yield(rig.l, "a", ids, n, others, m, rig.now, &rig.err);
}

static void refused(const uint64_t *ids, size_t n, const uint64_t *others,
		    size_t m, const char *text)
{
	size_t before = revoking();

	rig.err.text[0] = '\0';
	CU_ASSERT_EQUAL(yield(ids, n, others, m), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig.err.text, text));
	if (strstr(rig.err.text, text) == NULL)
		printf("\n%s\n", rig.err.text);
	CU_ASSERT_EQUAL(revoking(), before);
	rounds();
	CU_ASSERT_EQUAL(revoking(), before);
}

static void end_tasks(const uint64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct slice *s = ledger_slice(rig.l, ids[i]);
		const struct task *t = TAILQ_FIRST(&s->tasks);
		struct ledger_report rep = {
			.job = t->job->id, .index = t->index,
			.status = {.state = TASK_ENDED,
				   .end = TASK_END_REVOKED}};

		CU_ASSERT_EQUAL(ledger_task_report(rig.l, s->node->name, &rep,
						   rig.now, &rig.err),
				0);
	}
}

/* Tasks hear of it after the time to react, and no later than at once for one
 * that wants none. */
static void test_react(void)
{
	uint64_t ids[64] = { 0 };

	start(0);
	demand("b", 8, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(revoking(), 8);
	CU_ASSERT(list(true, NULL, ids, 1) == 1 &&
		  ledger_slice(rig.l, ids[0])->told);
	CU_ASSERT_EQUAL(w.told, 0);
	finish();

	start(REACT_US);
	demand("b", 8, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(revoking(), 8);
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l), rig.now + REACT_US);
	rig.now += REACT_US;
	rounds();
	CU_ASSERT_EQUAL(w.told, 8);
	CU_ASSERT_EQUAL(ledger_next_deadline(rig.l),
			rig.now + 1000000 - REACT_US);
	finish();

	/* One that is away can't answer. */
	start(REACT_US);
	CU_ASSERT_EQUAL(ledger_away(rig.l, "a", rig.now, &rig.err), 0);
	demand("b", 8, 1, NULL);
	rounds();
	CU_ASSERT(list(true, NULL, ids, 1) == 1 &&
		  ledger_slice(rig.l, ids[0])->told);
	finish();
}

static void test_at_once(void)
{
	uint64_t ids[64];
	size_t n;

	start(REACT_US);
	demand("b", 8, 1, NULL);
	rounds();
	n = list(true, NULL, ids, 64);
	CU_ASSERT_EQUAL(yield(ids, n, NULL, 0), 0);
	CU_ASSERT_EQUAL(w.told, 8);
	CU_ASSERT_EQUAL(yield(ids, n, NULL, 0), 0);
	CU_ASSERT_EQUAL(w.told, 8);
	end_tasks(ids, 8);
	CU_ASSERT_EQUAL(yield(ids, 3, NULL, 0), 0);
	CU_ASSERT_PTR_NULL(ledger_slice(rig.l, ids[0]));
	rounds();
	CU_ASSERT_EQUAL(take("b"), 8);
	finish();
}

static void test_instead(void)
{
	uint64_t ids[64], others[64];

	start(REACT_US);
	demand("b", 8, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(list(true, NULL, ids, 64), 8);
	CU_ASSERT_EQUAL(list(false, NULL, others, 64), 24);
	rig.now += 150000;
	/* One idle, the others at work. */
	end_tasks(others + 7, 1);
	CU_ASSERT_EQUAL(yield(ids, 8, others, 8), 0);
	CU_ASSERT_EQUAL(w.spared, 8);
	CU_ASSERT_EQUAL(revoking(), 8);
	for (int i = 0; i < 8; i++) {
		CU_ASSERT(!ledger_slice(rig.l, ids[i])->revoking);
		CU_ASSERT(ledger_slice(rig.l, others[i])->revoking);
		CU_ASSERT(ledger_slice(rig.l, others[i])->told);
	}
	/* The deadline is that of the notice. */
	CU_ASSERT_EQUAL(ledger_slice(rig.l, others[0])->revoke_us,
			rig.now + 850000);
	rounds();
	CU_ASSERT_EQUAL(revoking(), 7);
	CU_ASSERT_EQUAL(take("b"), 1);
	end_tasks(others, 7);
	rounds();
	CU_ASSERT_EQUAL(take("b"), 7);
	CU_ASSERT_EQUAL(revoking(), 0);
	/* What was spared is the framework's as before. */
	run_in(ledger_slice(rig.l, ids[0]), w.job);
	finish();
}

static void test_refused(void)
{
	uint64_t ids[64], others[64], twice[2], none[1] = {999}, own[1];
	uint64_t patient;

	start(REACT_US);
	demand("b", 1, 8, NULL);
	rounds();
	CU_ASSERT_EQUAL(list(true, NULL, ids, 64), 8);
	CU_ASSERT_EQUAL(list(false, NULL, others, 64), 24);
	refused(ids, 0, NULL, 0, "at least one");
	refused(others, 1, NULL, 0, "is not being taken back");
	refused(none, 1, others, 1, "999");
	refused(ids, 1, ids + 1, 1, "on its way back already");
	twice[0] = twice[1] = others[0];
	refused(ids, 1, twice, 2, "named twice");
	/* Eight cores here and there are not one node. */
	refused(ids, 1, others, 1, "make room for 0 units");
	/* A whole other node is. */
	for (int i = 0; i < 4; i++) {
		char name[3] = {'n', (char)('0' + i), '\0'};

		if (list(false, name, others, 64) == 8)
			break;
	}
	refused(ids, 8, others, 7, "make room for 0 units");
	/* A job that has longer than these. */
	patient = submit(1500000);
	end_tasks(others, 1);
	run_in(ledger_slice(rig.l, others[0]), patient);
	refused(ids, 8, others, 8, "grace of 1500 ms");
	end_tasks(others, 1);
	CU_ASSERT_EQUAL(yield(ids, 8, others, 8), 0);
	CU_ASSERT_EQUAL(revoking(), 8);
	rounds();
	end_tasks(others + 1, 7);
	rounds();
	CU_ASSERT_EQUAL(take("b"), 1);
	own[0] = TAILQ_FIRST(&ledger_framework(rig.l, "b")->slices)->id;
	refused(own, 1, NULL, 0, "is not held by a");
	finish();

	/* Nodes that the claimant does not want; and too late. */
	start(REACT_US);
	demand("b", 2, 1, "n2");
	rounds();
	CU_ASSERT_EQUAL(list(true, "n2", ids, 64), 2);
	CU_ASSERT_EQUAL(list(false, "n1", others, 64), 8);
	refused(ids, 2, others, 2, "make room for 0 units");
	CU_ASSERT_EQUAL(list(false, "n2", others, 64), 6);
	rig.now += REACT_US;
	rounds();
	refused(ids, 2, others, 2, "too late");
	finish();
}

/* Nothing is lost to a claimant that goes before anybody heard of it. */
static void test_withdrawn(void)
{
	uint64_t ids[64];

	start(REACT_US);
	demand("b", 8, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(list(true, NULL, ids, 64), 8);
	CU_ASSERT_EQUAL(yield(ids, 3, NULL, 0), 0);
	demand("b", 0, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(w.spared, 5);
	CU_ASSERT_EQUAL(revoking(), 3);
	rig.now += REACT_US;
	rounds();
	CU_ASSERT_EQUAL(w.told, 3);
	finish();

	/* Met by what another gave. */
	start(REACT_US);
	demand("b", 2, 1, NULL);
	rounds();
	CU_ASSERT_EQUAL(revoking(), 2);
	CU_ASSERT_EQUAL(list(false, NULL, ids, 2), 2);
	end_tasks(ids, 2);
	CU_ASSERT_EQUAL(ledger_release(rig.l, "a", ids, 2, rig.now, &rig.err),
			0);
	rounds();
	CU_ASSERT_EQUAL(take("b"), 2);
	rounds();
	CU_ASSERT_EQUAL(w.spared, 2);
	CU_ASSERT_EQUAL(revoking(), 0);
	finish();
}

static const struct unit_test tests[] = {
	{"time to react", test_react},
	{"given at once", test_at_once},
	{"others instead", test_instead},
	{"refused", test_refused},
	{"the claimant goes", test_withdrawn},
};

UNIT_MAIN("yield", tests)
