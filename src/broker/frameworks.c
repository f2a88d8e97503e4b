#include "broker/frameworks.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "broker/api.h"
#include "broker/framework_events.h"
#include "broker/json_decode.h"

/* Registered, but no stream of events opened. */
#define OPEN_US (10u * 1000000)
/* A framework that lets so much wait has stopped to read. */
#define QUEUE_MOST (64u << 20)
/* Names that are registered at a time. */
#define FRAMEWORKS_MOST 1000

/* One name's connection. */
struct stream_end {
	struct frameworks *all;
	char *name;
	struct http_request *req; /* NULL: no stream is open */
	struct buf queue;	  /* events of this pass */
	struct loop_timer *flush, *timer;
	uint64_t epoch; /* the highest one that has registered */
	size_t state_len;   /* of its state line, which may be long */
	uint64_t asked_us;  /* by a ping that is not answered; 0: none */
	bool answers;	    /* pings: it has said that it would */
	const char *ending; /* why it ends with the next flush; NULL: not */
};

struct frameworks {
	struct loop *loop;
	struct book *book;
	struct map *by_name;
	struct frameworks_config config;
	frameworks_silent_f silent;
	void *silent_arg;
	bool held;
};

/* Three pings until silence is too long. */
static uint64_t ping_us(const struct frameworks *f)
{
	return (uint64_t)f->config.timeout_ms * 1000 / 3;
}

/* ---- the stream ---------------------------------------------------------- */

static void stream_close(struct stream_end *s)
{
	struct http_request *req = s->req;

	s->req = NULL;
	buf_clear(&s->queue);
	loop_timer_stop(s->flush);
	loop_timer_stop(s->timer);
	s->ending = NULL;
	s->asked_us = 0;
	if (req != NULL)
		http_stream_end(req);
}

static void stream_lost(struct stream_end *s, const char *why)
{
	struct ledger *ledger = book_ledger(s->all->book);

	log_info("framework %s: %s", s->name, why);
	ledger_away(ledger, s->name, book_now(), NULL);
}

static void on_closed(void *arg)
{
	struct stream_end *s = arg;

	s->req = NULL;
	stream_close(s);
	stream_lost(s, "its stream of events was closed");
}

static void on_flush(void *arg)
{
	struct stream_end *s = arg;

	const char *why = s->ending;

	if (why != NULL) {
		stream_close(s);
		stream_lost(s, why);
		return;
	}
	if (s->req == NULL)
		return;
	if (s->queue.len > 0)
		http_stream_send(s->req, s->queue.data, s->queue.len);
	buf_clear(&s->queue);
}

static void flush_soon(struct stream_end *s)
{
	if (!loop_timer_pending(s->flush))
		loop_timer_start(s->flush, 0);
}

/* With the next flush, so that it may be asked for in a handler. */
static void stream_end_soon(struct stream_end *s, const char *why)
{
	s->ending = why;
	buf_clear(&s->queue);
	flush_soon(s);
}

/* After something was put into the queue. */
static void stream_wake(struct stream_end *s)
{
	if (s->req == NULL || s->ending != NULL)
		buf_clear(&s->queue);
	else if (s->queue.len + http_stream_queued(s->req) >
		 QUEUE_MOST + s->state_len)
		stream_end_soon(s, "it does not read its events, the stream "
				   "is closed");
	else
		flush_soon(s);
}

/* It is hung, stopped, or cut off. */
static void stream_silent(struct stream_end *s)
{
	struct frameworks *f = s->all;

	log_warn("framework %s: it has not answered for %u ms, its stream is "
		 "closed", s->name, f->config.timeout_ms);
	stream_close(s);
	ledger_away(book_ledger(f->book), s->name, book_now(), NULL);
	if (f->silent != NULL)
		f->silent(f->silent_arg, s->name);
}

static void on_timer(void *arg)
{
	struct stream_end *s = arg;

	if (s->req == NULL) {
		stream_lost(s, "it has registered but reads no events");
		return;
	}
	if (s->asked_us != 0 && s->answers) {
		conduct_silent(s->all->config.conduct, s->name, true);
		if (loop_now_us() - s->asked_us >=
		    (uint64_t)s->all->config.timeout_ms * 1000) {
			stream_silent(s);
			return;
		}
	} else {
		s->asked_us = loop_now_us();
	}
	buf_puts(&s->queue, "{\"type\":\"ping\"}\n");
	stream_wake(s);
	loop_timer_start(s->timer, ping_us(s->all));
}

