/* agent.c - see agent.h. */
#include "broker/agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/agent_join.h"
#include "broker/launcher_link.h"
#include "broker/output.h"
#include "broker/sweeper.h"
#include "broker/task_table.h"

enum {
	WATCH_US = 1000 * 1000,
	SILENCE_US = 5000 * 1000, /* of the leader, that is worth a line */
};

struct agent {
	struct loop *loop;
	struct net *net;
	struct agent_events ev;
	void *arg;

	char *version, *xml, *hash, *cpus, *uri;
	char **label_text;
	Berth__Label *label;
	Berth__Label **labels;
	size_t nlabels;
	bool emulated;
	uint64_t incarnation;

	struct launcher_link *launcher;
	char *launcher_address;
	unsigned launcher_pid;
	bool launcher_told; /* its full report has come */

	char *leader;
	uint64_t term; /* the highest one heard of */
	bool leads;    /* this rank does */
	bool attended; /* what the launcher was told */
	bool greeted;  /* the leader has our NodeHello */
	bool welcomed; /* and wants our reports */
	uint64_t heard_us;
	bool silence_said;
	struct loop_timer *watch;

	struct task_table *tasks;
	struct output *output;
	struct sweeper *sweeper;
	struct agent_join *join;
	bool ending;
};

/* ---- to the leader ---- */

static bool leader_there(const struct agent *a)
{
	return a->leader && (strcmp(a->leader, net_self(a->net)) == 0 ||
			     net_has(a->net, a->leader));
}

static void to_leader(struct agent *a, const Berth__Msg *msg)
{
	struct berth_error err = {0};

	if (leader_there(a) && net_send(a->net, a->leader, msg, &err) < 0)
		log_warn("to the leader: %s", err.text);
}

static void hello_send(struct agent *a, bool with_xml)
{
	Berth__NodeHello hello = BERTH__NODE_HELLO__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	hello.node = (char *)net_self(a->net);
	hello.incarnation = a->incarnation;
	hello.topology_hash = a->hash;
	if (with_xml)
		hello.topology_xml = a->xml;
	hello.emulated = a->emulated;
	hello.n_labels = a->nlabels;
	hello.labels = a->labels;
	hello.version = a->version;
	hello.launcher = a->launcher_address;
	hello.rank_pid = (uint32_t)getpid();
	hello.launcher_pid = a->launcher_pid;
	hello.cpus_allowed = a->cpus;
	hello.uri = a->uri;
	msg.body_case = BERTH__MSG__BODY_NODE_HELLO;
	msg.node_hello = &hello;
	a->greeted = true;
	to_leader(a, &msg);
}

/* A node without a launcher can run nothing, and what it runs is not known
 * before the launcher has said so: the leader hears of it then. */
static void hello_if_due(struct agent *a)
{
	if (!a->greeted && a->launcher_told && leader_there(a) && !a->ending)
		hello_send(a, false);
}

/* All launchers are to refuse what leaders before this one say. */
static void tell_term(struct agent *a)
{
	Berth__NewTerm new = BERTH__NEW_TERM__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	new.leader = a->leader;
	msg.term = a->term;
	msg.body_case = BERTH__MSG__BODY_NEW_TERM;
	msg.new_term = &new;
	if (launcher_link_up(a->launcher))
		launcher_link_send(a->launcher, &msg, NULL);
}

static void leader_set(struct agent *a, const char *node, uint64_t term)
{
	bool same = a->leader && strcmp(a->leader, node) == 0;

	if (term < a->term || (same && term == a->term))
		return;
	log_info("the leader is %s, term %llu", node,
		 (unsigned long long)term);
	a->term = term;
	free(a->leader);
	a->leader = mem_strdup(node);
	a->greeted = a->welcomed = false;
	a->heard_us = loop_now_us();
	a->silence_said = false;
	tell_term(a);
	agent_join_want(a->join, node);
	hello_if_due(a);
}

/* Does a leader look after this node?  Told when it changes, and to a launcher
 * that is new. */
static void tell_attended(struct agent *a, bool anew)
{
	bool self = a->leader && strcmp(a->leader, net_self(a->net)) == 0;
	Berth__Attended word = BERTH__ATTENDED__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	word.broker = a->welcomed && leader_there(a) &&
		      (self ? a->leads
			    : loop_now_us() - a->heard_us < SILENCE_US);
	if ((word.broker == a->attended && !anew) ||
	    !launcher_link_up(a->launcher))
		return;
	a->attended = word.broker;
	msg.body_case = BERTH__MSG__BODY_ATTENDED;
	msg.attended = &word;
	launcher_link_send(a->launcher, &msg, NULL);
}

