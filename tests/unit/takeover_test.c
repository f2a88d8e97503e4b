/* takeover_test.c - a leader begins with what was agreed on before it: jobs
 * keep their numbers, what runs is adopted, what never came is told so. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "broker/commit.h"
#include "leader_rig.h"
#include "unit.h"

static struct leader *lead(struct rig *r, struct records *records,
			   uint64_t term)
{
	static const char *const none[] = {NULL};
	const struct leader_config c = {.berth = "test",
					.version = "test",
					.frameworks = none,
					.records = records,
					.term = term,
					.seed = 1};
	struct berth_error err = {0};
	struct leader *l = leader_create(r->loop, r->agent[0].net, r->server,
					 &c, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	return l;
}

/* As another rank has it: by a snapshot. */
static struct records *handed_over(struct records *from)
{
	struct records *r = records_create();
	struct berth_error err;
	struct buf b;

	buf_init(&b);
	records_snapshot(from, &b);
	CU_ASSERT_EQUAL(records_restore(r, b.data, b.len, &err), 0);
	buf_finish(&b);
	records_destroy(from);
	return r;
}

static json_t *task_in(json_t *state, long long job, long long index)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(state, "tasks"), i, t)
		if (rig_int(t, "job") == job && rig_int(t, "index") == index)
			return t;
	return NULL;
}

/* A second task of the job, on n1, whose order is lost with the leader. */
static void launch_unheard(struct rig *r, struct fw *f, long long job)
{
	json_t *offer;
	long long oid, slice;

	r->agent[1].deaf = true;
	oid = fw_want(f, 1, 4, 1, &offer);
	CU_ASSERT_STRING_EQUAL(rig_str(offer, "slices.0.node"), "n1");
	slice = rig_int(offer, "slices.0.id");
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"accept\", \"offer\": %lld, "
				    "\"slices\": [%lld]}, {\"call\": "
				    "\"launch\", \"launch\": {\"job\": %lld, "
				    "\"tasks\": [{\"index\": 1, \"slice\": "
				    "%lld}]}}", oid, slice, job, slice), 0);
	rig_run(r, 50);
	r->agent[1].deaf = false;
}

static void come_again(struct rig *r, struct rig_agent *a, bool runs)
{
	a->incarnation++;
	rig_hello(r, a, true);
	if (runs)
		rig_report(r, a, &a->task[0], BERTH__TASK_STATE__TASK_RUNNING,
			   0, 0, true);
	else
		rig_report_none(r, a);
}

static void check_told(struct fw *f, long long job, long long waits,
		       long long slice)
{
	json_t *state = rig_line(&f->stream, "state", 0);
	json_t *ran = task_in(state, job, 0), *never = task_in(state, job, 1);

	CU_ASSERT_EQUAL(rig_int(state, "jobs.0.id"), job);
	CU_ASSERT_EQUAL(rig_int(state, "jobs.1.id"), waits);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ran);
	CU_ASSERT_STRING_EQUAL(rig_str(ran, "state"), "running");
	CU_ASSERT_STRING_EQUAL(rig_str(ran, "node"), "n0");
	CU_ASSERT_EQUAL(rig_int(ran, "slice"), slice);
	CU_ASSERT_PTR_NOT_NULL_FATAL(never);
	CU_ASSERT_STRING_EQUAL(rig_str(never, "state"), "ended");
	CU_ASSERT_STRING_EQUAL(rig_str(never, "end"), "revoked");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(state, "slices")), 1);
	CU_ASSERT_EQUAL(rig_int(state, "slices.0.id"), slice);
}

static bool has_red(json_t *v)
{
	json_t *role;
	size_t i;

	json_array_foreach(json_object_get(v, "shares"), i, role)
		if (strcmp(rig_str(role, "role"), "red") == 0)
			return rig_int(role, "weight") == 3 ||
			       json_number_value(json_object_get(
				       role, "weight")) == 3;
	return false;
}

static bool red_is_set(struct rig *r)
{
	json_t *v = NULL;
	bool is;

	CU_ASSERT_EQUAL(rig_call(r, "GET", "/v1/shares", NULL, &v), 200);
	is = has_red(v);
	json_decref(v);
	return is;
}

static void record(struct records *r, Berth__RecordChange *c)
{
	struct berth_error err;
	struct buf b;

	buf_init(&b);
	records_pack(&b, &c, 1);
	CU_ASSERT_EQUAL(records_apply(r, b.data, b.len, &err), 0);
	buf_finish(&b);
}

