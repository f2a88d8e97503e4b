#include "broker/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "broker/node_sync.h"
#include "broker/records.h"
#include "broker/reports.h"
#include "topo/topo.h"

enum peer_state { PEER_DOWN, PEER_COMING, PEER_UP, PEER_AWAY };

struct peer {
	struct nodes *all;
	char *name;
	enum peer_state state;
	bool connected; /* the net has it */
	char *drained;	/* why it gets no offers; NULL: it does */
	uint64_t incarnation;
	uint64_t heard_us, rtt_us; /* loop_now_us */
	struct loop_timer *loss;   /* runs while coming or away */
	/* Of the last hello. */
	const struct topology *topology;
	struct label *label;
	size_t nlabels;
	bool emulated;
	char *version;
	char why[120]; /* it is away or down */
	uint64_t life; /* of its last full report; before that: on record */
	struct node_sync *sync; /* messages that wait, strays to be ended */
};

struct change_listener {
	nodes_change_f changed;
	void *arg;
};

struct nodes {
	struct loop *loop;
	struct net *net;
	struct book *book;
	struct nodes_config config;
	struct change_listener *listener;
	size_t nlisteners;
	nodes_report_f report_heard;
	void *report_arg;
	struct map *by_name;
	struct map *topologies; /* const struct topology, by its hash */
	struct loop_timer *beat;
	uint64_t pings;
	bool mute; /* messages wait for the lease */
};

static struct peer *find(const struct nodes *n, const char *name)
{
	return map_get(n->by_name, name);
}

static struct ledger *ledger_of(const struct peer *p)
{
	return book_ledger(p->all->book);
}

/* ---- states -------------------------------------------------------------- */

static void start_loss(struct peer *p)
{
	uint64_t ms = p->all->config.node_timeout_ms;

	if (!loop_timer_pending(p->loss))
		loop_timer_start(p->loss, ms * 1000);
}

static void go_away(struct peer *p, const char *why)
{
	if (p->state == PEER_DOWN || p->state == PEER_AWAY)
		return;
	log_warn("node %s is away: %s", p->name, why);
	snprintf(p->why, sizeof(p->why), "%s", why);
	/* No offers of it for now; those that are open are rescinded. */
	if (p->state == PEER_UP)
		ledger_node_drain(ledger_of(p), p->name, true, book_now(),
				  NULL);
	p->state = PEER_AWAY;
	start_loss(p);
}

static void tell_change(const struct peer *p, bool up)
{
	const struct nodes *n = p->all;

	for (size_t i = 0; i < n->nlisteners; i++)
		n->listener[i].changed(n->listener[i].arg, p->name, up);
}

static void go_down(struct peer *p, const char *why)
{
	/* Others may come back and tell of theirs yet: see settle. */
	bool was_up = ledger_node(ledger_of(p), p->name) != NULL;

	if (p->state == PEER_DOWN)
		return;
	log_warn("node %s is down: %s", p->name, why);
	snprintf(p->why, sizeof(p->why), "%s", why);
	p->state = PEER_DOWN;
	loop_timer_stop(p->loss);
	node_sync_clear(p->sync);
	if (p->connected)
		net_drop(p->all->net, p->name);
	p->connected = false;
	p->incarnation = 0;
	ledger_node_lost(ledger_of(p), p->name, why, book_now(), NULL);
	if (was_up)
		ledger_end_recalled(ledger_of(p), p->name, false, why,
				    book_now());
	tell_change(p, false);
}

static void on_loss(void *arg)
{
	struct peer *p = arg;

	go_down(p, p->state == PEER_COMING
			   ? "its launcher has not reported"
			   : "its rank did not come back");
}

/* May they be told anything now?  What is kept is not overtaken. */
static bool may_speak(struct nodes *n)
{
	if (n->mute || n->config.lease == NULL)
		return !n->mute;
	n->mute = !lease_holds(n->config.lease);
	return !n->mute;
}