void agent_follow(struct agent *a, const char *node, uint64_t term)
{
	a->leads = true;
	leader_set(a, node, term);
}

void agent_yield(struct agent *a)
{
	a->leads = false;
	tell_attended(a, false);
}

static void report_all(struct agent *a)
{
	Berth__Msg *msg = task_table_full(a->tasks);

	to_leader(a, msg);
	msg_free(msg);
}

static void on_watch(void *arg)
{
	struct agent *a = arg;
	uint64_t silent = loop_now_us() - a->heard_us;

	loop_timer_start(a->watch, WATCH_US);
	tell_attended(a, false);
	if (a->leader == NULL || a->silence_said || silent < SILENCE_US ||
	    strcmp(a->leader, net_self(a->net)) == 0)
		return;
	a->silence_said = true;
	log_warn("nothing heard from the leader on %s for %u s: tasks run on",
		 a->leader, (unsigned)(silent / 1000000));
}

static void leader_heard(struct agent *a)
{
	a->heard_us = loop_now_us();
	if (a->silence_said)
		log_info("the leader on %s is heard again", a->leader);
	a->silence_said = false;
}

/* ---- from the launcher ---- */

static void on_launcher_up(void *arg, const char *address, unsigned pid)
{
	struct agent *a = arg;

	free(a->launcher_address);
	a->launcher_address = mem_strdup(address);
	a->launcher_pid = pid;
	log_info("the node's launcher is there, pid %u", pid);
	if (a->leader)
		tell_term(a);
	tell_attended(a, true);
}

static void on_launcher_down(void *arg)
{
	struct agent *a = arg;

	task_table_link_down(a->tasks);
}

static void on_report(struct agent *a, const Berth__Msg *msg)
{
	const Berth__TaskReport *report = msg->report;

	task_table_report(a->tasks, report);
	if (a->welcomed && report->full)
		report_all(a);
	else if (a->welcomed)
		to_leader(a, msg);
	if (report->full) {
		a->launcher_told = true;
		hello_if_due(a);
	}
	for (size_t i = 0; i < report->n_tasks; i++)
		output_task_changed(a->output, report->tasks[i]->job,
				    report->tasks[i]->index);
}

static void on_roster(struct agent *a, const Berth__Roster *roster)
{
	/* The founders have each other from the start. */
	if (net_founding(a->net))
		return;
	for (size_t i = 0; i < roster->n_members; i++)
		agent_join_want(a->join, roster->members[i]->node);
}

static void on_shutdown(struct agent *a, const Berth__Msg *msg,
			bool tell_launcher)
{
	if (a->ending)
		return;
	a->ending = true;
	launcher_link_retire(a->launcher);
	if (tell_launcher)
		launcher_link_send(a->launcher, msg, NULL);
	a->ev.shutdown(a->arg, msg->shutdown->reason,
		       msg->shutdown->kill_tasks);
}

static void on_launcher_message(void *arg, const Berth__Msg *msg)
{
	struct agent *a = arg;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_REPORT:
		on_report(a, msg);
		break;
	case BERTH__MSG__BODY_STDIN_ACK:
	case BERTH__MSG__BODY_LAUNCHER_INFO:
		to_leader(a, msg);
		break;
	case BERTH__MSG__BODY_ROSTER:
		on_roster(a, msg->roster);
		break;
	case BERTH__MSG__BODY_JOIN_OFFER:
		agent_join_offer(a->join, msg->join_offer);
		break;
	case BERTH__MSG__BODY_JOIN_FAILED:
		agent_join_failed(a->join, msg->join_failed);
		if (msg->join_failed->incarnation == 0)
			a->ev.rank_died(a->arg, msg->join_failed->node);
		break;
	case BERTH__MSG__BODY_SHUTDOWN:
		on_shutdown(a, msg, false);
		break;
	default:
		log_debug("a %s message from the launcher is not for a rank",
			  msg_name(msg));
	}
}

static const struct launcher_link_events launcher_events = {
	.up = on_launcher_up,
	.down = on_launcher_down,
	.message = on_launcher_message,
};

/* ---- from the leader ---- */

static void to_launcher(struct agent *a, const Berth__Msg *msg)
{
	struct berth_error err = {0};

	if (launcher_link_send(a->launcher, msg, &err) < 0)
		log_error("a %s message is lost: %s", msg_name(msg), err.text);
}

