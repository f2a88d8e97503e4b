/* launcher.c - see launcher.h. */
#include "launcher/launcher.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/where.h"
#include "launcher/attendance.h"
#include "launcher/broker_job.h"
#include "launcher/cgroup.h"
#include "launcher/closing.h"
#include "launcher/coll.h"
#include "launcher/context.h"
#include "launcher/directory.h"
#include "launcher/fence.h"
#include "launcher/joins.h"
#include "launcher/life.h"
#include "launcher/mesh.h"
#include "launcher/network.h"
#include "launcher/nodedir.h"
#include "launcher/rank.h"
#include "launcher/route.h"
#include "launcher/shepherds.h"
#include "launcher/work.h"

struct launcher {
	struct loop *loop;
	struct settings *settings;
	struct roster *roster;
	struct cgroups *cgroups;
	struct mesh *mesh;
	struct rank *rank;
	struct shepherds *shepherds;
	struct colls *colls;
	struct directory *directory;
	struct route *route;
	struct work *work;
	struct joins *joins;
	struct broker_job *broker;
	struct attendance *attendance;
	struct contexts *contexts;
	struct fence *fence;
	struct closing *closing;
	struct loop_signal *on_child, *on_term, *on_int;
	bool rank_waits; /* for the report of all that runs here */
	char *program; /* what to begin anew as; NULL: nobody asked */
};

/* ---- the ways out, for the services ---- */

static int post_node(void *arg, const char *node, const Berth__Msg *msg)
{
	struct launcher *la = arg;

	return mesh_send(la->mesh, node, msg);
}

static void post_all(void *arg, const Berth__Msg *msg)
{
	struct launcher *la = arg;

	mesh_send_all(la->mesh, msg);
}

static int post_shepherd(void *arg, const char *key, const Berth__Msg *msg)
{
	struct launcher *la = arg;

	return shepherds_send(la->shepherds, key, msg);
}

static int post_rank(void *arg, const Berth__Msg *msg)
{
	struct launcher *la = arg;

	return rank_send(la->rank, msg);
}

/* ---- the roster ---- */

static void tell_rank_roster(struct launcher *la)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Roster *r = roster_msg(la->roster);

	msg.body_case = BERTH__MSG__BODY_ROSTER;
	msg.roster = r;
	rank_send(la->rank, &msg);
	roster_msg_free(r);
}

static void save_roster(struct launcher *la)
{
	struct berth_error err;

	if (roster_save(la->roster, la->settings->dir, &err) < 0)
		log_error("%s", err.text);
}

static void take_roster(struct launcher *la, const Berth__Roster *msg)
{
	if (!roster_merge(la->roster, msg))
		return;
	if (roster_find(la->roster, la->settings->node) == NULL)
		roster_put(la->roster, la->settings->node,
			   la->settings->address);
	save_roster(la);
}

/* What a rank under mpirun has heard from another one. */
static void take_info(struct launcher *la, const Berth__LauncherInfo *info)
{
	if (info->node[0] && info->address[0] &&
	    roster_put(la->roster, info->node, info->address))
		save_roster(la);
}

/* What it does not hear of now counts as lost: all that were here before us have
 * to have said what they run. */
static void tell_rank_tasks(struct launcher *la)
{
	if (!la->rank_waits || !shepherds_known(la->shepherds))
		return;
	la->rank_waits = false;
	work_rank_up(la->work);
}

/* ---- from the rank ---- */

static void rank_up(void *arg)
{
	struct launcher *la = arg;

	log_info("the rank is linked");
	tell_rank_roster(la);
	la->rank_waits = true;
	tell_rank_tasks(la);
}

static void rank_down(void *arg)
{
	struct launcher *la = arg;

	la->rank_waits = false;
	attendance_rank_down(la->attendance);
}