/* It is here, and the ledger agrees with it on what runs. */
static void go_up(struct peer *p)
{
	struct berth_error err = {0};

	if (ledger_node_up(ledger_of(p), p->name, p->topology, p->label,
			   p->nlabels, p->emulated, book_now(), &err) != 0) {
		log_error("node %s: %s", p->name, err.text);
		return;
	}
	ledger_node_drain(ledger_of(p), p->name, p->drained != NULL,
			  book_now(), NULL);
	loop_timer_stop(p->loss);
	p->state = PEER_UP;
	log_info("node %s is up", p->name);
	if (may_speak(p->all))
		node_sync_flush(p->sync, p->all->net, p->name);
	tell_change(p, true);
}

static void ping(struct nodes *n, const char *node)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Ping ping = BERTH__PING__INIT;

	ping.id = ++n->pings;
	ping.sent_us = loop_now_us();
	msg.body_case = BERTH__MSG__BODY_PING;
	msg.ping = &ping;
	net_send(n->net, node, &msg, NULL);
}

/* ---- peers --------------------------------------------------------------- */

static struct peer *peer_of(struct nodes *n, const char *name)
{
	struct peer *p = find(n, name);
	const Berth__RecordDrain *mark = NULL;

	if (p != NULL)
		return p;
	if (n->config.records != NULL)
		mark = records_drain(n->config.records, name);
	p = mem_alloc(sizeof(*p));
	p->all = n;
	p->name = mem_strdup(name);
	p->drained = mark != NULL ? mem_strdup(mark->reason) : NULL;
	p->loss = loop_timer_create(n->loop, on_loss, p);
	p->sync = node_sync_create();
	map_put(n->by_name, name, p);
	return p;
}

static void peer_destroy(void *arg)
{
	struct peer *p = arg;

	loop_timer_destroy(p->loss);
	node_sync_destroy(p->sync);
	topology_unref(p->topology);
	label_free(p->label, p->nlabels);
	free(p->version);
	free(p->drained);
	free(p->name);
	free(p);
}

void nodes_peer_up(struct nodes *n, const char *node)
{
	struct peer *p = peer_of(n, node);

	p->connected = true;
	p->heard_us = loop_now_us();
	ping(n, node);
}

void nodes_peer_down(struct nodes *n, const char *node, const char *why)
{
	struct peer *p = find(n, node);

	if (p == NULL)
		return;
	p->connected = false;
	p->incarnation = 0;
	go_away(p, why);
}

void nodes_heard(struct nodes *n, const char *node)
{
	struct peer *p = find(n, node);

	if (p == NULL)
		return;
	p->heard_us = loop_now_us();
	/* The very rank that was silent speaks: nothing of what was sent to
	 * it is lost. */
	if (p->state == PEER_AWAY && p->connected && p->incarnation != 0)
		go_up(p);
}

/* ---- hello --------------------------------------------------------------- */

static int send_welcome(struct nodes *n, const char *node, bool need_topology)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__NodeWelcome w = BERTH__NODE_WELCOME__INIT;

	w.leader = (char *)net_self(n->net);
	w.term = n->config.term;
	w.need_topology = need_topology;
	msg.body_case = BERTH__MSG__BODY_NODE_WELCOME;
	msg.node_welcome = &w;
	return net_send(n->net, node, &msg, NULL);
}

/* The topology that a hello is about: known by its hash, or in it as XML.
 * NULL: it has to be asked for (err empty) or is rubbish. */
static const struct topology *topology_of(struct nodes *n,
					  const Berth__NodeHello *h,
					  struct berth_error *err)
{
	const struct topology *t = map_get(n->topologies, h->topology_hash);

	if (t != NULL || h->topology_xml[0] == '\0')
		return t;
	t = topo_load_xml(h->topology_xml, strlen(h->topology_xml), err);
	if (t != NULL)
		map_put(n->topologies, h->topology_hash, (void *)t);
	return t;
}

