/* net_test.c - net_local.c against net.h, and net_queue.c. */
#include "broker/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/net_queue.h"
#include "net_conform.h"
#include "unit.h"

enum { RANKS = 4, PATIENCE_US = 10 * 1000 * 1000 };

static struct loop *loop;
static struct net_hub *hub;
static struct net *net[RANKS];
static struct conform rank[RANKS];

static void begin(void)
{
	char name[16];

	loop = loop_create(NULL);
	hub = net_hub_create(loop);
	for (int i = 0; i < RANKS; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		net[i] = net_local_create(hub, name, NULL);
	}
	for (int i = 0; i < RANKS; i++)
		conform_start(&rank[i], net[i]);
}

static void end(void)
{
	for (int i = 0; i < RANKS; i++)
		net_destroy(net[i]);
	net_hub_destroy(hub);
	loop_destroy(loop);
}

static bool run_until(bool (*done)(void))
{
	uint64_t limit = loop_now_us() + PATIENCE_US;

	while (!done() && loop_now_us() < limit)
		loop_once(loop, 10 * 1000, NULL);
	return done();
}

static void run_for(uint64_t us)
{
	uint64_t limit = loop_now_us() + us;

	while (loop_now_us() < limit)
		loop_once(loop, 1000, NULL);
}

static bool all_done(void)
{
	for (int i = 0; i < RANKS; i++) {
		if (net[i] && !conform_done(&rank[i]))
			return false;
	}
	return true;
}

static bool uncut_done(void)
{
	return conform_done(&rank[2]) && conform_done(&rank[3]);
}

static unsigned all_bad(void)
{
	unsigned n = 0;

	for (int i = 0; i < RANKS; i++)
		n += rank[i].bad;
	return n;
}

static void test_names(void)
{
	struct berth_error err;
	size_t n;

	begin();
	CU_ASSERT_PTR_NULL(net_local_create(hub, "n1", &err));
	CU_ASSERT_EQUAL(err.code, BERTH_ECONFLICT);
	for (int i = 0; i < RANKS; i++) {
		net_peers(net[i], &n);
		CU_ASSERT_EQUAL(n, RANKS - 1);
		CU_ASSERT_EQUAL(rank[i].up, RANKS - 1);
		CU_ASSERT(net_founding(net[i]));
		CU_ASSERT_STRING_EQUAL(net_first(net[i]), "n0");
	}
	CU_ASSERT(net_has(net[0], "n3"));
	CU_ASSERT(!net_has(net[0], "n0"));
	CU_ASSERT(!net_has(net[0], "n9"));
	end();
}

static void test_conform(void)
{
	begin();
	for (int i = 0; i < RANKS; i++)
		conform_send(&rank[i]);
	CU_ASSERT(run_until(all_done));
	CU_ASSERT_EQUAL(all_bad(), 0);
	end();
}

static void test_delay(void)
{
	uint64_t start;

	begin();
	net_hub_delay(hub, 50 * 1000);
	start = loop_now_us();
	conform_send(&rank[0]);
	conform_send(&rank[1]);
	conform_send(&rank[2]);
	conform_send(&rank[3]);
	CU_ASSERT(run_until(all_done));
	/* The series, and the word that it has come. */
	CU_ASSERT(loop_now_us() - start >= 100 * 1000);
	CU_ASSERT_EQUAL(all_bad(), 0);
	end();
}

static void test_cut(void)
{
	begin();
	net_hub_cut(hub, "n0", "n1", true);
	for (int i = 0; i < RANKS; i++)
		conform_send(&rank[i]);
	CU_ASSERT(run_until(uncut_done));
	run_for(100 * 1000);
	CU_ASSERT(!conform_done(&rank[0]));
	CU_ASSERT(!conform_done(&rank[1]));
	net_hub_cut(hub, "n0", "n1", false);
	CU_ASSERT(run_until(all_done));
	CU_ASSERT_EQUAL(all_bad(), 0);
	end();
}

static void test_death(void)
{
	struct berth_error err;
	Berth__Msg msg = BERTH__MSG__INIT;

	begin();
	net_destroy(net[2]);
	net[2] = NULL;
	run_for(20 * 1000);
	for (int i = 0; i < RANKS; i++) {
		if (i == 2)
			continue;
		CU_ASSERT_EQUAL(rank[i].down, 1);
		CU_ASSERT(!net_has(net[i], "n2"));
		CU_ASSERT_EQUAL(net_send(net[i], "n2", &msg, &err), -1);
		CU_ASSERT_EQUAL(err.code, BERTH_EUNAVAIL);
		conform_send(&rank[i]);
	}
	CU_ASSERT(run_until(all_done));
	CU_ASSERT_EQUAL(all_bad(), 0);
	end();
}

