/* agent_join_test.c - ranks that find each other through a router of offers,
 * over net_local. */
#include "broker/agent_join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "unit.h"

enum { RANKS = 6 };

struct rank {
	char name[16];
	struct net *net;
	struct agent_join *join;
	bool deaf;
};

struct letter {
	STAILQ_ENTRY(letter) link;
	Berth__Msg *msg;
};

static struct loop *loop;
static struct net_hub *hub;
static struct rank rank[RANKS];
static STAILQ_HEAD(, letter) letters = STAILQ_HEAD_INITIALIZER(letters);
static struct loop_timer *postman;

static void on_send(void *arg, const Berth__Msg *msg)
{
	struct letter *l = mem_alloc(sizeof(*l));

	l->msg = msg_copy(msg);
	STAILQ_INSERT_TAIL(&letters, l, link);
	loop_timer_start(postman, 300);
}

static struct rank *rank_of(const char *name)
{
	for (int i = 0; i < RANKS; i++) {
		if (rank[i].join && strcmp(rank[i].name, name) == 0)
			return &rank[i];
	}
	return NULL;
}

/* As the launchers do. */
static void deliver(const Berth__JoinOffer *offer)
{
	Berth__JoinFailed failed = BERTH__JOIN_FAILED__INIT;
	struct rank *to = rank_of(offer->target);
	struct rank *from = rank_of(offer->node);

	if (to && !to->deaf) {
		agent_join_offer(to->join, offer);
	} else if (to == NULL && from) {
		failed.node = offer->target;
		failed.incarnation = offer->incarnation;
		agent_join_failed(from->join, &failed);
	}
}

static void on_post(void *arg)
{
	while (!STAILQ_EMPTY(&letters)) {
		struct letter *l = STAILQ_FIRST(&letters);

		STAILQ_REMOVE_HEAD(&letters, link);
		deliver(l->msg->join_offer);
		msg_free(l->msg);
		free(l);
	}
}

static void on_up(void *arg, const char *node)
{
	struct rank *r = arg;

	if (r->join)
		agent_join_settled(r->join, node);
}

static void rank_start(int i)
{
	static const struct agent_join_events ev = {.send = on_send};
	static const struct net_events net_ev = {.up = on_up};

	snprintf(rank[i].name, sizeof(rank[i].name), "n%d", i);
	rank[i].net = net_local_create(hub, rank[i].name, NULL);
	rank[i].join = agent_join_create(loop, rank[i].net, 100u + (unsigned)i,
					 &ev, NULL);
	net_start(rank[i].net, &net_ev, &rank[i]);
}

static void rank_end(int i)
{
	agent_join_destroy(rank[i].join);
	net_destroy(rank[i].net);
	memset(&rank[i], 0, sizeof(rank[i]));
}

static void begin(void)
{
	loop = loop_create(NULL);
	hub = net_hub_create(loop);
	postman = loop_timer_create(loop, on_post, NULL);
	rank_start(0);
}

static void end(void)
{
	for (int i = 0; i < RANKS; i++) {
		if (rank[i].join)
			rank_end(i);
	}
	while (!STAILQ_EMPTY(&letters)) {
		struct letter *l = STAILQ_FIRST(&letters);

		STAILQ_REMOVE_HEAD(&letters, link);
		msg_free(l->msg);
		free(l);
	}
	loop_timer_destroy(postman);
	net_hub_destroy(hub);
	loop_destroy(loop);
}

static size_t peers_of(int i)
{
	size_t n;

	net_peers(rank[i].net, &n);
	return n;
}

static bool run_until_peers(size_t want, unsigned ms)
{
	uint64_t limit = loop_now_us() + ms * 1000;
	bool all = false;

	while (!all && loop_now_us() < limit) {
		loop_once(loop, 1000, NULL);
		all = true;
		for (int i = 0; i < RANKS; i++)
			all = all && (!rank[i].join || peers_of(i) == want);
	}
	return all;
}

static void want_all(int i)
{
	for (int k = 0; k < RANKS; k++) {
		if (rank[k].join)
			agent_join_want(rank[i].join, rank[k].name);
	}
}

static void test_one(void)
{
	begin();
	rank_start(1);
	want_all(1);
	CU_ASSERT(run_until_peers(1, 1000));
	end();
}

/* All come at once and want each other. */
static void test_crowd(void)
{
	begin();
	for (int i = 1; i < RANKS; i++)
		rank_start(i);
	for (int i = 1; i < RANKS; i++)
		want_all(i);
	CU_ASSERT(run_until_peers(RANKS - 1, 20000));
	end();
}

/* One that is not there, and one that never answers, do not hold it up. */
static void test_absent(void)
{
	begin();
	rank_start(1);
	rank_start(2);
	rank_start(3);
	rank[1].deaf = true;
	agent_join_want(rank[3].join, "n5");
	agent_join_want(rank[3].join, "n1");
	agent_join_want(rank[3].join, "n2");
	agent_join_want(rank[3].join, "n0");
	for (int i = 0; i < 300 && peers_of(3) < 2; i++)
		loop_once(loop, 10000, NULL);
	CU_ASSERT(net_has(rank[3].net, "n0"));
	CU_ASSERT(net_has(rank[3].net, "n2"));
	/* It comes to hear. */
	rank[1].deaf = false;
	for (int i = 0; i < 500 && peers_of(3) < 3; i++)
		loop_once(loop, 10000, NULL);
	CU_ASSERT(net_has(rank[3].net, "n1"));
	end();
}

/* Words that come too late or belong to nobody. */
static void test_stale(void)
{
	Berth__JoinOffer o = BERTH__JOIN_OFFER__INIT;
	Berth__JoinFailed f = BERTH__JOIN_FAILED__INIT;

	begin();
	o.node = (char *)"n9";
	o.target = (char *)"n0";
	o.port = (char *)"nowhere";
	for (o.step = 1; o.step < 5; o.step++)
		agent_join_offer(rank[0].join, &o);
	o.target = (char *)"n4";
	o.step = 0;
	agent_join_offer(rank[0].join, &o);
	CU_ASSERT(STAILQ_EMPTY(&letters));
	/* Asked by one that dies then: free for the next. */
	o.target = (char *)"n0";
	agent_join_offer(rank[0].join, &o);
	CU_ASSERT(!STAILQ_EMPTY(&letters));
	f.node = (char *)"n9";
	agent_join_failed(rank[0].join, &f);
	rank_start(1);
	want_all(1);
	CU_ASSERT(run_until_peers(1, 500));
	end();
}

static const struct unit_test tests[] = {
	{"one", test_one},
	{"crowd", test_crowd},
	{"absent", test_absent},
	{"stale", test_stale},
};

UNIT_MAIN("agent_join", tests)