/* A job on record as ended, but for a task of it on n0. */
static uint64_t record_ended_job(struct records *r, const char *spec)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordJob job = BERTH__RECORD_JOB__INIT;
	Berth__RecordTask task = BERTH__RECORD_TASK__INIT;
	Berth__RecordEnd end = BERTH__RECORD_END__INIT;

	job.key = "ended";
	job.name = "ended";
	job.framework = "batch";
	job.role = "batch";
	job.user = "u";
	job.spec = (char *)spec;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_JOB;
	c.job = &job;
	record(r, &c);
	task.job = end.job = records_keyed(r, "ended");
	task.array_index = -1;
	task.node = "n0";
	c.what_case = BERTH__RECORD_CHANGE__WHAT_TASK;
	c.task = &task;
	record(r, &c);
	end.outcome = JOB_FAILED;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_ENDED;
	c.ended = &end;
	record(r, &c);
	return end.job;
}

static void test_takeover(void)
{
	static const char spec[] = "{\"framework\": \"batch\", "
				   "\"argv\": [\"x\"]}";
	struct records *records = records_create();
	struct leader_config c = {.records = records, .term = 1};
	long long job, waits, slice;
	struct fw before, after;
	uint64_t ended;
	json_t *offer;
	struct rig r;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &before, "batch");
	job = fw_running_job(&r, &before, &slice);
	rig_join(&r, &r.agent[1]);
	CU_ASSERT_TRUE(slice > (1ll << 32));
	launch_unheard(&r, &before, job);
	waits = rig_submit(&r, spec);
	CU_ASSERT_EQUAL(rig_call(&r, "PUT", "/v1/shares/red",
				 "{\"weight\": 3}", NULL), 200);
	rig_run(&r, 50);
	leader_destroy(r.leader);
	rig_close(&before.stream);

	records = handed_over(records);
	ended = record_ended_job(records, spec);
	CU_ASSERT_NOT_EQUAL(ended, 0);
	r.leader = lead(&r, records, 2);
	come_again(&r, &r.agent[0], true);
	come_again(&r, &r.agent[1], false);
	fw_register(&r, &after, "batch");
	check_told(&after, job, waits, slice);
	CU_ASSERT_EQUAL(r.agent[0].kills, 0);
	CU_ASSERT_TRUE(red_is_set(&r));
	/* The rest of n0 is free, no more. */
	fw_want(&after, 1, 3, 0, &offer);
	CU_ASSERT_TRUE(rig_submit(&r, spec) > waits);
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 0, false);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig_line(&after.stream, "task", 0));
	CU_ASSERT_EQUAL(fw_calls(&after, "{\"call\": \"job\", \"job\": %lld, "
				 "\"state\": \"ended\"}", job), 0);
	rig_run(&r, 50);
	CU_ASSERT_PTR_NOT_NULL(records_job(records, (uint64_t)job)->end);
	rig_close(&after.stream);
	rig_stop(&r);
	records_destroy(records);
}

/* ---- nodes: drained, with datasets; counts of jobs ----------------------- */

/* As the leader did it long ago. */
static void collapse(struct records *r, long long job)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = BERTH__RECORD_CHANGE__WHAT_COLLAPSED;
	c.collapsed = (uint64_t)job;
	record(r, &c);
}

static const char *state_of(json_t *nodes, const char *name)
{
	json_t *n;
	size_t i;

	json_array_foreach(json_object_get(nodes, "nodes"), i, n)
		if (strcmp(rig_str(n, "name"), name) == 0)
			return rig_str(n, "state");
	return "";
}

/* Both have come. */
static bool nodes_are(struct rig *r, const char *n0, const char *n1)
{
	json_t *v = NULL;
	bool are;

	CU_ASSERT_EQUAL(rig_call(r, "GET", "/v1/nodes", NULL, &v), 200);
	are = strcmp(state_of(v, "n0"), n0) == 0 &&
	      strcmp(state_of(v, "n1"), n1) == 0;
	json_decref(v);
	return are;
}

static void wait_nodes(struct rig *r, const char *n0, const char *n1)
{
	for (int i = 0; i < 500 && !nodes_are(r, n0, n1); i++)
		rig_run(r, 10);
	CU_ASSERT_TRUE(nodes_are(r, n0, n1));
}

