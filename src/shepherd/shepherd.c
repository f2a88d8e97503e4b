/* shepherd.c - see shepherd.h. */
#include "shepherd/shepherd.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "shepherd/nodetopo.h"
#include "shepherd/orphan.h"
#include "shepherd/report.h"
#include "shepherd/runner.h"
#include "shepherd/server.h"
#include "shepherd/uplink.h"
#include "shepherd/user.h"
#include "shepherd/vigil.h"

/* How long a shepherd without tasks waits for more: plain ones are shared by
 * jobs, a PMIx server is of no use to another job. */
#define LINGER_PLAIN_US (10 * 1000000u)
#define LINGER_PMIX_US (1 * 1000000u)
/* Nobody came to hear how the tasks ended. */
#define LINGER_ALONE_US (3600 * UINT64_C(1000000))

struct shepherd {
	struct loop *loop;
	char *key, *node, *berth;
	int jobs_fd;
	bool settled; /* who we run as is decided */
	bool stopping;
	struct uplink *uplink;
	struct report *report;
	struct runner *runner;
	struct session *prepared; /* for the server; NULL: not, or its now */
	struct server *server; /* NULL: no job has asked */
	struct nodetopo *topology;
	struct orphan *orphan;
	struct vigil *vigil; /* NULL: others look after the launcher */
	struct loop_timer *linger;
	struct loop_signal *child;
};

/* ---- leaving ----------------------------------------------------------- */

static void leave(void *arg)
{
	struct shepherd *s = arg;

	if (!runner_idle(s->runner))
		return;
	if (uplink_queued(s->uplink) > 0) {
		loop_timer_start(s->linger, 10000);
		return;
	}
	if (report_unconfirmed(s->report))
		log_warn("nobody came to hear how the tasks ended; leaving");
	uplink_finish(s->uplink);
	if (s->server && !s->stopping)
		nodetopo_keep(s->topology);
	loop_stop(s->loop);
}

static void check_leave(struct shepherd *s)
{
	if (!runner_idle(s->runner)) {
		loop_timer_stop(s->linger);
		return;
	}
	if (report_unconfirmed(s->report))
		loop_timer_start(s->linger,
				 s->stopping ? LINGER_PMIX_US * 5
					     : LINGER_ALONE_US);
	else
		loop_timer_start(s->linger, s->stopping ? 0
					    : s->server ? LINGER_PMIX_US
							: LINGER_PLAIN_US);
}

static void on_confirmed(void *arg)
{
	check_leave(arg);
}

static void on_idle(void *arg, bool idle)
{
	check_leave(arg);
}

void shepherd_stop(struct shepherd *s)
{
	s->stopping = true;
	vigil_destroy(s->vigil);
	s->vigil = NULL;
	runner_kill_all(s->runner, BERTH__TASK_END__END_KILLED);
	check_leave(s);
}

/* ---- what the runner says ---------------------------------------------- */

static void on_failed(void *arg, struct launch *l, const struct verdict *v)
{
	struct shepherd *s = arg;
	Berth__NspaceEnd end = BERTH__NSPACE_END__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	if (s->server == NULL || l->spec->survive)
		return;
	end.nspace = (char *)launch_nspace(l);
	end.job = l->spec->job;
	end.why = v->end;
	end.code = v->code;
	end.signal = v->signal;
	end.rank = v->rank;
	end.text = (char *)v->text;
	msg.body_case = BERTH__MSG__BODY_NSPACE_END;
	msg.nspace_end = &end;
	server_tell_others(s->server, end.nspace, &msg);
}

static void on_fed(void *arg, uint64_t job, uint64_t offset, bool closed)
{
	struct shepherd *s = arg;
	Berth__StdinAck ack = BERTH__STDIN_ACK__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	ack.job = job;
	ack.offset = offset;
	ack.closed = closed;
	msg.body_case = BERTH__MSG__BODY_STDIN_ACK;
	msg.stdin_ack = &ack;
	uplink_send(s->uplink, &msg);
}

