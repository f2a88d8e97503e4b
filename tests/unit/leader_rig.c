#include "leader_rig.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "topo/topo.h"

#define TOKEN "a-token-for-tests"

/* ---- agents -------------------------------------------------------------- */

static void to_leader(struct rig_agent *a, const Berth__Msg *msg)
{
	net_send(a->net, "n0", msg, NULL);
}

static void send_status(struct rig_agent *a, const struct rig_task *t,
			int state, int end, int exit_code, bool full)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__TaskReport report = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus st = BERTH__TASK_STATUS__INIT, *list[] = {&st};

	if (t != NULL) {
		st.job = t->job;
		st.index = t->index;
		st.slice = t->slice;
		st.node = (char *)a->node;
		st.state = (Berth__TaskState)state;
		st.end = (Berth__TaskEnd)end;
		st.exit_code = exit_code;
		st.rank = -1;
		report.n_tasks = 1;
		report.tasks = list;
	}
	report.full = full;
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = &report;
	to_leader(a, &msg);
}

void rig_report(struct rig *r, struct rig_agent *a, const struct rig_task *t,
		int state, int end, int exit_code, bool full)
{
	send_status(a, t, state, end, exit_code, full);
}

void rig_report_none(struct rig *r, struct rig_agent *a)
{
	send_status(a, NULL, 0, 0, 0, true);
}

static void on_launch(struct rig_agent *a, const Berth__Launch *l)
{
	a->launches++;
	for (size_t i = 0; i < l->n_tasks && a->ntasks < RIG_TASKS; i++) {
		const Berth__TaskSpec *s = l->tasks[i];
		struct rig_task *t = &a->task[a->ntasks++];

		t->job = s->job;
		t->index = s->index;
		t->slice = s->slice->id;
		t->nranks = (uint32_t)s->n_ranks;
		t->array_index = s->array_index;
		snprintf(t->shepherd, sizeof(t->shepherd), "%s", l->shepherd);
		snprintf(t->pus, sizeof(t->pus), "%s", s->slice->pus);
		snprintf(t->argv0, sizeof(t->argv0), "%s",
			 l->spec->apps[0]->argv[0]);
		if (l->map != NULL)
			snprintf(t->nspace, sizeof(t->nspace), "%s",
				 l->map->nspace);
		send_status(a, t, BERTH__TASK_STATE__TASK_RUNNING, 0, 0, false);
		if (!a->instant)
			continue;
		t->ended = true;
		send_status(a, t, BERTH__TASK_STATE__TASK_ENDED,
			    BERTH__TASK_END__END_EXITED, 0, false);
	}
}

static void on_kill(struct rig_agent *a, const Berth__Kill *k)
{
	a->last_signal = k->signal;
	if (k->signal_only) {
		a->signals++;
		return;
	}
	a->kills++;
	a->last_why = (int)k->why;
	snprintf(a->last_text, sizeof(a->last_text), "%s", k->text);
	for (size_t i = 0; i < a->ntasks && !a->stubborn; i++) {
		struct rig_task *t = &a->task[i];

		if (t->ended || t->job != k->job ||
		    (!k->all && t->index != k->index))
			continue;
		t->ended = true;
		send_status(a, t, BERTH__TASK_STATE__TASK_ENDED,
			    BERTH__TASK_END__END_KILLED, 0, false);
	}
}

static void answer_read(struct rig_agent *a, const Berth__OutputRead *q)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__OutputData d = BERTH__OUTPUT_DATA__INIT;
	size_t left = q->offset < a->out_len ? a->out_len - q->offset : 0;

	if (left == 0 && !a->out_over && q->wait_ms > 0) {
		a->parked = *q;
		a->parked.nspace = (char *)"";
		a->has_parked = true;
		return;
	}
	d.id = q->id;
	d.data.len = left < q->max ? left : q->max;
	d.data.data = (uint8_t *)a->out + (left > 0 ? q->offset : 0);
	d.size = a->out_len;
	d.missing = a->out == NULL;
	d.ended = a->out_over && left <= q->max;
	msg.body_case = BERTH__MSG__BODY_OUTPUT_DATA;
	msg.output_data = &d;
	to_leader(a, &msg);
}

void rig_print(struct rig *r, struct rig_agent *a)
{
	Berth__OutputRead q = a->parked;

	if (!a->has_parked)
		return;
	a->has_parked = false;
	answer_read(a, &q);
}

static void on_stdin(struct rig_agent *a, const Berth__StdinData *d)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__StdinAck ack = BERTH__STDIN_ACK__INIT;

	if (d->offset + d->data.len > a->stdin_len)
		a->stdin_len = d->offset + d->data.len;
	a->stdin_eof |= d->eof;
	ack.job = d->job;
	ack.offset = a->stdin_len;
	msg.body_case = BERTH__MSG__BODY_STDIN_ACK;
	msg.stdin_ack = &ack;
	to_leader(a, &msg);
}

