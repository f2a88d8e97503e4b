#include "broker/leader.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "broker/api.h"
#include "broker/book.h"
#include "broker/events.h"
#include "broker/frameworks.h"
#include "broker/hosts.h"
#include "broker/jobs.h"
#include "broker/launches.h"
#include "broker/leader_parts.h"
#include "broker/nodes.h"
#include "broker/outputs.h"
#include "broker/shares.h"
#include "broker/stdins.h"
#include "broker/submit.h"
#include "config.h"

/* ---- settings ------------------------------------------------------------ */

static uint32_t or_default(uint32_t v, uint32_t fallback)
{
	return v != 0 ? v : fallback;
}

static void settings_init(struct leader_settings *s,
			  const struct leader_config *c)
{
	static const char *const hosts[] = {"mpi", "batch", NULL};
	const char *const *f = c->frameworks != NULL ? c->frameworks : hosts;
	size_t n = 0;

	while (f[n] != NULL)
		n++;
	*s = (struct leader_settings){
		.berth = mem_strdup(c->berth != NULL ? c->berth : "berth"),
		.version = mem_strdup(c->version != NULL ? c->version
							 : PACKAGE_VERSION),
		.contact_path = mem_strdup(c->contact_path),
		.unix_path = mem_strdup(c->unix_path),
		.listen_host = mem_strdup(c->listen_host),
		.node_dir = mem_strdup(c->node_dir),
		.state_dir = mem_strdup(c->state_dir),
		.policy = mem_strdup(c->policy != NULL ? c->policy : "fifo"),
		.frameworks = mem_strv_dup((char *const *)f, n),
		.roles = role_conf_copy(c->roles, c->nroles),
		.nroles = c->nroles,
		.listen_port = c->listen_port,
		.listen_local = c->listen_local,
		.no_tcp = c->no_tcp,
		.seed = c->seed,
		.offer_expiry_ms = or_default(c->offer_expiry_ms, 5000),
		.heartbeat_ms = or_default(c->heartbeat_ms, 1000),
		.heartbeat_timeout_ms =
			or_default(c->heartbeat_timeout_ms, 5000),
		.node_timeout_ms = or_default(c->node_timeout_ms, 30000),
		.keep_jobs = c->keep_jobs != 0 ? c->keep_jobs : 10000,
		.keep_events = c->keep_events != 0 ? c->keep_events : 4096,
	};
}

static void settings_finish(struct leader_settings *s)
{
	free(s->berth);
	free(s->version);
	free(s->contact_path);
	free(s->unix_path);
	free(s->listen_host);
	free(s->node_dir);
	free(s->state_dir);
	free(s->policy);
	mem_strv_free(s->frameworks);
	role_conf_free(s->roles, s->nroles);
}

/* ---- create, destroy ----------------------------------------------------- */

static int set_token(struct leader *l, const char *token,
		     struct berth_error *err)
{
	if (token == NULL) {
		rand_secret_hex(l->token, (sizeof(l->token) - 1) / 2);
		return 0;
	}
	if (token[0] == '\0' || strlen(token) >= sizeof(l->token))
		return error_set(err, BERTH_EINPUT,
				 "token: 1 to %zu characters are wanted",
				 sizeof(l->token) - 1);
	strcpy(l->token, token);
	return 0;
}

static struct book *make_book(struct leader *l, struct berth_error *err)
{
	const struct book_config config = {
		.policy = l->set.policy,
		.seed = l->set.seed,
		.offer_expiry_ms = l->set.offer_expiry_ms,
		.keep_jobs = l->set.keep_jobs,
	};

	return book_create(l->loop, &config, err);
}

static struct nodes *make_nodes(struct leader *l)
{
	const struct nodes_config config = {
		.version = l->set.version,
		.heartbeat_ms = l->set.heartbeat_ms,
		.heartbeat_timeout_ms = l->set.heartbeat_timeout_ms,
		.node_timeout_ms = l->set.node_timeout_ms,
	};

