/* leader_test.c - the leader over real HTTP: a job's whole way, what users and
 * frameworks can do wrong, and what becomes of a node that goes and comes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "leader_rig.h"
#include "unit.h"

/* ---- a framework --------------------------------------------------------- */

struct fw {
	struct rig *rig;
	char name[32], session[64];
	struct rig_stream stream;
};

static void fw_register(struct rig *r, struct fw *f, const char *name)
{
	char body[128], path[160];
	json_t *v;

	memset(f, 0, sizeof(*f));
	f->rig = r;
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(body, sizeof(body), "{\"name\": \"%s\", \"failover_ms\": 300}",
		 name);
	CU_ASSERT_EQUAL(rig_call(r, "POST", "/v1/frameworks", body, &v), 201);
	snprintf(f->session, sizeof(f->session), "%s", rig_str(v, "session"));
	json_decref(v);
	snprintf(path, sizeof(path), "/v1/frameworks/%s/events?session=%s",
		 name, f->session);
	rig_open(r, &f->stream, path);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig_line(&f->stream, "state", 0));
}

/* Carry out calls; returns how many were refused. */
static size_t fw_calls(struct fw *f, const char *fmt, ...)
{
	char path[160], body[2048];
	va_list ap;
	size_t n, len;
	json_t *v;

	len = (size_t)snprintf(body, sizeof(body), "{\"calls\": [");
	va_start(ap, fmt);
	len += (size_t)vsnprintf(body + len, sizeof(body) - len, fmt, ap);
	va_end(ap);
	snprintf(body + len, sizeof(body) - len, "]}");
	snprintf(path, sizeof(path), "/v1/frameworks/%s/calls?session=%s",
		 f->name, f->session);
	CU_ASSERT_EQUAL_FATAL(rig_call(f->rig, "POST", path, body, &v), 200);
	n = json_array_size(json_object_get(v, "refused"));
	if (n > 0)
		printf(" (%s) ", rig_str(v, "refused.0.error"));
	json_decref(v);
	return n;
}

static long long submit(struct rig *r, const char *body)
{
	json_t *v;
	long long id;

	CU_ASSERT_EQUAL(rig_call(r, "POST", "/v1/jobs", body, &v), 201);
	id = rig_int(v, "id");
	json_decref(v);
	return id;
}

/* A demand, and what is offered for it: the offer's number. */
static long long want(struct fw *f, unsigned count, unsigned cores, size_t nth,
		      json_t **offer)
{
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"demand\", \"demand\": "
				    "{\"id\": \"d%zu\", \"count\": %u, "
				    "\"separate\": true, \"slice\": "
				    "{\"cores\": %u}}}", nth, count, cores), 0);
	*offer = rig_line(&f->stream, "offer", nth);
	CU_ASSERT_PTR_NOT_NULL_FATAL(*offer);
	return rig_int(*offer, "offer");
}

/* ---- a job's way --------------------------------------------------------- */

static void test_job(void)
{
	struct rig r;
	struct fw f;
	json_t *offer, *v;
	long long id, oid, slice;
	char path[64];

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = submit(&r, "{\"framework\": \"batch\", \"argv\": [\"/bin/true\"], "
			"\"stdin\": true}");
	CU_ASSERT_EQUAL(id, 1);
	v = rig_line(&f.stream, "job", 0);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "job.spec.argv.0"), "/bin/true");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "job.name"), "true");

	oid = want(&f, 1, 2, 0, &offer);
	CU_ASSERT_EQUAL(rig_int(offer, "slices.0.cores"), 2);
	CU_ASSERT_STRING_EQUAL(rig_str(offer, "slices.0.pus"), "0-3");
	slice = rig_int(offer, "slices.0.id");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"accept\", \"offer\": %lld, "
				     "\"slices\": [%lld]},"
				     "{\"call\": \"launch\", \"launch\": "
				     "{\"job\": %lld, \"tasks\": [{\"index\": 0,"
				     " \"slice\": %lld}]}},"
				     "{\"call\": \"job\", \"job\": %lld, "
				     "\"state\": \"running\"}",
				 oid, slice, id, slice, id), 0);
	v = rig_line(&f.stream, "task", 0);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task.state"), "running");
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 1);
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].argv0, "/bin/true");
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].pus, "0-3");

	snprintf(path, sizeof(path), "/v1/jobs/%lld", id);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", path, NULL, &v), 200);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "state"), "running");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task_list.0.node"), "n0");
	json_decref(v);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/slices", NULL, &v), 200);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "slices.0.state"), "busy");
	json_decref(v);

	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 3, false);
	v = rig_line(&f.stream, "task", 1);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task.end"), "exited");
	CU_ASSERT_EQUAL(rig_int(v, "task.exit_code"), 3);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"release\", \"slices\": "
				     "[%lld]}, {\"call\": \"job\", \"job\": "
				     "%lld, \"state\": \"ended\", "
				     "\"exit_code\": 3}", slice, id), 0);
	snprintf(path, sizeof(path), "/v1/jobs/%lld?wait_ms=5000", id);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", path, NULL, &v), 200);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "outcome"), "failed");
	CU_ASSERT_EQUAL(rig_int(v, "exit_code"), 3);
	json_decref(v);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/nodes/n0", NULL, &v), 200);
	CU_ASSERT_EQUAL(rig_int(v, "free.cores"), 4);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "state"), "up");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(v, "tree")), 4);
	json_decref(v);
	rig_close(&f.stream);
	rig_stop(&r);
}

