#include "broker/hosts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/surroundings.h"
#include "io/where.h"

#define PAUSE_FIRST_MS 200u
#define PAUSE_MOST_MS 10000u
/* Having run so long, it counts as healthy and the pause is short again. */
#define HEALTHY_US (30u * 1000000)
/* A Launch that nobody has answered for so long is lost. */
#define ANSWER_US (15u * 1000000)

enum host_state {
	HOST_ABSENT,   /* nothing runs; a timer or the first report starts it */
	HOST_STARTING, /* Launch sent */
	HOST_RUNNING,
	HOST_STRANGE,  /* one of a leader before us runs and is being ended */
};

struct host {
	struct hosts *hosts;
	const char *name;
	uint32_t index;
	enum host_state state;
	struct loop_timer *timer;
	uint32_t pause_ms;
	uint64_t since_us;
};

struct hosts {
	struct net *net;
	struct hosts_config config;
	struct host *host;
	size_t n;
	bool known; /* a full report of this node has come */
	bool ending;
};

/* ---- start and end ------------------------------------------------------- */

static char **host_env(const struct hosts *h, size_t *count)
{
	char **env = surroundings_create(4, count);

	env[(*count)++] = mem_printf("BERTH_URI=%s %s", h->config.uri,
				     h->config.doors != NULL
					     ? doors_text(h->config.doors)
					     : "");
	env[(*count)++] = mem_printf("BERTH_TOKEN=%s", h->config.token);
	env[(*count)++] = mem_printf("BERTH_EPOCH=%" PRIu64, h->config.epoch);
	return env;
}

static char *log_path(const struct hosts_config *c, const char *name)
{
	return c->node_dir != NULL
		       ? mem_printf("%s/log/framework-%s.log", c->node_dir,
				    name)
		       : mem_strdup("");
}

static void host_later(struct host *host)
{
	loop_timer_start(host->timer, (uint64_t)host->pause_ms * 1000);
	host->pause_ms *= 2;
	if (host->pause_ms > PAUSE_MOST_MS)
		host->pause_ms = PAUSE_MOST_MS;
}

static int send_launch(struct host *host, char *program,
		       struct berth_error *err)
{
	const struct hosts *h = host->hosts;
	char *argv[] = {program, (char *)host->name};
	char *log = log_path(&h->config, host->name);
	char *key = mem_printf("f.%s", host->name);
	char *node = (char *)net_self(h->net);
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Launch launch = BERTH__LAUNCH__INIT;
	Berth__Spec spec = BERTH__SPEC__INIT;
	Berth__App app = BERTH__APP__INIT, *apps[] = {&app};
	Berth__TaskSpec task = BERTH__TASK_SPEC__INIT, *tasks[] = {&task};
	Berth__Slice slice = BERTH__SLICE__INIT;
	int rc;

	app.n_argv = 2;
	app.argv = argv;
	app.env = host_env(h, &app.n_env);
	app.cwd = (char *)(h->config.state_dir != NULL ? h->config.state_dir
						       : "/");
	app.nprocs = 1;
	spec.job_name = (char *)host->name;
	spec.uid = (uint32_t)getuid();
	spec.gid = (uint32_t)getgid();
	spec.n_apps = 1;
	spec.apps = apps;
	spec.bind_to = (char *)"none";
	spec.output = spec.error = log;
	slice.node = node;
	task.index = host->index;
	task.slice = &slice;
	task.array_index = -1;
	launch.shepherd = key;
	launch.spec = &spec;
	launch.n_tasks = 1;
	launch.tasks = tasks;
	msg.body_case = BERTH__MSG__BODY_LAUNCH;
	msg.launch = &launch;
	rc = net_send(h->net, node, &msg, err);
	mem_strv_free(app.env);
	free(key);
	free(log);
	return rc;
}

/* Also the timer's call: of the pause, or of a Launch without an answer. */
static void host_start(void *arg)
{
	struct host *host = arg;
	struct berth_error err = {0};
	char *program;

	if (host->state == HOST_STARTING) {
		log_warn("framework %s: no word of its start, trying again",
			 host->name);
		host->state = HOST_ABSENT;
	}
	if (host->hosts->ending || host->state != HOST_ABSENT)
		return;
	program = where_program("berth-framework", &err);
	if (program == NULL || send_launch(host, program, &err) != 0) {
		log_error("framework %s: %s", host->name, err.text);
		host_later(host);
	} else {
		host->state = HOST_STARTING;
		host->since_us = loop_now_us();
		loop_timer_start(host->timer, ANSWER_US);
	}
	free(program);
}

static void host_kill(struct host *host, const char *node, uint32_t signal)
{
	struct net *net = host->hosts->net;
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Kill k = BERTH__KILL__INIT;

	k.index = host->index;
	k.signal = signal;
	k.grace_ms = 2000;
	k.why = BERTH__TASK_END__END_KILLED;
	msg.body_case = BERTH__MSG__BODY_KILL;
	msg.kill = &k;
	net_send(net, node, &msg, NULL);
}

