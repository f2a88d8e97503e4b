/* lying_test.c - a node that reports what is not so: tasks that it was never
 * given, ends told twice, tasks of other nodes, odd numbers, words without end.
 * After each of its reports the ledger's invariants are checked, and what runs
 * on the other node is untouched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "broker/book.h"
#include "broker/reports.h"
#include "io/loop.h"
#include "ledger_rig.h"
#include "unit.h"

enum { REPORTS = 3000, SEEDS = 6, JOBS = 4 };

static struct {
	struct ledger_rig rig;
	struct loop *loop;
	struct net_hub *hub;
	struct net *net; /* the leader's */
	struct node_sync *sync;
	struct rand_state rand;
	struct ledger_launch launch[64];
	size_t nlaunch;
	unsigned finished; /* tasks, twice is wrong */
	bool ended[JOBS + 1][64];
	bool twice;
	char *endless;
} t;

static void listen(void *arg, const struct event *ev)
{
	if (ev->type != EVENT_TASK_FINISHED || ev->task.job > JOBS ||
	    ev->task.index >= 64)
		return;
	t.twice |= t.ended[ev->task.job][ev->task.index];
	t.ended[ev->task.job][ev->task.index] = true;
	t.finished++;
}

static void note_slice(void *arg, const struct slice *s)
{
	struct ledger_launch *one = &t.launch[t.nlaunch];

	*one = (struct ledger_launch){.index = (uint32_t)t.nlaunch,
				      .slice = s->id, .array_index = -1};
	t.nlaunch++;
}

/* Jobs 1 to JOBS of framework a; the tasks of each are the slices that it got,
 * on both nodes. */
static void start(uint64_t seed)
{
	struct topology_shape shape = {.packages = 2, .cores = 4, .mib = 1000};
	struct ledger_options o = {.listen = listen, .keep_jobs = 10};
	struct ledger_job job = {.name = "x", .framework = "a", .role = "a",
				 .user = "u", .spec = "{}"};

	memset(&t, 0, sizeof(t));
	rand_seed(&t.rand, seed);
	t.loop = loop_create(NULL);
	t.hub = net_hub_create(t.loop);
	t.net = net_local_create(t.hub, "n0", NULL);
	t.sync = node_sync_create();
	t.endless = mem_array(1, 3 << 20);
	memset(t.endless, 'x', (3 << 20) - 1);
	ledger_rig_init(&t.rig, &shape, 2, &o);
	ledger_rig_frameworks(&t.rig, "a");
	for (uint64_t i = 1; i <= JOBS; i++) {
		uint64_t id = 0;

		CU_ASSERT_EQUAL(ledger_submit(t.rig.l, &job, t.rig.now, &id,
					      &t.rig.err), 0);
		CU_ASSERT_EQUAL(id, i);
		ledger_rig_state(&t.rig, "a", ledger_rig_demand("d", 4));
		ledger_rig_rounds(&t.rig);
		t.nlaunch = 0;
		ledger_rig_take(&t.rig, "a", note_slice, NULL);
		CU_ASSERT_EQUAL(ledger_launch(t.rig.l, "a", id, t.launch,
					      t.nlaunch, t.rig.now,
					      &t.rig.err), 0);
	}
}

static void stop(void)
{
	CU_ASSERT_FALSE(t.twice);
	t.rig.now = book_now();
	ledger_rig_finish(&t.rig);
	node_sync_destroy(t.sync);
	net_destroy(t.net);
	net_hub_destroy(t.hub);
	loop_destroy(t.loop);
	free(t.endless);
}

/* ---- lies ---------------------------------------------------------------- */

static uint64_t odd_number(void)
{
	static const uint64_t odd[] = {
		0, 1, 2, UINT32_MAX, 1ull << 32, INT64_MAX, UINT64_MAX};

	if (rand_below(&t.rand, 2) == 0)
		return rand_below(&t.rand, 8);
	return odd[rand_below(&t.rand, sizeof(odd) / sizeof(odd[0]))];
}

static void lie(Berth__TaskStatus *s, char *text)
{
	berth__task_status__init(s);
	s->job = rand_below(&t.rand, 4) ? rand_below(&t.rand, JOBS + 2)
					: odd_number();
	s->index = (uint32_t)(rand_below(&t.rand, 4) ? rand_below(&t.rand, 6)
						     : odd_number());
	s->node = (char *)(rand_below(&t.rand, 2) ? "n1" : "n0");
	s->framework = (char *)"b";
	s->slice = odd_number();
	s->state = (Berth__TaskState)((int)rand_below(&t.rand, 7) - 1);
	s->end = (Berth__TaskEnd)((int)rand_below(&t.rand, 14) - 2);
	s->exit_code = (int32_t)odd_number();
	s->signal = (int32_t)odd_number();
	s->rank = (int32_t)odd_number();
	s->start_us = odd_number();
	s->end_us = odd_number();
	s->cpu_us = odd_number();
	s->max_rss_kib = odd_number();
	s->text = text;
}