/* An MPI launch over both nodes: one map, one key, one message a node; then a
 * cancel, which the framework turns into a kill. */
static void test_pmix(void)
{
	struct rig r;
	struct fw f;
	json_t *offer, *v;
	long long id, oid, a, b;
	char path[64];

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	rig_join(&r, &r.agent[1]);
	fw_register(&r, &f, "mpi");
	id = submit(&r, "{\"framework\": \"mpi\", \"argv\": [\"./ring\"], "
			"\"options\": {\"ranks\": 4}}");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"demand\", \"demand\": "
				     "{\"id\": \"1\", \"count\": 4, \"gang\": "
				     "true, \"constraints\": {\"per_node\": 2}"
				     "}}"), 0);
	offer = rig_line(&f.stream, "offer", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(offer);
	oid = rig_int(offer, "offer");
	CU_ASSERT_EQUAL(rig_int(offer, "slices.0.units"), 2);
	a = rig_int(offer, "slices.0.id");
	b = rig_int(offer, "slices.1.id");
	/* Ranks that are not 0 … N-1 are refused before anything happens. */
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"accept\", \"offer\": %lld, "
				     "\"slices\": [%lld, %lld]},"
				     "{\"call\": \"launch\", \"launch\": "
				     "{\"job\": %lld, \"pmix\": true, "
				     "\"tasks\": [{\"index\": 0, \"slice\": "
				     "%lld, \"ranks\": [0, 1]}, {\"index\": 1, "
				     "\"slice\": %lld, \"ranks\": [1, 2]}]}}",
				 oid, a, b, id, a, b), 1);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"launch\", \"launch\": "
				     "{\"job\": %lld, \"pmix\": true, "
				     "\"bind_to\": \"core\", "
				     "\"tasks\": [{\"index\": 0, \"slice\": "
				     "%lld, \"ranks\": [0, 1]}, {\"index\": 1, "
				     "\"slice\": %lld, \"ranks\": [3, 2]}]}}",
				 id, a, b), 0);
	CU_ASSERT_PTR_NOT_NULL(rig_line(&f.stream, "task", 1));
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(r.agent[i].launches, 1);
		CU_ASSERT_EQUAL(r.agent[i].task[0].nranks, 2);
		CU_ASSERT_STRING_EQUAL(r.agent[i].task[0].nspace, "test-1");
		CU_ASSERT_STRING_EQUAL(r.agent[i].task[0].shepherd, "j1");
	}
	snprintf(path, sizeof(path), "/v1/jobs/%lld/signal", id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, "{\"signal\": 10}", NULL),
			202);
	snprintf(path, sizeof(path), "/v1/jobs/%lld", id);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", path, NULL, NULL), 202);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", path, NULL, NULL), 202);
	CU_ASSERT_PTR_NOT_NULL(rig_line(&f.stream, "cancel", 0));
	CU_ASSERT_EQUAL(r.agent[0].signals, 1);
	CU_ASSERT_EQUAL(r.agent[1].last_signal, 10);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"kill\", \"job\": %lld}", id),
			0);
	v = rig_line(&f.stream, "task", 3);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task.end"), "killed");
	CU_ASSERT_EQUAL(r.agent[0].kills, 1);
	CU_ASSERT_EQUAL(r.agent[1].kills, 1);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"job\", \"job\": %lld, "
				     "\"state\": \"ended\", \"outcome\": "
				     "\"cancelled\", \"exit_code\": 143}", id),
			0);
	CU_ASSERT_EQUAL(rig_call(&r, "DELETE", path, NULL, NULL), 409);
	rig_close(&f.stream);
	rig_stop(&r);
}

