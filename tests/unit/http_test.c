/* http_test.c - server and client of io/http.h against each other, and raw
 * bytes against the server. */
#include "io/http.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

#define MAX_BODY 100000

static struct {
	struct loop *loop;
	struct http_server *server;
	struct http_client *client;
	unsigned port;
	struct http_request *parked;
	struct loop_timer *tick;
	int gone, drained, handled, ticks;
} t;

static void on_gone(void *arg)
{
	t.gone++;
	t.parked = NULL;
}

static void on_drained(void *arg)
{
	t.drained++;
	if (t.parked && t.drained < 20) {
		char *big = mem_array(1, 500000);

		memset(big, 'x', 500000);
		http_stream_send(t.parked, big, 500000);
		free(big);
	} else if (t.parked) {
		http_stream_end(t.parked);
		t.parked = NULL;
	}
}

static void echo(struct http_request *req)
{
	struct buf out;
	size_t len;
	const char *body = http_body(req, &len);
	const char *q = http_query(req, "q");
	const char *auth = http_header(req, "authorization");

	buf_init(&out);
	buf_printf(&out, "%s %s q=%s auth=%s len=%zu ", http_method(req),
		   http_path(req), q ? q : "-", auth ? auth : "-", len);
	buf_add(&out, body, len);
	http_reply(req, 200, "text/plain", out.data, out.len);
	buf_finish(&out);
}

static void handler(void *arg, struct http_request *req)
{
	const char *path = http_path(req);
	struct berth_error err;

	t.handled++;
	if (strcmp(path, "/park") == 0) {
		t.parked = req;
		http_on_close(req, on_gone, NULL);
	} else if (strcmp(path, "/stream") == 0) {
		t.parked = req;
		http_stream_start(req, 200, "application/x-ndjson", on_gone,
				  NULL, NULL);
		http_stream_send(req, "one\n", 4);
	} else if (strcmp(path, "/much") == 0) {
		t.parked = req;
		http_stream_start(req, 200, "text/plain", on_gone, on_drained,
				  NULL);
		http_stream_send(req, "x", 1);
	} else if (strcmp(path, "/error") == 0) {
		error_set(&err, BERTH_ECONFLICT, "a \"bad\"\tthing: \xff\xc3\xbc");
		http_reply_error(req, &err);
	} else {
		echo(req);
	}
}

static void setup(void)
{
	struct berth_error err;
	char uri[64];
	int port;

	memset(&t, 0, sizeof(t));
	t.loop = loop_create(&err);
	t.server = http_server_create(t.loop, MAX_BODY, handler, NULL, &err);
	port = http_server_listen_tcp(t.server, "127.0.0.1", 0, &err);
	CU_ASSERT_FATAL(port > 0);
	t.port = (unsigned)port;
	snprintf(uri, sizeof(uri), "http://127.0.0.1:%u", t.port);
	t.client = http_client_create(t.loop, uri, "sesame", &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.client);
}

static void teardown(void)
{
	http_client_destroy(t.client);
	http_server_destroy(t.server);
	loop_destroy(t.loop);
}

/* ---- a call and what came of it ---- */

struct result {
	int done, status;
	struct buf body, data;
	char why[512];
};

static void on_data(void *arg, const char *data, size_t len)
{
	struct result *r = arg;

	buf_add(&r->data, data, len);
}

static void on_done(void *arg, int status, const char *body, size_t len,
		    const struct berth_error *err)
{
	struct result *r = arg;

	r->done++;
	r->status = status;
	buf_add(&r->body, body, len);
	if (err)
		snprintf(r->why, sizeof(r->why), "%s", err->text);
}

static const struct http_call_events whole = {.done = on_done};
static const struct http_call_events pieces = {.data = on_data,
					       .done = on_done};

static void result_init(struct result *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->body);
	buf_init(&r->data);
}

static void result_finish(struct result *r)
{
	buf_finish(&r->body);
	buf_finish(&r->data);
}

/* Run until *what is at least n, 5 s at most. */
static void until(const int *what, int n)
{
	uint64_t end = loop_now_us() + 5000000;

	while (*what < n && loop_now_us() < end)
		loop_once(t.loop, 50000, NULL);
	CU_ASSERT(*what >= n);
}

static void pass(int ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	while (loop_now_us() < end)
		loop_once(t.loop, 5000, NULL);
}