static void shutdown_all(struct launcher *la, const Berth__Msg *msg)
{
	if (closing_begun(la->closing))
		return;
	mesh_send_all(la->mesh, msg);
	launcher_end(la, msg->shutdown->kill_tasks, msg->shutdown->reason);
}

/* Of the leader that there is, or of no leader: what a tool says. */
static bool admits(struct launcher *la, const Berth__Msg *msg)
{
	bool tool = msg->body_case == BERTH__MSG__BODY_SHUTDOWN &&
		    msg->term == 0;

	fence_raise(la->fence, msg->term);
	if (tool || msg->term >= fence_term(la->fence))
		return true;
	log_warn("a %s message of term %" PRIu64 ", and now is %" PRIu64
		 ": refused",
		 msg_name(msg), msg->term, fence_term(la->fence));
	return false;
}

/* The leader's own launcher tells the others, whom their ranks may not. */
static void new_term(struct launcher *la, const Berth__Msg *msg)
{
	if (fence_raise(la->fence, msg->term) &&
	    strcmp(msg->new_term->leader, la->settings->node) == 0)
		mesh_send_all(la->mesh, msg);
}

/* Whoever can write there could have us run anything. */
static bool trusted(const char *program)
{
	struct stat st;

	return program[0] == '/' && stat(program, &st) == 0 &&
	       S_ISREG(st.st_mode) && !(st.st_mode & 022) &&
	       (st.st_uid == 0 || st.st_uid == geteuid()) &&
	       access(program, X_OK) == 0;
}

static void begin_anew(struct launcher *la, const char *program)
{
	struct berth_error err = {0};
	char *path;

	if (closing_begun(la->closing))
		return;
	path = program[0] ? mem_strdup(program)
			  : where_program("berth-launcher", &err);
	if (path == NULL || !trusted(path)) {
		log_error("cannot begin anew as %s: %s",
			  path ? path : "berth-launcher",
			  path ? "no program there that is ours alone"
			       : err.text);
		free(path);
		return;
	}
	la->program = path;
	work_retire(la->work, false);
	closing_begin(la->closing, CLOSING_ANEW, path);
}

/* What a leader orders. */
static void from_leader(struct launcher *la, Berth__Msg *msg)
{
	if (!admits(la, msg)) {
		if (msg->body_case == BERTH__MSG__BODY_LAUNCH)
			work_refuse(la->work, msg->launch);
		return;
	}
	switch (msg->body_case) {
	case BERTH__MSG__BODY_ROSTER:
		take_roster(la, msg->roster);
		break;
	case BERTH__MSG__BODY_SHUTDOWN:
		shutdown_all(la, msg);
		break;
	case BERTH__MSG__BODY_RESTART:
		begin_anew(la, msg->restart->program);
		break;
	default:
		work_from_rank(la->work, msg);
		break;
	}
}

static void from_rank(void *arg, Berth__Msg *msg)
{
	struct launcher *la = arg;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_LAUNCH:
	case BERTH__MSG__BODY_KILL:
	case BERTH__MSG__BODY_STDIN_DATA:
	case BERTH__MSG__BODY_RANKS_DIED:
	case BERTH__MSG__BODY_ROSTER:
	case BERTH__MSG__BODY_SHUTDOWN:
	case BERTH__MSG__BODY_RESTART:
		from_leader(la, msg);
		break;
	case BERTH__MSG__BODY_CONFIRM:
		work_from_rank(la->work, msg);
		break;
	case BERTH__MSG__BODY_NEW_TERM:
		new_term(la, msg);
		break;
	case BERTH__MSG__BODY_ATTENDED:
		attendance_word(la->attendance, msg->attended);
		break;
	case BERTH__MSG__BODY_JOIN_OFFER:
	case BERTH__MSG__BODY_JOIN_FAILED:
		joins_from_rank(la->joins, msg);
		break;
	case BERTH__MSG__BODY_LAUNCHER_INFO:
		take_info(la, msg->launcher_info);
		break;
	default:
		log_debug("the rank says %s, which is not for a launcher",
			  msg_name(msg));
		break;
	}
}