static void check_nodes(struct rig *r, long long job)
{
	json_t *v = NULL;

	wait_nodes(r, "up", "drained");
	CU_ASSERT_EQUAL(rig_call(r, "GET", "/v1/datasets", NULL, &v), 200);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(v, "datasets")), 1);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "datasets.0.dataset"), "grid");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "datasets.0.node"), "n1");
	CU_ASSERT_EQUAL(rig_int(v, "datasets.0.mib"), 7);
	json_decref(v);
	v = NULL;
	if (job != 0) {
		char path[48];

		snprintf(path, sizeof(path), "/v1/jobs/%lld", job);
		CU_ASSERT_EQUAL(rig_call(r, "GET", path, NULL, &v), 200);
		CU_ASSERT_EQUAL(rig_int(v, "tasks.total"), 1);
		CU_ASSERT_EQUAL(rig_int(v, "tasks.done"), 1);
		json_decref(v);
	}
	CU_ASSERT_EQUAL(rig_call(r, "GET", "/v1/status", NULL, &v), 200);
	CU_ASSERT_EQUAL(rig_int(v, "jobs.ended"), 1);
	json_decref(v);
}

static void forget(struct records *r, long long job)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = BERTH__RECORD_CHANGE__WHAT_FORGOTTEN;
	c.forgotten = (uint64_t)job;
	record(r, &c);
}

static void next_leader(struct rig *r, struct records **records, uint64_t term)
{
	leader_destroy(r->leader);
	*records = handed_over(*records);
	r->leader = lead(r, *records, term);
	come_again(r, &r->agent[0], false);
	come_again(r, &r->agent[1], false);
}

static void test_nodes(void)
{
	struct records *records = records_create();
	struct leader_config c = {.records = records, .term = 1};
	long long job, slice;
	struct rig r;
	struct fw f;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	job = fw_running_job(&r, &f, &slice);
	fw_end_job(&r, &f, job);
	rig_join(&r, &r.agent[1]);
	wait_nodes(&r, "up", "up");
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/nodes/n1/drain",
				 "{\"reason\": \"its fan\"}", NULL), 200);
	CU_ASSERT_EQUAL(rig_call(&r, "PUT", "/v1/datasets/grid",
				 "{\"nodes\": [\"n0\", \"n1\"], \"mib\": 7}",
				 NULL), 200);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", "/v1/datasets/grid?node=n0",
				 NULL, NULL), 200);
	for (int i = 0; i < 500 && records_job(records, (uint64_t)job)->end ==
					   NULL; i++)
		rig_run(&r, 10);
	collapse(records, job);
	rig_close(&f.stream);
	next_leader(&r, &records, 2);
	check_nodes(&r, job);
	/* One that does not know it any more counts it still. */
	forget(records, job);
	next_leader(&r, &records, 3);
	check_nodes(&r, 0);
	/* Given back, and removed: so it stays. */
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", "/v1/nodes/n1/drain", NULL,
				 NULL), 200);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", "/v1/nodes/n1/drain", NULL,
				 NULL), 409);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", "/v1/datasets/grid", NULL,
				 NULL), 200);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", "/v1/datasets/grid", NULL,
				 NULL), 404);
	CU_ASSERT_PTR_NULL(records_drain(records, "n1"));
	CU_ASSERT_PTR_NULL(records_dataset(records, "grid", "n1"));
	rig_stop(&r);
	records_destroy(records);
}

static bool was_killed(void *arg)
{
	return ((struct rig_agent *)arg)->kills > 0;
}

/* What runs is more than its node has now: it is taken back, with a reason, and
 * ends when its node says so. */
static void test_misfit(void)
{
	struct records *records = records_create();
	struct leader_config c = {.records = records, .term = 1};
	struct fw before, after;
	Berth__RecordTask *task;
	long long job, slice;
	struct rig r;
	json_t *t;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &before, "batch");
	job = fw_running_job(&r, &before, &slice);
	rig_run(&r, 50);
	leader_destroy(r.leader);
	rig_close(&before.stream);
	records = handed_over(records);
	task = idmap_get(&records_job(records, (uint64_t)job)->tasks, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	free(task->slice->cores);
	task->slice->cores = mem_strdup("99");
	r.leader = lead(&r, records, 2);
	r.agent[0].stubborn = true;
	come_again(&r, &r.agent[0], true);
	rig_run(&r, 50);
	rig_until(&r, was_killed, &r.agent[0]);
	CU_ASSERT_EQUAL(r.agent[0].kills, 1);
	CU_ASSERT_EQUAL(r.agent[0].last_why, BERTH__TASK_END__END_REVOKED);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.agent[0].last_text, "does not fit"));
	CU_ASSERT_EQUAL(task->end, 0);
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_REVOKED, 0, false);
	fw_register(&r, &after, "batch");
	t = task_in(rig_line(&after.stream, "state", 0), job, 0);
	CU_ASSERT_STRING_EQUAL(rig_str(t, "end"), "revoked");
	/* All of the node is free. */
	fw_want(&after, 1, 4, 0, &t);
	rig_close(&after.stream);
	rig_stop(&r);
	records_destroy(records);
}