/* Many tasks in few messages, and the slices kept between them. */
static void test_batching(void)
{
	struct rig r;
	struct fw f;
	json_t *offer, *v;
	long long id, oid, slice;
	char calls[1600];
	size_t len = 0;

	rig_start(&r, NULL);
	r.agent[0].instant = true;
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = submit(&r, "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
	oid = want(&f, 1, 1, 0, &offer);
	slice = rig_int(offer, "slices.0.id");
	for (int i = 0; i < 16; i++)
		len += (size_t)snprintf(
			calls + len, sizeof(calls) - len,
			",{\"call\":\"launch\",\"launch\":{\"job\":%lld,"
			"\"tasks\":[{\"index\":%d,\"slice\":%lld}]}}", id, i,
			slice);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"accept\", \"offer\": %lld, "
				     "\"slices\": [%lld]}%s", oid, slice,
				 calls), 0);
	v = rig_line(&f.stream, "task", 31);
	CU_ASSERT_PTR_NOT_NULL(v);
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 16);
	CU_ASSERT_EQUAL(r.agent[0].launches, 1);
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].shepherd, "p.batch.0");
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/slices", NULL, &v), 200);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "slices.0.state"), "held");
	json_decref(v);
	rig_close(&f.stream);
	rig_stop(&r);
}

/* ---- output and input ---------------------------------------------------- */

/* A job with one task on n0 that is running. */
static long long running_job(struct rig *r, struct fw *f, long long *slice)
{
	long long id, oid;
	json_t *offer;

	id = submit(r, "{\"framework\": \"batch\", \"argv\": [\"x\"], "
		       "\"stdin\": true}");
	oid = want(f, 1, 1, 0, &offer);
	*slice = rig_int(offer, "slices.0.id");
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"accept\", \"offer\": %lld, "
				    "\"slices\": [%lld]}, {\"call\": "
				    "\"launch\", \"launch\": {\"job\": %lld, "
				    "\"tasks\": [{\"index\": 0, \"slice\": "
				    "%lld}]}}", oid, *slice, id, *slice), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig_line(&f->stream, "task", 0));
	return id;
}

static void end_job(struct rig *r, struct fw *f, long long id)
{
	rig_report(r, &r->agent[0], &r->agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 0, false);
	CU_ASSERT_PTR_NOT_NULL(rig_line(&f->stream, "task", 1));
	CU_ASSERT_EQUAL(fw_calls(f, "{\"call\": \"job\", \"job\": %lld, "
				    "\"state\": \"ended\"}", id), 0);
}

static bool stream_done(void *arg)
{
	return ((struct rig_stream *)arg)->done;
}

static bool two_lines(void *arg)
{
	return ((struct rig_stream *)arg)->nlines >= 2;
}

static bool one_line(void *arg)
{
	return ((struct rig_stream *)arg)->nlines >= 1;
}

