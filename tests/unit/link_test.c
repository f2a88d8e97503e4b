/* link_test.c - two links over a socket pair (the "Unix" way) and over TCP,
 * and strangers against one. */
#include "rpc/link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "unit.h"

static struct loop *loop;

struct end {
	struct link *link;
	int up, down, messages;
	uint64_t last;
	size_t bytes;
	bool destroy_on_message;
	char why[512];
};

static void on_up(void *arg, struct link *l)
{
	struct end *e = arg;

	e->up++;
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct end *e = arg;

	e->messages++;
	if (msg->body_case == BERTH__MSG__BODY_PING) {
		CU_ASSERT_EQUAL(msg->ping->id, e->last + 1);
		e->last = msg->ping->id;
	} else if (msg->body_case == BERTH__MSG__BODY_STDIN_DATA) {
		e->bytes += msg->stdin_data->data.len;
	}
	if (e->destroy_on_message) {
		link_destroy(l);
		e->link = NULL;
	}
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct end *e = arg;

	e->down++;
	snprintf(e->why, sizeof(e->why), "%s", text);
	link_destroy(l);
	e->link = NULL;
}

static const struct link_events events = {on_up, on_message, on_down};

static struct link_self self_of(const char *role, const char *node,
				const char *secret)
{
	struct link_self s = {.role = role,
			      .node = node,
			      .key = "k",
			      .berth = "test",
			      .secret = secret,
			      .secret_len = secret ? strlen(secret) : 0};

	return s;
}

static void tcp_pair(int fd[2])
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t len = sizeof(sa);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL_FATAL(bind(l, (struct sockaddr *)&sa, len), 0);
	listen(l, 1);
	getsockname(l, (struct sockaddr *)&sa, &len);
	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(connect(fd[0], (struct sockaddr *)&sa, len), 0);
	fd[1] = accept(l, NULL, NULL);
	close(l);
}

static void until(const int *what, int n)
{
	uint64_t end = loop_now_us() + 8000000;

	while (*what < n && loop_now_us() < end)
		loop_once(loop, 50000, NULL);
	CU_ASSERT(*what >= n);
}

static void pass(int ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	while (loop_now_us() < end)
		loop_once(loop, 5000, NULL);
}

static void send_ping(struct end *e, uint64_t id)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Ping ping = BERTH__PING__INIT;

	ping.id = id;
	msg.body_case = BERTH__MSG__BODY_PING;
	msg.ping = &ping;
	CU_ASSERT_EQUAL(link_send(e->link, &msg, NULL), 0);
}

static void make(struct end *a, struct end *b, bool tcp, const char *sa,
		 const char *sb, const char *berth_b)
{
	struct link_self x = self_of("launcher", "n1", sa);
	struct link_self y = self_of("rank", "n2", sb);
	int fd[2];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	if (berth_b)
		y.berth = berth_b;
	loop = loop_create(NULL);
	if (tcp)
		tcp_pair(fd);
	else
		CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	a->link = link_create(loop, fd[0], tcp, &x, &events, a);
	b->link = link_create(loop, fd[1], tcp, &y, &events, b);
}

static void unmake(struct end *a, struct end *b)
{
	link_destroy(a->link);
	link_destroy(b->link);
	pass(2);
	loop_destroy(loop);
}

static void test_both_ways(void)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		struct end a, b;
		const char *secret = tcp ? "a secret" : NULL;

		make(&a, &b, tcp, secret, secret, NULL);
		/* Kept until the handshake is done. */
		send_ping(&a, 1);
		CU_ASSERT(link_queued(a.link) > 0);
		CU_ASSERT_FALSE(link_is_up(a.link));
		CU_ASSERT_PTR_NULL(link_peer(a.link));
		until(&b.messages, 1);
		until(&a.up, 1);
		CU_ASSERT_STRING_EQUAL(link_peer(a.link)->role, "rank");
		CU_ASSERT_STRING_EQUAL(link_peer(b.link)->node, "n1");
		CU_ASSERT_STRING_EQUAL(link_peer(b.link)->key, "k");
		CU_ASSERT_EQUAL(link_peer(b.link)->pid, (uint32_t)getpid());
		for (uint64_t i = 2; i <= 1000; i++)
			send_ping(&a, i);
		for (uint64_t i = 1; i <= 500; i++)
			send_ping(&b, i);
		until(&b.messages, 1000);
		until(&a.messages, 500);
		CU_ASSERT(a.up == 1 && b.up == 1);
		link_finish(a.link);
		a.link = NULL;
		until(&b.down, 1);
		CU_ASSERT_EQUAL(a.down, 0);
		unmake(&a, &b);
	}
}

