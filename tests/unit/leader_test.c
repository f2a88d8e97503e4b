/* leader_test.c - the leader over real HTTP: a job's whole way, what it prints
 * and reads, the framework hosts. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "leader_rig.h"
#include "unit.h"

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
	id = rig_submit(&r, "{\"framework\": \"batch\", \"argv\": [\"/bin/true\"], "
			"\"stdin\": true}");
	CU_ASSERT_EQUAL(id, 1);
	v = rig_line(&f.stream, "job", 0);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "job.spec.argv.0"), "/bin/true");
	CU_ASSERT_STRING_EQUAL(rig_str(v, "job.name"), "true");

	oid = fw_want(&f, 1, 2, 0, &offer);
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
	id = rig_submit(&r, "{\"framework\": \"mpi\", \"argv\": [\"./ring\"], "
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
	id = rig_submit(&r, "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
	oid = fw_want(&f, 1, 1, 0, &offer);
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
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].shepherd, "p.batch.0.0");
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/slices", NULL, &v), 200);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "slices.0.state"), "held");
	json_decref(v);
	rig_close(&f.stream);
	rig_stop(&r);
}

/* ---- output and input ---------------------------------------------------- */

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
	id = fw_running_job(&r, &f, &slice);
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
	fw_end_job(&r, &f, id);
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
	id = fw_running_job(&r, &f, &slice);
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
	id = fw_running_job(&r, &f, &slice);
	snprintf(path, sizeof(path), "/v1/jobs/%lld/stdin?offset=0", id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, "hello", &v), 200);
	CU_ASSERT_EQUAL(rig_int(v, "offset"), 5);
	json_decref(v);
	snprintf(path, sizeof(path), "/v1/jobs/%lld/stdin?offset=5&eof=1", id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, NULL, NULL), 200);
	CU_ASSERT(r.agent[0].stdin_eof);
	CU_ASSERT_EQUAL(r.agent[0].stdin_len, 5);
	fw_end_job(&r, &f, id);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", path, "more", NULL), 410);
	rig_close(&f.stream);
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
static bool one_task(void *arg)
{
	return ((struct rig *)arg)->agent[0].ntasks >= 1;
}

static bool two_tasks(void *arg)
{
	return ((struct rig *)arg)->agent[0].ntasks >= 2;
}

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
	CU_ASSERT_FATAL(rig_until(&r, one_task, &r));
	CU_ASSERT_EQUAL(r.agent[0].ntasks, 1);
	CU_ASSERT_EQUAL(r.agent[0].task[0].job, 0);
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].argv0, program);
	CU_ASSERT_STRING_EQUAL(r.agent[0].task[0].shepherd, "f.batch");
	rig_report(&r, &r.agent[0], &r.agent[0].task[0],
		   BERTH__TASK_STATE__TASK_ENDED,
		   BERTH__TASK_END__END_EXITED, 1, false);
	CU_ASSERT_FATAL(rig_until(&r, two_tasks, &r));
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

/* Ended jobs beyond keep_jobs are forgotten, here and by their nodes. */
static void test_forget(void)
{
	struct leader_config c = {.keep_jobs = 2};
	struct rig r;
	struct fw f;
	json_t *offer, *v;
	long long oid, slice;

	rig_start(&r, &c);
	r.agent[0].instant = true;
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	oid = fw_want(&f, 1, 1, 0, &offer);
	slice = rig_int(offer, "slices.0.id");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"accept\", \"offer\": "
				     "%lld, \"slices\": [%lld]}", oid, slice),
			0);
	for (size_t i = 0; i < 5; i++) {
		long long id = rig_submit(&r, "{\"framework\": \"batch\", "
					      "\"argv\": [\"x\"]}");

		CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"launch\", "
					     "\"launch\": {\"job\": %lld, "
					     "\"tasks\": [{\"index\": 0, "
					     "\"slice\": %lld}]}}", id,
					 slice), 0);
		CU_ASSERT_PTR_NOT_NULL(rig_line(&f.stream, "task", 2 * i + 1));
		CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"job\", \"job\": "
					     "%lld, \"state\": \"ended\"}",
					 id), 0);
	}
	rig_run(&r, 50);
	CU_ASSERT_EQUAL(r.agent[0].forgets, 3);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/jobs/3", NULL, NULL), 404);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/jobs", NULL, &v), 200);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(v, "jobs")), 2);
	CU_ASSERT_EQUAL(rig_int(v, "jobs.1.id"), 5);
	json_decref(v);
	rig_close(&f.stream);
	rig_stop(&r);
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
		rig_submit(&r, "{\"framework\": \"batch\", \"argv\": [\"x\"]}");
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

/* ---- the same request again ----------------------------------------------- */

/* POST /v1/jobs with a key, over a connection of its own; the answer's status,
 * and *answer for the caller to decref. */
static int post_keyed(struct rig *r, const char *key, json_t **answer)
{
	static const char body[] =
		"{\"framework\": \"batch\", \"argv\": [\"x\"]}";
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
	char text[2048];
	char *head;
	ssize_t n;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", r->uri + 5);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof(to)),
			      0);
	n = snprintf(text, sizeof(text),
		     "POST /v1/jobs HTTP/1.1\r\nHost: n0\r\n"
		     "Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n"
		     "Content-Type: application/json\r\n"
		     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		     "a-token-for-tests", key, sizeof(body) - 1, body);
	CU_ASSERT_EQUAL(write(fd, text, (size_t)n), n);
	for (int i = 0; i < 500; i++) {
		rig_run(r, 10);
		n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (n > 0)
			break;
	}
	close(fd);
	CU_ASSERT_FATAL(n > 0);
	text[n] = '\0';
	sscanf(text, "HTTP/1.1 %d", &status);
	head = strstr(text, "\r\n\r\n");
	*answer = head != NULL ? json_loads(head + 4, 0, NULL) : NULL;
	return status;
}

/* Returns the job's id. */
static long long submit_keyed(struct rig *r, const char *key)
{
	json_t *v;
	long long id;

	CU_ASSERT_EQUAL(post_keyed(r, key, &v), 201);
	id = rig_int(v, "id");
	json_decref(v);
	return id;
}

static void test_keys(void)
{
	struct rig r;
	struct fw f;
	json_t *v;

	rig_start(&r, NULL);
	rig_join(&r, &r.agent[0]);
	fw_register(&r, &f, "batch");
	CU_ASSERT_EQUAL(submit_keyed(&r, "aa"), 1);
	CU_ASSERT_EQUAL(submit_keyed(&r, "ab"), 2);
	CU_ASSERT_EQUAL(submit_keyed(&r, "aa"), 1);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/jobs", NULL, &v), 200);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(v, "jobs")), 2);
	json_decref(v);
	CU_ASSERT_EQUAL(post_keyed(&r, "not a key", &v), 400);
	CU_ASSERT_PTR_NOT_NULL(strstr(rig_str(v, "error"), "Idempotency-Key"));
	json_decref(v);
	rig_close(&f.stream);
	rig_stop(&r);
}

static const struct unit_test tests[] = {
	{"a job's way", test_job},
	{"the same request again", test_keys},
	{"an MPI job over two nodes", test_pmix},
	{"many tasks in few messages", test_batching},
	{"output", test_output},
	{"a reader that stalls", test_stalled},
	{"standard input", test_stdin},
	{"framework hosts", test_hosts},
	{"jobs that are forgotten", test_forget},
	{"events", test_events},
};

UNIT_MAIN("leader", tests)
