/* leader_fault_test.c - what users and frameworks can do wrong, and what
 * becomes of a node or a framework that goes and comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "leader_rig.h"
#include "unit.h"

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
	rig_submit(&r, "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
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
	CU_ASSERT_EQUAL(rig_submit(&r, "{\"framework\": \"batch\", \"argv\": "
				   "[\"x\"]}"), 1);
	CU_ASSERT_EQUAL(rig_submit(&r, "{\"framework\": \"other\", \"argv\": "
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
	char *big;

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
	id = fw_running_job(&r, &f, &slice);
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
	id = fw_running_job(&r, &f, &slice);
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

static size_t count(struct rig *r, const char *what)
{
	char path[64];
	json_t *v;
	size_t n;

	snprintf(path, sizeof(path), "/v1/%s", what);
	CU_ASSERT_EQUAL(rig_call(r, "GET", path, NULL, &v), 200);
	n = json_array_size(json_object_get(v, what));
	json_decref(v);
	return n;
}

static void host_dies(struct rig *r, struct fw *f)
{
	rig_close(&f->stream);
	rig_run(r, 30);
	CU_ASSERT_EQUAL(count(r, "offers"), 0);
	fw_register(r, f, "batch");
}

/* It dies just after it has registered, with an offer in hand, between accept
 * and launch, and while its task ends: what it had is told again, nothing runs
 * twice. */
static void test_host_dies(void)
{
	struct rig r;
	struct fw f;
	json_t *v;
	long long offer, slice, job;

	rig_start(&r, NULL);
	r.failover_ms = 60000;
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 50);
	fw_register(&r, &f, "batch");
	host_dies(&r, &f);

	fw_want(&f, 1, 4, 0, &v);
	CU_ASSERT_EQUAL(count(&r, "offers"), 1);
	host_dies(&r, &f);

	offer = fw_want(&f, 1, 4, 0, &v);
	slice = rig_int(v, "slices.0.id");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"accept\", \"offer\": %lld, "
				 "\"slices\": [%lld]}", offer, slice), 0);
	host_dies(&r, &f);
	CU_ASSERT_EQUAL(rig_int(rig_line(&f.stream, "state", 0),
				"slices.0.id"), slice);

	job = rig_submit(&r, "{\"framework\": \"batch\", "
			 "\"argv\": [\"x\"]}");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"launch\", \"launch\": "
				 "{\"job\": %lld, \"tasks\": [{\"index\": 0, "
				 "\"slice\": %lld}]}}", job, slice), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig_line(&f.stream, "task", 0));
	rig_close(&f.stream);
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 0, false);
	rig_run(&r, 30);
	fw_register(&r, &f, "batch");
	v = rig_line(&f.stream, "state", 0);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "tasks.0.state"), "ended");
	CU_ASSERT_EQUAL(rig_int(v, "jobs.0.id"), job);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"launch\", \"launch\": "
				 "{\"job\": %lld, \"tasks\": [{\"index\": 0, "
				 "\"slice\": %lld}]}}", job, slice), 1);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"release\", "
				 "\"slices\": [%lld]}", slice), 0);
	CU_ASSERT_EQUAL(r.agent[0].launches, 1);
	rig_close(&f.stream);
	rig_stop(&r);
}

/* More jobs than a framework may have. */
static void test_limits(void)
{
	struct leader_config c = {.max_jobs = 2};
	static const char spec[] = "{\"framework\": \"batch\", "
				   "\"argv\": [\"x\"]}";
	struct rig r;
	struct fw f;
	json_t *v;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 50);
	fw_register(&r, &f, "batch");
	rig_submit(&r, spec);
	rig_submit(&r, spec);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/jobs", spec, &v), 429);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig_str(v, "error"), "has 2 jobs"));
	json_decref(v);
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"job\", \"job\": 1, "
				 "\"state\": \"ended\"}"), 0);
	rig_submit(&r, spec);
	rig_close(&f.stream);
	rig_stop(&r);
}

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
	id = fw_running_job(&r, &f, &slice);
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

static const struct unit_test tests[] = {
	{"bad requests", test_bad_requests},
	{"bad calls", test_bad_calls},
	{"token, size, shutdown", test_token},
	{"a rank dies and returns", test_rank_returns},
	{"a node is lost and returns", test_node_lost},
	{"heartbeats", test_heartbeat},
	{"a framework's host dies", test_host_dies},
	{"more jobs than a framework may have", test_limits},
	{"a framework goes and comes", test_failover},
};

UNIT_MAIN("leader_fault", tests)
