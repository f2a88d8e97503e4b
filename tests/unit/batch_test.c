/* batch_test.c - the batch plugin: array texts, slices kept from task to task,
 * turns, ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_host.h"
#include "plugins/batch/array.h"
#include "plugins/common/idmap.h"
#include "unit.h"

extern const struct berth_plugin berth_plugin;

/* ---- arrays ---- */

static void array_texts(void)
{
	static const struct {
		const char *text;
		size_t total;
		int64_t first, last;
		unsigned limit;
	} good[] = {
		{ "0-9999", 10000, 0, 9999, 0 },
		{ "7", 1, 7, 7, 0 },
		{ "1,3,5-9", 7, 1, 9, 0 },
		{ "0-100:10", 11, 0, 100, 0 },
		{ "0-100:30", 4, 0, 90, 0 },
		{ "5-9,1-6", 9, 1, 9, 0 },
		{ "0-99%8", 100, 0, 99, 8 },
		{ "9999999", 1, 9999999, 9999999, 0 },
	};
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "", "no number at column 1" },
		{ "a", "no number at column 1" },
		{ "1-", "no number at column 3" },
		{ "1,", "no number at column 3" },
		{ "9-1", "too small a number at column 3" },
		{ "0-9:0", "too small a number at column 5" },
		{ "0-9:", "no number at column 5" },
		{ "0-9%", "no number at column 5" },
		{ "0-9%0", "too small a number at column 5" },
		{ "10000000", "too large a number at column 1" },
		{ "99999999999999999999", "too large a number at column 1" },
		{ "1 2", "something unexpected at column 2" },
		{ "0-9%4x", "something unexpected at column 6" },
		{ "-3", "no number at column 1" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct array a;

		CU_ASSERT_EQUAL(array_parse(&a, good[i].text, NULL), 0);
		CU_ASSERT_EQUAL(a.total, good[i].total);
		CU_ASSERT_EQUAL(a.limit, good[i].limit);
		CU_ASSERT_EQUAL(array_last(&a), good[i].last);
		CU_ASSERT_EQUAL(array_take(&a), good[i].first);
		array_finish(&a);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct berth_error err;
		struct array a;

		CU_ASSERT_EQUAL(array_parse(&a, bad[i].text, &err), -1);
		CU_ASSERT(!strncmp(err.text, "option array: ", 14));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].error));
	}
}

static void array_set(void)
{
	struct array a;
	int64_t last = -1;
	size_t n = 0;

	CU_ASSERT_EQUAL(array_parse(&a, "0-1000:7,500-600", NULL), 0);
	CU_ASSERT(array_remove(&a, 7));
	CU_ASSERT_FALSE(array_remove(&a, 7));
	CU_ASSERT_FALSE(array_remove(&a, 8));
	CU_ASSERT_FALSE(array_remove(&a, -1));
	CU_ASSERT_FALSE(array_remove(&a, 1 << 30));
	CU_ASSERT_EQUAL(array_take(&a), 0);
	CU_ASSERT_EQUAL(array_take(&a), 14);
	array_return(&a, 7);
	for (int64_t i = array_take(&a); i >= 0; i = array_take(&a)) {
		CU_ASSERT(i > last);
		last = i;
		n++;
	}
	CU_ASSERT_EQUAL(n, a.total - 2);
	CU_ASSERT_EQUAL(a.pending, 0);
	array_finish(&a);
}

