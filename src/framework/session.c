#include "framework/session.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "framework/outbox.h"
#include "io/http.h"
#include "io/servers.h"

#define SECOND UINT64_C(1000000)
#define PAUSE_FIRST (SECOND / 10)
#define PAUSE_MOST (5 * SECOND)
/* Standing this long means that the next pause is a short one again. */
#define STEADY (30 * SECOND)
/* The broker pings every 10 s. */
#define SILENCE (35 * SECOND)
#define REGISTER_MS 10000
#define CALLS_MS 60000

enum { LINE_MAX_BYTES = 256 << 20, REFERRALS_MAX = 4 };

enum phase {
	DOWN,	     /* waiting for the next try */
	REGISTERING, /* POST /v1/frameworks is under way */
	STREAMING,   /* the event stream is open, `state` not seen */
	UP,
};

struct session {
	struct loop *loop;
	const struct session_events *ev;
	void *arg;
	char *name, *registration; /* its body */
	struct servers *servers;
	char *token;
	struct http_client *client; /* of the one that is asked now */
	enum phase phase;
	char *events_path, *calls_path; /* with the session's key */
	struct http_call *registering, *stream, *posting;
	struct loop_timer *retry, *silence, *wake, *again;
	bool pong; /* a ping is to be answered */
	uint64_t pause, up_since, heard;
	unsigned referrals; /* one after the other */
	struct buf line; /* of the stream; begins with what is not decoded */
	size_t scanned;	 /* no newline up to here */
	struct event event;
	struct outbox *outbox;
	struct buf body; /* of the batch under way */
};

static void try_register(void *arg);

/* ---- losing and trying again ---- */

static void cancel(struct http_call **call)
{
	if (*call)
		http_call_cancel(*call);
	*call = NULL;
}

static void go_down(struct session *s)
{
	cancel(&s->registering);
	cancel(&s->stream);
	cancel(&s->posting);
	outbox_clear(s->outbox);
	buf_clear(&s->line);
	s->scanned = 0;
	loop_timer_stop(s->silence);
	loop_timer_stop(s->again);
	s->pong = false;
	s->phase = DOWN;
}

/* Somebody else leads. */
static void referred(struct session *s, const char *uri)
{
	go_down(s);
	servers_refer(s->servers, uri);
	if (s->referrals++ < REFERRALS_MAX)
		loop_timer_start(s->retry, 0);
	else
		loop_timer_start(s->retry, PAUSE_FIRST);
}

/* No leader, or none here.  One after the other is asked; a pause that grows
 * comes with each round. */
static void lost(struct session *s, const char *why)
{
	if (s->phase == UP && loop_now_us() - s->up_since > STEADY)
		s->pause = PAUSE_FIRST;
	if (s->phase == UP || s->pause == PAUSE_FIRST)
		log_warn("no connection to the broker (%s); trying again",
			 why);
	go_down(s);
	s->referrals = 0;
	servers_next(s->servers);
	loop_timer_start(s->retry, s->pause / servers_count(s->servers));
	s->pause = s->pause * 2 < PAUSE_MOST ? s->pause * 2 : PAUSE_MOST;
}

static void on_silence(void *arg)
{
	struct session *s = arg;
	uint64_t quiet = loop_now_us() - s->heard;

	if (quiet >= SILENCE)
		lost(s, "nothing heard for 35 s");
	else
		loop_timer_start(s->silence, SILENCE - quiet);
}

/* "leader" of an answer that says who it is; the caller frees. */
static char *leader_of(int status, const char *body, size_t len)
{
	json_t *json;
	char *uri;

	if (status != 307)
		return NULL;
	json = json_loadb(body, len, 0, NULL);
	uri = mem_strdup(json_string_value(json_object_get(json, "leader")));
	json_decref(json);
	return uri;
}

/* An answer that is none: whom to ask next. */
static void turned_away(struct session *s, int status, const char *body,
			size_t len, const char *why)
{
	char *leader = leader_of(status, body, len);

	if (leader)
		referred(s, leader);
	else
		lost(s, why);
	free(leader);
}

/* The text of an error answer, for a log line. */
static const char *answer_text(int status, const char *body, size_t len,
			       const struct berth_error *err, char *out,
			       size_t size)
{
	json_t *json = NULL;
	const char *text = NULL;

	if (status == 0)
		return err && err->text[0] ? err->text : "no answer";
	if (len)
		json = json_loadb(body, len, 0, NULL);
	text = json_string_value(json_object_get(json, "error"));
	if (text)
		snprintf(out, size, "%s", text);
	else
		snprintf(out, size, "HTTP status %d", status);
	json_decref(json);
	return out;
}

/* ---- calls ---- */

static void on_refused(void *arg, const json_t *call, const char *text)
{
	struct session *s = arg;

	if (s->phase == UP)
		s->ev->refused(s->arg, call, text);
}