/* What can't go to the launcher can't start. */
static void launch_refuse(struct agent *a, const Berth__Launch *launch,
			  const char *why)
{
	for (size_t i = 0; i < launch->n_tasks; i++) {
		Berth__TaskStatus s = BERTH__TASK_STATUS__INIT, *one = &s;
		Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
		Berth__Msg msg = BERTH__MSG__INIT;

		s.job = launch->tasks[i]->job;
		s.index = launch->tasks[i]->index;
		s.node = (char *)net_self(a->net);
		if (launch->spec)
			s.framework = launch->spec->framework;
		if (launch->tasks[i]->slice)
			s.slice = launch->tasks[i]->slice->id;
		s.state = BERTH__TASK_STATE__TASK_ENDED;
		s.end = BERTH__TASK_END__END_FAILED_START;
		s.rank = -1;
		s.text = (char *)why;
		report.n_tasks = 1;
		report.tasks = &one;
		msg.body_case = BERTH__MSG__BODY_REPORT;
		msg.report = &report;
		on_report(a, &msg);
	}
}

static void on_launch(struct agent *a, const Berth__Msg *msg)
{
	struct berth_error err = {0};

	if (launcher_link_send(a->launcher, msg, &err) < 0)
		launch_refuse(a, msg->launch, err.text);
	else
		task_table_launched(a->tasks, msg->launch, net_self(a->net));
}

/* Should the launcher be away, it tells those ends again when it comes. */
static void on_confirm(struct agent *a, const Berth__Msg *msg)
{
	task_table_confirm(a->tasks, msg->confirm);
	if (launcher_link_up(a->launcher))
		to_launcher(a, msg);
}

static void on_welcome(struct agent *a, const char *node,
		       const Berth__NodeWelcome *welcome)
{
	leader_set(a, welcome->leader[0] ? welcome->leader : node,
		   welcome->term);
	if (strcmp(node, a->leader) != 0)
		return;
	leader_heard(a);
	if (welcome->need_topology) {
		hello_send(a, true);
	} else if (a->greeted) {
		a->welcomed = true;
		report_all(a);
		tell_attended(a, false);
	}
}

static void on_ping(struct agent *a, const char *node, const Berth__Ping *ping)
{
	Berth__Pong pong = BERTH__PONG__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	leader_heard(a);
	pong.id = ping->id;
	pong.sent_us = ping->sent_us;
	msg.body_case = BERTH__MSG__BODY_PONG;
	msg.pong = &pong;
	to_leader(a, &msg);
}

/* Is it of the leader that we follow?  A newer one is followed from now on,
 * an older one does not lead any more. */
static bool admits(struct agent *a, const char *node, const Berth__Msg *msg)
{
	if (msg->body_case == BERTH__MSG__BODY_NODE_WELCOME)
		return true; /* others than the leader may say who it is */
	if (msg->term < a->term) {
		log_info("a %s message of node %s is of term %llu, now is "
			 "%llu: refused", msg_name(msg), node,
			 (unsigned long long)msg->term,
			 (unsigned long long)a->term);
		return false;
	}
	leader_set(a, node, msg->term);
	return true;
}

void agent_message(struct agent *a, const char *node, const Berth__Msg *msg)
{
	if (!admits(a, node, msg))
		return;
	switch (msg->body_case) {
	case BERTH__MSG__BODY_LAUNCH:
		on_launch(a, msg);
		break;
	case BERTH__MSG__BODY_CONFIRM:
		on_confirm(a, msg);
		break;
	case BERTH__MSG__BODY_KILL:
	case BERTH__MSG__BODY_STDIN_DATA:
	case BERTH__MSG__BODY_RANKS_DIED:
	case BERTH__MSG__BODY_ROSTER:
	case BERTH__MSG__BODY_RESTART:
		to_launcher(a, msg);
		break;
	case BERTH__MSG__BODY_OUTPUT_READ:
		output_read(a->output, node, msg->output_read);
		break;
	case BERTH__MSG__BODY_OUTPUT_CANCEL:
		output_cancel(a->output, node, msg->output_cancel->id);
		break;
	case BERTH__MSG__BODY_FORGET_JOB:
		sweeper_job(a->sweeper, msg->forget_job->job);
		break;
	case BERTH__MSG__BODY_NODE_WELCOME:
		on_welcome(a, node, msg->node_welcome);
		break;
	case BERTH__MSG__BODY_PING:
		on_ping(a, node, msg->ping);
		break;
	case BERTH__MSG__BODY_CONTACT:
		a->ev.contact(a->arg, msg->contact);
		break;
	case BERTH__MSG__BODY_SHUTDOWN:
		on_shutdown(a, msg, true);
		break;
	default:
		log_debug("node %s: its rank sent a %s message that is not "
			  "for an agent", node, msg_name(msg));
	}
}

/* ---- peers ---- */