static void id_map(void)
{
	struct idmap m;
	size_t pos = 0, n = 0;

	idmap_init(&m);
	CU_ASSERT_PTR_NULL(idmap_get(&m, 1));
	CU_ASSERT_PTR_NULL(idmap_remove(&m, 1));
	for (uint64_t k = 0; k < 5000; k++)
		idmap_put(&m, k * 64, (void *)(uintptr_t)(k + 1));
	for (uint64_t k = 0; k < 5000; k += 2)
		CU_ASSERT_EQUAL((uintptr_t)idmap_remove(&m, k * 64), k + 1);
	for (uint64_t k = 0; k < 5000; k++)
		CU_ASSERT_EQUAL((uintptr_t)idmap_get(&m, k * 64),
				k % 2 ? k + 1 : 0);
	while (idmap_next(&m, &pos))
		n++;
	CU_ASSERT_EQUAL(n, 2500);
	CU_ASSERT_EQUAL(m.count, 2500);
	idmap_finish(&m);
}

/* ---- a job's life ---- */

static struct berth_host h;
static void *self;

static void begin(void)
{
	fake_init(&h);
	self = fake_create(&h, &berth_plugin);
}

static void end(void)
{
	berth_plugin.destroy(self);
	fake_finish(&h);
}

static void finish(uint64_t job, unsigned index, int64_t ms)
{
	fake_end_array(self, &berth_plugin, job, index, index,
		       BERTH_END_EXITED, 0, ms);
}

static void single(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 2, "{}");
	CU_ASSERT(fake_calls(&h, "demand 0.0 1 separate cores=2\n"));
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 1, 1);
	CU_ASSERT(fake_calls(&h, "accept 5: 1\nlaunch 1 0@1\nrunning 1\n"));
	fake_end(self, &berth_plugin, 1, 0, BERTH_END_EXITED, 0);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\nrelease 1\n"));
	fake_job(self, &berth_plugin, 2, 2, "{}");
	fake_offer(self, &berth_plugin, 6, "1.0", 1, 1, 1);
	fake_forget(&h);
	fake_end(self, &berth_plugin, 2, 0, BERTH_END_SIGNALED, 9);
	CU_ASSERT(fake_calls(&h,
			     "ended 2 failed 137 \"task on n1 was killed by "
			     "signal 9 (Killed)\"\nrelease 1\n"));
	end();
}

static void long_tasks(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-3\"}");
	CU_ASSERT(fake_calls(&h, "demand 0.0 4 separate\n"));
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 2, 1);
	CU_ASSERT(fake_calls(&h, "accept 5: 1 2\nlaunch 1 0@1[0] 1@2[1]\n"
				 "running 1\n"));
	/* A slice is kept without a new offer; nothing is queued ahead. */
	finish(1, 0, 10000);
	CU_ASSERT(fake_calls(&h, "launch 1 2@1[2]\n"));
	finish(1, 1, 10000);
	CU_ASSERT(fake_calls(&h, "launch 1 3@2[3]\nwithdraw 0.0\n"));
	/* Nothing left for it: it goes back at once. */
	finish(1, 3, 10000);
	CU_ASSERT(fake_calls(&h, "release 2\n"));
	finish(1, 2, 10000);
	CU_ASSERT(fake_calls(&h, "ended 1 done 0 \"\"\nrelease 1\n"));
	end();
}

static void short_tasks(void)
{
	unsigned launched = 1, ended = 0, launches;

	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-999\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 1, 1);
	fake_forget(&h);
	finish(1, ended++, 1);
	launched += (unsigned)fake_count(&h, "@1", false);
	CU_ASSERT_EQUAL(launched, 65);
	CU_ASSERT_EQUAL(fake_count(&h, "launch", true), 1);
	while (ended < launched) {
		finish(1, ended++, 1);
		launched = 65 + (unsigned)fake_count(&h, "@1", false);
	}
	launches = (unsigned)fake_count(&h, "launch", false);
	CU_ASSERT_EQUAL(launched, 1000);
	CU_ASSERT(launches < 60);
	CU_ASSERT_EQUAL(fake_count(&h, "ended 1 done 0", false), 1);
	CU_ASSERT_EQUAL(fake_count(&h, "release 1", true), 1);
	end();
}