/* ---- what the launcher says -------------------------------------------- */

static void on_up(void *arg)
{
	struct shepherd *s = arg;

	if (s->vigil)
		vigil_seen(s->vigil);
	report_full(s->report);
	runner_stdin_again(s->runner);
	if (s->server)
		server_again(s->server);
}

static void on_down(void *arg)
{
	struct shepherd *s = arg;

	orphan_alone(s->orphan);
	if (s->vigil)
		vigil_gone(s->vigil);
}

static void on_orphaned(void *arg)
{
	struct shepherd *s = arg;

	runner_kill_all(s->runner, BERTH__TASK_END__END_LOST);
}

/* The first launch decides who we are, for good. */
static int settle(struct shepherd *s, const Berth__Spec *spec,
		  struct berth_error *err)
{
	struct server_config c = {
		.loop = s->loop,
		.uplink = s->uplink,
		.runner = s->runner,
		.node = s->node,
		.key = s->key,
		.prepared = s->prepared,
	};

	if (s->settled && spec->uid != geteuid() && spec->uid != 0)
		return error_set(err, BERTH_EINPUT,
				 "shepherd %s runs as user %u, not %u", s->key,
				 (unsigned)geteuid(), spec->uid);
	if (user_become(spec->uid, spec->gid, err) != 0)
		return -1;
	s->settled = true;
	if (spec->pmix && s->server == NULL) {
		s->prepared = NULL;
		nodetopo_use(s->topology);
		s->server = server_create(&c, err);
		nodetopo_leave(s->topology);
	}
	return spec->pmix && s->server == NULL ? -1 : 0;
}

static void on_launch(struct shepherd *s, const Berth__Msg *msg)
{
	struct berth_error err = { 0 };
	struct launch *l = NULL;

	if (s->stopping)
		error_set(&err, BERTH_EUNAVAIL, "shepherd %s is ending",
			  s->key);
	else
		l = launch_create(msg, &err);
	if (l && settle(s, l->spec, &err) != 0) {
		launch_unref(l);
		l = NULL;
	}
	if (l == NULL) {
		log_error("launch refused: %s", err.text);
		runner_refuse(s->runner, msg->launch, err.text);
		return;
	}
	runner_launch(s->runner, l);
	launch_unref(l);
}

static void on_nspace_end(struct shepherd *s, const Berth__NspaceEnd *e)
{
	struct verdict v = { 0 };

	if (e->job == 0 && e->why == BERTH__TASK_END__END_FAILED_START) {
		runner_abandon(s->runner, e->nspace);
		return;
	}
	v.end = e->why;
	v.code = e->code;
	v.signal = e->signal;
	v.rank = e->rank;
	strncpy(v.text, e->text, sizeof(v.text) - 1);
	/* What it tells of may be the consequence of a death here. */
	runner_reap(s->runner);
	runner_end_job(s->runner, e->job, &v, false);
}

static void on_message(void *arg, const Berth__Msg *msg)
{
	struct shepherd *s = arg;

	switch (msg->body_case) {
	case BERTH__MSG__BODY_LAUNCH:
		on_launch(s, msg);
		break;
	case BERTH__MSG__BODY_KILL:
		runner_kill(s->runner, msg->kill);
		break;
	case BERTH__MSG__BODY_STDIN_DATA:
		runner_stdin(s->runner, msg->stdin_data);
		break;
	case BERTH__MSG__BODY_REPORT:
		report_confirm(s->report, msg->report);
		break;
	case BERTH__MSG__BODY_FORGET_JOB:
		report_forget(s->report, msg->forget_job->job);
		break;
	case BERTH__MSG__BODY_NSPACE_END:
		on_nspace_end(s, msg->nspace_end);
		break;
	case BERTH__MSG__BODY_ATTENDED:
		orphan_told(s->orphan, msg->attended);
		break;
	case BERTH__MSG__BODY_SHUTDOWN:
		if (msg->shutdown->kill_tasks)
			shepherd_stop(s);
		break;
	default:
		if (s->server == NULL || !server_message(s->server, msg))
			log_warn("%s: not a message for a shepherd",
				 msg_name(msg));
		break;
	}
}