static void take_hello(struct peer *p, const struct topology *t,
		       const Berth__NodeHello *h)
{
	topology_ref(t);
	topology_unref(p->topology);
	p->topology = t;
	label_free(p->label, p->nlabels);
	p->nlabels = h->n_labels;
	p->label = mem_array(h->n_labels + 1, sizeof(p->label[0]));
	for (size_t i = 0; i < h->n_labels; i++) {
		p->label[i].name = mem_strdup(h->labels[i]->name);
		p->label[i].value = mem_strdup(h->labels[i]->value);
	}
	p->emulated = h->emulated;
	free(p->version);
	p->version = mem_strdup(h->version);
	p->incarnation = h->incarnation != 0 ? h->incarnation : 1;
}

void nodes_hello(struct nodes *n, const char *node, const Berth__NodeHello *h)
{
	struct peer *p = peer_of(n, node);
	struct berth_error err = {0};
	const struct topology *t = topology_of(n, h, &err);

	p->connected = true;
	p->heard_us = loop_now_us();
	if (t == NULL) {
		if (err.text[0] != '\0')
			log_error("node %s: its topology: %s", node, err.text);
		else
			send_welcome(n, node, true);
		return;
	}
	if (strcmp(h->version, n->config.version) != 0)
		log_warn("node %s runs version %s, the leader %s", node,
			 h->version, n->config.version);
	if (p->state == PEER_UP)
		go_away(p, "its rank came again");
	take_hello(p, t, h);
	p->state = PEER_COMING;
	node_sync_anew(p->sync);
	loop_timer_stop(p->loss);
	start_loss(p);
	send_welcome(n, node, false);
}

/* ---- reports ------------------------------------------------------------- */

/* Strays have ended, or it has been waited for long enough. */
static void on_synced(void *arg)
{
	struct peer *p = arg;

	if (p->state == PEER_COMING)
		go_up(p);
}

/* An earlier leader gave tasks to it, which are to be adopted before anything
 * of it is offered: the ledger has to know it now. */
static void prepare_recalled(struct peer *p)
{
	struct ledger *l = ledger_of(p);
	const struct task *t = ledger_first_recalled(l);
	struct berth_error err;

	while (t != NULL && strcmp(t->where, p->name) != 0)
		t = TAILQ_NEXT(t, of_slice);
	if (t == NULL || ledger_node(l, p->name) != NULL)
		return;
	if (ledger_node_up(l, p->name, p->topology, p->label, p->nlabels,
			   p->emulated, book_now(), &err) != 0)
		log_error("node %s: %s", p->name, err.text);
	else
		ledger_node_drain(l, p->name, true, book_now(), NULL);
}

bool nodes_report(struct nodes *n, const char *node,
		  const Berth__TaskReport *report)
{
	struct peer *p = find(n, node);
	bool full = report->full && report->shepherd[0] == '\0';

	if (p == NULL)
		return false;
	if (full && p->state != PEER_COMING && p->state != PEER_UP)
		return false;
	if (n->report_heard != NULL)
		n->report_heard(n->report_arg, node, report);
	if (!full) {
		reports_apply(book_ledger(n->book), n->net, node, report,
			      p->sync);
		node_sync_ended(p->sync, report);
		return true;
	}
	if (p->state == PEER_COMING)
		prepare_recalled(p);
	reports_reconcile(book_ledger(n->book), n->net, n->config.records,
			  node, report, report->life == p->life, p->sync);
	p->life = report->life;
	if (p->state == PEER_COMING)
		node_sync_wait(p->sync, n->loop, on_synced, p);
	return true;
}

/* ---- heartbeats ---------------------------------------------------------- */

void nodes_pong(struct nodes *n, const char *node, const Berth__Pong *pong)
{
	struct peer *p = find(n, node);
	uint64_t now = loop_now_us();

	if (p != NULL && pong->sent_us <= now)
		p->rtt_us = now - pong->sent_us;
}