static const struct rank_events rank_events = {
	.up = rank_up, .down = rank_down, .message = from_rank};

/* ---- from shepherds ---- */

static void shepherd_up(void *arg, const char *key)
{
	struct launcher *la = arg;

	route_shepherd_up(la->route, key);
	attendance_tell(la->attendance, key);
}

static void shepherd_report(struct launcher *la, const char *key,
			    const Berth__Msg *msg)
{
	if (!broker_job_owns(key))
		work_from_shepherd(la->work, key, msg);
	else if (broker_job_report(la->broker, key, msg->report))
		joins_rank_died(la->joins);
	tell_rank_tasks(la);
}

static void from_shepherd(void *arg, const char *key, Berth__Msg *msg)
{
	struct launcher *la = arg;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_REPORT:
		shepherd_report(la, key, msg);
		break;
	case BERTH__MSG__BODY_STDIN_ACK:
		work_from_shepherd(la->work, key, msg);
		break;
	case BERTH__MSG__BODY_COLL_JOIN:
		colls_join_local(la->colls, key, msg->coll_join);
		break;
	case BERTH__MSG__BODY_PUBLISH:
		directory_publish(la->directory, key, msg->publish);
		break;
	case BERTH__MSG__BODY_UNPUBLISH:
		directory_unpublish(la->directory, msg->unpublish);
		break;
	case BERTH__MSG__BODY_LOOKUP:
		directory_lookup(la->directory, key, msg->lookup);
		break;
	default:
		route_from_shepherd(la->route, key, msg);
		break;
	}
}

static void shepherd_gone(void *arg, const char *key, bool clean,
			  const char *why)
{
	struct launcher *la = arg;

	if (!clean)
		log_warn("shepherd %s: %s", key, why);
	colls_shepherd_gone(la->colls, key);
	directory_shepherd_gone(la->directory, key);
	route_shepherd_gone(la->route, key);
	if (!broker_job_owns(key))
		work_shepherd_gone(la->work, key, clean, why);
	else if (broker_job_shepherd_gone(la->broker, key, why))
		joins_rank_died(la->joins);
	tell_rank_tasks(la);
	closing_advance(la->closing);
}

static const struct shepherds_events shepherds_events = {
	.up = shepherd_up, .message = from_shepherd, .gone = shepherd_gone};

/* ---- from other launchers ---- */

static void node_up(void *arg, const char *node, bool again)
{
	struct launcher *la = arg;

	directory_node_up(la->directory, node, again);
	if (again)
		colls_node_up(la->colls, node);
}

static void node_broken(void *arg, const char *node)
{
	struct launcher *la = arg;

	route_node_broken(la->route, node);
}

static void node_lost(void *arg, const char *node)
{
	struct launcher *la = arg;

	colls_node_lost(la->colls, node);
	directory_node_lost(la->directory, node);
	route_node_broken(la->route, node);
	joins_node_lost(la->joins, node);
}

static void from_node(void *arg, const char *node, const Berth__Msg *msg)
{
	struct launcher *la = arg;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_COLL_JOIN:
	case BERTH__MSG__BODY_COLL_DONE:
	case BERTH__MSG__BODY_COLL_WATCH:
		colls_message(la->colls, node, msg);
		break;
	case BERTH__MSG__BODY_PUBLISH:
	case BERTH__MSG__BODY_UNPUBLISH:
	case BERTH__MSG__BODY_DIR_CLAIM:
	case BERTH__MSG__BODY_DIR_CLAIM_REPLY:
		directory_message(la->directory, node, msg);
		break;
	case BERTH__MSG__BODY_JOIN_OFFER:
	case BERTH__MSG__BODY_JOIN_FAILED:
		joins_from_node(la->joins, node, msg);
		break;
	case BERTH__MSG__BODY_ROSTER:
		take_roster(la, msg->roster);
		break;
	case BERTH__MSG__BODY_NEW_TERM:
		fence_raise(la->fence, msg->term);
		break;
	case BERTH__MSG__BODY_SHUTDOWN:
		launcher_end(la, msg->shutdown->kill_tasks,
			     msg->shutdown->reason);
		break;
	default:
		route_from_node(la->route, node, msg);
		break;
	}
}