static void on_ping(struct rig_agent *a, const Berth__Ping *p)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Pong pong = BERTH__PONG__INIT;

	a->pings++;
	pong.id = p->id;
	pong.sent_us = p->sent_us;
	msg.body_case = BERTH__MSG__BODY_PONG;
	msg.pong = &pong;
	to_leader(a, &msg);
}

static void agent_message(struct rig_agent *a, const Berth__Msg *msg)
{
	if (a->deaf)
		return;
	switch (msg->body_case) {
	case BERTH__MSG__BODY_LAUNCH: on_launch(a, msg->launch); break;
	case BERTH__MSG__BODY_KILL: on_kill(a, msg->kill); break;
	case BERTH__MSG__BODY_OUTPUT_READ:
		a->reads++;
		answer_read(a, msg->output_read);
		break;
	case BERTH__MSG__BODY_OUTPUT_CANCEL:
		a->cancels++;
		a->has_parked = false;
		break;
	case BERTH__MSG__BODY_STDIN_DATA: on_stdin(a, msg->stdin_data); break;
	case BERTH__MSG__BODY_PING: on_ping(a, msg->ping); break;
	case BERTH__MSG__BODY_FORGET_JOB: a->forgets++; break;
	case BERTH__MSG__BODY_CONFIRM:
		a->confirmed += msg->confirm->n_tasks;
		break;
	default: break;
	}
}

/* ---- the net ------------------------------------------------------------- */

/* n0 is leader and agent: either takes what is its own. */
static void on_message(void *arg, const char *node, const Berth__Msg *msg)
{
	struct rig *r = arg;

	leader_message(r->leader, node, msg);
	if (strcmp(node, "n0") == 0)
		agent_message(&r->agent[0], msg);
}

static void on_up(void *arg, const char *node)
{
	struct rig *r = arg;

	if (r->leader != NULL)
		leader_peer_up(r->leader, node);
}

static void on_down(void *arg, const char *node, const char *why)
{
	struct rig *r = arg;

	leader_peer_down(r->leader, node, why);
}

static void other_message(void *arg, const char *node, const Berth__Msg *msg)
{
	agent_message(arg, msg);
}

static void other_up(void *arg, const char *node)
{
}

static void other_down(void *arg, const char *node, const char *why)
{
}

void rig_hello(struct rig *r, struct rig_agent *a, bool with_xml)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__NodeHello h = BERTH__NODE_HELLO__INIT;
	struct berth_error err;
	struct topology *t;
	char *xml = NULL;

	t = topo_load_synthetic("pack:1 l3:1 core:4 pu:2", &xml, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	h.node = (char *)a->node;
	h.incarnation = a->incarnation;
	h.topology_hash = t->hash;
	h.topology_xml = with_xml ? xml : (char *)"";
	h.emulated = true;
	h.version = (char *)"test";
	msg.body_case = BERTH__MSG__BODY_NODE_HELLO;
	msg.node_hello = &h;
	to_leader(a, &msg);
	topology_unref(t);
	free(xml);
}

void rig_join(struct rig *r, struct rig_agent *a)
{
	rig_hello(r, a, true);
	rig_report_none(r, a);
}

/* ---- start, stop --------------------------------------------------------- */

static void on_ended(void *arg, const char *reason, bool kill_tasks)
{
	struct rig *r = arg;

	r->ended++;
}