	return nodes_create(l->loop, l->net, l->book, &config);
}

/* Who hears of what, in the order in which they are told. */
static void wire(struct leader *l)
{
	book_listen(l->book, events_event, l->events);
	book_listen(l->book, jobs_event, l->jobs);
	book_listen(l->book, frameworks_event, l->frameworks);
	book_listen(l->book, outputs_event, l->outputs);
	book_listen(l->book, stdins_event, l->stdins);
	book_after_round(l->book, frameworks_reap, l->frameworks);
	nodes_on_change(l->nodes, outputs_node, l->outputs);
	nodes_on_change(l->nodes, stdins_node, l->stdins);
	nodes_on_report(l->nodes, hosts_report, l->hosts);
}

struct leader *leader_create(struct loop *loop, struct net *net,
			     const struct leader_config *config,
			     struct berth_error *err)
{
	struct leader *l = mem_alloc(sizeof(*l));

	l->loop = loop;
	l->net = net;
	l->started_us = loop_now_us();
	settings_init(&l->set, config);
	if (set_token(l, config->token, err) != 0)
		goto fail;
	l->book = make_book(l, err);
	if (l->book == NULL)
		goto fail;
	l->nodes = make_nodes(l);
	l->events = events_create(loop, l->set.keep_events);
	l->jobs = jobs_create(l);
	l->submits = submits_create(l);
	l->frameworks = frameworks_create(l);
	l->launches = launches_create(l);
	l->outputs = outputs_create(l);
	l->stdins = stdins_create(l);
	l->hosts = hosts_create(l);
	wire(l);
	l->shares = shares_create(l, err);
	if (l->shares == NULL)
		goto fail;
	l->api = api_create(l, err);
	if (l->api == NULL)
		goto fail;
	return l;
fail:
	leader_destroy(l);
	return NULL;
}

void leader_destroy(struct leader *l)
{
	if (l == NULL)
		return;
	/* The server last: what is parked or streamed belongs to it. */
	events_destroy(l->events);
	outputs_destroy(l->outputs);
	stdins_destroy(l->stdins);
	submits_destroy(l->submits);
	frameworks_destroy(l->frameworks);
	launches_destroy(l->launches);
	hosts_destroy(l->hosts);
	jobs_destroy(l->jobs);
	nodes_destroy(l->nodes);
	shares_destroy(l->shares);
	book_destroy(l->book);
	api_destroy(l->api);
	settings_finish(&l->set);
	free(l);
}

void leader_on_shutdown(struct leader *l, leader_ended_f ended, void *arg)
{
	l->ended = ended;
	l->ended_arg = arg;
}

const char *leader_token(const struct leader *l)
{
	return l->token;
}

const char *leader_uri(const struct leader *l)
{
	return api_uri(l->api);
}

/* ---- the net ------------------------------------------------------------- */

void leader_peer_up(struct leader *l, const char *node)
{
	nodes_peer_up(l->nodes, node);
}

void leader_peer_down(struct leader *l, const char *node, const char *why)
{
	nodes_peer_down(l->nodes, node, why);
}

void leader_message(struct leader *l, const char *node, const Berth__Msg *msg)
{
	nodes_heard(l->nodes, node);
	switch (msg->body_case) {
	case BERTH__MSG__BODY_NODE_HELLO:
		nodes_hello(l->nodes, node, msg->node_hello);
		break;
	case BERTH__MSG__BODY_REPORT:
		nodes_report(l->nodes, node, msg->report);
		break;
	case BERTH__MSG__BODY_PONG:
		nodes_pong(l->nodes, node, msg->pong);
		break;
	case BERTH__MSG__BODY_OUTPUT_DATA:
		outputs_data(l->outputs, msg->output_data);
		break;
	case BERTH__MSG__BODY_STDIN_ACK:
		stdins_ack(l->stdins, msg->stdin_ack);
		break;
	default:
		break;
	}
}
