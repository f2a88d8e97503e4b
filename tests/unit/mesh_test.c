/* mesh_test.c - launchers' links over loopback TCP: on demand, both at once,
 * broken and made again, a stranger without the secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "launcher/mesh.h"
#include "unit.h"

static struct loop *loop;

struct node {
	struct settings settings;
	struct roster *roster;
	struct mesh *mesh;
	int up, again, broken, lost, messages, undelivered;
	uint64_t last;
	char from[16];
};

static void on_up(void *arg, const char *node, bool again)
{
	struct node *n = arg;

	n->up++;
	n->again += again;
}

static void on_broken(void *arg, const char *node)
{
	((struct node *)arg)->broken++;
}

static void on_lost(void *arg, const char *node)
{
	((struct node *)arg)->lost++;
}

static void on_message(void *arg, const char *node, const Berth__Msg *msg)
{
	struct node *n = arg;

	n->messages++;
	/* in order, none twice */
	CU_ASSERT_EQUAL(msg->ping->id, n->last + 1);
	n->last = msg->ping->id;
	snprintf(n->from, sizeof n->from, "%s", node);
}

static void on_tool(void *arg, const Berth__Msg *msg)
{
}

static void on_undelivered(void *arg, const char *node, const Berth__Msg *msg)
{
	((struct node *)arg)->undelivered++;
}

static const struct mesh_events events = {on_up,      on_broken, on_lost,
					  on_message, on_tool,	 on_undelivered};

static void node_init(struct node *n, const char *name, const char *secret)
{
	struct berth_error err;
	int port;

	memset(n, 0, sizeof *n);
	settings_init(&n->settings);
	settings_put(&n->settings.node, name);
	settings_put(&n->settings.berth, "unit");
	settings_put(&n->settings.secret, secret);
	settings_put(&n->settings.dir, "/nonexistent");
	n->roster = roster_create("unit");
	n->mesh = mesh_create(loop, &n->settings, n->roster, &events, n);
	port = mesh_listen(n->mesh, "127.0.0.1", 0, &err);
	CU_ASSERT_FATAL(port > 0);
	free(n->settings.address);
	n->settings.address = mem_printf("127.0.0.1:%d", port);
}

static void node_finish(struct node *n)
{
	mesh_destroy(n->mesh);
	roster_destroy(n->roster);
	settings_finish(&n->settings);
}

static void introduce(struct node *a, struct node *b)
{
	roster_put(a->roster, a->settings.node, a->settings.address);
	roster_put(a->roster, b->settings.node, b->settings.address);
	roster_put(b->roster, a->settings.node, a->settings.address);
	roster_put(b->roster, b->settings.node, b->settings.address);
}

static int ping(struct node *from, const char *to, uint64_t id)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Ping p = BERTH__PING__INIT;

	p.id = id;
	msg.body_case = BERTH__MSG__BODY_PING;
	msg.ping = &p;
	return mesh_send(from->mesh, to, &msg);
}

static void wait_for(const int *what, int value)
{
	for (int i = 0; i < 300 && *what < value; i++)
		loop_once(loop, 10000, NULL);
	CU_ASSERT_EQUAL(*what, value);
}

static void pass_ms(unsigned ms)
{
	uint64_t until = loop_now_us() + ms * 1000;

	while (loop_now_us() < until)
		loop_once(loop, 5000, NULL);
}

static void test_on_demand(void)
{
	struct node a, b;

	loop = loop_create(NULL);
	node_init(&a, "a", "secret");
	node_init(&b, "b", "secret");
	introduce(&a, &b);
	pass_ms(20);
	CU_ASSERT_EQUAL(a.up, 0); /* nobody had anything to say */
	CU_ASSERT_EQUAL(ping(&a, "a", 1), -1);
	CU_ASSERT_EQUAL(ping(&a, "c", 1), -1);
	for (uint64_t i = 1; i <= 100; i++)
		CU_ASSERT_EQUAL(ping(&a, "b", i), 0);
	wait_for(&b.messages, 100);
	CU_ASSERT_STRING_EQUAL(b.from, "a");
	CU_ASSERT_EQUAL(ping(&b, "a", 1), 0);
	wait_for(&a.messages, 1);
	CU_ASSERT_EQUAL(a.up + b.up, 2);
	CU_ASSERT_EQUAL(a.again + b.again, 0);
	node_finish(&a);
	node_finish(&b);
	loop_destroy(loop);
}

static void test_both_at_once(void)
{
	struct node a, b;

	loop = loop_create(NULL);
	node_init(&a, "a", "secret");
	node_init(&b, "b", "secret");
	introduce(&a, &b);
	for (uint64_t i = 1; i <= 500; i++) {
		ping(&a, "b", i);
		ping(&b, "a", i);
		if (i % 50 == 0)
			loop_once(loop, 0, NULL);
	}
	wait_for(&a.messages, 500);
	wait_for(&b.messages, 500);
	node_finish(&a);
	node_finish(&b);
	loop_destroy(loop);
}

static void test_restarted_peer(void)
{
	struct node a, b;

	loop = loop_create(NULL);
	node_init(&a, "a", "secret");
	node_init(&b, "b", "secret");
	introduce(&a, &b);
	ping(&a, "b", 1);
	wait_for(&b.messages, 1);
	node_finish(&b);
	wait_for(&a.broken, 1);
	ping(&a, "b", 1); /* kept: b knows nothing of the first */
	pass_ms(30);
	node_init(&b, "b", "secret"); /* at another port */
	introduce(&b, &b);
	roster_put(b.roster, "a", a.settings.address);
	mesh_link_all(b.mesh);
	wait_for(&b.messages, 1);
	CU_ASSERT_EQUAL(a.again, 1);
	CU_ASSERT_EQUAL(a.lost, 0);
	CU_ASSERT_STRING_EQUAL(roster_find(a.roster, "b")->address,
			       b.settings.address);
	node_finish(&a);
	node_finish(&b);
	loop_destroy(loop);
}

static void test_stranger(void)
{
	struct node a, b;

	loop = loop_create(NULL);
	node_init(&a, "a", "secret");
	node_init(&b, "b", "another");
	introduce(&a, &b);
	ping(&b, "a", 1);
	ping(&a, "b", 1);
	pass_ms(300);
	CU_ASSERT_EQUAL(a.up + b.up, 0);
	CU_ASSERT_EQUAL(a.messages + b.messages, 0);
	node_finish(&a);
	node_finish(&b);
	loop_destroy(loop);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"links on demand", test_on_demand},
		{"both at once", test_both_at_once},
		{"a peer that was started again", test_restarted_peer},
		{"a stranger", test_stranger},
	};

	return unit_main("mesh", tests, sizeof tests / sizeof tests[0]);
}
