/* broker.c - see broker.h. */
#include "broker/broker.h"

#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agent.h"
#include "broker/api_server.h"
#include "broker/contact_file.h"
#include "broker/history.h"
#include "broker/history_feed.h"
#include "broker/leader.h"
#include "broker/leadership.h"
#include "broker/roster_keeper.h"
#include "io/whole_file.h"

/* What has been sent may go out before we do. */
enum { LINGER_US = 200 * 1000 };

struct broker {
	struct loop *loop;
	struct net *net;
	struct agent *agent;
	const struct broker_conf *conf;
	char *contact_path, *socket_path;
	struct api_server *server;
	struct records *records; /* what the ranks agreed on */
	struct history *history; /* of what that said */
	struct leadership *leadership;
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
	struct broker *b = arg;

	contact_file_remove(b->contact_path);
	end(b, LINGER_US, reason[0] ? reason : "shut down");
}

static void on_leader_ended(void *arg, const char *reason, bool kill_tasks)
{
	log_info("Berth is shut down%s%s", reason[0] ? ": " : "", reason);
}

/* ---- who leads ---- */

static void on_rank_died(void *arg, const char *node)
{
	struct broker *b = arg;

	leadership_rank_died(b->leadership, node);
}

static void on_contact(void *arg, const Berth__Contact *contact)
{
	struct broker *b = arg;
	struct berth_error err = {0};

	if (b->leader == NULL)
		api_server_refer(b->server, contact->leader_uri);
	if (contact_file_write(b->contact_path, b->conf->berth,
			       api_server_token(b->server), contact,
			       &err) < 0)
		log_error("the contact file: %s", err.text);
}

/* ---- the net ---- */

static void on_up(void *arg, const char *node)
{
	struct broker *b = arg;

	log_debug("node %s: its rank is there", node);
	leadership_peer_up(b->leadership, node);
	if (b->leader)
		leader_peer_up(b->leader, node);
	agent_peer_up(b->agent, node);
}

static void on_down(void *arg, const char *node, const char *why)
{
	struct broker *b = arg;

	if (!b->ending)
		log_info("node %s: its rank is gone: %s", node, why);
	leadership_peer_down(b->leadership, node);
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
	case BERTH__MSG__BODY_AGREE:
	case BERTH__MSG__BODY_STANDING:
		leadership_message(b->leadership, node, msg);
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
		.shutdown = on_agent_shutdown,
		.rank_died = on_rank_died,
		.contact = on_contact};
	const struct agent_config config = {
		.node_dir = conf->node_dir,
		.berth = conf->berth,
		.version = PACKAGE_VERSION,
		.topology_xml = xml,
		.topology = topology,
		.emulated = conf->topology != NULL,
		.uri = api_server_uri(b->server),
		.labels = (const char *const *)conf->labels,
	};

	return agent_create(b->loop, b->net, &config, &events, b, err);
}

static struct api_server *make_server(struct broker *b,
				      const struct broker_conf *conf,
				      struct berth_error *err)
{
	const struct api_server_config config = {
		.token = conf->token,
		.unix_path = b->socket_path,
		.listen_host = conf->host,
		.listen_port = conf->port,
		.listen_local = conf->topology != NULL,
	};

	return api_server_create(b->loop, &config, err);
}

static const char *const *voters(void *arg, size_t *count)
{
	struct broker *b = arg;

	return agree_voters(leadership_agree(b->leadership), count);
}

static int propose(void *arg, const void *data, size_t len, agree_done_f done,
		   void *done_arg, struct berth_error *err)
{
	struct broker *b = arg;

	return agree_propose(leadership_agree(b->leadership), data, len, done,
			     done_arg, err);
}

static bool may_act(void *arg)
{
	struct broker *b = arg;

	return agree_lease_valid(leadership_agree(b->leadership));
}

static struct leader *make_leader(struct broker *b, uint64_t term,
				  struct berth_error *err)
{
	const struct broker_conf *conf = b->conf;
	const struct leader_config config = {
		.berth = conf->berth,
		.version = PACKAGE_VERSION,
		.term = term,
		.by_mpirun = !conf->hosted,
		.voters = voters,
		.voters_arg = b,
		.records = b->records,
		.history = b->history,
		.propose = propose,
		.propose_arg = b,
		.may_act = may_act,
		.may_act_arg = b,
		.node_dir = conf->node_dir,
		.state_dir = conf->state_dir,
		.policy = conf->policy,
		.frameworks = (const char *const *)conf->frameworks,
		.roles = conf->roles,
		.nroles = conf->nroles,
		.topology_conf = conf->topology_conf,
		.switches = conf->switches,
		.offer_expiry_ms = conf->offer_expiry_ms,
		.lend_after_ms = conf->lend_after_ms,
		.heartbeat_ms = conf->heartbeat_ms,
		.heartbeat_timeout_ms = conf->heartbeat_timeout_ms,
		.node_timeout_ms = conf->node_timeout_ms,
		.failover_ms = conf->failover_ms,
		.framework_timeout_ms = conf->framework_timeout_ms,
		.max_jobs = conf->max_jobs,
		.keep_jobs = conf->keep_jobs,
		.keep_events = conf->keep_events,
		.event_log = conf->event_log,
	};
	struct leader *l = leader_create(b->loop, b->net, b->server, &config,
					 err);

	if (l)
		leader_on_shutdown(l, on_leader_ended, b);
	return l;
}

