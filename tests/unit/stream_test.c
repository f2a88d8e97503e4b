/* stream_test.c - streams, listeners, connectors. */
#include "io/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

static struct loop *loop;

/* One end: what it heard. */
struct end {
	struct stream *s;
	struct buf got;
	size_t step;	   /* use at most so many bytes a call; 0: all */
	size_t die_after;  /* destroy the stream inside data */
	int closed, drained;
	char why[128];
};

static size_t on_data(void *arg, const char *data, size_t len)
{
	struct end *e = arg;
	size_t n = e->step && e->step < len ? e->step : len;

	buf_add(&e->got, data, n);
	if (e->die_after && e->got.len >= e->die_after) {
		stream_destroy(e->s);
		e->s = NULL;
	}
	return n;
}

static void on_closed(void *arg, const char *text)
{
	struct end *e = arg;

	e->closed++;
	snprintf(e->why, sizeof(e->why), "%s", text);
	stream_destroy(e->s);
	e->s = NULL;
}

static void on_drained(void *arg)
{
	struct end *e = arg;

	e->drained++;
}

static const struct stream_events events = {on_data, on_closed, on_drained};

static void until(const int *what, int n)
{
	uint64_t end = loop_now_us() + 5000000;

	while (*what < n && loop_now_us() < end)
		loop_once(loop, 50000, NULL);
	CU_ASSERT(*what >= n);
}

static void until_bytes(struct end *e, size_t n)
{
	uint64_t end = loop_now_us() + 5000000;

	while (e->got.len < n && loop_now_us() < end)
		loop_once(loop, 50000, NULL);
	CU_ASSERT_EQUAL(e->got.len, n);
}

static void pass(int ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	while (loop_now_us() < end)
		loop_once(loop, 5000, NULL);
}

static void pair(struct end *a, struct end *b)
{
	int fd[2];

	loop = loop_create(NULL);
	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	buf_init(&a->got);
	buf_init(&b->got);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	a->s = stream_create(loop, fd[0], &events, a);
	b->s = stream_create(loop, fd[1], &events, b);
}

static void unpair(struct end *a, struct end *b)
{
	stream_destroy(a->s);
	stream_destroy(b->s);
	buf_finish(&a->got);
	buf_finish(&b->got);
	loop_destroy(loop);
}

/* Megabytes both ways at once, whole and in order. */
static void test_bulk(void)
{
	enum { SIZE = 8 << 20 };
	char *data = mem_array(1, SIZE);
	struct end a, b;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char)(i * 2654435761u >> 13);
	pair(&a, &b);
	stream_write(a.s, data, SIZE);
	stream_write(b.s, data, SIZE / 2);
	CU_ASSERT(stream_queued(a.s) > 0);
	until_bytes(&b, SIZE);
	until_bytes(&a, SIZE / 2);
	CU_ASSERT_EQUAL(memcmp(b.got.data, data, SIZE), 0);
	CU_ASSERT_EQUAL(memcmp(a.got.data, data, SIZE / 2), 0);
	CU_ASSERT_EQUAL(stream_queued(a.s), 0);
	CU_ASSERT_EQUAL(a.drained, 1);
	unpair(&a, &b);
	free(data);
}

static void test_pause(void)
{
	struct end a, b;

	pair(&a, &b);
	stream_pause(b.s, true);
	stream_write(a.s, "abc", 3);
	pass(20);
	CU_ASSERT_EQUAL(b.got.len, 0);
	/* Used in part, the rest is shown again with what comes later. */
	b.step = 2;
	stream_pause(b.s, false);
	until_bytes(&b, 2);
	pass(10);
	CU_ASSERT_EQUAL(b.got.len, 2);
	stream_write(a.s, "d", 1);
	until_bytes(&b, 4);
	CU_ASSERT_STRING_EQUAL(b.got.data, "abcd");
	/* ... and after a pause, without anything new. */
	stream_write(a.s, "efg", 3);
	until_bytes(&b, 6);
	stream_pause(b.s, true);
	stream_pause(b.s, false);
	until_bytes(&b, 7);
	unpair(&a, &b);
}

static void test_close(void)
{
	struct end a, b;

	pair(&a, &b);
	stream_write(a.s, "last words", 10);
	stream_destroy(a.s);
	a.s = NULL;
	until(&b.closed, 1);
	CU_ASSERT_STRING_EQUAL(b.got.data, "last words");
	CU_ASSERT_STRING_EQUAL(b.why, "closed by the other side");
	pass(5);
	CU_ASSERT_EQUAL(b.closed, 1);
	unpair(&a, &b);
	/* The writer hears it as well, after the other's last words. */
	pair(&a, &b);
	stream_write(b.s, "bye", 3);
	stream_destroy(b.s);
	b.s = NULL;
	stream_write(a.s, "x", 1);
	until(&a.closed, 1);
	CU_ASSERT_STRING_EQUAL(a.got.data, "bye");
	unpair(&a, &b);
	pair(&a, &b);
	b.die_after = 3;
	stream_write(a.s, "abcdef", 6);
	until(&a.closed, 1);
	CU_ASSERT(b.s == NULL && b.closed == 0);
	unpair(&a, &b);
}

