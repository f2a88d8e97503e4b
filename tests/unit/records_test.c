/* records_test.c - what was agreed on: applied, kept, dropped, and made again
 * from a snapshot. */
#include "broker/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "unit.h"

static void apply(struct records *r, Berth__RecordChange *c)
{
	struct berth_error err = {0};
	struct buf b;

	buf_init(&b);
	records_pack(&b, &c, 1);
	CU_ASSERT_EQUAL(records_apply(r, b.data, b.len, &err), 0);
	buf_finish(&b);
}

static Berth__RecordChange change(Berth__RecordChange__WhatCase what)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = what;
	return c;
}

/* Returns the id that was given. */
static uint64_t submit(struct records *r, const char *key)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_JOB);
	Berth__RecordJob j = BERTH__RECORD_JOB__INIT;

	j.key = (char *)key;
	j.name = "heat";
	j.framework = "batch";
	j.spec = "{\"argv\":[\"true\"]}";
	c.job = &j;
	apply(r, &c);
	return records_keyed(r, key);
}

static void about_job(struct records *r, Berth__RecordChange__WhatCase what,
		      uint64_t id)
{
	Berth__RecordChange c = change(what);

	if (what == BERTH__RECORD_CHANGE__WHAT_CANCELLED)
		c.cancelled = id;
	else if (what == BERTH__RECORD_CHANGE__WHAT_COLLAPSED)
		c.collapsed = id;
	else
		c.forgotten = id;
	apply(r, &c);
}

static void task(struct records *r, uint64_t job, uint32_t index, uint32_t end,
		 int32_t exit_code)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_TASK);
	Berth__RecordTask t = BERTH__RECORD_TASK__INIT;

	t.job = job;
	t.index = index;
	t.node = "n1";
	t.end = end;
	t.exit_code = exit_code;
	c.task = &t;
	apply(r, &c);
}

static void finish(struct records *r, uint64_t job, uint32_t outcome)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_ENDED);
	Berth__RecordEnd e = BERTH__RECORD_END__INIT;

	e.job = job;
	e.outcome = outcome;
	e.text = "over";
	c.ended = &e;
	apply(r, &c);
}

static void share(struct records *r, const char *role, const char *setting)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_SHARE);
	Berth__RecordShare s = BERTH__RECORD_SHARE__INIT;

	s.role = (char *)role;
	s.setting = (char *)setting;
	c.share = &s;
	apply(r, &c);
}

static void framework(struct records *r, const char *name, bool gone)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_FRAMEWORK);
	Berth__RecordFramework f = BERTH__RECORD_FRAMEWORK__INIT;

	f.name = (char *)name;
	f.gone = gone;
	c.framework = &f;
	apply(r, &c);
}

static void node(struct records *r, const char *name)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_NODE);

	c.node = (char *)name;
	apply(r, &c);
}

static const Berth__RecordTask *task_of(const struct records *r, uint64_t job,
					uint32_t index)
{
	return idmap_get(&records_job(r, job)->tasks, index);
}

static void test_keys(void)
{
	struct records *r = records_create();

	CU_ASSERT_EQUAL(records_next_job(r), 1);
	CU_ASSERT_EQUAL(submit(r, "a"), 1);
	CU_ASSERT_EQUAL(submit(r, "b"), 2);
	/* Asked again: the same job, and no further one. */
	CU_ASSERT_EQUAL(submit(r, "a"), 1);
	CU_ASSERT_EQUAL(records_next_job(r), 3);
	/* Without a key each is a job of its own. */
	submit(r, "");
	submit(r, "");
	CU_ASSERT_EQUAL(records_next_job(r), 5);
	/* The key is forgotten with its job, the id is not used again. */
	finish(r, 1, 1);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_FORGOTTEN, 1);
	CU_ASSERT_EQUAL(records_keyed(r, "a"), 0);
	CU_ASSERT_EQUAL(submit(r, "a"), 5);
	records_destroy(r);
}

static void test_ends(void)
{
	struct records *r = records_create();
	uint64_t id = submit(r, "a");

	task(r, id, 0, 0, 0);
	CU_ASSERT_EQUAL(task_of(r, id, 0)->end, 0);
	task(r, id, 0, 1, 3);
	/* Final: neither another end nor a late launch changes it. */
	task(r, id, 0, 9, 0);
	task(r, id, 0, 0, 0);
	CU_ASSERT_EQUAL(task_of(r, id, 0)->end, 1);
	CU_ASSERT_EQUAL(task_of(r, id, 0)->exit_code, 3);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_CANCELLED, id);
	CU_ASSERT(records_job(r, id)->is->cancelled);
	finish(r, id, 3);
	finish(r, id, 1);
	CU_ASSERT_EQUAL(records_job(r, id)->end->outcome, 3);
	/* Of jobs that are not there nothing is kept. */
	task(r, 77, 0, 1, 0);
	finish(r, 77, 1);
	CU_ASSERT_PTR_NULL(records_job(r, 77));
	records_destroy(r);
}

