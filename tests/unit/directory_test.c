/* directory_test.c - publish, lookup and unpublish over three launchers; the
 * word of ranks that join late. */
#include <stdlib.h>
#include <string.h>

#include "launcher/status.h"
#include "launcher_rig.h"
#include "unit.h"

enum { A, B, C };

static void publish(struct rig *r, size_t node, const char *key,
		    const char *value, unsigned range, unsigned persistence)
{
	Berth__Publish p = BERTH__PUBLISH__INIT;

	p.owner_nspace = (char *)"job";
	p.owner_rank = 3;
	p.key = (char *)key;
	p.value.data = (uint8_t *)value;
	p.value.len = strlen(value);
	p.range = range;
	p.persistence = persistence;
	p.uid = 1000;
	directory_publish(r->node[node].directory, "s", &p);
	rig_settle(r);
}

static void lookup(struct rig *r, size_t node, uint64_t id, const char *key,
		   bool wait, unsigned timeout_ms)
{
	Berth__Lookup l = BERTH__LOOKUP__INIT;
	char *keys[] = {(char *)key};

	l.id = id;
	l.n_keys = 1;
	l.keys = keys;
	l.wait = wait;
	l.timeout_ms = timeout_ms;
	l.nspace = (char *)"other";
	l.uid = 1000;
	directory_lookup(r->node[node].directory, "s", &l);
	rig_settle(r);
}

/* The reply of that id; NULL: none yet. */
static const Berth__LookupReply *reply(struct rig *r, size_t node,
				       uint64_t id)
{
	const Berth__Msg *m =
		rig_heard(r, node, "s", BERTH__MSG__BODY_LOOKUP_REPLY);

	return m && m->lookup_reply->id == id ? m->lookup_reply : NULL;
}

static void test_everywhere(void)
{
	struct rig *r = rig_create();

	publish(r, A, "port", "tcp://x", 4, PERSIST_APP);
	for (size_t i = 0; i < RIG_NODES; i++) {
		lookup(r, i, i + 1, "port", false, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, i, i + 1));
		CU_ASSERT_EQUAL(reply(r, i, i + 1)->status, STATUS_OK);
		CU_ASSERT_EQUAL_FATAL(reply(r, i, i + 1)->n_found, 1);
		CU_ASSERT_EQUAL(reply(r, i, i + 1)->found[0]->value.len, 7);
	}
	lookup(r, B, 9, "none", false, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, B, 9));
	CU_ASSERT_EQUAL(reply(r, B, 9)->status, STATUS_NOT_FOUND);
	rig_destroy(r);
}

static void test_waits(void)
{
	struct rig *r = rig_create();

	lookup(r, C, 1, "port", true, 0);
	lookup(r, B, 2, "never", true, 30);
	CU_ASSERT_PTR_NULL(reply(r, C, 1));
	publish(r, A, "port", "x", 4, PERSIST_APP);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, C, 1));
	CU_ASSERT_EQUAL(reply(r, C, 1)->status, STATUS_OK);
	rig_wait_ms(r, 60);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, B, 2));
	CU_ASSERT_EQUAL(reply(r, B, 2)->status, STATUS_TIMEOUT);
	rig_destroy(r);
}

/* Two readers on two nodes, neither of them the origin: one gets it. */
static void test_read_once(void)
{
	struct rig *r = rig_create();
	size_t b, c;

	lookup(r, B, 1, "once", true, 0);
	lookup(r, C, 2, "once", true, 0);
	publish(r, A, "once", "x", 4, PERSIST_FIRST_READ);
	b = rig_count(r, B, "s", BERTH__MSG__BODY_LOOKUP_REPLY);
	c = rig_count(r, C, "s", BERTH__MSG__BODY_LOOKUP_REPLY);
	CU_ASSERT_EQUAL(b + c, 1);
	lookup(r, A, 3, "once", false, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, A, 3));
	CU_ASSERT_EQUAL(reply(r, A, 3)->status, STATUS_NOT_FOUND);
	publish(r, A, "once", "y", 4, PERSIST_FIRST_READ);
	b = rig_count(r, B, "s", BERTH__MSG__BODY_LOOKUP_REPLY);
	c = rig_count(r, C, "s", BERTH__MSG__BODY_LOOKUP_REPLY);
	CU_ASSERT_EQUAL(b + c, 2);
	rig_destroy(r);
}

static size_t read_at(struct rig *r, size_t node)
{
	return rig_count(r, node, "s", BERTH__MSG__BODY_UNPUBLISH);
}