/* One drops another: what it sends does not arrive, and it is told so. */
static void test_drop(void)
{
	Berth__Msg msg = BERTH__MSG__INIT;

	begin();
	net_drop(net[0], "n1");
	CU_ASSERT(!net_has(net[0], "n1"));
	CU_ASSERT(net_has(net[1], "n0"));
	run_for(10 * 1000);
	CU_ASSERT_EQUAL(rank[0].down, 0);
	CU_ASSERT_EQUAL(rank[1].down, 0);
	CU_ASSERT_EQUAL(net_send(net[1], "n0", &msg, NULL), 0);
	run_for(10 * 1000);
	CU_ASSERT_EQUAL(rank[1].down, 1);
	CU_ASSERT(!net_has(net[1], "n0"));
	CU_ASSERT_EQUAL(rank[0].bad, 0);
	end();
}

/* A rank comes late and joins two; one comes in place of another. */
static void test_join(void)
{
	struct berth_error err;
	char *port = NULL;

	begin();
	net_destroy(net[3]);
	run_for(10 * 1000);
	net[3] = net_local_create(hub, "n3", NULL);
	conform_start(&rank[3], net[3]);
	CU_ASSERT(!net_founding(net[3]));
	CU_ASSERT_PTR_NULL(net_first(net[3]));
	CU_ASSERT_EQUAL(rank[3].up, 0);
	CU_ASSERT_EQUAL(net_open_port(net[3], &port, &err), 0);
	CU_ASSERT_EQUAL(net_connect(net[0], "n3", "local:n7", &err), -1);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(net_accept(net[3], port, &err), 0);
		CU_ASSERT_EQUAL(net_connect(net[i], "n3", port, &err), 0);
	}
	run_for(10 * 1000);
	CU_ASSERT_EQUAL(rank[3].up, 3);
	CU_ASSERT_EQUAL(rank[0].down, 1);
	/* Once more: the old one is replaced on both sides. */
	CU_ASSERT_EQUAL(net_connect(net[0], "n3", port, &err), 0);
	run_for(10 * 1000);
	CU_ASSERT_EQUAL(rank[0].down, 2);
	CU_ASSERT_EQUAL(rank[3].down, 1);
	CU_ASSERT_EQUAL(rank[3].up, 4);
	for (int i = 0; i < RANKS; i++)
		conform_send(&rank[i]);
	CU_ASSERT(run_until(all_done));
	CU_ASSERT_EQUAL(all_bad(), 0);
	free(port);
	end();
}

/* A handler may do away with its own net. */
static void destroy_in_handler(void *arg, const char *node,
			       const Berth__Msg *msg)
{
	net_destroy(net[0]);
	net[0] = NULL;
}

static void test_destroy_in_handler(void)
{
	static const struct net_events ev = {.message = destroy_in_handler};
	Berth__Msg msg = BERTH__MSG__INIT;

	loop = loop_create(NULL);
	hub = net_hub_create(loop);
	net[0] = net_local_create(hub, "a", NULL);
	net[1] = net_local_create(hub, "b", NULL);
	net_start(net[0], &ev, NULL);
	conform_start(&rank[1], net[1]);
	net_send(net[1], "a", &msg, NULL);
	net_send(net[1], "a", &msg, NULL);
	net_send(net[0], "a", &msg, NULL);
	run_for(10 * 1000);
	CU_ASSERT_PTR_NULL(net[0]);
	CU_ASSERT_EQUAL(rank[1].down, 1);
	net_destroy(net[1]);
	net_hub_destroy(hub);
	loop_destroy(loop);
}

/* ---- the queue ---- */

struct heard {
	unsigned messages, controls;
	size_t bulk;
	enum net_control kind;
	uint64_t value;
	char text[64];
};

static bool heard_message(void *arg, const Berth__Msg *msg)
{
	struct heard *h = arg;

	if (msg->body_case == BERTH__MSG__BODY_STDIN_DATA) {
		CU_ASSERT_EQUAL(h->messages, 0);
		h->bulk += msg->stdin_data->data.len;
		return true;
	}
	CU_ASSERT_EQUAL(msg->ping->id, h->messages);
	h->messages++;
	return true;
}

static bool heard_control(void *arg, enum net_control kind, uint64_t value,
			  const char *text)
{
	struct heard *h = arg;

	h->controls++;
	h->kind = kind;
	h->value = value;
	snprintf(h->text, sizeof(h->text), "%s", text);
	return true;
}

static const struct net_in_events heard_events = {
	.message = heard_message, .control = heard_control};

static void queue_ping(struct net_out *q, uint64_t id)
{
	Berth__Ping ping = BERTH__PING__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	size_t size;

	ping.id = id;
	msg.body_case = BERTH__MSG__BODY_PING;
	msg.ping = &ping;
	CU_ASSERT_EQUAL(net_out_message(q, &msg, &size, NULL), 0);
}

/* Take the next transfer; true when there was one. */
static bool pass(struct net_out *out, struct net_in *in, struct heard *h)
{
	struct buf bytes;
	bool any;

	buf_init(&bytes);
	any = net_out_next(out, &bytes);
	if (any) {
		CU_ASSERT(bytes.len > 0 && bytes.len <= NET_EAGER_MAX);
		CU_ASSERT_EQUAL(net_in_take(in, bytes.data, bytes.len,
					    &heard_events, h, NULL), 1);
	}
	buf_finish(&bytes);
	return any;
}