static void test_collapse(void)
{
	struct records *r = records_create();
	uint64_t id = submit(r, "a");
	const struct record_job *j;

	for (uint32_t i = 0; i < 10; i++)
		task(r, id, i, 1, i == 4);
	/* Neither is done to a job that has not ended. */
	about_job(r, BERTH__RECORD_CHANGE__WHAT_COLLAPSED, id);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_FORGOTTEN, id);
	j = records_job(r, id);
	CU_ASSERT_PTR_NOT_NULL_FATAL(j);
	CU_ASSERT_EQUAL(j->tasks.count, 10);
	finish(r, id, 2);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_COLLAPSED, id);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_COLLAPSED, id);
	CU_ASSERT_EQUAL(j->tasks.count, 1);
	CU_ASSERT_PTR_NOT_NULL(task_of(r, id, 4));
	CU_ASSERT_EQUAL(j->is->launched, 10);
	CU_ASSERT_EQUAL(j->is->done, 9);
	CU_ASSERT_EQUAL(j->is->failed, 1);
	CU_ASSERT_STRING_EQUAL(j->is->spec, "");
	records_destroy(r);
}

/* A table with something of everything. */
static struct records *full_table(void)
{
	struct records *r = records_create();

	node(r, "n1");
	node(r, "n2");
	node(r, "n1");
	share(r, "ada", "{\"weight\":2}");
	share(r, "ada", "{\"weight\":3}");
	share(r, "bob", "null");
	framework(r, "mpi", false);
	framework(r, "old", false);
	framework(r, "old", true);
	for (int i = 0; i < 4; i++)
		submit(r, "");
	submit(r, "a");
	task(r, 1, 0, 1, 0);
	task(r, 1, 1, 2, 0);
	finish(r, 1, 2);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_COLLAPSED, 1);
	task(r, 2, 7, 0, 0);
	task(r, 2, 3, 1, 0);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_CANCELLED, 2);
	finish(r, 3, 1);
	finish(r, 4, 1);
	about_job(r, BERTH__RECORD_CHANGE__WHAT_FORGOTTEN, 4);
	return r;
}

static void test_snapshot(void)
{
	struct records *r = full_table(), *again = records_create();
	struct berth_error err = {0};
	struct buf one, two;
	size_t pos = 0;

	buf_init(&one);
	buf_init(&two);
	records_snapshot(r, &one);
	submit(again, "other");
	CU_ASSERT_EQUAL(records_restore(again, one.data, one.len, &err), 0);
	records_snapshot(again, &two);
	CU_ASSERT_EQUAL(one.len, two.len);
	CU_ASSERT(one.len == two.len &&
		  memcmp(one.data, two.data, one.len) == 0);
	CU_ASSERT_EQUAL(records_next_job(again), 6);
	CU_ASSERT_EQUAL(records_keyed(again, "a"), 5);
	CU_ASSERT_EQUAL(records_keyed(again, "other"), 0);
	CU_ASSERT(records_job(again, 2)->is->cancelled);
	CU_ASSERT_EQUAL(records_job(again, 2)->tasks.count, 2);
	CU_ASSERT_EQUAL(records_job(again, 1)->is->failed, 1);
	CU_ASSERT_STRING_EQUAL(records_next_share(again, &pos)->setting,
			       "{\"weight\":3}");
	pos = 0;
	CU_ASSERT_STRING_EQUAL(records_next_framework(again, &pos)->name,
			       "mpi");
	CU_ASSERT_PTR_NULL(records_next_framework(again, &pos));
	pos = 0;
	CU_ASSERT_STRING_EQUAL(records_next_node(again, &pos), "n1");
	CU_ASSERT_STRING_EQUAL(records_next_node(again, &pos), "n2");
	CU_ASSERT_PTR_NULL(records_next_node(again, &pos));
	/* It goes on like the first. */
	CU_ASSERT_EQUAL(submit(again, "z"), submit(r, "z"));
	buf_finish(&one);
	buf_finish(&two);
	records_destroy(again);
	records_destroy(r);
}

