#include "broker/leader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/api_server.h"
#include "broker/book.h"
#include "broker/calls.h"
#include "broker/chronicle.h"
#include "broker/conduct.h"
#include "broker/datasets.h"
#include "broker/doors.h"
#include "broker/drain.h"
#include "broker/ends.h"
#include "broker/events.h"
#include "broker/frameworks.h"
#include "broker/history.h"
#include "broker/history_routes.h"
#include "broker/hosts.h"
#include "broker/job_routes.h"
#include "broker/jobs.h"
#include "broker/launches.h"
#include "broker/metrics.h"
#include "broker/nodes.h"
#include "broker/outputs.h"
#include "broker/reaper.h"
#include "broker/recall.h"
#include "broker/recorder.h"
#include "broker/restart.h"
#include "broker/revocations.h"
#include "broker/routes.h"
#include "broker/settle.h"
#include "broker/shares.h"
#include "broker/shutdown.h"
#include "broker/stdins.h"
#include "broker/stream_routes.h"
#include "broker/submit.h"
#include "broker/survivors.h"
#include "broker/views.h"
#include "config.h"

/* leader_config with its strings owned and its defaults filled in. */
struct leader_settings {
	char *berth, *version, *node_dir, *state_dir, *policy;
	char **frameworks;
	struct role_conf *roles;
	size_t nroles;
	char *topology_conf, *switches;
	uint64_t term;
	bool by_mpirun;
	const char *const *(*voters)(void *arg, size_t *count);
	void *voters_arg;
	uint64_t seed;
	uint32_t offer_expiry_ms, lend_after_ms, heartbeat_ms, heartbeat_timeout_ms,
		node_timeout_ms, failover_ms, framework_timeout_ms;
	size_t max_jobs, keep_jobs, keep_events;
	char *event_log;
};

/* All parts; each knows those above it here that it was given, and no
 * others. */
struct leader {
	struct loop *loop;
	struct net *net;
	struct leader_settings set;
	uint64_t started_us; /* loop_now_us */

	struct records *own_records;   /* where none were given */
	struct commit *commit;	       /* changes on their way into them */
	struct lease *lease;	       /* may we act now? */
	struct book *book;	       /* the ledger and what follows from it */
	struct nodes *nodes;	       /* hellos, heartbeats, loss */
	struct ends *ends;	       /* ends, confirmed when on record */
	struct events *events;	       /* the last events as text */
	struct jobs *jobs;	       /* specs, where tasks ran */
	struct launches *launches;     /* Launch and Kill on their way out */
	struct revocations *revocations; /* slices that are taken back */
	struct outputs *outputs;       /* readers of output */
	struct stdins *stdins;	       /* writers of standard input */
	struct conduct *conduct;       /* of frameworks */
	struct reaper *reaper;	       /* of frameworks that stay away */
	struct frameworks *frameworks; /* registrations, event streams */
	struct job_routes *job_routes; /* users' calls, waiters */
	struct shares *shares;	       /* what is set for roles */
	struct history *own_history;   /* where none was given */
	struct history *history;       /* accounting */
	struct history_routes *history_routes;
	struct recorder *recorder;     /* every event, in a file */
	struct api_server *server;     /* the rank's; not ours */
	struct doors *doors;	       /* where the ranks' servers are */
	struct hosts *hosts;	       /* the framework hosts we started */
	struct submits *submits;       /* jobs whose framework is yet to come */
	struct shutdown *shutdown;     /* the end of it all */
	struct survivors survivors;    /* hear which ranks are gone */
	struct calls calls;
	struct stream_routes stream_routes;
	struct agreed *agreed;	       /* calls that wait to be on record */
	struct drain drain;
	struct restart restart;
	struct datasets datasets;
	struct views views;
	struct chronicle chronicle;
	struct settle *settle;	       /* until all is known that runs */
	struct metrics metrics;
	struct routes *routes;	       /* which call is whose */
};

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
		.node_dir = mem_strdup(c->node_dir),
		.state_dir = mem_strdup(c->state_dir),
		.policy = mem_strdup(c->policy != NULL ? c->policy : "fifo"),
		.frameworks = mem_strv_dup((char *const *)f, n),
		.roles = role_conf_copy(c->roles, c->nroles),
		.nroles = c->nroles,
		.topology_conf = mem_strdup(c->topology_conf),
		.switches = mem_strdup(c->switches),
		.term = c->term,
		.by_mpirun = c->by_mpirun,
		.voters = c->voters,
		.voters_arg = c->voters_arg,
		.seed = c->seed,
		.offer_expiry_ms = or_default(c->offer_expiry_ms, 5000),
		.lend_after_ms = or_default(c->lend_after_ms, 5000),
		.heartbeat_ms = or_default(c->heartbeat_ms, 1000),
		.heartbeat_timeout_ms =
			or_default(c->heartbeat_timeout_ms, 5000),
		.node_timeout_ms = or_default(c->node_timeout_ms, 30000),
		.failover_ms = or_default(c->failover_ms, 60000),
		.framework_timeout_ms =
			or_default(c->framework_timeout_ms, 30000),
		.max_jobs = c->max_jobs != 0 ? c->max_jobs : 200000,
		.keep_jobs = c->keep_jobs != 0 ? c->keep_jobs : 10000,
		.keep_events = c->keep_events != 0 ? c->keep_events : 4096,
		.event_log = mem_strdup(c->event_log),
	};
}

