/* failover_test.c - leaders go and come on a rank whose door stays open, and
 * an agent that hears more than one of them. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/agent.h"
#include "leader_rig.h"
#include "topo/topo.h"
#include "unit.h"

static struct leader *lead_again(struct rig *r, uint64_t term)
{
	static const char *const none[] = {NULL};
	const struct leader_config c = {.berth = "test",
					.version = "test",
					.frameworks = none,
					.term = term,
					.seed = 1};
	struct berth_error err = {0};
	struct leader *l = leader_create(r->loop, r->agent[0].net, r->server,
					 &c, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(l);
	leader_on_shutdown(l, NULL, NULL);
	return l;
}

/* ---- the door ------------------------------------------------------------ */

static void test_door(void)
{
	struct rig r;
	json_t *v;

	rig_start(&r, NULL);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/status", NULL, NULL), 200);
	leader_destroy(r.leader);
	api_server_refer(r.server, NULL);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/status", NULL, &v), 503);
	CU_ASSERT_TRUE(rig_int(v, "retry_ms") > 0);
	json_decref(v);
	api_server_refer(r.server, "http://n1:77");
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/jobs?limit=3", NULL, &v),
			307);
	CU_ASSERT_STRING_EQUAL(rig_str(v, "leader"), "http://n1:77");
	json_decref(v);
	/* Who has no token hears nothing. */
	CU_ASSERT_EQUAL(rig_call_raw(&r, "wrong", "GET", "/v1/status", NULL, 0,
				     NULL), 401);
	r.leader = lead_again(&r, 2);
	CU_ASSERT_EQUAL(rig_call(&r, "GET", "/v1/status", NULL, NULL), 200);
	rig_stop(&r);
}

struct answer {
	int status;
	bool done, again;
};

static void on_done(void *arg, int status, const char *body, size_t len,
		    const struct berth_error *err)
{
	struct answer *a = arg;

	a->done = true;
	a->status = status;
	a->again = strstr(body, "retry_ms") != NULL;
}

static bool is_done(void *arg)
{
	return ((struct answer *)arg)->done;
}

/* A call that waits for the leader is told to come again when that ends. */
static void test_waiting_call(void)
{
	static const char spec[] = "{\"framework\": \"late\", "
				   "\"argv\": [\"x\"]}";
	static const char *const names[] = {"late", NULL};
	static const struct http_call_events ev = {.done = on_done};
	struct leader_config c = {.frameworks = names};
	struct answer a = {0};
	struct rig r;

	rig_start(&r, &c);
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 100);
	http_call_start(r.client, "POST", "/v1/jobs", spec, strlen(spec), 0,
			&ev, &a);
	rig_run(&r, 200);
	CU_ASSERT_FALSE(a.done);
	leader_destroy(r.leader);
	api_server_refer(r.server, NULL);
	CU_ASSERT_TRUE_FATAL(rig_until(&r, is_done, &a));
	CU_ASSERT_EQUAL(a.status, 503);
	CU_ASSERT_TRUE(a.again);
	r.leader = lead_again(&r, 2);
	rig_stop(&r);
}

/* ---- the lease ----------------------------------------------------------- */

static bool may_act(void *arg)
{
	return *(bool *)arg;
}

/* A leader that may not act right now answers nothing and says nothing to
 * launchers; when it may again, it goes on. */
static void test_lease(void)
{
	static const struct http_call_events ev = {.done = on_done};
	bool valid = true;
	struct leader_config c = {.may_act = may_act, .may_act_arg = &valid};
	struct answer a = {0}, b = {0};
	struct fw f;
	struct rig r;

	rig_start(&r, &c);
	fw_register(&r, &f, "f");
	CU_ASSERT_EQUAL(fw_calls(&f, "{\"call\": \"demand\", \"demand\": "
				    "{\"id\": \"d\", \"count\": 1, "
				    "\"slice\": {\"cores\": 1}}}"), 0);
	valid = false;
	rig_join(&r, &r.agent[0]);
	rig_run(&r, 100);
	CU_ASSERT_EQUAL(f.stream.nlines, 1); /* the state */
	http_call_start(r.client, "GET", "/v1/status", NULL, 0, 0, &ev, &a);
	rig_run(&r, 100);
	CU_ASSERT_FALSE(a.done);
	valid = true;
	CU_ASSERT_TRUE(rig_until(&r, is_done, &a));
	CU_ASSERT_EQUAL(a.status, 200);
	CU_ASSERT_PTR_NOT_NULL(rig_line(&f.stream, "offer", 0));
	rig_close(&f.stream);
	/* It never may again. */
	valid = false;
	http_call_start(r.client, "GET", "/v1/status", NULL, 0, 0, &ev, &b);
	rig_run(&r, 100);
	CU_ASSERT_FALSE(b.done);
	leader_destroy(r.leader);
	api_server_refer(r.server, NULL);
	CU_ASSERT_TRUE(rig_until(&r, is_done, &b));
	CU_ASSERT_EQUAL(b.status, 503);
	CU_ASSERT_TRUE(b.again);
	r.leader = lead_again(&r, 2);
	rig_stop(&r);
}