/* Many small messages share a transfer, but none shares one with a record. */
static void test_batching(void)
{
	struct heard h = {0};
	struct net_out out;
	struct net_in in;
	unsigned transfers = 0;

	net_out_init(&out);
	net_in_init(&in);
	net_out_control(&out, NET_HELLO, 7, "n5", false);
	for (unsigned i = 0; i < 10000; i++)
		queue_ping(&out, i);
	net_out_control(&out, NET_LEAVE, 0, "", false);
	CU_ASSERT(pass(&out, &in, &h));
	CU_ASSERT_EQUAL(h.messages, 0);
	CU_ASSERT_EQUAL(h.kind, NET_HELLO);
	CU_ASSERT_EQUAL(h.value, 7);
	CU_ASSERT_STRING_EQUAL(h.text, "n5");
	while (pass(&out, &in, &h))
		transfers++;
	CU_ASSERT_EQUAL(h.messages, 10000);
	CU_ASSERT_EQUAL(h.controls, 2);
	CU_ASSERT_EQUAL(h.kind, NET_LEAVE);
	CU_ASSERT(transfers < 10);
	CU_ASSERT_EQUAL(out.bytes, 0);
	net_out_finish(&out);
	net_in_finish(&in);
}

/* A large message goes in pieces; what comes behind it stays behind it. */
static void test_large(void)
{
	struct heard h = {0};
	struct net_out out;
	struct net_in in;
	Berth__StdinData data = BERTH__STDIN_DATA__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	size_t size;

	net_out_init(&out);
	net_in_init(&in);
	data.data.len = 200000;
	data.data.data = mem_array(200000, 1);
	msg.body_case = BERTH__MSG__BODY_STDIN_DATA;
	msg.stdin_data = &data;
	CU_ASSERT_EQUAL(net_out_message(&out, &msg, &size, NULL), 0);
	CU_ASSERT(size > 200000);
	queue_ping(&out, 0);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT(pass(&out, &in, &h));
		CU_ASSERT_EQUAL(h.bulk, 0);
	}
	CU_ASSERT(pass(&out, &in, &h));
	CU_ASSERT_EQUAL(h.bulk, 200000);
	CU_ASSERT_EQUAL(h.messages, 0);
	CU_ASSERT(pass(&out, &in, &h));
	CU_ASSERT_EQUAL(h.messages, 1);
	CU_ASSERT(!pass(&out, &in, &h));
	/* A record overtakes the rest of one, and half of one is let go. */
	CU_ASSERT_EQUAL(net_out_message(&out, &msg, &size, NULL), 0);
	CU_ASSERT(pass(&out, &in, &h));
	CU_ASSERT(pass(&out, &in, &h));
	net_out_control(&out, NET_SOCKET, 0, "here", true);
	CU_ASSERT_EQUAL(h.controls, 0);
	CU_ASSERT(pass(&out, &in, &h));
	CU_ASSERT_EQUAL(h.controls, 1);
	CU_ASSERT_STRING_EQUAL(h.text, "here");
	CU_ASSERT(pass(&out, &in, &h));
	CU_ASSERT_EQUAL(h.bulk, 200000);
	free(data.data.data);
	net_in_finish(&in);
	net_out_finish(&out);
}

static void test_nonsense(void)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{"", 0},
		{"C", 1},
		{"C\1\0\0\0\0\0\0\0", 9},
		{"C\0\0\0\0\0\0\0\0\0", 10},
		{"C\x63\0\0\0\0\0\0\0\0", 10},
		{"C\2\0\0\0\0\0\0\0\0", 10}, /* a large one of nothing */
		{"C\2\x7f\0\0\0\0\0\0\0", 10}, /* of too much */
		{"P12345", 6}, /* a piece of nothing */
		{"nonsense, nonsense, nonsense", 28},
		{"Fnonsense, nonsense, nonsense", 29},
		{"FBRTH", 5},
	};
	struct berth_error err;
	struct heard h = {0};
	struct net_in in;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		net_in_init(&in);
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(net_in_take(&in, bad[i].bytes, bad[i].len,
					     &heard_events, &h, &err), -1);
		CU_ASSERT(err.text[0] != '\0');
		net_in_finish(&in);
	}
	CU_ASSERT_EQUAL(h.messages + h.controls, 0);
}

static const struct unit_test tests[] = {
	{"names", test_names},
	{"conform", test_conform},
	{"delay", test_delay},
	{"cut", test_cut},
	{"death", test_death},
	{"drop", test_drop},
	{"join", test_join},
	{"destroy in a handler", test_destroy_in_handler},
	{"batching", test_batching},
	{"large", test_large},
	{"nonsense", test_nonsense},
};

UNIT_MAIN("net", tests)