/* How long a batch that was put off waits. */
static uint64_t retry_us(const char *body, size_t len)
{
	json_t *json = json_loadb(body, len, 0, NULL);
	json_int_t ms = json_integer_value(json_object_get(json, "retry_ms"));

	json_decref(json);
	return (ms > 0 && ms < 60000 ? (uint64_t)ms : 1000) * 1000;
}

static void calls_done(void *arg, int status, const char *body, size_t len,
		       const struct berth_error *err)
{
	struct session *s = arg;
	struct berth_error bad = { 0 };
	char room[512];
	const char *text;

	s->posting = NULL;
	if (status == 200) {
		if (outbox_answered(s->outbox, body, len, on_refused, s,
				    &bad) < 0)
			lost(s, bad.text);
		else
			session_wake(s);
		return;
	}
	if (status == 429) {
		/* The same batch, later. */
		loop_timer_start(s->again, retry_us(body, len));
		return;
	}
	text = answer_text(status, body, len, err, room, sizeof(room));
	if (status == 400 || status == 413) {
		log_error("the broker takes none of a batch of calls: %s",
			  text);
		outbox_all_refused(s->outbox, text, on_refused, s);
		session_wake(s);
		return;
	}
	turned_away(s, status, body, len, text);
}

static void post(void *arg)
{
	static const struct http_call_events ev = { .done = calls_done };
	struct session *s = arg;

	if (s->phase != UP || s->posting)
		return;
	s->posting = http_call_start(s->client, "POST", s->calls_path,
				     s->body.data, s->body.len, CALLS_MS, &ev,
				     s);
}

static void send_batch(struct session *s)
{
	if (s->phase != UP || s->posting || loop_timer_pending(s->again))
		return;
	if (!outbox_batch(s->outbox, &s->body)) {
		if (!s->pong)
			return;
		buf_clear(&s->body);
		buf_puts(&s->body, "{\"calls\":[]}");
	}
	s->pong = false;
	post(s);
}

static void on_wake(void *arg)
{
	struct session *s = arg;

	if (s->phase != UP)
		return;
	s->ev->settle(s->arg);
	send_batch(s);
}

void session_wake(struct session *s)
{
	if (!loop_timer_pending(s->wake))
		loop_timer_start(s->wake, 0);
}

int session_call(struct session *s, json_t *call, struct berth_error *err)
{
	if (call && s->phase != UP) {
		json_decref(call);
		return 0;
	}
	if (outbox_push(s->outbox, call, err) < 0)
		return -1;
	session_wake(s);
	return 0;
}

/* ---- the event stream ---- */

static void take_event(struct session *s, const char *line, size_t len)
{
	struct berth_error err = { 0 };

	if (!len)
		return;
	if (event_read(&s->event, line, len, &err) < 0) {
		log_error("event from the broker passed over: %s", err.text);
		return;
	}
	if (s->event.type == EVENT_UNKNOWN)
		log_debug("unknown event \"%s\"", s->event.type_name);
	if (s->event.type == EVENT_PING) {
		s->pong = true;
		send_batch(s);
	}
	if (s->event.type == EVENT_UNKNOWN || s->event.type == EVENT_PING)
		return;
	if (s->phase == STREAMING) {
		if (s->event.type != EVENT_STATE) {
			log_error("event \"%s\" before the state passed over",
				  s->event.type_name);
			return;
		}
		s->phase = UP;
		s->referrals = 0;
		s->up_since = loop_now_us();
		log_info("registered as %s", s->name);
	}
	s->ev->event(s->arg, &s->event);
	session_wake(s);
}

static void stream_data(void *arg, const char *data, size_t len)
{
	struct session *s = arg;
	size_t at = 0;

	s->heard = loop_now_us();
	buf_add(&s->line, data, len);
	while (s->phase >= STREAMING) {
		char *end = memchr(s->line.data + s->scanned, '\n',
				   s->line.len - s->scanned);
		size_t stop;

		if (!end)
			break;
		stop = (size_t)(end - s->line.data);
		take_event(s, s->line.data + at, stop - at);
		at = s->scanned = stop + 1;
	}
	if (s->phase < STREAMING)
		return;
	buf_drain(&s->line, at);
	s->scanned = s->line.len;
	if (s->line.len > LINE_MAX_BYTES)
		lost(s, "an event of more than 256 MiB");
}

static void stream_done(void *arg, int status, const char *body, size_t len,
			const struct berth_error *err)
{
	struct session *s = arg;
	char room[512];

	s->stream = NULL;
	if (status == 200)
		lost(s, "the stream of events ended");
	else
		turned_away(s, status, body, len,
			    answer_text(status, body, len, err, room,
					sizeof(room)));
}

/* ---- registering ---- */