static void host_ended(struct host *host, const Berth__TaskStatus *t)
{
	bool ours = host->state == HOST_STARTING ||
		    host->state == HOST_RUNNING;

	if (host->state == HOST_ABSENT)
		return;
	host->state = HOST_ABSENT;
	if (host->hosts->ending)
		return;
	if (ours && loop_now_us() - host->since_us > HEALTHY_US)
		host->pause_ms = PAUSE_FIRST_MS;
	if (ours)
		log_warn("framework %s: its host has ended (%s %d%s%s), next "
			 "start in %u ms", host->name,
			 t != NULL && t->signal != 0 ? "signal" : "exit code",
			 t == NULL	     ? -1
			 : t->signal != 0 ? t->signal
					     : t->exit_code,
			 t != NULL && t->text[0] != '\0' ? ", " : "",
			 t != NULL ? t->text : "", host->pause_ms);
	host_later(host);
}

/* ---- reports ------------------------------------------------------------- */

static void host_status(struct host *host, const Berth__TaskStatus *t,
			bool first)
{
	if (t->state == BERTH__TASK_STATE__TASK_ENDED) {
		host_ended(host, t);
		return;
	}
	if (t->state != BERTH__TASK_STATE__TASK_RUNNING)
		return;
	if (first && host->state == HOST_ABSENT) {
		/* It has another leader's token and address. */
		host->state = HOST_STRANGE;
		host_kill(host, net_self(host->hosts->net), 0);
	} else if (host->state == HOST_STARTING) {
		host->state = HOST_RUNNING;
		loop_timer_stop(host->timer);
		log_info("framework %s: host started (pid %u)", host->name,
			 t->pid);
	}
}

/* What a full report does not name as running, does not run. */
static void after_full(struct hosts *h, const bool *named)
{
	for (size_t i = 0; i < h->n; i++) {
		struct host *host = &h->host[i];

		if (named[i])
			continue;
		if (!h->known && host->state == HOST_ABSENT)
			host_start(host);
		else if (host->state == HOST_RUNNING ||
			 host->state == HOST_STRANGE)
			host_ended(host, NULL);
	}
	h->known = true;
}

/* Where a leader before us was. */
static void end_elsewhere(struct hosts *h, const char *node,
			  const Berth__TaskReport *report)
{
	for (size_t i = 0; i < report->n_tasks; i++) {
		const Berth__TaskStatus *t = report->tasks[i];
		size_t at = t->index - HOSTS_FIRST_INDEX;

		if (t->job == 0 && t->index >= HOSTS_FIRST_INDEX &&
		    at < h->n &&
		    t->state == BERTH__TASK_STATE__TASK_RUNNING)
			host_kill(&h->host[at], node, 0);
	}
}

void hosts_report(void *hosts, const char *node,
		  const Berth__TaskReport *report)
{
	struct hosts *h = hosts;
	bool *named;

	if (strcmp(node, net_self(h->net)) != 0) {
		end_elsewhere(h, node, report);
		return;
	}
	named = mem_array(h->n + 1, sizeof(*named));
	for (size_t i = 0; i < report->n_tasks; i++) {
		const Berth__TaskStatus *t = report->tasks[i];
		size_t at = t->index - HOSTS_FIRST_INDEX;

		if (t->job != 0 || t->index < HOSTS_FIRST_INDEX || at >= h->n)
			continue;
		named[at] = t->state == BERTH__TASK_STATE__TASK_RUNNING;
		host_status(&h->host[at], t, report->full && !h->known);
	}
	if (report->full)
		after_full(h, named);
	free(named);
}

/* ---- create, destroy ----------------------------------------------------- */

void hosts_end(struct hosts *h)
{
	h->ending = true;
}

bool hosts_has(const struct hosts *h, const char *framework)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->host[i].name, framework) == 0)
			return true;
	return false;
}

void hosts_replace(void *hosts, const char *framework)
{
	struct hosts *h = hosts;

	for (size_t i = 0; i < h->n; i++) {
		struct host *host = &h->host[i];

		if (host->state != HOST_RUNNING ||
		    strcmp(host->name, framework) != 0)
			continue;
		log_warn("framework %s: its host has hung and is killed",
			 host->name);
		host_kill(host, net_self(h->net), 9);
	}
}

const char *hosts_node(const struct hosts *h)
{
	return net_self(h->net);
}

struct hosts *hosts_create(struct loop *loop, struct net *net,
			   const struct hosts_config *config)
{
	struct hosts *h = mem_alloc(sizeof(*h));

	h->net = net;
	h->config = *config;
	while (config->names[h->n] != NULL)
		h->n++;
	h->host = mem_array(h->n + 1, sizeof(h->host[0]));
	for (size_t i = 0; i < h->n; i++) {
		struct host *host = &h->host[i];

		host->hosts = h;
		host->name = config->names[i];
		host->index = HOSTS_FIRST_INDEX + (uint32_t)i;
		host->pause_ms = PAUSE_FIRST_MS;
		host->timer = loop_timer_create(loop, host_start, host);
	}
	return h;
}

void hosts_destroy(struct hosts *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		loop_timer_destroy(h->host[i].timer);
	free(h->host);
	free(h);
}