static void test_methods(void)
{
	static const struct {
		const char *method, *path, *body, *want;
	} c[] = {
		{"GET", "/a%20b?q=1%262&z=", NULL,
		 "GET /a b q=1&2 auth=Bearer sesame len=0 "},
		{"POST", "/p", "{\"x\":1}",
		 "POST /p q=- auth=Bearer sesame len=7 {\"x\":1}"},
		{"POST", "/p", NULL, "POST /p q=- auth=Bearer sesame len=0 "},
		{"PUT", "/p", "yes", "PUT /p q=- auth=Bearer sesame len=3 yes"},
		{"DELETE", "/d", NULL,
		 "DELETE /d q=- auth=Bearer sesame len=0 "},
	};

	setup();
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct result r;

		result_init(&r);
		http_call_start(t.client, c[i].method, c[i].path, c[i].body,
				c[i].body ? strlen(c[i].body) : 0, 0, &whole,
				&r);
		until(&r.done, 1);
		CU_ASSERT_EQUAL(r.status, 200);
		CU_ASSERT_STRING_EQUAL(r.body.data, c[i].want);
		result_finish(&r);
	}
	teardown();
}

static void test_error_body(void)
{
	struct result r;

	setup();
	result_init(&r);
	http_call_start(t.client, "GET", "/error", NULL, 0, 0, &pieces, &r);
	until(&r.done, 1);
	CU_ASSERT_EQUAL(r.status, 409);
	CU_ASSERT_EQUAL(r.data.len, 0);
	CU_ASSERT_STRING_EQUAL(
		r.body.data,
		"{\"error\": \"a \\\"bad\\\"\\u0009thing: ?\xc3\xbc\", "
		"\"code\": 4}\n");
	result_finish(&r);
	teardown();
}

static void test_limits(void)
{
	char *big = mem_array(1, 5000000);
	struct result r;
	const size_t sizes[] = {MAX_BODY, MAX_BODY + 1, 5000000};
	const int wants[] = {200, 413, 413};
	char *path;

	setup();
	memset(big, 'b', 5000000);
	for (int i = 0; i < 3; i++) {
		result_init(&r);
		http_call_start(t.client, "POST", "/p", big, sizes[i], 0,
				&whole, &r);
		until(&r.done, 1);
		CU_ASSERT_EQUAL(r.status, wants[i]);
		result_finish(&r);
	}
	CU_ASSERT_EQUAL(t.handled, 1);
	path = mem_printf("/p?q=%.80000s", big);
	result_init(&r);
	http_call_start(t.client, "GET", path, NULL, 0, 0, &whole, &r);
	until(&r.done, 1);
	CU_ASSERT_EQUAL(r.status, 413);
	CU_ASSERT_EQUAL(t.handled, 1);
	result_finish(&r);
	free(path);
	free(big);
	teardown();
}

/* A parked request whose client goes away is told and freed. */
static void test_parked_gone(void)
{
	struct http_call *call;
	struct result r;

	setup();
	result_init(&r);
	call = http_call_start(t.client, "GET", "/park", NULL, 0, 0, &whole,
			       &r);
	until(&t.handled, 1);
	http_call_cancel(call);
	until(&t.gone, 1);
	CU_ASSERT_EQUAL(r.done, 0);
	/* One that is answered later. */
	http_call_start(t.client, "POST", "/park", "x", 1, 0, &whole, &r);
	until(&t.handled, 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t.parked);
	http_reply(t.parked, 200, NULL, "late", 4);
	until(&r.done, 1);
	CU_ASSERT_STRING_EQUAL(r.body.data, "late");
	/* And one that is pending when the server goes. */
	http_call_start(t.client, "GET", "/park", NULL, 0, 0, &whole, &r);
	until(&t.handled, 3);
	http_server_destroy(t.server);
	t.server = NULL;
	CU_ASSERT_EQUAL(t.gone, 2);
	until(&r.done, 2);
	CU_ASSERT_EQUAL(r.status, 0);
	result_finish(&r);
	teardown();
}

static void test_stream(void)
{
	struct http_call *call;
	struct result r;

	setup();
	result_init(&r);
	http_call_start(t.client, "GET", "/stream", NULL, 0, 0, &pieces, &r);
	until((int *)&t.handled, 1);
	pass(50);
	CU_ASSERT_STRING_EQUAL(r.data.data, "one\n");
	http_stream_send(t.parked, "two\n", 4);
	pass(50);
	CU_ASSERT_STRING_EQUAL(r.data.data, "one\ntwo\n");
	http_stream_end(t.parked);
	until(&r.done, 1);
	CU_ASSERT_EQUAL(r.status, 200);
	CU_ASSERT_EQUAL(t.gone, 0);
	/* The client leaves while nothing is being sent. */
	call = http_call_start(t.client, "GET", "/stream", NULL, 0, 0, &pieces,
			       &r);
	until(&t.handled, 2);
	pass(50);
	http_call_cancel(call);
	until(&t.gone, 1);
	result_finish(&r);
	teardown();
}