static void from_tool(void *arg, const Berth__Msg *msg)
{
	shutdown_all(arg, msg);
}

static void undelivered(void *arg, const char *node, const Berth__Msg *msg)
{
	struct launcher *la = arg;

	route_undelivered(la->route, node, msg);
	joins_undelivered(la->joins, node, msg);
}

static const struct mesh_events mesh_events = {.up = node_up,
					       .broken = node_broken,
					       .lost = node_lost,
					       .message = from_node,
					       .tool = from_tool,
					       .undelivered = undelivered};

/* ---- questions of the services ---- */

static enum coll_shepherd ask_shepherd(void *arg, const char *key)
{
	struct launcher *la = arg;

	return shepherds_state(la->shepherds, key);
}

static uint64_t next_context(void *arg)
{
	struct launcher *la = arg;
	const struct roster_member *m =
		roster_find(la->roster, la->settings->node);

	return contexts_next(la->contexts, m ? m->index : 0);
}

static void start_shepherd(void *arg, const char *key,
			   const Berth__Spec *spec)
{
	struct launcher *la = arg;
	struct berth_error err;

	if (shepherds_start(la->shepherds, key, spec, &err) < 0)
		log_warn("shepherd %s: %s", key, err.text);
}

/* ---- signals ---- */

static void on_child(void *arg, int signo)
{
	struct launcher *la = arg;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		shepherds_reaped(la->shepherds, pid, status);
}

static void on_term(void *arg, int signo)
{
	launcher_end(arg, true, signo == SIGINT ? "SIGINT" : "SIGTERM");
}

/* ---- life ---- */

static void create_services(struct launcher *la)
{
	const struct settings *s = la->settings;
	const struct post post = {.arg = la,
				  .node = post_node,
				  .all = post_all,
				  .shepherd = post_shepherd,
				  .rank = post_rank};
	const struct coll_config coll = {.node = s->node,
					 .post = post,
					 .shepherd = ask_shepherd,
					 .context = next_context,
					 .arg = la};
	const struct route_config route = {.node = s->node,
					   .post = post,
					   .shepherd = ask_shepherd,
					   .start = start_shepherd,
					   .arg = la};

	la->mesh = mesh_create(la->loop, s, la->roster, &mesh_events, la);
	la->rank = rank_create(la->loop, s, &rank_events, la);
	la->shepherds = shepherds_create(la->loop, s, la->cgroups,
					 broker_job_owns, &shepherds_events, la);
	la->colls = colls_create(la->loop, &coll);
	la->directory = directory_create(la->loop, s->node, &post);
	la->route = route_create(la->loop, &route);
	la->work = work_create(s, la->shepherds, &post);
	la->joins = joins_create(s->node, &post, la->directory);
	la->broker = broker_job_create(la->loop, s, la->roster,
				       la->shepherds);
	la->attendance = attendance_create(s, la->shepherds);
	la->closing = closing_create(la->loop, &(struct closing_of){
		.settings = s, .broker = la->broker,
		.shepherds = la->shepherds, .mesh = la->mesh,
		.cgroups = la->cgroups, .attendance = la->attendance});
}

struct launcher *launcher_create(struct loop *l, struct settings *s,
				 struct roster *r)
{
	struct launcher *la = mem_alloc(sizeof *la);

	la->loop = l;
	la->settings = s;
	la->roster = r;
	la->cgroups = cgroups_create(s->berth, s->node, s->dir);
	la->contexts = contexts_create(s->dir);
	la->fence = fence_create(s->dir);
	create_services(la);
	la->on_child = loop_signal_create(l, SIGCHLD, on_child, la);
	la->on_term = loop_signal_create(l, SIGTERM, on_term, la);
	la->on_int = loop_signal_create(l, SIGINT, on_term, la);
	return la;
}