static struct stream_end *stream_of(struct frameworks *f, const char *name)
{
	struct stream_end *s = map_get(f->by_name, name);

	if (s != NULL)
		return s;
	s = mem_alloc(sizeof(*s));
	s->all = f;
	s->name = mem_strdup(name);
	buf_init(&s->queue);
	s->flush = loop_timer_create(f->loop, on_flush, s);
	s->timer = loop_timer_create(f->loop, on_timer, s);
	map_put(f->by_name, name, s);
	return s;
}

static void stream_destroy(void *arg)
{
	struct stream_end *s = arg;

	stream_close(s);
	loop_timer_destroy(s->flush);
	loop_timer_destroy(s->timer);
	buf_finish(&s->queue);
	free(s->name);
	free(s);
}

/* ---- events -------------------------------------------------------------- */

/* A task that nobody had heard of when the state was told has a slice after
 * all: its framework is to hear all of it again. */
static void adopted_late(struct frameworks *f, const struct event *ev)
{
	const struct job *j = ledger_job(book_ledger(f->book),
					 ev->task_adopted.job);
	struct stream_end *s = j != NULL ? map_get(f->by_name, j->framework)
					 : NULL;

	if (s != NULL && s->req != NULL && s->ending == NULL)
		stream_end_soon(s, "a node has come back with tasks of an "
				   "earlier leader: it registers again");
}

void frameworks_event(void *frameworks, const struct event *ev)
{
	struct frameworks *f = frameworks;
	struct ledger *ledger = book_ledger(f->book);
	const char *name = framework_events_whose(ledger, ev);
	struct stream_end *s;

	if (ev->type == EVENT_TASK_ADOPTED && !f->held)
		adopted_late(f, ev);
	if (name == NULL || f->held)
		return;
	s = map_get(f->by_name, name);
	if (s == NULL || s->req == NULL || s->ending != NULL)
		return;
	framework_events_line(&s->queue, ledger, ev);
	stream_wake(s);
}

void frameworks_heard(struct frameworks *f, const char *name)
{
	struct stream_end *s = map_get(f->by_name, name);

	if (s != NULL)
		s->asked_us = 0;
	conduct_silent(f->config.conduct, name, false);
}

void frameworks_on_silent(struct frameworks *f, frameworks_silent_f silent,
			  void *arg)
{
	f->silent = silent;
	f->silent_arg = arg;
}

static void put_state(struct stream_end *s)
{
	size_t before = s->queue.len;

	framework_events_state(&s->queue, book_ledger(s->all->book), s->name);
	s->state_len = s->queue.len - before;
}

void frameworks_hold(struct frameworks *f)
{
	f->held = true;
}

void frameworks_settled(struct frameworks *f)
{
	struct stream_end *s;

	f->held = false;
	map_foreach(f->by_name, s) {
		if (s->req == NULL || s->ending != NULL)
			continue;
		put_state(s);
		stream_wake(s);
	}
}

void frameworks_figures(const struct frameworks *f, size_t *streams,
			size_t *queued)
{
	struct stream_end *s;

	*streams = *queued = 0;
	map_foreach(f->by_name, s) {
		*streams += s->req != NULL;
		*queued += s->queue.len;
		if (s->req != NULL)
			*queued += http_stream_queued(s->req);
	}
}

/* ---- POST /v1/frameworks ------------------------------------------------- */

struct registration {
	const char *name, *role, *options_doc;
	uint64_t failover_ms, epoch;
	uint32_t react_ms;
	bool answers_pings;
};

static const struct json_field fields[] = {
	{.name = "name", .type = JSON_T_NAME, .needed = true,
	 .offset = offsetof(struct registration, name)},
	{.name = "role", .type = JSON_T_NAME,
	 .offset = offsetof(struct registration, role)},
	{.name = "failover_ms", .type = JSON_T_U64, .max = 7ll * 86400000,
	 .offset = offsetof(struct registration, failover_ms)},
	{.name = "react_ms", .type = JSON_T_U32, .max = 1000,
	 .offset = offsetof(struct registration, react_ms)},
	{.name = "epoch", .type = JSON_T_U64, .max = INT64_MAX,
	 .offset = offsetof(struct registration, epoch)},
	{.name = "answers_pings", .type = JSON_T_BOOL,
	 .offset = offsetof(struct registration, answers_pings)},
	{.name = "options_doc", .type = JSON_T_STRING, .max = 65536,
	 .offset = offsetof(struct registration, options_doc)},
};