static void test_output(void)
{
	struct rig_stream s;
	struct rig r;
	struct fw f;
	long long id, slice;
	char path[96];

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = running_job(&r, &f, &slice);
	snprintf(path, sizeof(path),
		 "/v1/jobs/%lld/output?stream=out&follow=1&tag=1", id);
	r.agent[0].out = "one\ntw";
	r.agent[0].out_len = 6;
	rig_open(&r, &s, path);
	CU_ASSERT(rig_until(&r, one_line, &s));
	CU_ASSERT_STRING_EQUAL(rig_str(s.line[0], "data"), "one\n");
	CU_ASSERT_STRING_EQUAL(rig_str(s.line[0], "task"), "1.0");
	rig_run(&r, 20);
	CU_ASSERT(r.agent[0].has_parked);
	r.agent[0].out = "one\ntwo\nlast";
	r.agent[0].out_len = 12;
	rig_print(&r, &r.agent[0]);
	CU_ASSERT(rig_until(&r, two_lines, &s));
	CU_ASSERT_STRING_EQUAL(rig_str(s.line[1], "data"), "two\n");
	rig_run(&r, 20);
	r.agent[0].out_over = true;
	rig_print(&r, &r.agent[0]);
	rig_run(&r, 20);
	CU_ASSERT_FALSE(s.done);
	end_job(&r, &f, id);
	CU_ASSERT(rig_until(&r, stream_done, &s));
	CU_ASSERT_EQUAL_FATAL(s.nlines, 4);
	CU_ASSERT_STRING_EQUAL(rig_str(s.line[2], "data"), "last");
	CU_ASSERT_STRING_EQUAL(rig_str(s.line[3], "outcome"), "done");
	rig_close(&s);

	/* Ended: all of it at once, raw too; and a reader that leaves. */
	snprintf(path, sizeof(path),
		 "/v1/jobs/%lld/output?stream=out&task=0&raw=1&from=4", id);
	rig_open(&r, &s, path);
	CU_ASSERT(rig_until(&r, stream_done, &s));
	CU_ASSERT_STRING_EQUAL(s.text, "last");
	rig_close(&s);
	rig_close(&f.stream);
	rig_stop(&r);
}

static bool parked(void *arg)
{
	return ((struct rig_agent *)arg)->has_parked;
}

/* 8 MB to a reader that does not read: no more than the window is asked for;
 * when it leaves, a read that is out is cancelled. */
static void test_stalled(void)
{
	struct rig_stream s;
	struct rig r;
	struct fw f;
	long long id, slice;
	char path[96];
	unsigned reads;

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = running_job(&r, &f, &slice);
	r.agent[0].out = mem_alloc(8 << 20);
	memset((char *)r.agent[0].out, 'x', 8 << 20);
	r.agent[0].out_len = 8 << 20;
	snprintf(path, sizeof(path),
		 "/v1/jobs/%lld/output?stream=out&follow=1", id);
	rig_open(&r, &s, path);
	http_call_pause(s.call, true);
	rig_run(&r, 200);
	reads = r.agent[0].reads;
	CU_ASSERT(reads < 24);
	http_call_pause(s.call, false);
	CU_ASSERT(rig_until(&r, parked, &r.agent[0]));
	CU_ASSERT(r.agent[0].reads > 31);
	rig_close(&s);
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(r.agent[0].cancels, 1);
	free((char *)r.agent[0].out);
	r.agent[0].out = NULL;
	rig_close(&f.stream);
	rig_stop(&r);
}

static void test_stdin(void)
{
	struct rig r;
	struct fw f;
	json_t *v;
	long long id, slice;
	char path[96];

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = running_job(&r, &f, &slice);
	snprintf(path, sizeof(path), "/v1/jobs/%lld/stdin?offset=0", id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, "hello", &v), 200);
	CU_ASSERT_EQUAL(rig_int(v, "offset"), 5);
	json_decref(v);
	snprintf(path, sizeof(path), "/v1/jobs/%lld/stdin?offset=5&eof=1", id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, NULL, NULL), 200);
	CU_ASSERT(r.agent[0].stdin_eof);
	CU_ASSERT_EQUAL(r.agent[0].stdin_len, 5);
	end_job(&r, &f, id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, "more", NULL), 410);
	rig_close(&f.stream);
	rig_stop(&r);
}

/* ---- what can be wrong --------------------------------------------------- */