void launcher_destroy(struct launcher *la)
{
	if (la == NULL)
		return;
	loop_signal_destroy(la->on_child);
	loop_signal_destroy(la->on_term);
	loop_signal_destroy(la->on_int);
	closing_destroy(la->closing);
	attendance_destroy(la->attendance);
	broker_job_destroy(la->broker);
	joins_destroy(la->joins);
	work_destroy(la->work);
	route_destroy(la->route);
	directory_destroy(la->directory);
	colls_destroy(la->colls);
	shepherds_destroy(la->shepherds);
	rank_destroy(la->rank);
	mesh_destroy(la->mesh);
	contexts_destroy(la->contexts);
	fence_destroy(la->fence);
	cgroups_destroy(la->cgroups);
	free(la->program);
	free(la);
}

int launcher_listen(struct launcher *la, struct berth_error *err)
{
	struct settings *s = la->settings;
	char host[64];
	unsigned port = 0;
	int got;

	if (sscanf(s->address, "%63[0-9.]:%u", host, &port) != 2) {
		if (s->emulated)
			snprintf(host, sizeof host, "127.0.0.1");
		else if (network_choose(s->network, host, sizeof host, err))
			return -1;
	}
	got = mesh_listen(la->mesh, host, port, err);
	if (got < 0 && port)
		/* Somebody took the port while we were away; the others hear
		 * of the new one when we link. */
		got = mesh_listen(la->mesh, host, 0, err);
	if (got < 0)
		return -1;
	free(s->address);
	s->address = mem_printf("%s:%d", host, got);
	return 0;
}

bool launcher_finds_rank(const struct launcher *la)
{
	char *key = shepherds_find(la->settings, broker_job_owns);

	free(key);
	return key != NULL;
}

/* Small files for the rank, which does not speak the start protocol. */
static int write_files(struct launcher *la, struct berth_error *err)
{
	const struct settings *s = la->settings;

	if (nodedir_write(s->dir, "token", s->token, strlen(s->token), err) ||
	    nodedir_write(s->dir, "berth.conf", s->conf.data, s->conf.len,
			  err) ||
	    settings_save(s, err) || roster_save(la->roster, s->dir, err))
		return -1;
	return 0;
}

int launcher_start(struct launcher *la, bool late, struct berth_error *err)
{
	uint64_t life;
	char *rank;

	if (write_files(la, err) || rank_listen(la->rank, err))
		return -1;
	log_info("node %s of Berth %s at %s, cgroups: %s", la->settings->node,
		 la->settings->berth, la->settings->address,
		 cgroups_path(la->cgroups));
	life = life_of(la->settings->dir, shepherds_all_live(la->settings),
		       err);
	if (life == 0)
		return -1;
	work_begin(la->work, life);
	rank = shepherds_find(la->settings, broker_job_owns);
	shepherds_adopt(la->shepherds);
	if (rank && shepherds_state(la->shepherds, rank) == SHEPHERD_HERE)
		broker_job_adopt(la->broker, rank);
	else if (la->settings->broker)
		broker_job_start(la->broker, late || rank);
	if (late)
		mesh_link_all(la->mesh);
	on_child(la, SIGCHLD); /* of the program that we were before */
	free(rank);
	return 0;
}

/* ---- the end ---- */

void launcher_end(struct launcher *la, bool kill_tasks, const char *why)
{
	if (kill_tasks)
		work_retire(la->work, true);
	closing_begin(la->closing, kill_tasks ? CLOSING_ALL : CLOSING_KEEP,
		      why);
}

const char *launcher_anew(const struct launcher *la)
{
	return closing_anew(la->closing) ? la->program : NULL;
}