static void failed_tasks(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-9\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 10, 1);
	fake_forget(&h);
	for (unsigned i = 0; i < 10; i++)
		fake_end_array(self, &berth_plugin, 1, i, i,
			       i == 2 ? BERTH_END_SIGNALED :
			       i == 9 ? BERTH_END_LOST :
					BERTH_END_EXITED,
			       i == 2 ? 9 :
			       i > 3  ? (int)i :
					0,
			       10);
	CU_ASSERT_EQUAL(
		fake_count(&h,
			   "ended 1 failed 137 \"7 of 10 tasks failed: "
			   "2 (signal 9), 4 (exit 4), 5 (exit 5), "
			   "6 (exit 6), 7 (exit 7), …\"",
			   true),
		1);
	end();
}

static void limit(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-99%2\"}");
	CU_ASSERT(fake_calls(&h, "demand 0.0 2 separate\n"));
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 3, 1);
	CU_ASSERT(fake_calls(&h, "accept 5: 1 2\nlaunch 1 0@1[0] 1@2[1]\n"
				 "running 1\n"));
	finish(1, 0, 1);
	finish(1, 1, 1);
	CU_ASSERT(fake_calls(&h, "launch 1 2@1[2]\nlaunch 1 3@2[3]\n"));
	end();
}

static void fair(void)
{
	unsigned one, two;

	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-99\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 4, 1);
	fake_job(self, &berth_plugin, 2, 1, "{\"array\": \"0-99\"}");
	fake_forget(&h);
	/* The second job gets its part of the four slices as they empty. */
	for (unsigned i = 0; i < 4; i++)
		finish(1, i, 5000);
	one = (unsigned)fake_count(&h, "launch 1", false);
	two = (unsigned)fake_count(&h, "launch 2", true);
	CU_ASSERT_EQUAL(one, 2);
	CU_ASSERT_EQUAL(two, 2);
	end();
}

static void turns(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-99\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 2, 1);
	/* Another size: a pool of its own, and the first has all slices. */
	fake_job(self, &berth_plugin, 2, 4, "{}");
	CU_ASSERT_EQUAL(fake_count(&h, "demand 1.0 1 separate cores=4\n", true),
			1);
	finish(1, 0, 4000);
	CU_ASSERT(fake_calls(&h, "launch 1 2@1[2]\n"));
	/* Its time is over: the slice goes back, and the demand for more stands
	 * behind those who waited. */
	h.now_ms += 6000;
	finish(1, 1, 4000);
	CU_ASSERT(fake_calls(&h, "withdraw 0.0\nrelease 2\n"
				 "demand 0.1 97 separate\n"));
	/* Who has nothing keeps its place. */
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, ""));
	fake_offer(self, &berth_plugin, 6, "1.0", 9, 1, 1);
	CU_ASSERT(fake_calls(&h, "accept 6: 9\nlaunch 2 0@9\nrunning 2\n"));
	end();
}

static void cancel(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-99\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 2, 1);
	fake_forget(&h);
	berth_plugin.cancel(self, 1);
	berth_plugin.cancel(self, 1);
	CU_ASSERT(fake_calls(&h, "kill 1\n"));
	fake_end_array(self, &berth_plugin, 1, 0, 0, BERTH_END_KILLED, 0, 1);
	fake_end_array(self, &berth_plugin, 1, 1, 1, BERTH_END_KILLED, 0, 1);
	CU_ASSERT(fake_calls(&h, "release 1\nwithdraw 0.0\n"
				 "ended 1 cancelled 130 \"cancelled\"\n"
				 "release 2\n"));
	fake_job(self, &berth_plugin, 2, 1, "{}");
	fake_forget(&h);
	berth_plugin.cancel(self, 2);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, "ended 2 cancelled 130 \"cancelled\"\n"
				 "withdraw 1.0\n"));
	end();
}