/* What is queued goes out although the owner has left. */
static void test_finish(void)
{
	enum { SIZE = 4 << 20 };
	char *data = mem_array(1, SIZE);
	struct end a, b;

	pair(&a, &b);
	stream_write(a.s, data, SIZE);
	stream_finish(a.s);
	a.s = NULL;
	until(&b.closed, 1);
	CU_ASSERT_EQUAL(b.got.len, SIZE);
	CU_ASSERT_EQUAL(a.closed, 0);
	pass(5);
	unpair(&a, &b);
	free(data);
}

/* ---- listeners and connectors ---- */

struct side {
	int calls, fd;
	char text[512];
};

static void on_accept(void *arg, int fd, const char *peer)
{
	struct side *x = arg;

	x->calls++;
	x->fd = fd;
	snprintf(x->text, sizeof(x->text), "%s", peer);
}

static void on_connected(void *arg, int fd, const struct berth_error *err)
{
	struct side *x = arg;

	x->calls++;
	x->fd = fd;
	snprintf(x->text, sizeof(x->text), "%s", err ? err->text : "");
}

static void test_tcp(void)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost"};
	struct berth_error err;
	struct listener *li;

	loop = loop_create(NULL);
	li = listener_tcp(loop, "127.0.0.1", 0, on_accept, NULL, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(li);
	CU_ASSERT(listener_port(li) > 0);
	CU_ASSERT_PTR_NULL(listener_tcp(loop, "127.0.0.1", listener_port(li),
					on_accept, NULL, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "127.0.0.1:"));
	listener_destroy(li);
	for (int i = 0; i < 2; i++) {
		struct side server = {0}, client = {0};
		struct connector *c;
		char address[32];

		li = listener_tcp(loop, NULL, 0, on_accept, &server, &err);
		snprintf(address, sizeof(address), "%s:%u", hosts[i],
			 listener_port(li));
		c = connector_tcp(loop, address, 2000000, on_connected,
				  &client);
		until(&client.calls, 1);
		until(&server.calls, 1);
		CU_ASSERT(client.fd >= 0 && server.fd >= 0);
		CU_ASSERT_PTR_NOT_NULL(strchr(server.text, ':'));
		connector_destroy(c);
		close(client.fd);
		close(server.fd);
		listener_destroy(li);
	}
	loop_destroy(loop);
}

static void test_no_connection(void)
{
	static const struct {
		const char *address, *why;
	} c[] = {
		{"127.0.0.1:1", "refused"},
		{"no-such-host.invalid:80", "no-such-host.invalid:80"},
		{"127.0.0.1", "127.0.0.1: cannot connect"},
		{"127.0.0.1:frob", "cannot connect"},
	};

	loop = loop_create(NULL);
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct side x = {0};
		struct connector *con = connector_tcp(
			loop, c[i].address, 3000000, on_connected, &x);

		until(&x.calls, 1);
		CU_ASSERT_EQUAL(x.fd, -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(x.text, c[i].why));
		connector_destroy(con);
		/* Given up before it is done, also while a name is looked
		 * up. */
		con = connector_tcp(loop, c[i].address, 3000000, on_connected,
				    &x);
		connector_destroy(con);
	}
	pass(50);
	loop_destroy(loop);
}

static void test_unix(void)
{
	char dir[] = "/tmp/berth-stream-XXXXXX";
	struct side server = {0};
	struct berth_error err;
	struct listener *li;
	struct stat st;
	char *path, *longer;
	int fd;

	loop = loop_create(NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	path = mem_printf("%s/sock", dir);
	longer = mem_printf("%s/%0120d", dir, 1);
	CU_ASSERT_EQUAL(stream_connect_unix(path, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_EUNAVAIL);
	li = listener_unix(loop, path, on_accept, &server, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(li);
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	fd = stream_connect_unix(path, &err);
	CU_ASSERT(fd >= 0);
	until(&server.calls, 1);
	close(fd);
	close(server.fd);
	/* Someone listens: the file stays his. */
	CU_ASSERT_PTR_NULL(listener_unix(loop, path, on_accept, NULL, &err));
	CU_ASSERT_EQUAL(err.code, BERTH_ECONFLICT);
	/* A stale one is replaced, a file that is no socket is not. */
	rename(path, longer);
	CU_ASSERT_PTR_NULL(listener_unix(loop, longer, on_accept, NULL, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "too long"));
	rename(longer, path);
	listener_destroy(li);
	CU_ASSERT_NOT_EQUAL(stat(path, &st), 0);
	fclose(fopen(path, "w"));
	CU_ASSERT_PTR_NULL(listener_unix(loop, path, on_accept, NULL, &err));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no socket"));
	unlink(path);
	rmdir(dir);
	free(path);
	free(longer);
	loop_destroy(loop);
}

static const struct unit_test tests[] = {
	{"megabytes both ways", test_bulk},
	{"pausing and partial use", test_pause},
	{"closing", test_close},
	{"finishing", test_finish},
	{"TCP", test_tcp},
	{"no connection", test_no_connection},
	{"Unix", test_unix},
};

UNIT_MAIN("stream", tests)