/* Has a host of a later leader come?  Then this one is to end: two hosts of a
 * framework must never act. */
static bool outlived(const struct frameworks *f, const struct registration *r,
		     struct berth_error *err)
{
	const struct stream_end *s = map_get(f->by_name, r->name);

	if (r->epoch == 0 || s == NULL || r->epoch >= s->epoch)
		return false;
	error_set(err, BERTH_ECONFLICT,
		  "framework %.64s: a later leader has started a host of it",
		  r->name);
	return true;
}

void frameworks_post(void *frameworks, struct http_request *req,
		     const char *name)
{
	struct frameworks *f = frameworks;
	struct registration r = {.role = "default", .options_doc = "",
				 .failover_ms = f->config.failover_ms};
	struct berth_error err = {0};
	json_t *body = api_body(req);
	struct stream_end *s;
	char session[33];

	if (body == NULL)
		return;
	rand_secret_hex(session, 16);
	if (JSON_DECODE(body, "", fields, &r, &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	if (map_get(f->by_name, r.name) == NULL &&
	    map_count(f->by_name) >= FRAMEWORKS_MOST) {
		error_set(&err, BERTH_ELIMIT,
			  "%d frameworks have registered: no more",
			  FRAMEWORKS_MOST);
		api_reply_status(req, 429, &err);
		goto out;
	}
	if (outlived(f, &r, &err)) {
		api_reply_status(req, 410, &err);
		goto out;
	}
	if (ledger_register_reacting(book_ledger(f->book), r.name, r.role,
				     session, r.failover_ms * 1000,
				     (uint64_t)r.react_ms * 1000, book_now(),
				     &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	s = stream_of(f, r.name);
	stream_close(s);
	s->answers = r.answers_pings;
	conduct_silent(f->config.conduct, r.name, false);
	if (r.epoch > s->epoch)
		s->epoch = r.epoch;
	loop_timer_start(s->timer, OPEN_US);
	log_info("framework %s registered, role %s", r.name, r.role);
	api_reply(req, 201, json_pack("{s:s, s:s}", "name", r.name, "session",
				      session));
out:
	json_decref(body);
}

/* ---- GET /v1/frameworks/NAME/events -------------------------------------- */

const struct framework *frameworks_session(const struct ledger *l,
					   struct http_request *req,
					   const char *name)
{
	const struct framework *f = ledger_framework(l, name);
	const char *session = http_query(req, "session");
	struct berth_error err = {0};

	if (f == NULL || f->gone) {
		error_set(&err, BERTH_ENOTFOUND,
			  "framework %.64s: it is not registered", name);
	} else if (session == NULL) {
		error_set(&err, BERTH_EINPUT, "?session=: is missing");
	} else if (strcmp(session, f->session) != 0) {
		error_set(&err, BERTH_ECONFLICT,
			  "framework %s: this session is over, register again",
			  name);
	} else {
		return f;
	}
	http_reply_error(req, &err);
	return NULL;
}

void frameworks_events(void *frameworks, struct http_request *req,
		       const char *name)
{
	struct frameworks *f = frameworks;
	const struct ledger *ledger = book_ledger(f->book);
	struct berth_error err = {0};
	struct stream_end *s;

	if (frameworks_session(ledger, req, name) == NULL)
		return;
	s = stream_of(f, name);
	if (!ledger_framework(ledger, name)->connected) {
		error_set(&err, BERTH_ECONFLICT,
			  "framework %s: this session is over, register again",
			  name);
		http_reply_error(req, &err);
		return;
	}
	stream_close(s);
	s->req = req;
	http_stream_start(req, 200, "application/x-ndjson", on_closed,
			  NULL, s);
	if (!f->held)
		put_state(s);
	stream_wake(s);
	loop_timer_start(s->timer, ping_us(f));
}

/* ---- create, destroy ----------------------------------------------------- */

struct frameworks *frameworks_create(struct loop *loop, struct book *book,
				     const struct frameworks_config *config)
{
	struct frameworks *f = mem_alloc(sizeof(*f));

	f->loop = loop;
	f->book = book;
	f->config = *config;
	f->by_name = map_create();
	return f;
}

void frameworks_destroy(struct frameworks *f)
{
	if (f == NULL)
		return;
	map_destroy(f->by_name, stream_destroy);
	free(f);
}