static void test_bad_requests(void)
{
	static const struct {
		const char *method, *path, *body;
		int status;
		const char *text;
	} rows[] = {
		{"GET", "/", NULL, 404, "no such call"},
		{"GET", "/v1/jobs/", NULL, 404, "no such call"},
		{"PUT", "/v1/jobs", "{}", 405, "POST, GET"},
		{"POST", "/v1/jobs", NULL, 400, "framework: is missing"},
		{"POST", "/v1/jobs", "{", 400, "body: no JSON, line 1"},
		{"POST", "/v1/jobs", "[1]", 400, "an object is wanted"},
		{"POST", "/v1/jobs", "{\"framework\": \"batch\"}", 400,
		 "argv: is missing"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], \"coers\": 1}",
		 400, "\"cores\" is known"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], \"cores\": 64}",
		 400, "cores: 64"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], \"gpus\": 1}",
		 400, "gpus: 1"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], "
		 "\"memory_mib\": 99999999}", 400, "memory"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], "
		 "\"constraints\": {\"nodes\": [\"zz\"]}}", 400, "zz"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], "
		 "\"constraints\": {\"fit\": \"x\"}}", 400, "constraints.fit"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"batch\", \"argv\": [\"x\"], \"cwd\": "
		 "\"here\"}", 400, "cwd"},
		{"POST", "/v1/jobs",
		 "{\"framework\": \"none\", \"argv\": [\"x\"]}", 404, "none"},
		{"GET", "/v1/jobs/99", NULL, 404, "job 99"},
		{"GET", "/v1/jobs/x", NULL, 400, "number"},
		{"GET", "/v1/jobs/99999999999999999999", NULL, 404, "job"},
		{"GET", "/v1/jobs?limit=0", NULL, 400, "limit"},
		{"GET", "/v1/jobs/1?wait_ms=-1", NULL, 400, "wait_ms"},
		{"GET", "/v1/jobs/1/output?stream=x", NULL, 400, "stream"},
		{"GET", "/v1/jobs/1/output?raw=1", NULL, 400, "raw"},
		{"GET", "/v1/jobs/1/output?follow=2", NULL, 400, "follow"},
		{"POST", "/v1/jobs/1/signal", "{}", 400, "signal"},
		{"POST", "/v1/jobs/1/signal", "{\"signal\": 65}", 400,
		 "signal"},
		{"POST", "/v1/jobs/1/signal", "{\"signal\": 9}", 409, "job 1"},
		{"POST", "/v1/jobs/1/stdin", "x", 400, "offset"},
		{"POST", "/v1/jobs/1/stdin?offset=0", "x", 409,
		 "no standard input"},
		{"GET", "/v1/nodes/zz", NULL, 404, "zz"},
		{"GET", "/v1/events?from=x", NULL, 400, "from"},
		{"POST", "/v1/frameworks", "{\"name\": \"a b\"}", 400, "name"},
		{"POST", "/v1/frameworks", "{}", 400, "name: is missing"},
		{"GET", "/v1/frameworks/zz/events?session=1", NULL, 404, "zz"},
		{"GET", "/v1/frameworks/batch/events?session=1", NULL, 409,
		 "register again"},
		{"GET", "/v1/frameworks/batch/events", NULL, 400, "session"},
		{"POST", "/v1/frameworks/batch/calls?session=1",
		 "{\"calls\": []}", 409, "register again"},
		{"POST", "/v1/shutdown", "{\"kill\": true}", 400, "kill"},
	};
	struct rig r;
	struct fw f;

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 50);
	fw_register(&r, &f, "batch");
	submit(&r, "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *v;
		int status = rig_call(&r, rows[i].method, rows[i].path,
				      rows[i].body, &v);
		const char *text = rig_str(v, "error");

		if (status != rows[i].status ||
		    strstr(text, rows[i].text) == NULL ||
		    strchr(text, '\n') != NULL) {
			printf("\n    %s %s %s: %d \"%s\"\n", rows[i].method,
			       rows[i].path,
			       rows[i].body != NULL ? rows[i].body : "",
			       status, text);
			CU_FAIL("wrong answer");
		}
		json_decref(v);
	}
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/status", NULL, NULL), 200);
	rig_close(&f.stream);
	rig_stop(&r);
}

