/* coll_test.c - the keyed collective over three launchers. */
#include <stdlib.h>
#include <string.h>

#include "launcher/status.h"
#include "launcher_rig.h"
#include "unit.h"

enum { A, B, C };

static const char *const names[] = {"a", "b", "c"};

/* Of a living collective, and whom the joining one knows to be gone. */
struct living {
	bool is;
	int lost; /* -1: none */
};

/* Party i of n is shepherd "s" on the i-th node; the first-th coordinates. */
static void join_as(struct rig *r, size_t node, size_t n, size_t first,
		    const char *key, const char *data, int status,
		    unsigned timeout_ms, struct living living)
{
	Berth__Party party[RIG_NODES], *parties[RIG_NODES], *lost = NULL;
	Berth__CollJoin j = BERTH__COLL_JOIN__INIT;

	for (size_t i = 0; i < n; i++) {
		berth__party__init(&party[i]);
		party[i].node = (char *)names[i];
		party[i].shepherd = (char *)"s";
		parties[(i + n - first) % n] = &party[i];
	}
	if (living.lost >= 0) {
		j.lost = &lost;
		j.n_lost = 1;
		lost = &party[living.lost];
	}
	j.living = living.is;
	j.key = (char *)key;
	j.n_parties = n;
	j.parties = parties;
	j.data.data = (uint8_t *)data;
	j.data.len = strlen(data);
	j.status = status;
	j.timeout_ms = timeout_ms;
	j.want_context_id = strcmp(key, "group") == 0;
	colls_join_local(r->node[node].colls, "s", &j);
}

static void join(struct rig *r, size_t node, size_t n, const char *key,
		 const char *data, int status, unsigned timeout_ms)
{
	join_as(r, node, n, 0, key, data, status, timeout_ms,
		(struct living){false, -1});
}

static const Berth__CollDone *done(struct rig *r, size_t node)
{
	const Berth__Msg *m =
		rig_heard(r, node, "s", BERTH__MSG__BODY_COLL_DONE);

	return m ? m->coll_done : NULL;
}

static struct rig *three(void)
{
	struct rig *r = rig_create();

	for (size_t i = 0; i < RIG_NODES; i++)
		rig_shepherd(r, i, "s");
	return r;
}

static void test_all_get_all(void)
{
	struct rig *r = three();

	join(r, C, 3, "fence", "ccc", 0, 0);
	join(r, A, 3, "fence", "a", 0, 0);
	rig_settle(r);
	CU_ASSERT_PTR_NULL(done(r, A));
	join(r, B, 3, "fence", "", 0, 0);
	rig_settle(r);
	for (size_t i = 0; i < 3; i++) {
		const Berth__CollDone *d = done(r, i);

		CU_ASSERT_PTR_NOT_NULL_FATAL(d);
		CU_ASSERT_EQUAL(d->status, STATUS_OK);
		CU_ASSERT_EQUAL_FATAL(d->n_pieces, 3);
		for (size_t k = 0; k < 3; k++)
			CU_ASSERT_STRING_EQUAL(d->pieces[k]->from->node,
					       names[k]);
		CU_ASSERT_EQUAL(d->pieces[2]->data.len, 3);
		CU_ASSERT_EQUAL(d->context_id, 0);
	}
	rig_destroy(r);
}

static void test_context_ids(void)
{
	struct rig *r = three();

	for (size_t i = 0; i < 3; i++)
		join(r, i, 3, "group", "", 0, 0);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, C));
	CU_ASSERT_NOT_EQUAL(done(r, C)->context_id, 0);
	CU_ASSERT_EQUAL(done(r, C)->context_id, done(r, A)->context_id);
	rig_destroy(r);
}

static void test_alone(void)
{
	struct rig *r = three();

	join(r, A, 1, "alone", "x", 0, 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, A));
	CU_ASSERT_EQUAL(done(r, A)->n_pieces, 1);
	rig_destroy(r);
}