void nodes_announce(struct nodes *n)
{
	size_t count;
	const char *const *node = net_peers(n->net, &count);

	for (size_t i = 0; i < count; i++)
		nodes_peer_up(n, node[i]);
	ping(n, net_self(n->net));
}

static void beat(struct nodes *n, struct peer *p)
{
	uint64_t now = loop_now_us();
	uint64_t limit = (uint64_t)n->config.heartbeat_timeout_ms * 1000;

	if (!p->connected || strcmp(p->name, net_self(n->net)) == 0)
		return;
	if (now - p->heard_us > limit)
		go_away(p, "it is silent");
	ping(n, p->name);
}

static void on_beat(void *arg)
{
	struct nodes *n = arg;
	struct peer *p;

	map_foreach(n->by_name, p)
		beat(n, p);
	loop_timer_start(n->beat, (uint64_t)n->config.heartbeat_ms * 1000);
}

/* ---- sending ------------------------------------------------------------- */

static void on_regained(void *arg)
{
	struct nodes *n = arg;
	struct peer *p;

	n->mute = false;
	map_foreach(n->by_name, p)
		if (p->state == PEER_UP)
			node_sync_flush(p->sync, n->net, p->name);
}

int nodes_post(struct nodes *n, const char *node, Berth__Msg *msg)
{
	struct peer *p = find(n, node);

	if (p == NULL || p->state == PEER_DOWN) {
		msg_free(msg);
		return -1;
	}
	if (p->state != PEER_UP || !may_speak(n) ||
	    net_send(n->net, node, msg, NULL) != 0) {
		node_sync_keep(p->sync, msg);
		return 0;
	}
	if (msg->body_case == BERTH__MSG__BODY_LAUNCH)
		node_sync_sent(p->sync, msg->launch);
	msg_free(msg);
	return 0;
}

int nodes_send(struct nodes *n, const char *node, const Berth__Msg *msg)
{
	struct peer *p = find(n, node);

	if (p == NULL || p->state != PEER_UP)
		return -1;
	return net_send(n->net, node, msg, NULL);
}

void nodes_shutdown(struct nodes *n, const char *reason, bool kill_tasks)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Shutdown s = BERTH__SHUTDOWN__INIT;
	struct peer *p;

	s.reason = (char *)reason;
	s.kill_tasks = kill_tasks;
	msg.body_case = BERTH__MSG__BODY_SHUTDOWN;
	msg.shutdown = &s;
	map_foreach(n->by_name, p)
		if (p->connected)
			net_send(n->net, p->name, &msg, NULL);
}

/* ---- drained by a person ------------------------------------------------- */

static struct peer *known(struct nodes *n, const char *node,
			  struct berth_error *err)
{
	struct peer *p = find(n, node);

	if (n->config.records != NULL &&
	    records_drain(n->config.records, node) != NULL)
		p = peer_of(n, node);
	if (p != NULL && p->drained != NULL)
		return p;
	if (p == NULL || ledger_node(book_ledger(n->book), node) == NULL) {
		error_set(err, BERTH_ENOTFOUND, "node %.64s: there is none",
			  node);
		return NULL;
	}
	return p;
}

int nodes_known(struct nodes *n, const char *node, struct berth_error *err)
{
	return known(n, node, err) != NULL ? 0 : -1;
}

int nodes_drain(struct nodes *n, const char *node, const char *why,
		struct berth_error *err)
{
	struct peer *p = known(n, node, err);

	if (p == NULL)
		return -1;
	log_info("node %s is drained%s%s", node, why[0] != '\0' ? ": " : "",
		 why);
	free(p->drained);
	p->drained = mem_strdup(why);
	if (p->state == PEER_UP)
		ledger_node_drain(ledger_of(p), p->name, true, book_now(),
				  NULL);
	return 0;
}