static void test_bad_calls(void)
{
	static const char *const rows[] = {
		"1",
		"{}",
		"{\"call\": \"fly\"}",
		"{\"call\": \"demand\"}",
		"{\"call\": \"demand\", \"demand\": {\"id\": \"\", \"count\": "
		"1}}",
		"{\"call\": \"demand\", \"demand\": {\"id\": \"a\", \"count\": "
		"1, \"slice\": {\"cores\": 64}}}",
		"{\"call\": \"demand\", \"demand\": {\"id\": \"a\", \"count\": "
		"1, \"slice\": {\"cores\": 0}}}",
		"{\"call\": \"accept\", \"offer\": 77, \"slices\": [1]}",
		"{\"call\": \"accept\", \"offer\": 77, \"slices\": [\"1\"]}",
		"{\"call\": \"decline\", \"offer\": 77}",
		"{\"call\": \"release\", \"slices\": [77]}",
		"{\"call\": \"launch\", \"launch\": {\"job\": 77, \"tasks\": "
		"[]}}",
		"{\"call\": \"launch\", \"launch\": {\"job\": 1, \"tasks\": "
		"[]}}",
		"{\"call\": \"launch\", \"launch\": {\"job\": 1, \"tasks\": "
		"[{\"index\": 0, \"slice\": 77}]}}",
		"{\"call\": \"launch\", \"launch\": {\"job\": 1, \"tasks\": "
		"[{\"index\": 0, \"slice\": 77, \"ranks\": [0]}]}}",
		"{\"call\": \"launch\", \"launch\": {\"job\": 1, \"pmix\": "
		"true, \"bind_to\": \"x\", \"tasks\": [{\"index\": 0, "
		"\"slice\": 77, \"ranks\": [0]}]}}",
		"{\"call\": \"kill\", \"job\": 77}",
		"{\"call\": \"kill\", \"job\": 1, \"index\": 5}",
		"{\"call\": \"job\", \"job\": 1, \"state\": \"odd\"}",
		"{\"call\": \"job\", \"job\": 1, \"state\": \"ended\", "
		"\"outcome\": \"odd\"}",
		"{\"call\": \"job\", \"job\": 2, \"state\": \"running\"}",
		"{\"call\": \"suppress\", \"extra\": 1}",
	};
	struct rig r;
	struct fw f, other;

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 50);
	fw_register(&r, &f, "batch");
	fw_register(&r, &other, "other");
	CU_ASSERT_EQUAL(submit(&r, "{\"framework\": \"batch\", \"argv\": "
				   "[\"x\"]}"), 1);
	CU_ASSERT_EQUAL(submit(&r, "{\"framework\": \"other\", \"argv\": "
				   "[\"x\"]}"), 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (fw_calls(&f, "%s", rows[i]) != 1)
			CU_FAIL(rows[i]);
	/* One that is refused does not stop the others. */
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"fly\"}, {\"call\": "
				     "\"suppress\"}"), 1);
	rig_close(&f.stream);
	rig_close(&other.stream);
	rig_stop(&r);
}

static void test_token(void)
{
	static const char *const tokens[] = {"", "wrong", "a-token-for-test",
					     "a-token-for-testsX"};
	struct rig r;
	json_t *v;
	struct stat st;
	char path[96], *big;

	rig_start(&r, NULL);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(rig_call_raw(&r, tokens[i], "POST",
					     "/v1/shutdown", "{}", 2, &v),
				401);
		CU_ASSERT_PTR_NOT_NULL(strstr(rig_str(v, "error"), "token"));
		json_decref(v);
	}
	rig_run(&r, 100);
	CU_ASSERT_EQUAL(r.ended, 0);
	snprintf(path, sizeof(path), "%s/contact", r.dir);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	v = json_load_file(path, 0, NULL);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "token"), "a-token-for-tests");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "uri"), leader_uri(r.leader));
	CU_ASSERT_STRING_EQUAL(rig_str(v, "leader"), "n0");
	json_decref(v);
	big = mem_alloc(33u << 20);
	memset(big, ' ', 33u << 20);
	CU_ASSERT_EQUAL(rig_call_raw(&r, NULL, "POST", "/v1/jobs", big,
				     33u << 20, NULL), 413);
	free(big);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/shutdown", NULL, NULL), 202);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/shutdown", "{}", NULL), 202);
	rig_run(&r, 200);
	CU_ASSERT_EQUAL(r.ended, 1);
	rig_stop(&r);
}

/* ---- nodes that go and come ---------------------------------------------- */

static const char *node_state(struct rig *r, const char *node)
{
	static char state[32];
	char path[64];
	json_t *v;

	snprintf(path, sizeof(path), "/v1/nodes/%s", node);
	rig_call(r, "GET", path, NULL, &v);
	snprintf(state, sizeof(state), "%s", rig_str(v, "state"));
	json_decref(v);
	return state;
}

/* The rank dies and comes back: its task is untouched, what was launched
 * meanwhile is sent then. */