void rig_start(struct rig *r, const struct leader_config *more)
{
	static const struct net_events first = {on_up, on_down, on_message};
	static const struct net_events other = {other_up, other_down,
						other_message};
	static const char *const none[] = {NULL};
	struct leader_config c = more != NULL ? *more
					      : (struct leader_config){0};
	struct berth_error err = {0};
	struct api_server_config door = {.token = TOKEN, .listen_local = true};
	char path[96];

	memset(r, 0, sizeof(*r));
	strcpy(r->dir, "/tmp/berth-leader-test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
	snprintf(path, sizeof(path), "%s/api.sock", r->dir);
	snprintf(r->uri, sizeof(r->uri), "unix:%s", path);
	r->loop = loop_create(&err);
	r->hub = net_hub_create(r->loop);
	for (int i = 0; i < 2; i++) {
		r->agent[i].node = i == 0 ? "n0" : "n1";
		r->agent[i].incarnation = 1;
		r->agent[i].net = net_local_create(r->hub, r->agent[i].node,
						   &err);
	}
	c.berth = "test";
	c.version = "test";
	door.unix_path = path;
	r->server = api_server_create(r->loop, &door, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->server);
	c.seed = 1;
	if (c.frameworks == NULL)
		c.frameworks = none;
	r->leader = leader_create(r->loop, r->agent[0].net, r->server, &c,
				  &err);
	if (r->leader == NULL)
		CU_FAIL_FATAL(err.text);
	leader_on_shutdown(r->leader, on_ended, r);
	net_start(r->agent[0].net, &first, r);
	net_start(r->agent[1].net, &other, &r->agent[1]);
	r->client = http_client_create(r->loop, r->uri, TOKEN, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r->client);
}

void rig_stop(struct rig *r)
{
	http_client_destroy(r->client);
	leader_destroy(r->leader);
	api_server_destroy(r->server);
	net_destroy(r->agent[1].net);
	net_destroy(r->agent[0].net);
	net_hub_destroy(r->hub);
	loop_destroy(r->loop);
	CU_ASSERT_EQUAL(rmdir(r->dir), 0);
}

bool rig_until(struct rig *r, bool (*done)(void *arg), void *arg)
{
	uint64_t end = loop_now_us() + 10000000;

	while (!done(arg) && loop_now_us() < end)
		loop_once(r->loop, 10000, NULL);
	return done(arg);
}

static bool never(void *arg)
{
	return loop_now_us() >= *(uint64_t *)arg;
}

void rig_run(struct rig *r, unsigned ms)
{
	uint64_t end = loop_now_us() + ms * 1000u;

	rig_until(r, never, &end);
}

/* ---- calls --------------------------------------------------------------- */

struct answer {
	bool done;
	int status;
	char *body;
};

static void on_done(void *arg, int status, const char *body, size_t len,
		    const struct berth_error *err)
{
	struct answer *a = arg;

	a->done = true;
	a->status = status;
	a->body = mem_strndup(body != NULL ? body : "", len);
}

static bool answered(void *arg)
{
	return ((struct answer *)arg)->done;
}

int rig_call_raw(struct rig *r, const char *token, const char *method,
		 const char *path, const void *body, size_t len,
		 json_t **answer)
{
	static const struct http_call_events ev = {.done = on_done};
	struct http_client *c = r->client;
	struct answer a = {0};

	if (token != NULL)
		c = http_client_create(r->loop, r->uri,
				       token[0] != '\0' ? token : NULL, NULL);
	http_call_start(c, method, path, body, len, 0, &ev, &a);
	CU_ASSERT_FATAL(rig_until(r, answered, &a));
	if (token != NULL)
		http_client_destroy(c);
	if (answer != NULL)
		*answer = json_loads(a.body, 0, NULL);
	free(a.body);
	return a.status;
}

int rig_call(struct rig *r, const char *method, const char *path,
	     const char *body, json_t **answer)
{
	return rig_call_raw(r, NULL, method, path, body,
			    body != NULL ? strlen(body) : 0, answer);
}

/* ---- streams ------------------------------------------------------------- */

static void on_stream_data(void *arg, const char *data, size_t len)
{
	struct rig_stream *s = arg;
	char *nl;

	s->text = mem_resize(s->text, s->len + len + 1, 1);
	memcpy(s->text + s->len, data, len);
	s->len += len;
	s->text[s->len] = '\0';
	while ((nl = memchr(s->text, '\n', s->len)) != NULL) {
		size_t n = (size_t)(nl - s->text) + 1;

		if (s->nlines < 256)
			s->line[s->nlines++] = json_loadb(s->text, n, 0, NULL);
		memmove(s->text, s->text + n, s->len - n + 1);
		s->len -= n;
	}
}

static void on_stream_done(void *arg, int status, const char *body, size_t len,
			   const struct berth_error *err)
{
	struct rig_stream *s = arg;

	s->done = true;
	s->status = status;
	s->call = NULL;
}

void rig_open(struct rig *r, struct rig_stream *s, const char *path)
{
	static const struct http_call_events ev = {on_stream_data,
						   on_stream_done};

	memset(s, 0, sizeof(*s));
	s->rig = r;
	s->call = http_call_start(r->client, "GET", path, NULL, 0, 0, &ev, s);
}

void rig_close(struct rig_stream *s)
{
	if (s->call != NULL)
		http_call_cancel(s->call);
	for (size_t i = 0; i < s->nlines; i++)
		json_decref(s->line[i]);
	free(s->text);
	memset(s, 0, sizeof(*s));
}

struct wanted {
	struct rig_stream *s;
	const char *type;
	size_t n;
	json_t *found;
};

static bool line_there(void *arg)
{
	struct wanted *w = arg;
	size_t seen = 0;

	for (size_t i = 0; i < w->s->nlines; i++) {
		if (strcmp(rig_str(w->s->line[i], "type"), w->type) != 0 ||
		    seen++ < w->n)
			continue;
		w->found = w->s->line[i];
		return true;
	}
	return false;
}

json_t *rig_line(struct rig_stream *s, const char *type, size_t n)
{
	struct wanted w = {s, type, n, NULL};

	rig_until(s->rig, line_there, &w);
	return w.found;
}

/* ---- JSON ---------------------------------------------------------------- */

static json_t *deep(json_t *v, const char *path)
{
	char part[64];

	while (v != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		v = json_is_array(v)
			    ? json_array_get(v, strtoul(part, NULL, 10))
			    : json_object_get(v, part);
		path += n + (path[n] == '.');
	}
	return v;
}

long long rig_int(json_t *v, const char *path)
{
	json_t *at = deep(v, path);

	return json_is_integer(at) ? json_integer_value(at) : -1;
}

const char *rig_str(json_t *v, const char *path)
{
	json_t *at = deep(v, path);

	return json_is_string(at) ? json_string_value(at) : "";
}