static void settings_finish(struct leader_settings *s)
{
	free(s->berth);
	free(s->version);
	free(s->node_dir);
	free(s->state_dir);
	free(s->policy);
	free(s->event_log);
	mem_strv_free(s->frameworks);
	role_conf_free(s->roles, s->nroles);
	free(s->topology_conf);
	free(s->switches);
}

/* ---- the parts ----------------------------------------------------------- */

static struct book *make_book(struct leader *l, struct berth_error *err)
{
	const struct book_config config = {
		.policy = l->set.policy,
		.seed = l->set.seed,
		.offer_expiry_ms = l->set.offer_expiry_ms,
		.lend_after_ms = l->set.lend_after_ms,
		.first_id = l->set.term << 32,
		.topology_conf = l->set.topology_conf,
		.switches = l->set.switches,
		.lease = l->lease,
		.keep_jobs = l->set.keep_jobs,
		.forgotten = records_forgotten(commit_records(l->commit)),
	};

	return book_create(l->loop, &config, err);
}

static struct nodes *make_nodes(struct leader *l)
{
	const struct nodes_config config = {
		.version = l->set.version,
		.term = l->set.term,
		.records = commit_records(l->commit),
		.lease = l->lease,
		.heartbeat_ms = l->set.heartbeat_ms,
		.heartbeat_timeout_ms = l->set.heartbeat_timeout_ms,
		.node_timeout_ms = l->set.node_timeout_ms,
	};

	return nodes_create(l->loop, l->net, l->book, &config);
}

static struct hosts *make_hosts(struct leader *l)
{
	const struct hosts_config config = {
		.names = l->set.frameworks,
		.uri = api_server_local_uri(l->server),
		.token = api_server_token(l->server),
		.epoch = l->set.term,
		.doors = l->doors,
		.node_dir = l->set.node_dir,
		.state_dir = l->set.state_dir,
	};

	return hosts_create(l->loop, l->net, &config);
}

static void on_request(void *arg, struct http_request *req)
{
	struct leader *l = arg;

	if (lease_holds(l->lease))
		routes_dispatch(l->routes, req);
	else
		lease_park(l->lease, req, on_request, l);
}

static void make_history(struct leader *l, struct history *given)
{
	if (given == NULL)
		l->own_history = history_create(l->loop, NULL);
	l->history = given != NULL ? given : l->own_history;
	l->history_routes = history_routes_create(l->loop, l->history,
						  l->commit);
}

/* Before anything changes: the log begins with an empty ledger. */
static void make_recorder(struct leader *l)
{
	const char *dir = l->set.state_dir, *name = l->set.event_log;
	char *path = name != NULL && name[0] != '/' && dir != NULL
			     ? mem_printf("%s/%s", dir, name)
			     : mem_strdup(name);

	l->recorder = recorder_create(l->loop, path, l->set.version,
				      l->set.policy);
	book_listen(l->book, recorder_event, l->recorder);
	free(path);
}

/* The parts that follow the ledger, and who hears of what in which order:
 * launches ask jobs where a job ran before jobs forget it. */