static void revoked(void)
{
	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"5-6\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 2, 1);
	fake_forget(&h);
	berth_plugin.revoke(self, 1, 1000);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, "yield 1\n"));
	fake_end_array(self, &berth_plugin, 1, 5, 5, BERTH_END_REVOKED, 0, 1);
	CU_ASSERT(fake_calls(&h, "release 1\ndemand 0.0 1 separate\n"));
	/* It runs again, as a task of another number. */
	fake_offer(self, &berth_plugin, 6, "0.0", 3, 1, 1);
	CU_ASSERT(fake_calls(&h, "accept 6: 3\nlaunch 1 7@3[5]\n"));
	fake_end_array(self, &berth_plugin, 1, 7, 5, BERTH_END_EXITED, 0, 1);
	fake_end_array(self, &berth_plugin, 1, 6, 6, BERTH_END_EXITED, 0, 1);
	CU_ASSERT(fake_calls(&h, "release 3\nended 1 done 0 \"\"\n"
				 "release 2\n"));
	end();
}

static void runs(unsigned index)
{
	struct berth_task t = BERTH_INIT(t);

	t.job = 1;
	t.index = index;
	t.state = BERTH_TASK_RUNNING;
	t.node = t.text = "";
	berth_plugin.task(self, &t);
}

/* Of two slices the one whose task has just begun is given back. */
static void others_instead(void)
{
	static const uint64_t first[] = { 1 }, second[] = { 2 };
	struct berth_refusal r = BERTH_INIT(r);

	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-1\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 2, 1);
	runs(0);
	h.now_ms += 3000;
	runs(1);
	fake_forget(&h);
	berth_plugin.revoke(self, 1, 1000);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, "yield 1\ninstead 2\n"));
	/* The broker will not have it. */
	r.call = BERTH_CALL_YIELD;
	r.slices = first;
	r.instead = second;
	r.n_slices = r.n_instead = 1;
	r.demand = r.text = "";
	berth_plugin.error(self, &r);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, "yield 1\n"));
	berth_plugin.spared(self, 1);
	berth_plugin.revoke(self, 1, 1000);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, "yield 1\ninstead 2\n"));
	/* It will: the notice for the other one comes, and is answered. */
	berth_plugin.spared(self, 1);
	berth_plugin.revoke(self, 2, 1000);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, ""));
	fake_end_array(self, &berth_plugin, 1, 0, 0, BERTH_END_EXITED, 0, 1);
	CU_ASSERT(fake_calls(&h, "release 1\n"));
	end();
}

static void refused_calls(void)
{
	static const uint64_t slices[] = { 1, 2 };
	static const unsigned tasks[] = { 0, 1 };
	struct berth_refusal r = BERTH_INIT(r);

	begin();
	fake_job(self, &berth_plugin, 1, 1, "{\"array\": \"0-1\"}");
	fake_offer(self, &berth_plugin, 5, "0.0", 1, 2, 1);
	fake_forget(&h);
	r.demand = "";
	r.call = BERTH_CALL_ACCEPT;
	r.offer = 5;
	r.slices = slices;
	r.n_slices = 2;
	r.text = "offer 5 has expired";
	berth_plugin.error(self, &r);
	r.call = BERTH_CALL_LAUNCH;
	r.job = 1;
	r.tasks = tasks;
	r.n_tasks = 2;
	r.text = "slice 1 is not held";
	fake_refuse(self, &berth_plugin, &r);
	CU_ASSERT(fake_calls(&h, ""));
	for (int i = 0; i < 3; i++) {
		fake_offer(self, &berth_plugin, 6, "0.0", 1, 2, 1);
		fake_refuse(self, &berth_plugin, &r);
	}
	CU_ASSERT_EQUAL(fake_count(&h,
				   "ended 1 failed 2 \"slice 1 is not held\"",
				   true),
			1);
	fake_job(self, &berth_plugin, 2, 100, "{}");
	fake_forget(&h);
	memset(&r, 0, sizeof(r));
	r.size = sizeof(r);
	r.call = BERTH_CALL_DEMAND;
	r.demand = "1.0";
	r.text = "no node has 100 cores";
	fake_refuse(self, &berth_plugin, &r);
	CU_ASSERT(fake_calls(&h,
			     "ended 2 failed 2 \"no node has 100 cores\"\n"));
	fake_job(self, &berth_plugin, 3, 1, "{\"array\": \"x\"}");
	CU_ASSERT_EQUAL(fake_count(&h, "ended 3 failed 2 \"option array:",
				   true),
			1);
	fake_job(self, &berth_plugin, 4, 1, "{\"arrays\": \"1\"}");
	CU_ASSERT(fake_calls(&h, "ended 4 failed 2 \"option arrays: unknown; "
				 "known is array\"\n"));
	end();
}