static void test_rank_returns(void)
{
	struct leader_config c = {.node_timeout_ms = 2000};
	struct rig r;
	struct fw f;
	json_t *v;
	long long id, slice;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = running_job(&r, &f, &slice);
	leader_peer_down(r.leader, "n0", "it died");
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n0"), "away");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"launch\", \"launch\": "
				     "{\"job\": %lld, \"tasks\": [{\"index\": "
				     "1, \"slice\": %lld}]}}", id, slice), 0);
	rig_run(&r, 100);
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 1);
	r.agent[0].incarnation = 2;
	rig_hello(&r, &r.agent[0], false);
	rig_run(&r, 50);
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n0"), "coming");
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_RUNNING, 0, 0, true);
	v = rig_line(&f.stream, "task", 1);
	CU_ASSERT_EQUAL(rig_int(v, "task.index"), 1);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task.state"), "running");
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n0"), "up");
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 2);
	CU_ASSERT_EQUAL(r.agent[0].kills, 0);

	/* A report without the first: that one is lost. */
	leader_peer_down(r.leader, "n0", "it died");
	rig_run(&r, 10);
	rig_hello(&r, &r.agent[0], false);
	rig_report(&r, &r.agent[0], &r.agent[0].task[1],
		   BERTH__TASK_STATE__TASK_RUNNING, 0, 0, true);
	v = rig_line(&f.stream, "task", 2);
	CU_ASSERT_EQUAL(rig_int(v, "task.index"), 0);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task.end"), "lost");
	rig_close(&f.stream);
	rig_stop(&r);
}

/* A node that stays away loses its tasks; what it still runs when it comes
 * back is killed before it is used again. */
static void test_node_lost(void)
{
	struct leader_config c = {.node_timeout_ms = 300};
	struct rig r;
	struct fw f;
	json_t *v;
	long long id, slice;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = running_job(&r, &f, &slice);
	leader_peer_down(r.leader, "n0", "it died");
	v = rig_line(&f.stream, "lost", 0);
	CU_ASSERT_EQUAL(rig_int(v, "slices.0"), slice);
	v = rig_line(&f.stream, "task", 1);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "task.end"), "lost");
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n0"), "down");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"launch\", \"launch\": "
				     "{\"job\": %lld, \"tasks\": [{\"index\": "
				     "1, \"slice\": %lld}]}}", id, slice), 1);

	r.agent[0].incarnation = 2;
	rig_hello(&r, &r.agent[0], false);
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_RUNNING, 0, 0, true);
	rig_run(&r, 100);
	CU_ASSERT_EQUAL(r.agent[0].kills, 1);
	CU_ASSERT_EQUAL(r.agent[0].last_signal, 9);
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n0"), "up");
	rig_close(&f.stream);
	rig_stop(&r);
}

/* Silence makes a node away, a word from the same rank brings it back; a node
 * whose topology is not known is asked for it. */
static void test_heartbeat(void)
{
	struct leader_config c = {.heartbeat_ms = 20,
				  .heartbeat_timeout_ms = 100,
				  .node_timeout_ms = 60000};
	struct rig r;

	rig_start(&r, &c);
	rig_hello(&r, &r.agent[1], false);
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/nodes/n1", NULL, NULL), 404);
	rig_join(&r, &r.agent[1]);
	rig_run(&r, 200);
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n1"), "up");
	CU_ASSERT(r.agent[1].pings > 3);
	r.agent[1].deaf = true;
	rig_run(&r, 250);
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n1"), "away");
	r.agent[1].deaf = false;
	rig_run(&r, 100);
	CU_ASSERT_STRING_EQUAL(node_state(&r, "n1"), "up");
	rig_stop(&r);
}

/* ---- frameworks that go and come ----------------------------------------- */