static void make_followers(struct leader *l)
{
	struct loop *loop = l->loop;
	struct book *book = l->book;

	l->events = events_create(loop, l->set.keep_events, l->commit);
	l->jobs = jobs_create(book);
	l->launches = launches_create(loop, l->set.berth, l->set.term,
				      l->commit, book, l->jobs, l->nodes);
	l->job_routes = job_routes_create(loop, book, l->jobs, l->launches,
					  l->commit);
	l->conduct = conduct_create(loop, book);
	l->frameworks = frameworks_create(
		loop, book,
		&(struct frameworks_config){l->set.failover_ms,
					    l->set.framework_timeout_ms,
					    l->conduct});
	l->reaper = reaper_create(book, l->jobs, l->launches);
	l->revocations = revocations_create(loop, book, l->jobs, l->launches);
	l->outputs = outputs_create(loop, book, l->jobs, l->nodes);
	l->stdins = stdins_create(loop, book, l->nodes);

	l->survivors = (struct survivors){book, l->nodes};

	book_listen(book, events_event, l->events);
	book_listen(book, launches_event, l->launches);
	book_listen(book, jobs_event, l->jobs);
	book_listen(book, job_routes_event, l->job_routes);
	book_listen(book, reaper_event, l->reaper);
	book_listen(book, conduct_event, l->conduct);
	book_listen(book, frameworks_event, l->frameworks);
	book_listen(book, revocations_event, l->revocations);
	book_listen(book, outputs_event, l->outputs);
	book_listen(book, stdins_event, l->stdins);
	book_after_round(book, reaper_reap, l->reaper);
	book_listen(book, survivors_event, &l->survivors);
	nodes_on_change(l->nodes, survivors_node, &l->survivors);
	nodes_on_change(l->nodes, outputs_node, l->outputs);
	nodes_on_change(l->nodes, stdins_node, l->stdins);
}

static void on_report(void *arg, const char *node,
		      const Berth__TaskReport *report)
{
	struct leader *l = arg;

	chronicle_report(&l->chronicle, node, report);
	hosts_report(l->hosts, node, report);
}

/* The framework hosts, which need the server, and those that need them. */
static void make_hosting(struct leader *l)
{
	l->hosts = make_hosts(l);
	l->submits = submits_create(l->loop, l->book, l->jobs, l->hosts,
				    l->commit, l->set.max_jobs);
	l->shutdown = shutdown_create(l->loop, l->nodes, l->hosts);
	nodes_on_report(l->nodes, on_report, l);
	frameworks_on_silent(l->frameworks, hosts_replace, l->hosts);
	book_listen(l->book, submits_event, l->submits);
}

static void on_settled(void *arg)
{
	struct leader *l = arg;

	frameworks_settled(l->frameworks);
}

/* What was agreed on before we led.  From here on all is written down. */
static void make_past(struct leader *l)
{
	const struct records *r = commit_records(l->commit);

	recall_all(r, l->jobs, book_ledger(l->book));
	l->agreed = agreed_create(l->commit);
	l->drain = (struct drain){l->book, l->nodes, r, l->agreed};
	l->datasets = (struct datasets){l->book, r, l->agreed};
	nodes_on_change(l->nodes, drain_node, &l->drain);
	nodes_on_change(l->nodes, datasets_node, &l->datasets);
	l->chronicle = (struct chronicle){l->book, l->commit};
	book_listen(l->book, chronicle_event, &l->chronicle);
	frameworks_hold(l->frameworks);
	l->settle = settle_create(l->loop, l->book, l->nodes, r,
				  l->set.node_timeout_ms, on_settled, l);
}

/* ---- the API ------------------------------------------------------------- */

static void make_handlers(struct leader *l)
{
	l->calls = (struct calls){l->book, l->jobs, l->launches, l->frameworks,
				  l->conduct};
	l->stream_routes = (struct stream_routes){l->book, l->jobs, l->outputs,
						  l->stdins};
	l->restart = (struct restart){l->nodes, l->set.by_mpirun};
	l->views = (struct views){
		.book = l->book,
		.conduct = l->conduct,
		.nodes = l->nodes,
		.net = l->net,
		.shutdown = l->shutdown,
		.records = commit_records(l->commit),
		.berth = l->set.berth,
		.version = l->set.version,
		.term = l->set.term,
		.voters = l->set.voters,
		.voters_arg = l->set.voters_arg,
		.started_us = l->started_us,
	};
	l->metrics = (struct metrics){
		.book = l->book,
		.nodes = l->nodes,
		.frameworks = l->frameworks,
		.conduct = l->conduct,
		.outputs = l->outputs,
		.server = l->server,
		.net = l->net,
	};
}