/* Whoever published hears when it was read, and only then. */
static void test_owner_hears(void)
{
	struct rig *r = rig_create();

	publish(r, A, "once", "x", 4, PERSIST_FIRST_READ);
	publish(r, A, "often", "x", 4, PERSIST_APP);
	lookup(r, B, 1, "often", false, 0);
	CU_ASSERT_EQUAL(read_at(r, A), 0);
	lookup(r, B, 2, "once", false, 0);
	CU_ASSERT_EQUAL(read_at(r, A), 1);
	publish(r, A, "once", "y", 4, PERSIST_FIRST_READ);
	lookup(r, A, 3, "once", false, 0);
	CU_ASSERT_EQUAL(read_at(r, A), 2);
	rig_destroy(r);
}

/* The origin's launcher starts anew while its entry is claimed: what its
 * shepherd tells again is claimed again. */
static void test_claim_again(void)
{
	struct rig *r = rig_create();
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Lookup l = BERTH__LOOKUP__INIT;
	char *keys[] = {(char *)"once"};

	publish(r, A, "once", "x", 4, PERSIST_FIRST_READ);
	l.id = 1;
	l.n_keys = 1;
	l.keys = keys;
	l.wait = true;
	l.nspace = (char *)"other";
	l.uid = 1000;
	directory_lookup(r->node[B].directory, "s", &l);
	rig_drop(r, A); /* the claim is lost */
	u.origin = (char *)"a";
	msg.body_case = BERTH__MSG__BODY_UNPUBLISH;
	msg.unpublish = &u;
	directory_message(r->node[B].directory, "a", &msg);
	CU_ASSERT_PTR_NULL(reply(r, B, 1));
	directory_node_up(r->node[A].directory, "b", true);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, B, 1));
	CU_ASSERT_EQUAL(reply(r, B, 1)->status, STATUS_OK);
	rig_destroy(r);
}

static void test_ranges(void)
{
	struct rig *r = rig_create();
	Berth__Lookup l = BERTH__LOOKUP__INIT;
	char *keys[] = {(char *)"k"};

	publish(r, A, "here", "x", RANGE_LOCAL, PERSIST_APP);
	lookup(r, A, 1, "here", false, 0);
	CU_ASSERT_EQUAL(reply(r, A, 1)->status, STATUS_OK);
	lookup(r, B, 1, "here", false, 0);
	CU_ASSERT_EQUAL(reply(r, B, 1)->status, STATUS_NOT_FOUND);

	publish(r, A, "k", "x", RANGE_NAMESPACE, PERSIST_APP);
	lookup(r, B, 2, "k", false, 0); /* asks as namespace "other" */
	CU_ASSERT_EQUAL(reply(r, B, 2)->status, STATUS_NOT_FOUND);
	l.id = 3;
	l.n_keys = 1;
	l.keys = keys;
	l.nspace = (char *)"job";
	l.uid = 1000;
	directory_lookup(r->node[B].directory, "s", &l);
	CU_ASSERT_EQUAL(reply(r, B, 3)->status, STATUS_OK);
	l.id = 4;
	l.uid = 1001; /* another user never */
	directory_lookup(r->node[B].directory, "s", &l);
	CU_ASSERT_EQUAL(reply(r, B, 4)->status, STATUS_NOT_FOUND);
	rig_destroy(r);
}

static void test_unpublish(void)
{
	struct rig *r = rig_create();
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;
	char *keys[] = {(char *)"one"};

	publish(r, A, "one", "1", 4, PERSIST_SESSION);
	publish(r, A, "two", "2", 4, PERSIST_SESSION);
	u.owner_nspace = (char *)"job";
	u.owner_rank = 4; /* not the owner */
	directory_unpublish(r->node[A].directory, &u);
	u.owner_rank = 3;
	u.n_keys = 1;
	u.keys = keys;
	directory_unpublish(r->node[A].directory, &u);
	rig_settle(r);
	lookup(r, C, 1, "one", false, 0);
	CU_ASSERT_EQUAL(reply(r, C, 1)->status, STATUS_NOT_FOUND);
	lookup(r, C, 2, "two", false, 0);
	CU_ASSERT_EQUAL(reply(r, C, 2)->status, STATUS_OK);
	rig_destroy(r);
}

static void test_owner_gone(void)
{
	struct rig *r = rig_create();

	publish(r, A, "app", "1", 4, PERSIST_APP);
	publish(r, A, "session", "2", 4, PERSIST_SESSION);
	rig_shepherd_gone(r, A, "s");
	rig_settle(r);
	lookup(r, B, 1, "app", false, 0);
	CU_ASSERT_EQUAL(reply(r, B, 1)->status, STATUS_NOT_FOUND);
	lookup(r, B, 2, "session", false, 0);
	CU_ASSERT_EQUAL(reply(r, B, 2)->status, STATUS_OK);
	rig_destroy(r);
}

