/* route_test.c - messages from shepherd to shepherd over three launchers. */
#include <stdlib.h>
#include <string.h>

#include "launcher_rig.h"
#include "unit.h"

enum { A, B, C };

static void request(struct rig *r, size_t from, const char *to, uint64_t id)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__ModexRequest q = BERTH__MODEX_REQUEST__INIT;

	q.id = id;
	msg.to_node = (char *)to;
	msg.to_shepherd = (char *)"s";
	msg.from_node = (char *)"somebody else"; /* is not believed */
	msg.body_case = BERTH__MSG__BODY_MODEX_REQUEST;
	msg.modex_request = &q;
	route_from_shepherd(r->node[from].route, "s", &msg);
	rig_settle(r);
}

static void answer(struct rig *r, size_t from, const char *to, uint64_t id)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__ModexReply a = BERTH__MODEX_REPLY__INIT;

	a.id = id;
	msg.to_node = (char *)to;
	msg.to_shepherd = (char *)"s";
	msg.body_case = BERTH__MSG__BODY_MODEX_REPLY;
	msg.modex_reply = &a;
	route_from_shepherd(r->node[from].route, "s", &msg);
	rig_settle(r);
}

static uint64_t refused(struct rig *r, size_t node)
{
	const Berth__Msg *m =
		rig_heard(r, node, "s", BERTH__MSG__BODY_UNDELIVERABLE);

	return m ? m->undeliverable->id : 0;
}

static struct rig *three(void)
{
	struct rig *r = rig_create();

	for (size_t i = 0; i < RIG_NODES; i++)
		rig_shepherd(r, i, "s");
	return r;
}

static void test_there_and_back(void)
{
	struct rig *r = three();
	const Berth__Msg *m;

	request(r, A, "b", 5);
	m = rig_heard(r, B, "s", BERTH__MSG__BODY_MODEX_REQUEST);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_STRING_EQUAL(m->from_node, "a");
	CU_ASSERT_STRING_EQUAL(m->from_shepherd, "s");
	answer(r, B, "a", 5);
	m = rig_heard(r, A, "s", BERTH__MSG__BODY_MODEX_REPLY);
	CU_ASSERT_PTR_NOT_NULL(m);
	/* answered: later trouble is none of its business */
	rig_shepherd_gone(r, B, "s");
	rig_settle(r);
	CU_ASSERT_EQUAL(refused(r, A), 0);
	rig_destroy(r);
}

static void test_nowhere(void)
{
	struct rig *r = three();

	request(r, A, "zz", 1);
	CU_ASSERT_EQUAL(refused(r, A), 1);
	rig_shepherd_gone(r, C, "s");
	request(r, A, "c", 2);
	CU_ASSERT_EQUAL(refused(r, A), 2);
	rig_destroy(r);
}

static void test_ends_meanwhile(void)
{
	struct rig *r = three();

	request(r, A, "b", 3);
	CU_ASSERT_EQUAL(refused(r, A), 0);
	rig_shepherd_gone(r, B, "s");
	rig_settle(r);
	CU_ASSERT_EQUAL(refused(r, A), 3);
	request(r, A, "c", 4);
	route_node_broken(r->node[A].route, "c");
	CU_ASSERT_EQUAL(refused(r, A), 4);
	CU_ASSERT_EQUAL(
		rig_count(r, A, "s", BERTH__MSG__BODY_UNDELIVERABLE), 2);
	rig_destroy(r);
}

static void test_comes_later(void)
{
	struct rig *r = rig_create();

	rig_shepherd(r, A, "s");
	request(r, A, "b", 6);
	CU_ASSERT_EQUAL(refused(r, A), 0);
	rig_shepherd(r, B, "s");
	CU_ASSERT_PTR_NOT_NULL(
		rig_heard(r, B, "s", BERTH__MSG__BODY_MODEX_REQUEST));
	rig_destroy(r);
}

static void test_spawn_starts_a_shepherd(void)
{
	struct rig *r = rig_create();
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__SpawnStart s = BERTH__SPAWN_START__INIT;

	s.id = 1;
	msg.to_node = (char *)"b";
	msg.to_shepherd = (char *)"j1";
	msg.body_case = BERTH__MSG__BODY_SPAWN_START;
	msg.spawn_start = &s;
	route_from_shepherd(r->node[A].route, "j1", &msg);
	rig_settle(r);
	CU_ASSERT_EQUAL(r->node[B].started, 1);
	CU_ASSERT_PTR_NOT_NULL(
		rig_heard(r, B, "j1", BERTH__MSG__BODY_SPAWN_START));
	rig_destroy(r);
}

/* A launcher speaks for its own node alone. */
static void test_forged_sender(void)
{
	struct rig *r = three();
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__ModexReply a = BERTH__MODEX_REPLY__INIT;

	msg.from_node = (char *)"b";
	msg.to_node = (char *)"a";
	msg.to_shepherd = (char *)"s";
	msg.body_case = BERTH__MSG__BODY_MODEX_REPLY;
	msg.modex_reply = &a;
	route_from_node(r->node[A].route, "c", &msg);
	CU_ASSERT_PTR_NULL(
		rig_heard(r, A, "s", BERTH__MSG__BODY_MODEX_REPLY));
	rig_destroy(r);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"there and back", test_there_and_back},
		{"nowhere to go", test_nowhere},
		{"its destination ends meanwhile", test_ends_meanwhile},
		{"its destination comes later", test_comes_later},
		{"a spawn starts a shepherd", test_spawn_starts_a_shepherd},
		{"a forged sender", test_forged_sender},
	};

	return unit_main("route", tests, sizeof tests / sizeof tests[0]);
}