static void test_large_and_paused(void)
{
	enum { SIZE = 20 << 20 };
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__StdinData data = BERTH__STDIN_DATA__INIT;
	struct berth_error err;
	struct end a, b;

	make(&a, &b, true, "s", "s", NULL);
	until(&a.up, 1);
	until(&b.up, 1);
	msg.body_case = BERTH__MSG__BODY_STDIN_DATA;
	msg.stdin_data = &data;
	data.data.len = SIZE;
	data.data.data = mem_array(1, SIZE);
	link_pause(b.link, true);
	CU_ASSERT_EQUAL(link_send(a.link, &msg, &err), 0);
	CU_ASSERT_EQUAL(link_send(a.link, &msg, &err), 0);
	pass(50);
	CU_ASSERT_EQUAL(b.messages, 0);
	CU_ASSERT(link_queued(a.link) > SIZE);
	link_pause(b.link, false);
	until(&b.messages, 2);
	CU_ASSERT_EQUAL(b.bytes, 2 * (size_t)SIZE);
	data.data.len = FRAME_MAX;
	data.data.data = mem_resize(data.data.data, FRAME_MAX, 1);
	CU_ASSERT_EQUAL(link_send(a.link, &msg, &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_ELIMIT);
	CU_ASSERT(link_is_up(a.link));
	b.destroy_on_message = true;
	send_ping(&a, 1);
	send_ping(&a, 2);
	until(&a.down, 1);
	CU_ASSERT_EQUAL(b.messages, 3);
	free(data.data.data);
	unmake(&a, &b);
}

static void test_refusals(void)
{
	struct end a, b;

	make(&a, &b, true, "right", "wrong", NULL);
	send_ping(&b, 1);
	until(&a.down, 1);
	until(&b.down, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.why, "secret"));
	CU_ASSERT(a.up == 0 && b.up == 0 && a.messages == 0);
	unmake(&a, &b);
	make(&a, &b, true, "right", NULL, NULL);
	until(&b.down, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.why, "no secret"));
	unmake(&a, &b);
	make(&a, &b, false, NULL, NULL, "other");
	until(&a.down, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.why, "of Berth 'other'"));
	CU_ASSERT_EQUAL(a.up, 0);
	unmake(&a, &b);
}

/* A peer that sends our own bytes back knows nothing of the secret. */
static void test_reflection(void)
{
	struct link_self self = self_of("launcher", "n1", "s");
	struct end a = {0};
	char bytes[4096];
	int fd[2];

	loop = loop_create(NULL);
	tcp_pair(fd);
	a.link = link_create(loop, fd[0], true, &self, &events, &a);
	for (int i = 0; i < 50 && a.down == 0; i++) {
		ssize_t n = recv(fd[1], bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n > 0)
			CU_ASSERT_EQUAL(write(fd[1], bytes, (size_t)n), n);
		loop_once(loop, 10000, NULL);
	}
	CU_ASSERT_EQUAL(a.down, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.why, "own nonce"));
	CU_ASSERT_EQUAL(a.up, 0);
	close(fd[1]);
	link_destroy(a.link);
	loop_destroy(loop);
}

static void test_strangers(void)
{
	static const char header_of_1_mib[] =
		"BRTH\0\1\0\0\0\x10\0\0\0\0\0\0";
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} c[] = {
		{"GET / HTTP/1.1\r\n", 16, "does not speak"},
		{header_of_1_mib, 16, "too long a message in the handshake"},
		{"BRTH\0\2", 6, "version 2"},
		{"", 0, "during the handshake"},
	};
	struct link_self self = self_of("launcher", "n1", "s");

	loop = loop_create(NULL);
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct end a = {0};
		int fd[2];

		tcp_pair(fd);
		a.link = link_create(loop, fd[0], true, &self, &events, &a);
		if (c[i].len)
			CU_ASSERT(write(fd[1], c[i].bytes, c[i].len) > 0);
		if (c[i].len == 0)
			close(fd[1]);
		until(&a.down, 1);
		CU_ASSERT_PTR_NOT_NULL(strstr(a.why, c[i].why));
		if (c[i].len)
			close(fd[1]);
		link_destroy(a.link);
	}
	loop_destroy(loop);
}

/* Who says nothing is dropped after five seconds. */
static void test_silence(void)
{
	struct link_self self = self_of("launcher", "n1", "s");
	struct end a = {0};
	uint64_t start = loop_now_us();
	int fd[2];

	loop = loop_create(NULL);
	tcp_pair(fd);
	a.link = link_create(loop, fd[0], true, &self, &events, &a);
	until(&a.down, 1);
	CU_ASSERT(loop_now_us() - start >= 4900000);
	CU_ASSERT_PTR_NOT_NULL(strstr(a.why, "no handshake within 5 s"));
	close(fd[1]);
	loop_destroy(loop);
}

static const struct unit_test tests[] = {
	{"both ways", test_both_ways},
	{"large messages and pauses", test_large_and_paused},
	{"refusals", test_refusals},
	{"reflection", test_reflection},
	{"strangers", test_strangers},
	{"silence", test_silence},
};

UNIT_MAIN("link", tests)