static void open_stream(struct session *s, const char *key)
{
	static const struct http_call_events ev = { .data = stream_data,
						    .done = stream_done };
	char *encoded = http_encode(key);

	free(s->events_path);
	free(s->calls_path);
	s->events_path = mem_printf("/v1/frameworks/%s/events?session=%s",
				    s->name, encoded);
	s->calls_path = mem_printf("/v1/frameworks/%s/calls?session=%s",
				   s->name, encoded);
	free(encoded);
	s->phase = STREAMING;
	s->heard = loop_now_us();
	loop_timer_start(s->silence, SILENCE);
	s->stream = http_call_start(s->client, "GET", s->events_path, NULL, 0,
				    0, &ev, s);
}

static void register_done(void *arg, int status, const char *body, size_t len,
			  const struct berth_error *err)
{
	struct session *s = arg;
	struct berth_error why = { 0 };
	char room[512];
	const char *key, *text;
	json_t *answer;

	s->registering = NULL;
	if (status == 200 || status == 201) {
		answer = json_loadb(body, len, 0, NULL);
		key = json_string_value(json_object_get(answer, "session"));
		if (key)
			open_stream(s, key);
		else
			lost(s, "its answer names no session");
		json_decref(answer);
		return;
	}
	text = answer_text(status, body, len, err, room, sizeof(room));
	if (status >= 400 && status < 500 && status != 408 && status != 409 &&
	    status != 429) {
		error_set(&why, BERTH_EINPUT,
			  "the broker refuses framework \"%s\": %s", s->name,
			  text);
		go_down(s);
		s->ev->failed(s->arg, &why);
		return;
	}
	turned_away(s, status, body, len, text);
}

/* To the one whose turn it is. */
static int connect_now(struct session *s, struct berth_error *err)
{
	http_client_destroy(s->client);
	s->client = http_client_create(s->loop, servers_now(s->servers),
				       s->token, err);
	return s->client ? 0 : -1;
}

static void try_register(void *arg)
{
	static const struct http_call_events ev = { .done = register_done };
	struct session *s = arg;
	struct berth_error err = { 0 };

	if (connect_now(s, &err) < 0) {
		lost(s, err.text);
		return;
	}
	s->phase = REGISTERING;
	s->registering = http_call_start(s->client, "POST", "/v1/frameworks",
					 s->registration,
					 strlen(s->registration), REGISTER_MS,
					 &ev, s);
}

/* ---- life ---- */

static char *registration(const struct session_config *c,
			  struct berth_error *err)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "name", c->name, "role",
			      c->role, "options_doc",
			      c->options_doc ? c->options_doc : "",
			      "answers_pings", 1);
	char *text = NULL;

	if (o && c->failover_ms != SESSION_FAILOVER)
		json_object_set_new(o, "failover_ms",
				    json_integer((json_int_t)c->failover_ms));
	if (o && c->react_ms)
		json_object_set_new(o, "react_ms",
				    json_integer((json_int_t)c->react_ms));
	if (o && c->epoch)
		json_object_set_new(o, "epoch",
				    json_integer((json_int_t)c->epoch));

	if (o)
		text = json_dumps(o, JSON_COMPACT);
	if (!text)
		error_set(err, BERTH_EINPUT,
			  "name, role or options_doc is not UTF-8");
	json_decref(o);
	return text;
}

struct session *session_create(struct loop *loop,
			       const struct session_config *config,
			       const struct session_events *ev, void *arg,
			       struct berth_error *err)
{
	struct session *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->ev = ev;
	s->arg = arg;
	s->pause = PAUSE_FIRST;
	buf_init(&s->line);
	buf_init(&s->body);
	event_init(&s->event);
	s->outbox = outbox_create();
	s->name = mem_strdup(config->name);
	s->retry = loop_timer_create(loop, try_register, s);
	s->silence = loop_timer_create(loop, on_silence, s);
	s->wake = loop_timer_create(loop, on_wake, s);
	s->again = loop_timer_create(loop, post, s);
	s->registration = registration(config, err);
	s->servers = servers_create(config->uri);
	s->token = mem_strdup(config->token);
	if (!s->registration || connect_now(s, err) < 0) {
		session_destroy(s);
		return NULL;
	}
	loop_timer_start(s->retry, 0);
	return s;
}

void session_destroy(struct session *s)
{
	if (!s)
		return;
	go_down(s);
	http_client_destroy(s->client);
	servers_destroy(s->servers);
	free(s->token);
	loop_timer_destroy(s->retry);
	loop_timer_destroy(s->silence);
	loop_timer_destroy(s->wake);
	loop_timer_destroy(s->again);
	outbox_destroy(s->outbox);
	event_finish(&s->event);
	buf_finish(&s->line);
	buf_finish(&s->body);
	free(s->name);
	free(s->registration);
	free(s->events_path);
	free(s->calls_path);
	free(s);
}