/* One that has just joined does not know who leads. */
static void tell_leader(struct agent *a, const char *node)
{
	Berth__NodeWelcome welcome = BERTH__NODE_WELCOME__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	welcome.leader = a->leader;
	welcome.term = a->term;
	msg.body_case = BERTH__MSG__BODY_NODE_WELCOME;
	msg.node_welcome = &welcome;
	net_send(a->net, node, &msg, NULL);
}

void agent_peer_up(struct agent *a, const char *node)
{
	bool leads = a->leader && strcmp(node, a->leader) == 0;

	agent_join_settled(a->join, node);
	if (leads)
		hello_if_due(a);
	else if (a->leader && strcmp(a->leader, net_self(a->net)) != 0)
		tell_leader(a, node);
}

void agent_peer_down(struct agent *a, const char *node, const char *why)
{
	output_forget_node(a->output, node);
	if (a->ending)
		return;
	/* It may have dropped us while the network was cut. */
	agent_join_want(a->join, node);
	if (a->leader == NULL || strcmp(node, a->leader) != 0)
		return;
	log_warn("the leader on %s is gone (%s): tasks run on", node, why);
	a->greeted = a->welcomed = false;
}

const char *agent_leader(const struct agent *a)
{
	return a->leader;
}

/* ---- the parts' handlers ---- */

static bool on_output_lives(void *arg, uint64_t job, uint32_t index)
{
	struct agent *a = arg;

	return task_table_lives(a->tasks, job, index);
}

static void on_output_reply(void *arg, const char *node, const Berth__Msg *msg)
{
	struct agent *a = arg;
	struct berth_error err = {0};

	if (net_send(a->net, node, msg, &err) < 0)
		log_debug("output for %s: %s", node, err.text);
}

static const struct output_events output_handlers = {
	.lives = on_output_lives, .reply = on_output_reply};

static void on_join_send(void *arg, const Berth__Msg *msg)
{
	struct agent *a = arg;

	/* Later it would be stale. */
	if (launcher_link_up(a->launcher))
		to_launcher(a, msg);
}

static const struct agent_join_events join_handlers = {
	.send = on_join_send};

/* ---- life ---- */

static void labels_set(struct agent *a, const char *const *text)
{
	size_t n = 0;

	while (text && text[n])
		n++;
	a->label_text = mem_strv_dup((char *const *)text, n);
	a->label = mem_array(n + 1, sizeof(*a->label));
	a->labels = mem_array(n + 1, sizeof(*a->labels));
	for (size_t i = 0; i < n; i++) {
		char *eq = strchr(a->label_text[i], '=');

		berth__label__init(&a->label[i]);
		a->label[i].name = a->label_text[i];
		if (eq) {
			*eq = '\0';
			a->label[i].value = eq + 1;
		}
		a->labels[i] = &a->label[i];
	}
	a->nlabels = n;
}

struct agent *agent_create(struct loop *l, struct net *net,
			   const struct agent_config *config,
			   const struct agent_events *ev, void *arg,
			   struct berth_error *err)
{
	struct agent *a = mem_alloc(sizeof(*a));

	a->loop = l;
	a->net = net;
	a->ev = *ev;
	a->arg = arg;
	a->version = mem_strdup(config->version);
	a->xml = mem_strdup(config->topology_xml);
	a->hash = mem_strdup(config->topology->hash);
	a->cpus = bitset_format(&config->topology->pus);
	a->emulated = config->emulated;
	a->uri = mem_strdup(config->uri ? config->uri : "");
	a->incarnation = loop_wall_us();
	a->launcher_address = mem_strdup("");
	labels_set(a, config->labels);
	a->tasks = task_table_create();
	a->watch = loop_timer_create(l, on_watch, a);
	a->sweeper = sweeper_create(l, config->node_dir);
	a->join = agent_join_create(l, net, a->incarnation, &join_handlers, a);
	a->launcher = launcher_link_create(l, net_self(net), config->node_dir,
					   config->berth, &launcher_events, a);
	a->output = output_create(l, config->node_dir, &output_handlers, a,
				  err);
	if (a->output == NULL) {
		agent_destroy(a);
		return NULL;
	}
	loop_timer_start(a->watch, WATCH_US);
	return a;
}

void agent_destroy(struct agent *a)
{
	if (a == NULL)
		return;
	launcher_link_destroy(a->launcher);
	agent_join_destroy(a->join);
	sweeper_destroy(a->sweeper);
	output_destroy(a->output);
	task_table_destroy(a->tasks);
	loop_timer_destroy(a->watch);
	mem_strv_free(a->label_text);
	free(a->label);
	free(a->labels);
	free(a->launcher_address);
	free(a->leader);
	free(a->cpus);
	free(a->uri);
	free(a->hash);
	free(a->xml);
	free(a->version);
	free(a);
}