/* A launcher that was away gets what is true now. */
static void test_link_again(void)
{
	struct rig *r = rig_create();
	Berth__Unpublish u = BERTH__UNPUBLISH__INIT;

	publish(r, A, "old", "1", 4, PERSIST_APP);
	u.owner_nspace = (char *)"job";
	u.owner_rank = 3;
	directory_unpublish(r->node[A].directory, &u);
	rig_drop(r, C); /* C does not hear that it is gone */
	rig_settle(r);
	lookup(r, C, 1, "old", false, 0);
	CU_ASSERT_EQUAL(reply(r, C, 1)->status, STATUS_OK);
	publish(r, A, "new", "2", 4, PERSIST_APP);
	directory_node_up(r->node[A].directory, "c", true);
	rig_settle(r);
	lookup(r, C, 2, "old", false, 0);
	CU_ASSERT_EQUAL(reply(r, C, 2)->status, STATUS_NOT_FOUND);
	lookup(r, C, 3, "new", false, 0);
	CU_ASSERT_EQUAL(reply(r, C, 3)->status, STATUS_OK);
	rig_destroy(r);
}

static void test_origin_lost(void)
{
	struct rig *r = rig_create();

	publish(r, A, "once", "1", 4, PERSIST_FIRST_READ);
	lookup(r, B, 1, "other", true, 0);
	/* a claim is under way when the origin is lost */
	{
		Berth__Lookup l = BERTH__LOOKUP__INIT;
		char *keys[] = {(char *)"once"};

		l.id = 2;
		l.n_keys = 1;
		l.keys = keys;
		l.nspace = (char *)"other";
		l.uid = 1000;
		directory_lookup(r->node[B].directory, "s", &l);
	}
	rig_drop(r, A);
	CU_ASSERT_PTR_NULL(reply(r, B, 2));
	directory_node_lost(r->node[B].directory, "a");
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, B, 2));
	CU_ASSERT_EQUAL(reply(r, B, 2)->status, STATUS_NOT_FOUND);
	rig_destroy(r);
}

/* ---- joins ---- */

static void offer(struct rig *r, size_t node, const char *port,
		  const char *target)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__JoinOffer o = BERTH__JOIN_OFFER__INIT;

	o.node = r->node[node].name;
	o.port = (char *)port;
	o.target = (char *)target;
	o.incarnation = 7;
	msg.body_case = BERTH__MSG__BODY_JOIN_OFFER;
	msg.join_offer = &o;
	joins_from_rank(r->node[node].joins, &msg);
	rig_settle(r);
}

static void test_join_offer_goes_its_way(void)
{
	struct rig *r = rig_create();
	const Berth__Msg *m;

	offer(r, A, "p1", "b");
	CU_ASSERT_EQUAL(
		rig_count(r, B, "rank", BERTH__MSG__BODY_JOIN_OFFER), 1);
	CU_ASSERT_EQUAL(
		rig_count(r, C, "rank", BERTH__MSG__BODY_JOIN_OFFER), 0);
	r->node[C].has_rank = false;
	offer(r, A, "p2", "c");
	m = rig_heard(r, A, "rank", BERTH__MSG__BODY_JOIN_FAILED);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_STRING_EQUAL(m->join_failed->node, "c");
	offer(r, A, "p3", "zz"); /* no such node */
	m = rig_heard(r, A, "rank", BERTH__MSG__BODY_JOIN_FAILED);
	CU_ASSERT_STRING_EQUAL(m->join_failed->node, "zz");
	rig_destroy(r);
}

/* Both sides of a join wait for names of the port; whichever side dies, the
 * other one's wait ends. */
static void test_join_sides_die(void)
{
	struct rig *r = rig_create();

	offer(r, A, "port-of-a", "b");
	lookup(r, B, 1, "port-of-a:accept", true, 0);
	lookup(r, B, 2, "something else", true, 0);
	joins_rank_died(r->node[A].joins);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(reply(r, B, 1));
	CU_ASSERT_EQUAL(reply(r, B, 1)->status, STATUS_NOT_FOUND);

	offer(r, A, "second", "b");
	lookup(r, A, 3, "second:connect", true, 0);
	joins_node_lost(r->node[A].joins, "c"); /* not the one that is asked */
	CU_ASSERT_PTR_NULL(reply(r, A, 3));
	joins_rank_died(r->node[B].joins);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL(reply(r, A, 3));
	rig_destroy(r);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"found on every node", test_everywhere},
		{"a lookup waits", test_waits},
		{"read once", test_read_once},
		{"who publishes hears that it was read", test_owner_hears},
		{"claimed again", test_claim_again},
		{"ranges and users", test_ranges},
		{"unpublish", test_unpublish},
		{"the owner is gone", test_owner_gone},
		{"linked again", test_link_again},
		{"the origin is lost", test_origin_lost},
		{"a join offer goes its way", test_join_offer_goes_its_way},
		{"either side of a join dies", test_join_sides_die},
	};

	return unit_main("directory", tests, sizeof tests / sizeof tests[0]);
}