/* Bytes that are cut or broken change nothing, or are read as something else;
 * they never crash. */
static void test_broken(void)
{
	struct records *r = full_table(), *again = records_create();
	struct rand_state rnd;
	struct buf b;

	buf_init(&b);
	records_snapshot(r, &b);
	submit(again, "kept");
	CU_ASSERT_NOT_EQUAL(records_restore(again, b.data, b.len - 1, NULL),
			    0);
	CU_ASSERT_EQUAL(records_keyed(again, "kept"), 1);
	rand_seed(&rnd, 7);
	for (int i = 0; i < 2000; i++) {
		size_t at = rand_below(&rnd, b.len);
		char was = b.data[at];
		struct records *t = records_create();

		b.data[at] ^= (char)(1 + rand_below(&rnd, 255));
		records_restore(t, b.data, b.len, NULL);
		records_apply(t, b.data + at, b.len - at, NULL);
		b.data[at] = was;
		records_destroy(t);
	}
	CU_ASSERT_NOT_EQUAL(records_apply(again, "\xff\xff\xff", 3, NULL), 0);
	buf_finish(&b);
	records_destroy(again);
	records_destroy(r);
}

/* ---- what a job used ----------------------------------------------------- */

struct ran {
	uint32_t index;
	int64_t element;
	const char *node;
	uint64_t slice, cores, start, end;
	uint32_t how;
};

static void launch(struct records *r, uint64_t job, const struct ran *t)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_TASK);
	Berth__RecordTask is = BERTH__RECORD_TASK__INIT;

	is.job = job;
	is.index = t->index;
	is.array_index = t->element;
	is.node = (char *)t->node;
	is.slice_id = t->slice;
	is.cores = t->cores;
	is.gpus = 1;
	is.launched_us = 5;
	c.task = &is;
	apply(r, &c);
}

/* An end says nothing of the slice. */
static void end(struct records *r, uint64_t job, const struct ran *t)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_TASK);
	Berth__RecordTask is = BERTH__RECORD_TASK__INIT;

	is.job = job;
	is.index = t->index;
	is.array_index = t->element;
	is.node = (char *)t->node;
	is.end = t->how;
	is.start_us = t->start;
	is.end_us = t->end;
	is.cpu_us = 3;
	is.max_rss_kib = 100 + t->index;
	c.task = &is;
	apply(r, &c);
}

struct heard {
	unsigned times;
	uint64_t core_us, gpu_us;
	uint32_t requeues;
	char nodes[32];
};

static void on_end(void *arg, const struct record_job *j)
{
	struct heard *h = arg;

	h->times++;
	h->core_us = j->end->usage->core_us;
	h->gpu_us = j->end->usage->gpu_us;
	h->requeues = j->end->usage->requeues;
	snprintf(h->nodes, sizeof(h->nodes), "%s", j->end->usage->nodes);
}