/* A reader that stops makes the server wait, and loses nothing. */
static void test_back_pressure(void)
{
	struct http_call *call;
	struct result r;
	int before;

	setup();
	result_init(&r);
	call = http_call_start(t.client, "GET", "/much", NULL, 0, 0, &pieces,
			       &r);
	http_call_pause(call, true);
	until(&t.drained, 1);
	pass(200);
	before = t.drained;
	CU_ASSERT(before < 20);
	CU_ASSERT_EQUAL(r.data.len, 0);
	pass(100);
	CU_ASSERT_EQUAL(t.drained, before);
	CU_ASSERT(t.parked && http_stream_queued(t.parked) > 0);
	http_call_pause(call, false);
	until(&r.done, 1);
	CU_ASSERT_EQUAL(r.data.len, 19 * 500000 + 1);
	result_finish(&r);
	teardown();
}

static void cancel_self(void *arg, const char *data, size_t len)
{
	struct http_call **call = arg;

	http_call_cancel(*call);
	t.ticks++;
}

static void destroy_client(void *arg, int status, const char *body, size_t len,
			   const struct berth_error *err)
{
	http_client_destroy(t.client);
	t.client = NULL;
	t.ticks++;
}

/* Users' callbacks may cancel their call and destroy the client. */
static void test_destroy_inside(void)
{
	static const struct http_call_events self = {.data = cancel_self};
	static const struct http_call_events all = {.done = destroy_client};
	struct http_call *call;
	struct result r;

	setup();
	result_init(&r);
	call = http_call_start(t.client, "GET", "/stream", NULL, 0, 0, &self,
			       &call);
	until(&t.ticks, 1);
	until(&t.gone, 1);
	http_call_start(t.client, "GET", "/park", NULL, 0, 0, &whole, &r);
	http_call_start(t.client, "GET", "/x", NULL, 0, 0, &all, NULL);
	until(&t.ticks, 2);
	pass(20);
	CU_ASSERT_EQUAL(r.done, 0);
	result_finish(&r);
	teardown();
}

static void test_no_answer(void)
{
	struct berth_error err;
	struct http_client *c;
	struct result r;

	setup();
	result_init(&r);
	c = http_client_create(t.loop, "unix:/nonexistent/sock", NULL, &err);
	http_call_start(c, "GET", "/", NULL, 0, 0, &whole, &r);
	until(&r.done, 1);
	CU_ASSERT_EQUAL(r.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "unix:/nonexistent/sock"));
	http_client_destroy(c);
	http_call_start(t.client, "GET", "/park", NULL, 0, 100, &whole, &r);
	until(&r.done, 2);
	CU_ASSERT_EQUAL(r.status, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.why, "no answer in time"));
	until(&t.gone, 1);
	CU_ASSERT_PTR_NULL(http_client_create(t.loop, "ftp://x", NULL, &err));
	CU_ASSERT_EQUAL(http_fetch("unix:/nonexistent/sock", NULL, "GET", "/",
				   NULL, 0, NULL, NULL, 0, &err),
			-1);
	CU_ASSERT_EQUAL(err.code, BERTH_EUNAVAIL);
	result_finish(&r);
	teardown();
}