/* What n1 says is of n1 alone. */
static unsigned running_on(const char *node)
{
	const struct task *task;
	unsigned n = 0;

	for (uint64_t job = 1; job <= JOBS; job++)
		for (uint32_t i = 0; i < 8; i++) {
			task = ledger_task(t.rig.l, job, i);
			n += task != NULL && strcmp(task->where, node) == 0 &&
			     task->status.state != TASK_ENDED;
		}
	return n;
}

static void tell(bool full)
{
	Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus one[5], *list[5];
	char text[5][8] = {"", "why", "", "\xff\xfe", "a\nb"};

	report.full = full;
	report.n_tasks = rand_below(&t.rand, 6);
	report.tasks = list;
	for (size_t i = 0; i < report.n_tasks; i++) {
		list[i] = &one[i];
		lie(&one[i], text[i]);
	}
	if (report.n_tasks > 0 && rand_below(&t.rand, 50) == 0)
		one[0].text = t.endless;
	if (full)
		reports_reconcile(t.rig.l, t.net, NULL, "n1", &report, true,
				  t.sync);
	else
		reports_apply(t.rig.l, t.net, "n1", &report, t.sync);
}

static void test_random(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		unsigned others;
		bool right = true;

		start(seed);
		others = running_on("n0");
		CU_ASSERT(others > 0);
		CU_ASSERT(running_on("n1") > 0);
		for (unsigned i = 0; i < REPORTS && right; i++) {
			tell(rand_below(&t.rand, 10) == 0);
			right = ledger_check(t.rig.l, &t.rig.err) == 0 &&
				running_on("n0") == others;
		}
		if (!right)
			printf(" seed %d: %s ", (int)seed, t.rig.err.text);
		CU_ASSERT_TRUE(right);
		stop();
	}
}

/* ---- one by one ---------------------------------------------------------- */

static void say(uint64_t job, uint32_t index, Berth__TaskState state,
		char *text)
{
	Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus one = BERTH__TASK_STATUS__INIT, *list[] = {&one};

	one.job = job;
	one.index = index;
	one.state = state;
	one.end = state == BERTH__TASK_STATE__TASK_ENDED
			  ? BERTH__TASK_END__END_EXITED
			  : BERTH__TASK_END__END_NONE;
	one.text = text;
	report.n_tasks = 1;
	report.tasks = list;
	reports_apply(t.rig.l, t.net, "n1", &report, t.sync);
}

/* The first task on this node. */
static const struct task *task_on(const char *node)
{
	for (uint64_t job = 1; job <= JOBS; job++)
		for (uint32_t i = 0; i < 8; i++) {
			const struct task *k = ledger_task(t.rig.l, job, i);

			if (k != NULL && strcmp(k->where, node) == 0)
				return k;
		}
	return NULL;
}

static void test_lies(void)
{
	const struct task *mine, *other;
	unsigned n;

	start(1);
	mine = task_on("n1");
	other = task_on("n0");
	CU_ASSERT_FATAL(mine != NULL && other != NULL);
	say(99, 0, BERTH__TASK_STATE__TASK_RUNNING, (char *)"");
	say(99, 0, BERTH__TASK_STATE__TASK_ENDED, (char *)"");
	say(other->job->id, other->index, BERTH__TASK_STATE__TASK_ENDED,
	    (char *)"");
	CU_ASSERT_EQUAL(t.finished, 0);
	say(mine->job->id, mine->index, BERTH__TASK_STATE__TASK_ENDED,
	    t.endless);
	CU_ASSERT_EQUAL(t.finished, 1);
	CU_ASSERT(strlen(mine->status.text) <= 1000);
	n = running_on("n1");
	say(mine->job->id, mine->index, BERTH__TASK_STATE__TASK_ENDED,
	    (char *)"again");
	say(mine->job->id, mine->index, BERTH__TASK_STATE__TASK_RUNNING,
	    (char *)"");
	CU_ASSERT_EQUAL(t.finished, 1);
	CU_ASSERT_EQUAL(mine->status.state, TASK_ENDED);
	CU_ASSERT_EQUAL(running_on("n1"), n);
	stop();
}

static const struct unit_test tests[] = {
	{"lies one by one", test_lies},
	{"random reports", test_random},
};

UNIT_MAIN("lying", tests)