static void test_usage(void)
{
	static const struct ran tasks[] = {
		{0, 0, "n1", 7, 2, 1000, 1100, 1},
		{1, 1, "n2", 8, 3, 1050, 1150, 6}, /* revoked */
		{2, 1, "n1", 9, 3, 1100, 1200, 1}, /* and again */
		{3, 2, "n2", 9, 4, 0, 25, 9},	   /* lost, not heard of */
		{4, 3, "n2", 9, 4, 0, 900, 6},	   /* never came there */
	};
	struct records *one = records_create(), *two = records_create();
	struct heard heard = {0}, again = {0};
	const Berth__RecordUsage *u;
	struct buf b;
	uint64_t id;

	records_on_end(one, on_end, &heard);
	id = submit(one, "k");
	for (size_t i = 0; i < 5; i++)
		launch(one, id, &tasks[i]);
	end(one, id, &tasks[0]);
	/* Another leads from here on. */
	buf_init(&b);
	records_snapshot(one, &b);
	CU_ASSERT_EQUAL(records_restore(two, b.data, b.len, NULL), 0);
	for (size_t i = 1; i < 5; i++)
		end(two, id, &tasks[i]);
	records_on_end(two, on_end, &heard);
	CU_ASSERT_EQUAL(heard.times, 0);
	finish(two, id, 1);
	finish(two, id, 1);
	CU_ASSERT_EQUAL(heard.times, 1);
	u = records_job(two, id)->end->usage;
	CU_ASSERT_EQUAL(u->core_us, 100 * 2 + 100 * 3 + 100 * 3 + 20 * 4);
	CU_ASSERT_EQUAL(u->gpu_us, 320);
	CU_ASSERT_EQUAL(u->cores, 6); /* 1 and 2; 2 begins as 0 ends */
	CU_ASSERT_EQUAL(u->n_slices, 3);
	CU_ASSERT_EQUAL(u->tasks, 5);
	CU_ASSERT_EQUAL(u->failed, 3);
	CU_ASSERT_EQUAL(u->requeues, 1);
	CU_ASSERT_EQUAL(u->revocations, 2);
	CU_ASSERT_EQUAL(u->cpu_us, 15);
	CU_ASSERT_EQUAL(u->max_rss_kib, 104);
	CU_ASSERT_STRING_EQUAL(u->nodes, "n1,n2");
	/* A voter that comes later hears it too, the tasks being gone. */
	about_job(two, BERTH__RECORD_CHANGE__WHAT_COLLAPSED, id);
	buf_clear(&b);
	records_snapshot(two, &b);
	records_on_end(one, on_end, &again);
	CU_ASSERT_EQUAL(records_restore(one, b.data, b.len, NULL), 0);
	CU_ASSERT_EQUAL(again.times, 1);
	CU_ASSERT_EQUAL(again.core_us, heard.core_us);
	CU_ASSERT_EQUAL(again.requeues, 1);
	CU_ASSERT_STRING_EQUAL(again.nodes, "n1,n2");
	CU_ASSERT_EQUAL(records_forgotten(one), 0);
	about_job(one, BERTH__RECORD_CHANGE__WHAT_FORGOTTEN, id);
	CU_ASSERT_EQUAL(records_forgotten(one), 1);
	buf_finish(&b);
	records_destroy(one);
	records_destroy(two);
}

/* ---- drained nodes, datasets --------------------------------------------- */

static void drain(struct records *r, const char *node, bool gone)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_DRAIN);
	Berth__RecordDrain d = BERTH__RECORD_DRAIN__INIT;

	d.node = (char *)node;
	d.reason = "its fan";
	d.deadline_us = 77;
	d.gone = gone;
	c.drain = &d;
	apply(r, &c);
}

static void dataset(struct records *r, const char *name, char **nodes,
		    size_t n, bool gone)
{
	Berth__RecordChange c = change(BERTH__RECORD_CHANGE__WHAT_DATASET);
	Berth__RecordDataset d = BERTH__RECORD_DATASET__INIT;

	d.dataset = (char *)name;
	d.nodes = nodes;
	d.n_nodes = n;
	d.mib = 5;
	d.gone = gone;
	c.dataset = &d;
	apply(r, &c);
}

static size_t count_copies(const struct records *r)
{
	size_t pos = 0, n = 0;

	while (records_next_dataset(r, &pos) != NULL)
		n++;
	return n;
}

static void test_nodes(void)
{
	struct records *r = records_create();
	char *two[] = {"n1", "n2"};
	struct buf b;

	drain(r, "n1", false);
	drain(r, "n2", false);
	drain(r, "n2", true);
	dataset(r, "a", two, 2, false);
	dataset(r, "b", two, 2, false);
	dataset(r, "a", two + 1, 1, true);
	CU_ASSERT_EQUAL(count_copies(r), 3);
	dataset(r, "b", NULL, 0, true);
	buf_init(&b);
	records_snapshot(r, &b);
	CU_ASSERT_EQUAL(records_restore(r, b.data, b.len, NULL), 0);
	buf_finish(&b);
	CU_ASSERT_EQUAL(count_copies(r), 1);
	CU_ASSERT_PTR_NULL(records_dataset(r, "a", "n2"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(records_dataset(r, "a", "n1"));
	CU_ASSERT_EQUAL(records_dataset(r, "a", "n1")->mib, 5);
	CU_ASSERT_PTR_NULL(records_drain(r, "n2"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(records_drain(r, "n1"));
	CU_ASSERT_STRING_EQUAL(records_drain(r, "n1")->reason, "its fan");
	CU_ASSERT_EQUAL(records_drain(r, "n1")->deadline_us, 77);
	records_destroy(r);
}

static const struct unit_test tests[] = {
	{"what a job used", test_usage},
	{"drained nodes and datasets", test_nodes},
	{"a key is one job", test_keys},
	{"an end is final", test_ends},
	{"what ended shrinks", test_collapse},
	{"a snapshot is the same table", test_snapshot},
	{"broken bytes", test_broken},
};

UNIT_MAIN("records", tests)