static void test_failure_is_passed_on(void)
{
	struct rig *r = three();

	join(r, A, 2, "fence", "", 0, 0);
	join(r, B, 2, "fence", "", -7, 0);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, A));
	CU_ASSERT_EQUAL(done(r, A)->status, -7);
	rig_destroy(r);
}

/* A join that is repeated counts once; after the end it is answered again. */
static void test_repeated_joins(void)
{
	struct rig *r = three();

	join(r, B, 2, "fence", "b", 0, 0);
	join(r, B, 2, "fence", "b", 0, 0);
	rig_settle(r);
	CU_ASSERT_PTR_NULL(done(r, B));
	join(r, A, 2, "fence", "a", 0, 0);
	rig_drop(r, B); /* its answer gets lost */
	CU_ASSERT_PTR_NOT_NULL(done(r, A));
	colls_node_up(r->node[B].colls, "a"); /* linked again */
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, B));
	CU_ASSERT_EQUAL(done(r, B)->n_pieces, 2);
	CU_ASSERT_EQUAL(
		rig_count(r, B, "s", BERTH__MSG__BODY_COLL_DONE), 1);
	rig_destroy(r);
}

static void join_living(struct rig *r, size_t node, size_t first, int lost)
{
	join_as(r, node, 3, first, "fence", "x", 0, 0,
		(struct living){true, lost});
}

/* A living one goes on without a party that is gone, but waits for the
 * others. */
static void test_living(void)
{
	struct rig *r = three();

	join_living(r, A, 0, -1);
	colls_shepherd_gone(r->node[A].colls, "other");
	join_living(r, A, 0, C);
	rig_settle(r);
	CU_ASSERT_PTR_NULL(done(r, A));
	join_living(r, B, 0, -1);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, A));
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, B));
	CU_ASSERT_EQUAL(done(r, B)->status, STATUS_LOST);
	CU_ASSERT_EQUAL(done(r, B)->n_pieces, 2);
	rig_destroy(r);
}

/* The coordinator's node is lost: the others meet at another one's. */
static void test_living_elsewhere(void)
{
	struct rig *r = three();

	join_living(r, B, 0, -1);
	join_living(r, C, 0, -1);
	rig_settle(r);
	colls_node_lost(r->node[B].colls, "a");
	colls_node_lost(r->node[C].colls, "a");
	CU_ASSERT_PTR_NULL(done(r, B));
	join_living(r, B, B, A);
	rig_settle(r);
	CU_ASSERT_PTR_NULL(done(r, B));
	join_living(r, C, B, A);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, B));
	CU_ASSERT_PTR_NOT_NULL(done(r, C));
	CU_ASSERT_EQUAL(done(r, B)->n_pieces, 2);
	rig_destroy(r);
}

static void test_no_party(void)
{
	struct rig *r = three();

	join(r, C, 2, "fence", "c", 0, 0);
	join(r, A, 2, "fence", "a", 0, 0);
	rig_settle(r);
	CU_ASSERT_PTR_NULL(done(r, A));
	rig_destroy(r);
}

static void test_timeout(void)
{
	struct rig *r = three();

	join(r, A, 2, "slow", "a", 0, 500);
	rig_wait_ms(r, 50);
	CU_ASSERT_PTR_NULL(done(r, A));
	for (int i = 0; i < 100 && done(r, A) == NULL; i++)
		rig_wait_ms(r, 20);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, A));
	CU_ASSERT_EQUAL(done(r, A)->status, STATUS_TIMEOUT);
	/* who comes after the end gets the same answer */
	join(r, B, 2, "slow", "b", 0, 500);
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, B));
	CU_ASSERT_EQUAL(done(r, B)->status, STATUS_TIMEOUT);
	rig_destroy(r);
}