int nodes_undrain(struct nodes *n, const char *node, struct berth_error *err)
{
	struct peer *p = known(n, node, err);

	if (p == NULL)
		return -1;
	if (p->drained == NULL)
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: it is not drained", node);
	log_info("node %s is drained no more", node);
	free(p->drained);
	p->drained = NULL;
	if (p->state == PEER_UP)
		ledger_node_drain(ledger_of(p), p->name, false, book_now(),
				  NULL);
	return 0;
}

const char *nodes_why_drained(const struct nodes *n, const char *node)
{
	const struct peer *p = find(n, node);

	return p != NULL ? p->drained : NULL;
}

/* ---- reading ------------------------------------------------------------- */

const char *nodes_state(const struct nodes *n, const char *node)
{
	static const char *const names[] = {"down", "coming", "up", "away"};
	const struct peer *p = find(n, node);
	const struct node *m = ledger_node(book_ledger(n->book), node);

	if (p == NULL)
		return "down";
	if (p->state == PEER_UP && m != NULL && m->state == NODE_DRAINED)
		return "drained";
	return names[p->state];
}

size_t nodes_count_up(const struct nodes *n)
{
	size_t count = 0;
	struct peer *p;

	map_foreach(n->by_name, p)
		count += p->state == PEER_UP;
	return count;
}

const char *nodes_why_absent(const struct nodes *n, const char *node)
{
	const struct peer *p = find(n, node);
	bool absent = p != NULL && (p->state == PEER_AWAY ||
				    p->state == PEER_DOWN);

	return absent && p->why[0] != '\0' ? p->why : NULL;
}

uint64_t nodes_rank_since_us(const struct nodes *n, const char *node)
{
	const struct peer *p = find(n, node);

	return p != NULL ? p->incarnation : 0;
}

const char *nodes_rank_version(const struct nodes *n, const char *node)
{
	const struct peer *p = find(n, node);

	return p != NULL && p->version != NULL ? p->version : "";
}

uint64_t nodes_rtt_us(const struct nodes *n, const char *node)
{
	const struct peer *p = find(n, node);

	return p != NULL ? p->rtt_us : 0;
}

/* ---- create, destroy ----------------------------------------------------- */

/* Those that came under an earlier leader have time to find this one: what
 * they are to hear waits for them. */
static void await_recorded(struct nodes *n)
{
	const char *name;
	size_t pos = 0;

	while ((name = records_next_node(n->config.records, &pos)) != NULL) {
		struct peer *p = peer_of(n, name);

		p->state = PEER_AWAY;
		p->life = records_node_life(n->config.records, name);
		start_loss(p);
	}
}

void nodes_on_change(struct nodes *n, nodes_change_f changed, void *arg)
{
	n->listener = mem_resize(n->listener, n->nlisteners + 1,
				 sizeof(n->listener[0]));
	n->listener[n->nlisteners++] = (struct change_listener){changed, arg};
}

void nodes_on_report(struct nodes *n, nodes_report_f heard, void *arg)
{
	n->report_heard = heard;
	n->report_arg = arg;
}

struct nodes *nodes_create(struct loop *loop, struct net *net,
			   struct book *book,
			   const struct nodes_config *config)
{
	struct nodes *n = mem_alloc(sizeof(*n));

	n->loop = loop;
	n->net = net;
	n->book = book;
	n->config = *config;
	n->by_name = map_create();
	n->topologies = map_create();
	n->beat = loop_timer_create(loop, on_beat, n);
	loop_timer_start(n->beat, (uint64_t)config->heartbeat_ms * 1000);
	if (config->lease != NULL)
		lease_on_regained(config->lease, on_regained, n);
	if (config->records != NULL)
		await_recorded(n);
	nodes_peer_up(n, net_self(net));
	return n;
}

static void topology_drop(void *t)
{
	topology_unref(t);
}

void nodes_destroy(struct nodes *n)
{
	if (n == NULL)
		return;
	loop_timer_destroy(n->beat);
	map_destroy(n->by_name, peer_destroy);
	map_destroy(n->topologies, topology_drop);
	free(n->listener);
	free(n);
}