/* ---- a disk -------------------------------------------------------------- */

struct disk {
	struct records *records;
	bool full;
	bool slow; /* what is proposed waits for flush */
	unsigned asked;
	struct {
		agree_done_f done;
		void *arg;
		struct buf data;
	} waits[64];
	size_t nwaits;
};

static int propose(void *arg, const void *data, size_t len, agree_done_f done,
		   void *done_arg, struct berth_error *err)
{
	struct disk *d = arg;

	d->asked++;
	if (d->full)
		return error_set(err, BERTH_ESPACE, "the disk is full");
	CU_ASSERT(len <= AGREE_RECORD_MAX);
	if (d->slow && d->nwaits < 64) {
		d->waits[d->nwaits].done = done;
		d->waits[d->nwaits].arg = done_arg;
		buf_init(&d->waits[d->nwaits].data);
		buf_add(&d->waits[d->nwaits++].data, data, len);
		return 0;
	}
	CU_ASSERT_EQUAL(records_apply(d->records, data, len, err), 0);
	done(done_arg, AGREE_OK, d->asked);
	return 0;
}

static void flush(struct disk *d)
{
	struct berth_error err;

	d->slow = false;
	for (size_t i = 0; i < d->nwaits; i++) {
		struct buf *b = &d->waits[i].data;

		CU_ASSERT_EQUAL(records_apply(d->records, b->data, b->len,
					      &err), 0);
		d->waits[i].done(d->waits[i].arg, AGREE_OK, d->asked);
		buf_finish(b);
	}
	d->nwaits = 0;
}

/* By now. */
static bool has_line(const struct rig_stream *s, const char *type)
{
	for (size_t i = 0; i < s->nlines; i++)
		if (strcmp(rig_str(s->line[i], "type"), type) == 0)
			return true;
	return false;
}

/* An end is told to nobody, and not forgotten by its node, before it is on
 * record. */
static void test_ends(void)
{
	struct disk d = {.records = records_create()};
	struct leader_config c = {.records = d.records,
				  .propose = propose,
				  .propose_arg = &d,
				  .term = 1};
	struct rig_stream events, state;
	long long job, slice;
	struct rig r;
	struct fw f;
	char path[64];

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	job = fw_running_job(&r, &f, &slice);
	rig_open(&r, &events, "/v1/events?follow=1");
	CU_ASSERT_PTR_NOT_NULL(rig_line(&events, "task_started", 0));
	d.slow = true;
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 0, false);
	/* Its framework goes on at once. */
	CU_ASSERT_PTR_NOT_NULL(rig_line(&f.stream, "task", 1));
	snprintf(path, sizeof(path), "/v1/jobs/%lld", job);
	rig_open(&r, &state, path);
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(r.agent[0].confirmed, 0);
	CU_ASSERT_EQUAL(state.status, 0);
	CU_ASSERT_FALSE(has_line(&events, "task_finished"));
	flush(&d);
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(r.agent[0].confirmed, 1);
	CU_ASSERT_EQUAL(state.status, 200);
	CU_ASSERT_PTR_NOT_NULL(rig_line(&events, "task_finished", 0));
	/* Told again, it is confirmed again. */
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 0, true);
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(r.agent[0].confirmed, 2);
	rig_close(&state);
	rig_close(&events);
	rig_close(&f.stream);
	rig_stop(&r);
	records_destroy(d.records);
}


struct asked {
	unsigned good, too_large;
};

static void on_asked(void *arg, const struct berth_error *err)
{
	struct asked *a = arg;

	a->good += err == NULL;
	a->too_large += err != NULL && err->code == BERTH_ELIMIT;
}

static void ask(struct commit *c, const char *name, char *spec,
		struct asked *asked)
{
	Berth__RecordChange change = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordJob job = BERTH__RECORD_JOB__INIT;