static void on_child(void *arg, int signo)
{
	struct shepherd *s = arg;

	runner_reap(s->runner);
}

/* ---- life -------------------------------------------------------------- */

/* NODE_DIR/jobs, where any job's user may make a folder and nobody else can
 * get: NODE_DIR itself is its owner's. */
static int open_jobs(struct shepherd *s, const char *node_dir,
		     struct berth_error *err)
{
	char *path = mem_printf("%s/jobs", node_dir);
	int rc = 0;

	mkdir(path, 0700);
	if (geteuid() == 0)
		chmod(path, 01777);
	s->jobs_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->jobs_fd < 0)
		rc = error_sys(err, "%s", path);
	free(path);
	return rc;
}

static int make_parts(struct shepherd *s, const struct shepherd_config *c,
		      const char *socket, struct berth_error *err)
{
	static const struct uplink_events up = {
		.up = on_up,
		.down = on_down,
		.message = on_message,
	};
	static const struct runner_events run = {
		.idle = on_idle,
		.failed = on_failed,
		.fed = on_fed,
	};
	struct uplink_self self = {
		.path = socket,
		.node = s->node,
		.key = s->key,
		.berth = s->berth,
	};
	struct runner_config rc = {
		.loop = s->loop,
		.node = s->node,
		.key = s->key,
		.node_dir = c->node_dir,
		.jobs_fd = s->jobs_fd,
	};

	s->uplink = uplink_create(s->loop, &self, &up, s, err);
	if (s->uplink == NULL)
		return -1;
	s->report = report_create(s->loop, s->uplink, s->key, on_confirmed, s);
	rc.report = s->report;
	s->runner = runner_create(&rc, &run, s, err);
	return s->runner ? 0 : -1;
}

struct shepherd *shepherd_create(struct loop *l,
				 const struct shepherd_config *c,
				 struct berth_error *err)
{
	struct shepherd *s = mem_alloc(sizeof(*s));
	char *folder = mem_printf("%s/shepherd", c->node_dir);
	char *socket = mem_printf("%s/%s.sock", folder, c->key);
	int rc;

	s->loop = l;
	s->key = mem_strdup(c->key);
	s->node = mem_strdup(c->node);
	s->berth = mem_strdup(c->berth);
	s->prepared = c->prepared;
	s->jobs_fd = -1;
	s->topology = nodetopo_create(c->node_dir);
	s->linger = loop_timer_create(l, leave, s);
	s->orphan = orphan_create(l, c->orphan_ms, on_orphaned, s);
	if (c->vigil)
		s->vigil = vigil_create(l, c->node_dir);
	s->child = loop_signal_create(l, SIGCHLD, on_child, s);
	mkdir(folder, 0700);
	rc = open_jobs(s, c->node_dir, err);
	if (rc == 0)
		rc = make_parts(s, c, socket, err);
	free(socket);
	free(folder);
	if (rc != 0) {
		shepherd_destroy(s);
		return NULL;
	}
	check_leave(s);
	return s;
}

bool shepherd_has_threads(const struct shepherd *s)
{
	return s->server != NULL || s->prepared != NULL;
}

void shepherd_destroy(struct shepherd *s)
{
	if (s == NULL)
		return;
	server_destroy(s->server);
	session_destroy(s->prepared);
	runner_destroy(s->runner);
	report_destroy(s->report);
	uplink_destroy(s->uplink);
	loop_timer_destroy(s->linger);
	orphan_destroy(s->orphan);
	vigil_destroy(s->vigil);
	loop_signal_destroy(s->child);
	nodetopo_destroy(s->topology);
	if (s->jobs_fd >= 0)
		close(s->jobs_fd);
	free(s->key);
	free(s->node);
	free(s->berth);
	free(s);
}