static struct routes *make_routes(struct leader *l)
{
	void *views = &l->views, *jobs = l->job_routes;
	void *streams = &l->stream_routes, *frameworks = l->frameworks;
	const struct route table[] = {
		{"GET", "/v1/status", views_status, views},
		{"GET", "/v1/nodes", views_nodes, views},
		{"GET", "/v1/nodes/*", views_node, views},
		{"POST", "/v1/nodes/*/drain", drain_post, &l->drain},
		{"DELETE", "/v1/nodes/*/drain", drain_delete, &l->drain},
		{"POST", "/v1/nodes/*/restart", restart_post, &l->restart},
		{"GET", "/v1/slices", views_slices, views},
		{"GET", "/v1/offers", views_offers, views},
		{"GET", "/v1/demands", views_demands, views},
		{"GET", "/v1/frameworks", views_frameworks, views},
		{"GET", "/v1/shares", shares_get, l->shares},
		{"PUT", "/v1/shares/*", shares_put, l->shares},
		{"DELETE", "/v1/shares/*", shares_delete, l->shares},
		{"GET", "/v1/metrics", metrics_get, &l->metrics},
		{"GET", "/v1/events", events_get, l->events},
		{"GET", "/v1/datasets", datasets_get, &l->datasets},
		{"PUT", "/v1/datasets/*", datasets_put, &l->datasets},
		{"DELETE", "/v1/datasets/*", datasets_delete, &l->datasets},
		{"GET", "/v1/history", history_routes_get,
		 l->history_routes},

		{"POST", "/v1/jobs", submits_post, l->submits},
		{"GET", "/v1/jobs", job_routes_list, jobs},
		{"GET", "/v1/jobs/*", job_routes_get, jobs},
		{"DELETE", "/v1/jobs/*", job_routes_delete, jobs},
		{"POST", "/v1/jobs/*/signal", job_routes_signal, jobs},
		{"GET", "/v1/jobs/*/output", stream_routes_output, streams},
		{"POST", "/v1/jobs/*/stdin", stream_routes_stdin, streams},

		{"POST", "/v1/frameworks", frameworks_post, frameworks},
		{"GET", "/v1/frameworks/*/events", frameworks_events,
		 frameworks},
		{"POST", "/v1/frameworks/*/calls", calls_post, &l->calls},

		{"POST", "/v1/shutdown", shutdown_post, l->shutdown},
	};

	return routes_create(table, sizeof(table) / sizeof(table[0]));
}

/* ---- create, destroy ----------------------------------------------------- */

struct leader *leader_create(struct loop *loop, struct net *net,
			     struct api_server *server,
			     const struct leader_config *config,
			     struct berth_error *err)
{
	struct leader *l = mem_alloc(sizeof(*l));

	l->loop = loop;
	l->net = net;
	l->server = server;
	l->started_us = loop_now_us();
	settings_init(&l->set, config);
	if (config->records == NULL)
		l->own_records = records_create();
	l->commit = commit_create(loop,
				  config->records ? config->records
						  : l->own_records,
				  config->propose, config->propose_arg);
	l->lease = lease_create(loop, config->may_act, config->may_act_arg);
	l->book = make_book(l, err);
	if (l->book == NULL)
		goto fail;
	make_recorder(l);
	l->nodes = make_nodes(l);
	l->ends = ends_create(loop, l->commit, net);
	make_history(l, config->history);
	make_followers(l);
	l->shares = shares_create(l->book, l->commit, l->set.roles, l->set.nroles,
				  l->set.state_dir, err);
	if (l->shares == NULL)
		goto fail;
	make_past(l);
	l->doors = doors_create(loop, net, api_server_uri(server));
	make_hosting(l);
	make_handlers(l);
	l->routes = make_routes(l);
	api_server_serve(server, on_request, l);
	nodes_announce(l->nodes);
	return l;
fail:
	leader_destroy(l);
	return NULL;
}

void leader_destroy(struct leader *l)
{
	if (l == NULL)
		return;
	events_destroy(l->events);
	outputs_destroy(l->outputs);
	stdins_destroy(l->stdins);
	submits_destroy(l->submits);
	agreed_destroy(l->agreed);
	settle_destroy(l->settle);
	frameworks_destroy(l->frameworks);
	conduct_destroy(l->conduct);
	reaper_destroy(l->reaper);
	job_routes_destroy(l->job_routes);
	revocations_destroy(l->revocations);
	launches_destroy(l->launches);
	shutdown_destroy(l->shutdown);
	hosts_destroy(l->hosts);
	jobs_destroy(l->jobs);
	ends_destroy(l->ends);
	nodes_destroy(l->nodes);
	shares_destroy(l->shares);
	history_routes_destroy(l->history_routes);
	history_destroy(l->own_history);
	book_destroy(l->book);
	lease_destroy(l->lease);
	commit_destroy(l->commit);
	records_destroy(l->own_records);
	recorder_destroy(l->recorder);
	doors_destroy(l->doors);
	routes_destroy(l->routes);
	settings_finish(&l->set);
	free(l);
}

void leader_on_shutdown(struct leader *l, leader_ended_f ended, void *arg)
{
	shutdown_on_end(l->shutdown, ended, arg);
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
		doors_hello(l->doors, msg->node_hello);
		break;
	case BERTH__MSG__BODY_REPORT:
		if (nodes_report(l->nodes, node, msg->report))
			ends_heard(l->ends, node, msg->report);
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
