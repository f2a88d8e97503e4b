/* broker.c - see broker.h. */
#include "broker/broker.h"

#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agent.h"
#include "broker/leader.h"
#include "broker/roster_keeper.h"

/* What has been sent may go out before we do. */
enum { LINGER_US = 200 * 1000 };

struct broker {
	struct loop *loop;
	struct net *net;
	struct agent *agent;
	struct leader *leader; /* NULL: another rank leads */
	struct roster_keeper *keeper; /* of a leader under mpirun */
	struct loop_signal *term, *intr;
	struct loop_timer *linger;
	int status;
	bool ending;
};

/* ---- the end ---- */

static void on_linger(void *arg)
{
	struct broker *b = arg;

	loop_stop(b->loop);
}

static void end(struct broker *b, uint64_t after_us, const char *why)
{
	if (b->ending)
		return;
	b->ending = true;
	log_info("this rank ends: %s", why);
	loop_timer_start(b->linger, after_us);
}

static void on_signal(void *arg, int signo)
{
	end(arg, 0, strsignal(signo));
}

static void on_agent_shutdown(void *arg, const char *reason, bool kill_tasks)
{
	end(arg, LINGER_US, reason[0] ? reason : "shut down");
}

static void on_leader_ended(void *arg, const char *reason, bool kill_tasks)
{
	log_info("Berth is shut down%s%s", reason[0] ? ": " : "", reason);
}

/* ---- the net ---- */

static void on_up(void *arg, const char *node)
{
	struct broker *b = arg;

	log_debug("node %s: its rank is there", node);
	if (b->leader)
		leader_peer_up(b->leader, node);
	agent_peer_up(b->agent, node);
}

static void on_down(void *arg, const char *node, const char *why)
{
	struct broker *b = arg;

	if (!b->ending)
		log_info("node %s: its rank is gone: %s", node, why);
	if (b->leader)
		leader_peer_down(b->leader, node, why);
	agent_peer_down(b->agent, node, why);
}

static void on_message(void *arg, const char *node, const Berth__Msg *msg)
{
	struct broker *b = arg;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_NODE_HELLO:
	case BERTH__MSG__BODY_REPORT:
	case BERTH__MSG__BODY_STDIN_ACK:
	case BERTH__MSG__BODY_OUTPUT_DATA:
	case BERTH__MSG__BODY_PONG:
	case BERTH__MSG__BODY_LAUNCHER_INFO:
		if (b->leader)
			leader_message(b->leader, node, msg);
		if (b->keeper &&
		    msg->body_case == BERTH__MSG__BODY_NODE_HELLO)
			roster_keeper_hello(b->keeper, msg->node_hello);
		break;
	default:
		agent_message(b->agent, node, msg);
	}
}

static const struct net_events net_handlers = {
	.up = on_up, .down = on_down, .message = on_message};

/* ---- life ---- */

static struct agent *make_agent(struct broker *b,
				const struct broker_conf *conf,
				const struct topology *topology,
				const char *xml, struct berth_error *err)
{
	static const struct agent_events events = {
		.shutdown = on_agent_shutdown};
	const struct agent_config config = {
		.node_dir = conf->node_dir,
		.berth = conf->berth,
		.version = PACKAGE_VERSION,
		.topology_xml = xml,
		.topology = topology,
		.emulated = conf->topology != NULL,
		.labels = (const char *const *)conf->labels,
	};

	return agent_create(b->loop, b->net, &config, &events, b, err);
}

static struct leader *make_leader(struct broker *b,
				  const struct broker_conf *conf,
				  struct berth_error *err)
{
	char *contact = mem_printf("%s/contact", conf->state_dir);
	char *socket = mem_printf("%s/api.sock", conf->node_dir);
	const struct leader_config config = {
		.berth = conf->berth,
		.version = PACKAGE_VERSION,
		.token = conf->token,
		.contact_path = contact,
		.unix_path = socket,
		.listen_host = conf->host,
		.listen_port = conf->port,
		.listen_local = conf->topology != NULL,
		.node_dir = conf->node_dir,
		.state_dir = conf->state_dir,
		.policy = conf->policy,
		.frameworks = (const char *const *)conf->frameworks,
		.roles = conf->roles,
		.nroles = conf->nroles,
		.offer_expiry_ms = conf->offer_expiry_ms,
		.heartbeat_ms = conf->heartbeat_ms,
		.heartbeat_timeout_ms = conf->heartbeat_timeout_ms,
		.node_timeout_ms = conf->node_timeout_ms,
		.keep_jobs = conf->keep_jobs,
		.keep_events = conf->keep_events,
	};
	struct leader *l = leader_create(b->loop, b->net, &config, err);

	if (l)
		leader_on_shutdown(l, on_leader_ended, b);
	free(socket);
	free(contact);
	return l;
}

struct broker *broker_create(struct loop *l, struct net *net,
			     const struct broker_conf *conf,
			     const struct topology *topology, const char *xml,
			     struct berth_error *err)
{
	struct broker *b = mem_alloc(sizeof(*b));
	const char *first = net_first(net);

	b->loop = l;
	b->net = net;
	b->linger = loop_timer_create(l, on_linger, b);
	b->term = loop_signal_create(l, SIGTERM, on_signal, b);
	b->intr = loop_signal_create(l, SIGINT, on_signal, b);
	b->agent = make_agent(b, conf, topology, xml, err);
	if (b->agent == NULL)
		goto fail;
	if (first && strcmp(first, net_self(net)) == 0) {
		b->leader = make_leader(b, conf, err);
		if (b->leader == NULL)
			goto fail;
		if (!conf->hosted)
			b->keeper = roster_keeper_create(l, net, conf->berth);
	}
	net_start(net, &net_handlers, b);
	return b;
fail:
	agent_destroy(b->agent);
	loop_timer_destroy(b->linger);
	loop_signal_destroy(b->term);
	loop_signal_destroy(b->intr);
	free(b);
	return NULL;
}

int broker_run(struct broker *b)
{
	struct berth_error err = {0};

	if (loop_run(b->loop, &err) == 0)
		return b->status;
	log_error("%s", err.text);
	return 1;
}

void broker_exit(struct broker *b, int status)
{
	roster_keeper_destroy(b->keeper);
	leader_destroy(b->leader);
	agent_destroy(b->agent);
	net_mpi_exit(b->net, status);
}