static void test_gone_before_it_came(void)
{
	struct rig *r = three();

	rig_shepherd_gone(r, B, "s");
	join(r, A, 2, "fence", "a", 0, 0);
	rig_wait_ms(r, 60); /* the look after late parties */
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, A));
	CU_ASSERT_EQUAL(done(r, A)->status, STATUS_LOST);
	rig_destroy(r);
}

static void test_gone_while_others_wait(void)
{
	struct rig *r = three();

	join(r, A, 3, "fence", "a", 0, 0);
	join(r, C, 3, "fence", "c", 0, 0);
	rig_wait_ms(r, 60);
	CU_ASSERT_PTR_NULL(done(r, A));
	rig_shepherd_gone(r, B, "s");
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, A));
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, C));
	CU_ASSERT_EQUAL(done(r, C)->status, STATUS_LOST);
	rig_destroy(r);
}

static void test_gone_at_the_coordinator(void)
{
	struct rig *r = three();

	join(r, B, 2, "fence", "b", 0, 0);
	rig_settle(r);
	rig_shepherd_gone(r, A, "s");
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, B));
	CU_ASSERT_EQUAL(done(r, B)->status, STATUS_LOST);
	rig_destroy(r);
}

static void test_node_lost(void)
{
	struct rig *r = three();

	join(r, A, 3, "f1", "a", 0, 0);
	join(r, C, 3, "f1", "c", 0, 0);
	rig_settle(r);
	colls_node_lost(r->node[A].colls, "b"); /* seen by the coordinator */
	rig_settle(r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, C));
	CU_ASSERT_EQUAL(done(r, C)->status, STATUS_LOST);

	join(r, B, 3, "f2", "b", 0, 0);
	colls_node_lost(r->node[B].colls, "a"); /* the coordinator is lost */
	CU_ASSERT_PTR_NOT_NULL_FATAL(done(r, B));
	CU_ASSERT_STRING_EQUAL(done(r, B)->key, "f2");
	CU_ASSERT_EQUAL(done(r, B)->status, STATUS_LOST);
	rig_destroy(r);
}

/* Joins come over the network: they are believed only from their node. */
static void test_forged_join(void)
{
	struct rig *r = three();
	Berth__Party a = BERTH__PARTY__INIT, b = BERTH__PARTY__INIT;
	Berth__Party *parties[] = {&a, &b};
	Berth__CollJoin j = BERTH__COLL_JOIN__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	a.node = (char *)"a";
	b.node = (char *)"b";
	a.shepherd = b.shepherd = (char *)"s";
	j.key = (char *)"f";
	j.n_parties = 2;
	j.parties = parties;
	j.from = &b;
	msg.body_case = BERTH__MSG__BODY_COLL_JOIN;
	msg.coll_join = &j;
	colls_message(r->node[A].colls, "c", &msg);
	join(r, A, 2, "f", "a", 0, 0);
	CU_ASSERT_PTR_NULL(done(r, A));
	j.from = NULL;
	colls_message(r->node[A].colls, "b", &msg);
	CU_ASSERT_PTR_NULL(done(r, A));
	j.from = &b;
	colls_message(r->node[A].colls, "b", &msg);
	CU_ASSERT_PTR_NOT_NULL(done(r, A));
	rig_destroy(r);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"every party gets what all brought", test_all_get_all},
		{"context ids", test_context_ids},
		{"one party", test_alone},
		{"a failure is passed on", test_failure_is_passed_on},
		{"repeated joins", test_repeated_joins},
		{"somebody who is no party", test_no_party},
		{"others go on without one that is gone", test_living},
		{"at another node", test_living_elsewhere},
		{"time limit", test_timeout},
		{"a shepherd gone before it came", test_gone_before_it_came},
		{"a shepherd gone while others wait",
		 test_gone_while_others_wait},
		{"a shepherd gone at the coordinator",
		 test_gone_at_the_coordinator},
		{"a node lost", test_node_lost},
		{"forged joins", test_forged_join},
	};

	return unit_main("coll", tests, sizeof tests / sizeof tests[0]);
}