static void test_failover(void)
{
	struct rig r;
	struct fw f, again;
	json_t *v;
	long long id, slice;
	char path[128];

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	id = running_job(&r, &f, &slice);
	rig_close(&f.stream);
	rig_run(&r, 50);
	fw_register(&r, &again, "batch");
	v = rig_line(&again.stream, "state", 0);
	CU_ASSERT_EQUAL(rig_int(v, "jobs.0.id"), id);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "jobs.0.spec.argv.0"), "x");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "tasks.0.state"), "running");
	CU_ASSERT_EQUAL(rig_int(v, "slices.0.id"), slice);
	CU_ASSERT_EQUAL(r.agent[0].kills, 0);
	snprintf(path, sizeof(path), "/v1/frameworks/batch/calls?session=%s",
		 f.session);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, "{\"calls\": []}", NULL),
			409);

	/* Away for longer than its 300 ms: its tasks and jobs end. */
	rig_close(&again.stream);
	rig_run(&r, 600);
	CU_ASSERT_EQUAL(r.agent[0].kills, 1);
	snprintf(path, sizeof(path), "/v1/jobs/%lld", id);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", path, NULL, &v), 200);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "outcome"), "lost");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "text"), "its framework is gone");
	json_decref(v);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/frameworks", NULL, &v), 200);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(v, "frameworks")), 0);
	json_decref(v);
	rig_stop(&r);
}

/* A call whose answer is not waited for. */
struct later {
	int status;
};

static void on_later(void *arg, int status, const char *body, size_t len,
		     const struct berth_error *err)
{
	((struct later *)arg)->status = status;
}

static void post_later(struct rig *r, struct later *a, const char *path,
		       const char *body)
{
	static const struct http_call_events ev = {.done = on_later};

	a->status = 0;
	http_call_start(r->client, "POST", path, body, strlen(body), 0, &ev, a);
}

/* The hosts are started on the leader's node, and again when they end; a job
 * for one that is still on its way waits for it. */
static void test_hosts(void)
{
	static const char *const names[] = {"batch", NULL};
	struct leader_config c = {.frameworks = names};
	struct later a;
	struct rig r;
	struct fw f;
	char dir[] = "/tmp/berth-leader-hosts.XXXXXX", program[64];

	/* Only its path is asked for here. */
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/berth-framework", dir);
	close(open(program, O_CREAT | O_WRONLY, 0700));
	setenv("BERTH_LIBEXEC", dir, 1);
	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 1);
	CU_ASSERT_EQUAL(r.agent[0].task[0].job, 0);
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].argv0, program);
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].shepherd, "f.batch");
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 1, false);
	rig_run(&r, 400);
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 2);
	post_later(&r, &a, "/v1/jobs",
		   "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(a.status, 0);
	fw_register(&r, &f, "batch");
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(a.status, 201);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/jobs/1", NULL, NULL), 200);
	rig_close(&f.stream);
	rig_stop(&r);
	unsetenv("BERTH_LIBEXEC");
	unlink(program);
	rmdir(dir);
}

static void test_events(void)
{
	struct leader_config c = {.keep_events = 8};
	struct rig_stream s;
	struct rig r;
	struct fw f;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 50);
	rig_open(&r, &s, "/v1/events?from=1&follow=1");
	CU_ASSERT_STRING_EQUAL(rig_str(rig_line(&s, "node_up", 0), "node"),
			       "n0");
	fw_register(&r, &f, "batch");
	for (int i = 0; i < 10; i++)
		submit(&r, "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
	CU_ASSERT_PTR_NOT_NULL(rig_line(&s, "job_submitted", 9));
	rig_close(&s);
	rig_open(&r, &s, "/v1/events?from=1");
	CU_ASSERT(rig_until(&r, stream_done, &s));
	CU_ASSERT_STRING_EQUAL(rig_str(s.line[0], "type"), "missed");
	CU_ASSERT_EQUAL(s.nlines, 9);
	rig_close(&s);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/metrics", NULL, NULL), 200);
	rig_close(&f.stream);
	rig_stop(&r);
}

static const struct unit_test tests[] = {
	{"a job's way", test_job},
	{"an MPI job over two nodes", test_pmix},
	{"many tasks in few messages", test_batching},
	{"output", test_output},
	{"a reader that stalls", test_stalled},
	{"standard input", test_stdin},
	{"bad requests", test_bad_requests},
	{"bad calls", test_bad_calls},
	{"token, size, shutdown", test_token},
	{"a rank dies and returns", test_rank_returns},
	{"a node is lost and returns", test_node_lost},
	{"heartbeats", test_heartbeat},
	{"a framework goes and comes", test_failover},
	{"framework hosts", test_hosts},
	{"events", test_events},
};

UNIT_MAIN("leader", tests)