	job.name = (char *)name;
	job.spec = spec;
	change.what_case = BERTH__RECORD_CHANGE__WHAT_JOB;
	change.job = &job;
	commit_ask(c, &change, on_asked, asked);
}

static void test_too_large(void)
{
	struct disk d = {.records = records_create()};
	struct loop *loop = loop_create(NULL);
	struct commit *c = commit_create(loop, d.records, propose, &d);
	char *large = mem_array(AGREE_RECORD_MAX + 1, 1);
	char *half = mem_array(AGREE_RECORD_MAX / 2 + 1, 1);
	struct asked asked = {0};

	memset(large, 'x', AGREE_RECORD_MAX);
	memset(half, 'x', AGREE_RECORD_MAX / 2);
	ask(c, "small", "{}", &asked);
	ask(c, "large", large, &asked);
	ask(c, "small", "{}", &asked);
	/* Each fits, together they do not. */
	ask(c, "half", half, &asked);
	ask(c, "half", half, &asked);
	for (int i = 0; i < 10; i++)
		loop_once(loop, 0, NULL);
	CU_ASSERT_EQUAL(asked.good, 4);
	CU_ASSERT_EQUAL(asked.too_large, 1);
	CU_ASSERT_EQUAL(records_next_job(d.records), 5);
	free(large);
	free(half);
	commit_destroy(c);
	loop_destroy(loop);
	records_destroy(d.records);
}

static void test_full_disk(void)
{
	static const char spec[] = "{\"framework\": \"batch\", "
				   "\"argv\": [\"x\"]}";
	struct disk d = {.records = records_create()};
	struct leader_config c = {.records = d.records,
				  .propose = propose,
				  .propose_arg = &d,
				  .term = 1};
	struct rig r;
	struct fw f;
	json_t *v;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	d.full = true;
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/jobs", spec, &v), 507);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "error"), "the disk is full");
	json_decref(v);
	CU_ASSERT_PTR_NULL(records_first_job(d.records));
	/* A share is as it was before. */
	CU_ASSERT_EQUAL(rig_call(&r, "PUT", "/v1/shares/red",
				 "{\"weight\": 3}", NULL), 507);
	CU_ASSERT_FALSE(red_is_set(&r));
	d.full = false;
	CU_ASSERT_EQUAL(rig_call(&r, "PUT", "/v1/shares/red",
				 "{\"weight\": 3}", NULL), 200);
	CU_ASSERT_TRUE(red_is_set(&r));
	d.full = true;
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", "/v1/shares/red", NULL, NULL),
			507);
	CU_ASSERT_TRUE(red_is_set(&r));
	d.full = false;
	CU_ASSERT_EQUAL(rig_submit(&r, spec), 1);
	CU_ASSERT_PTR_NOT_NULL(records_job(d.records, 1));
	rig_close(&f.stream);
	rig_stop(&r);
	records_destroy(d.records);
}

/* ---- shares that were kept in a file ------------------------------------ */

static size_t count_shares(const struct records *records)
{
	size_t pos = 0, n = 0;

	while (records_next_share(records, &pos) != NULL)
		n++;
	return n;
}

static void write_shares(const char *dir, const char *text)
{
	char *path = mem_printf("%s/shares.json", dir);
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void test_shares_file(void)
{
	struct records *records = records_create();
	char dir[] = "/tmp/berth-shares.XXXXXX", path[64];
	struct leader_config c = {.records = records, .state_dir = dir};
	struct rig r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	write_shares(dir, "{\"red\": {\"weight\": 3.0}, \"blue\": null}");
	rig_start(&r, &c);
	CU_ASSERT_TRUE(red_is_set(&r));
	for (int i = 0; i < 500 && count_shares(records) < 2; i++)
		rig_run(&r, 10);
	CU_ASSERT_EQUAL(count_shares(records), 2);
	rig_stop(&r);
	/* From now on it says nothing. */
	write_shares(dir, "{\"red\": null}");
	rig_start(&r, &c);
	CU_ASSERT_TRUE(red_is_set(&r));
	rig_stop(&r);
	snprintf(path, sizeof(path), "%s/shares.json", dir);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
	records_destroy(records);
}

static const struct unit_test tests[] = {
	{"shares of a file", test_shares_file},
	{"drained nodes, datasets, counts", test_nodes},
	{"a leader takes over", test_takeover},
	{"a record does not fit its node", test_misfit},
	{"ends are told when on record", test_ends},
	{"too large for a record", test_too_large},
	{"a full disk", test_full_disk},
};

UNIT_MAIN("takeover", tests)