static int lead(struct broker *b, uint64_t term, struct berth_error *err)
{
	net_set_term(b->net, term);
	b->leader = make_leader(b, term, err);
	if (b->leader == NULL) {
		net_set_term(b->net, 0);
		return -1;
	}
	if (!b->conf->hosted)
		b->keeper = roster_keeper_create(b->loop, b->net,
						 b->conf->berth);
	return 0;
}

/* For `berth up`, which nobody answers. */
static char *stuck_path(const struct broker *b)
{
	return mem_printf("%s/stuck", b->conf->state_dir);
}

static void on_stuck(void *arg, const char *text)
{
	char *path = stuck_path(arg);

	whole_file_write(path, text, strlen(text), NULL);
	free(path);
}

static void not_stuck(struct broker *b)
{
	char *path = stuck_path(b);

	unlink(path);
	free(path);
}

static void on_lead(void *arg, uint64_t term)
{
	struct broker *b = arg;
	struct berth_error err = {0};

	if (b->ending)
		return;
	not_stuck(b);
	if (lead(b, term, &err) < 0) {
		fprintf(stderr, "berthd: %s\n", err.text);
		b->status = error_exit_status(&err);
		loop_stop(b->loop);
	}
	agent_follow(b->agent, net_self(b->net), term);
}

static void on_yield(void *arg)
{
	struct broker *b = arg;

	roster_keeper_destroy(b->keeper);
	b->keeper = NULL;
	leader_destroy(b->leader);
	b->leader = NULL;
	agent_yield(b->agent);
	net_set_term(b->net, 0);
	api_server_refer(b->server, NULL);
}

static void on_follow(void *arg, const char *node, uint64_t term)
{
	struct broker *b = arg;

	/* The agent hears of a leader by the leader itself, which may not be
	 * ready for it yet. */
	if (node == NULL)
		api_server_refer(b->server, NULL);
}

static const struct leadership_events leadership_handlers = {
	.lead = on_lead,
	.yield = on_yield,
	.follow = on_follow,
	.stuck = on_stuck};

/* Once for each time that a person said it: the mark is kept. */
static char *forgotten_path(const struct broker *b)
{
	return mem_printf("%s/voters-forgotten", b->conf->node_dir);
}

static bool forgets_voters(const struct broker *b)
{
	const char *said = b->conf->forget_voters;
	const char *self = net_self(b->net);
	size_t n = strlen(self), len;
	char *path, *done;
	bool is;

	if (said == NULL || strncmp(said, self, n) != 0 || said[n] != ' ')
		return false;
	path = forgotten_path(b);
	done = whole_file_read(path, 4096, &len, NULL);
	is = done == NULL || strcmp(done, said) != 0;
	free(done);
	free(path);
	return is;
}

static void note_forgotten(const struct broker *b)
{
	const char *said = b->conf->forget_voters;
	char *path = forgotten_path(b);
	struct berth_error err;

	if (whole_file_write(path, said, strlen(said), &err) != 0)
		log_error("%s", err.text);
	free(path);
}

static int make_leadership(struct broker *b, struct berth_error *err)
{
	char *dir = mem_printf("%s/agree", b->conf->node_dir);
	const struct leadership_config config = {
		.dir = dir,
		.records = b->records,
		.forget_others = forgets_voters(b),
		.topology_conf = b->conf->topology_conf,
		.switches = b->conf->switches,
		.node_timeout_ms = b->conf->node_timeout_ms};

	b->leadership = leadership_create(b->loop, b->net, &config,
					  &leadership_handlers, b, err);
	free(dir);
	if (config.forget_others && b->leadership != NULL)
		note_forgotten(b);
	return b->leadership ? 0 : -1;
}

/* The history lies beside the agreement: a rank that loses one loses both. */
static void make_records(struct broker *b)
{
	char *path = mem_printf("%s/history.db", b->conf->node_dir);

	b->records = records_create();
	b->history = history_create(b->loop, path);
	records_on_end(b->records, history_feed, b->history);
	free(path);
}

void broker_destroy(struct broker *b)
{
	if (b == NULL)
		return;
	roster_keeper_destroy(b->keeper);
	leader_destroy(b->leader);
	leadership_destroy(b->leadership);
	records_destroy(b->records);
	history_destroy(b->history);
	agent_destroy(b->agent);
	api_server_destroy(b->server);
	loop_timer_destroy(b->linger);
	loop_signal_destroy(b->term);
	loop_signal_destroy(b->intr);
	free(b->contact_path);
	free(b->socket_path);
	free(b);
}

struct broker *broker_create(struct loop *l, struct net *net,
			     const struct broker_conf *conf,
			     const struct topology *topology, const char *xml,
			     struct berth_error *err)
{
	struct broker *b = mem_alloc(sizeof(*b));

	b->loop = l;
	b->net = net;
	b->conf = conf;
	b->contact_path = mem_printf("%s/contact", conf->state_dir);
	b->socket_path = mem_printf("%s/api.sock", conf->node_dir);
	make_records(b);
	b->linger = loop_timer_create(l, on_linger, b);
	b->term = loop_signal_create(l, SIGTERM, on_signal, b);
	b->intr = loop_signal_create(l, SIGINT, on_signal, b);
	b->server = make_server(b, conf, err);
	if (b->server == NULL)
		goto fail;
	b->agent = make_agent(b, conf, topology, xml, err);
	if (b->agent == NULL)
		goto fail;
	if (make_leadership(b, err) < 0)
		goto fail;
	net_start(net, &net_handlers, b);
	return b;
fail:
	broker_destroy(b);
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
	struct net *net = b->net;

	broker_destroy(b);
	net_mpi_exit(net, status);
}