/* ---- two hosts of a framework -------------------------------------------- */

static void test_epoch(void)
{
	static const char old[] = "{\"name\": \"f\", \"epoch\": 3}";
	static const char new[] = "{\"name\": \"f\", \"epoch\": 4}";
	static const char user[] = "{\"name\": \"f\"}";
	struct rig r;

	rig_start(&r, NULL);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/frameworks", old, NULL),
			201);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/frameworks", new, NULL),
			201);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/frameworks", old, NULL),
			410);
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/frameworks", new, NULL),
			201);
	/* Who was started by nobody replaces the other, as ever. */
	CU_ASSERT_EQUAL(rig_call(&r, "POST", "/v1/frameworks", user, NULL),
			201);
	rig_stop(&r);
}

/* ---- an agent that hears several leaders --------------------------------- */

struct ranks {
	struct loop *loop;
	struct net_hub *hub;
	struct net *net[3];
	struct agent *agent; /* of n2 */
};

static void to_agent(void *arg, const char *node, const Berth__Msg *msg)
{
	struct ranks *r = arg;

	agent_message(r->agent, node, msg);
}

static void on_shutdown(void *arg, const char *reason, bool kill_tasks)
{
}

static void on_rank_died(void *arg, const char *node)
{
}

static void on_contact(void *arg, const Berth__Contact *contact)
{
}

static void say(struct ranks *r, int who, uint64_t term, uint64_t welcome)
{
	uint64_t end = loop_now_us() + 20000;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Ping ping = BERTH__PING__INIT;
	Berth__NodeWelcome w = BERTH__NODE_WELCOME__INIT;

	msg.body_case = BERTH__MSG__BODY_PING;
	msg.ping = &ping;
	if (welcome != 0) {
		w.leader = (char *)"n1";
		w.term = welcome;
		msg.body_case = BERTH__MSG__BODY_NODE_WELCOME;
		msg.node_welcome = &w;
	}
	net_set_term(r->net[who], term);
	CU_ASSERT_EQUAL(net_send(r->net[who], "n2", &msg, NULL), 0);
	while (loop_now_us() < end)
		loop_once(r->loop, 1000, NULL);
}

static void test_agent_terms(void)
{
	static const char *const names[] = {"n0", "n1", "n2"};
	static const struct net_events deaf = {0};
	static const struct net_events events = {.message = to_agent};
	static const struct agent_events handlers = {
		.shutdown = on_shutdown,
		.rank_died = on_rank_died,
		.contact = on_contact};
	struct berth_error err = {0};
	struct ranks r = {.loop = loop_create(&err)};
	char dir[] = "/tmp/berth-failover-XXXXXX", *xml = NULL, *cmd;
	struct topology *t = topo_load_synthetic("core:2 pu:1", &xml, &err);
	struct agent_config config = {.berth = "test",
				      .version = "test",
				      .topology_xml = xml,
				      .topology = t,
				      .node_dir = dir};

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	r.hub = net_hub_create(r.loop);
	for (int i = 0; i < 3; i++)
		r.net[i] = net_local_create(r.hub, names[i], &err);
	r.agent = agent_create(r.loop, r.net[2], &config, &handlers, &r, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r.agent);
	for (int i = 0; i < 3; i++)
		net_start(r.net[i], i == 2 ? &events : &deaf, &r);
	CU_ASSERT_PTR_NULL(agent_leader(r.agent));
	say(&r, 0, 2, 0);
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n0");
	say(&r, 1, 1, 0); /* it led once */
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n0");
	say(&r, 1, 3, 0);
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n1");
	say(&r, 0, 2, 0);
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n1");
	agent_follow(r.agent, "n0", 4);
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n0");
	say(&r, 0, 0, 3); /* old news */
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n0");
	say(&r, 0, 0, 5);
	CU_ASSERT_STRING_EQUAL(agent_leader(r.agent), "n1");
	agent_destroy(r.agent);
	for (int i = 0; i < 3; i++)
		net_destroy(r.net[i]);
	net_hub_destroy(r.hub);
	loop_destroy(r.loop);
	topology_unref(t);
	free(xml);
	cmd = mem_printf("rm -rf %s", dir);
	CU_ASSERT_EQUAL(system(cmd), 0);
	free(cmd);
}

static const struct unit_test tests[] = {
	{"a door with and without a leader", test_door},
	{"a call that waits when the leader goes", test_waiting_call},
	{"a leader without a lease", test_lease},
	{"hosts of two leaders", test_epoch},
	{"an agent hears several leaders", test_agent_terms},
};

UNIT_MAIN("failover", tests)