static void test_unix(void)
{
	char path[] = "/tmp/berth-http-test-XXXXXX";
	char *sock, *uri;
	struct berth_error err;
	struct http_client *c;
	struct result r;
	struct stat st;

	setup();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
	sock = mem_printf("%s/s", path);
	uri = mem_printf("unix:%s", sock);
	CU_ASSERT_EQUAL_FATAL(http_server_listen_unix(t.server, sock, &err), 0);
	CU_ASSERT_EQUAL(stat(sock, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
	c = http_client_create(t.loop, uri, NULL, &err);
	result_init(&r);
	http_call_start(c, "GET", "/u", NULL, 0, 0, &whole, &r);
	until(&r.done, 1);
	CU_ASSERT_STRING_EQUAL(r.body.data, "GET /u q=- auth=- len=0 ");
	http_client_destroy(c);
	http_server_destroy(t.server);
	t.server = NULL;
	CU_ASSERT_NOT_EQUAL(stat(sock, &st), 0);
	rmdir(path);
	free(sock);
	free(uri);
	result_finish(&r);
	teardown();
}

/* Hundreds of calls over kept connections: each gets its own answer, and soon
 * (Nagle's algorithm or a wait for 100-continue would cost 40 ms and more). */
static void test_many(void)
{
	uint64_t start;

	setup();
	start = loop_now_us();
	for (int i = 0; i < 300; i++) {
		char path[32], want[32];
		char body[3000] = "";
		struct result r;

		memset(body, 'y', sizeof(body));
		snprintf(path, sizeof(path), "/n%d", i);
		snprintf(want, sizeof(want), "POST /n%d q=", i);
		result_init(&r);
		http_call_start(t.client, "POST", path, body, sizeof(body), 0,
				&whole, &r);
		until(&r.done, 1);
		CU_ASSERT_EQUAL(strncmp(r.body.data, want, strlen(want)), 0);
		result_finish(&r);
	}
	CU_ASSERT(loop_now_us() - start < 300 * 30000);
	teardown();
}

static int raw(void)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)t.port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

/* Has the server closed it? */
static bool closed(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static void alive(void)
{
	struct result r;

	result_init(&r);
	http_call_start(t.client, "GET", "/alive", NULL, 0, 0, &whole, &r);
	until(&r.done, 1);
	CU_ASSERT_EQUAL(r.status, 200);
	result_finish(&r);
}

/* More connections than there may be: idle ones go, those that are being
 * answered stay, and others get through. */
static void test_crowd(void)
{
	int fd[40], gone = 0;

	setup();
	http_server_limit(t.server, 10, 60000);
	fd[0] = raw();
	CU_ASSERT(write(fd[0], "GET /park HTTP/1.1\r\n\r\n", 22) > 0);
	pass(20);
	CU_ASSERT_PTR_NOT_NULL(t.parked);
	for (int i = 1; i < 40; i++) {
		fd[i] = raw();
		pass(2);
	}
	alive();
	pass(20);
	for (int i = 1; i < 40; i++)
		gone += closed(fd[i]);
	CU_ASSERT(gone >= 30);
	CU_ASSERT_EQUAL(t.gone, 0);
	for (int i = 0; i < 40; i++)
		close(fd[i]);
	pass(20);
	CU_ASSERT_EQUAL(t.gone, 1);
	teardown();
}

/* A request that comes byte by byte does not get for ever. */
static void test_slow(void)
{
	uint64_t end = loop_now_us() + 10000000;
	int fd;

	setup();
	http_server_limit(t.server, 10, 300);
	fd = raw();
	while (!closed(fd) && loop_now_us() < end) {
		CU_ASSERT(send(fd, "G", 1, MSG_NOSIGNAL) != 0);
		pass(50);
	}
	CU_ASSERT(loop_now_us() < end);
	alive();
	close(fd);
	teardown();
}

/* Bytes that are no request, or half of one: the server lives on. */
static void test_raw(void)
{
	static const char *const bad[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"GET /%00 HTTP/1.1\r\n\r\n",
		"GET /?a HTTP/1.1\r\n\r\n",
		"FROB / HTTP/1.1\r\n\r\n",
		"GET /park HTTP/1.1\r\n\r\nGET /park HTTP/1.1\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"no colon here HTTP/1.1\r\n\r\nx\r\n",
	};

	setup();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = raw();

		CU_ASSERT(write(fd, bad[i], strlen(bad[i])) > 0);
		pass(10);
		close(fd);
		pass(10);
	}
	CU_ASSERT_EQUAL(t.gone, 1);
	alive();
	teardown();
}

static const struct unit_test tests[] = {
	{"methods, queries, bodies, the token", test_methods},
	{"an error's body", test_error_body},
	{"too large: 413, and the handler never sees it", test_limits},
	{"a parked request's client leaves", test_parked_gone},
	{"a streamed answer", test_stream},
	{"a reader that stops", test_back_pressure},
	{"destroying inside callbacks", test_destroy_inside},
	{"nobody answers", test_no_answer},
	{"over a Unix socket", test_unix},
	{"many calls, without delays", test_many},
	{"raw bytes", test_raw},
	{"too many connections", test_crowd},
	{"a request that is too slow", test_slow},
};

UNIT_MAIN("http", tests)