static void failover(void)
{
	struct berth_request request = BERTH_INIT(request);
	struct berth_constraints constraints = BERTH_INIT(constraints);
	struct berth_preferences prefer = BERTH_INIT(prefer);
	struct berth_job job = BERTH_INIT(job);
	struct berth_task task[3] = { 0 };
	struct berth_slice slice[2] = { 0 };
	const struct berth_job *jobs[] = { &job };
	const struct berth_task *tasks[] = { &task[0], &task[1], &task[2] };
	const struct berth_slice *slices[] = { &slice[0], &slice[1] };
	struct berth_state state = BERTH_INIT(state);

	job.id = 1;
	job.name = job.role = job.user = job.cwd = "";
	job.request = &request;
	job.constraints = &constraints;
	job.prefer = &prefer;
	job.options = "{\"array\": \"0-3\"}";
	for (unsigned i = 0; i < 3; i++) {
		task[i].size = sizeof(task[i]);
		task[i].job = 1;
		task[i].index = i;
		task[i].array_index = i;
		task[i].slice = 1;
		task[i].node = "n1";
		task[i].text = "";
		task[i].rank = -1;
		task[i].state = i ? BERTH_TASK_STARTING : BERTH_TASK_ENDED;
		task[i].end = i ? BERTH_END_NONE : BERTH_END_EXITED;
		task[i].exit_code = 4 * !i;
	}
	for (unsigned i = 0; i < 2; i++) {
		slice[i].size = sizeof(slice[i]);
		slice[i].id = 1 + i;
		slice[i].node = "n1";
		slice[i].state = i ? BERTH_SLICE_HELD : BERTH_SLICE_BUSY;
		slice[i].job = 1;
	}
	state.jobs = jobs;
	state.tasks = tasks;
	state.slices = slices;
	state.n_jobs = 1;
	state.n_tasks = 3;
	state.n_slices = 2;
	begin();
	berth_plugin.state(self, &state);
	fake_settle(self, &berth_plugin);
	CU_ASSERT(fake_calls(&h, "release 2\ndemand 0.0 1 separate\n"));
	finish(1, 1, 10000);
	CU_ASSERT(fake_calls(&h, ""));
	finish(1, 2, 10000);
	CU_ASSERT(fake_calls(&h, "launch 1 3@1[3]\nwithdraw 0.0\n"));
	finish(1, 3, 10000);
	CU_ASSERT(fake_calls(&h,
			     "ended 1 failed 4 \"1 of 4 tasks failed: 0 (exit "
			     "4)\"\nrelease 1\n"));
	end();
}

static const struct unit_test tests[] = {
	{ "array texts", array_texts },
	{ "array set", array_set },
	{ "id map", id_map },
	{ "single", single },
	{ "long tasks", long_tasks },
	{ "short tasks", short_tasks },
	{ "failed tasks", failed_tasks },
	{ "limit", limit },
	{ "fair", fair },
	{ "turns", turns },
	{ "cancel", cancel },
	{ "revoked", revoked },
	{ "others instead", others_instead },
	{ "refused calls", refused_calls },
	{ "failover", failover },
};

UNIT_MAIN("batch", tests)
