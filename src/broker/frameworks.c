#include "broker/frameworks.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "broker/api.h"
#include "broker/book.h"
#include "broker/framework_events.h"
#include "broker/jobs.h"
#include "broker/json_decode.h"
#include "broker/launches.h"
#include "broker/submit.h"

#define PING_US (10u * 1000000)
/* Registered, but no stream of events opened. */
#define OPEN_US (10u * 1000000)
/* A framework that lets so much wait has stopped to read. */
#define QUEUE_MOST (64u << 20)

/* One name's connection. */
struct stream_end {
	struct frameworks *all;
	char *name;
	struct http_request *req; /* NULL: no stream is open */
	struct buf queue;	  /* events of this pass */
	struct loop_timer *flush, *timer;
	bool broken; /* its queue grew too long; ended with the next flush */
};

struct frameworks {
	struct leader *leader;
	struct map *by_name;
	size_t gone; /* frameworks that are to be reaped */
};

/* ---- the stream ---------------------------------------------------------- */

static void stream_close(struct stream_end *s)
{
	struct http_request *req = s->req;

	s->req = NULL;
	buf_clear(&s->queue);
	loop_timer_stop(s->flush);
	loop_timer_stop(s->timer);
	s->broken = false;
	if (req != NULL)
		http_stream_end(req);
}

static void stream_lost(struct stream_end *s, const char *why)
{
	struct ledger *ledger = book_ledger(s->all->leader->book);

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

	if (s->broken) {
		stream_close(s);
		stream_lost(s, "it does not read its events, the stream is "
			       "closed");
		return;
	}
	if (s->req == NULL)
		return;
	if (s->queue.len > 0)
		http_stream_send(s->req, s->queue.data, s->queue.len);
	buf_clear(&s->queue);
}

/* After something was put into the queue. */
static void stream_wake(struct stream_end *s)
{
	if (s->req == NULL || s->broken) {
		buf_clear(&s->queue);
		return;
	}
	if (s->queue.len + http_stream_queued(s->req) > QUEUE_MOST) {
		s->broken = true;
		buf_clear(&s->queue);
	}
	if (!loop_timer_pending(s->flush))
		loop_timer_start(s->flush, 0);
}

static void on_timer(void *arg)
{
	struct stream_end *s = arg;

	if (s->req == NULL) {
		stream_lost(s, "it has registered but reads no events");
		return;
	}
	buf_puts(&s->queue, "{\"type\":\"ping\"}\n");
	stream_wake(s);
	loop_timer_start(s->timer, PING_US);
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
	s->flush = loop_timer_create(f->leader->loop, on_flush, s);
	s->timer = loop_timer_create(f->leader->loop, on_timer, s);
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

void frameworks_event(void *frameworks, const struct event *ev)
{
	struct frameworks *f = frameworks;
	struct ledger *ledger = book_ledger(f->leader->book);
	const char *name = framework_events_whose(ledger, ev);
	struct stream_end *s;

	if (ev->type == EVENT_FRAMEWORK_GONE)
		f->gone++;
	if (ev->type == EVENT_FRAMEWORK_REGISTERED)
		submit_retry(f->leader->submits);
	if (name == NULL)
		return;
	s = map_get(f->by_name, name);
	if (s == NULL || s->req == NULL || s->broken)
		return;
	framework_events_line(&s->queue, ledger, ev);
	stream_wake(s);
}

/* ---- frameworks that stay away ------------------------------------------- */

/* name is a copy: its framework is removed with its last job. */
static void reap_jobs(struct leader *l, const char *name)
{
	struct ledger *ledger = book_ledger(l->book);
	const struct job *j, *next;

	for (j = ledger_first_job(ledger); j != NULL; j = next) {
		next = TAILQ_NEXT(j, of_ledger);
		if (strcmp(j->framework, name) != 0)
			continue;
		if (j->counts.starting + j->counts.running == 0)
			ledger_job_finished(ledger, NULL, j->id, JOB_LOST, 1, 0,
					    "its framework is gone", book_now(),
					    NULL);
		else if (jobs_first_end(l->jobs, j->id))
			launches_kill_job(l->launches, j, 0, 0,
					  BERTH__TASK_END__END_KILLED);
	}
}

void frameworks_reap(void *frameworks)
{
	struct frameworks *f = frameworks;
	struct ledger *ledger = book_ledger(f->leader->book);
	const struct framework *fw;
	size_t pos = 0, gone = 0;
	char *name;

	if (f->gone == 0)
		return;
	while ((fw = ledger_next_framework(ledger, &pos)) != NULL) {
		if (!fw->gone)
			continue;
		gone++;
		name = mem_strdup(fw->name);
		reap_jobs(f->leader, name);
		free(name);
	}
	f->gone = gone;
}

bool frameworks_expected(const struct leader *l, const char *name)
{
	for (char **f = l->set.frameworks; *f != NULL; f++)
		if (strcmp(*f, name) == 0)
			return ledger_framework(book_ledger(l->book), name) ==
			       NULL;
	return false;
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
	uint64_t failover_ms;
};

static const struct json_field fields[] = {
	{.name = "name", .type = JSON_T_NAME, .needed = true,
	 .offset = offsetof(struct registration, name)},
	{.name = "role", .type = JSON_T_NAME,
	 .offset = offsetof(struct registration, role)},
	{.name = "failover_ms", .type = JSON_T_U64, .max = 7ll * 86400000,
	 .offset = offsetof(struct registration, failover_ms)},
	{.name = "options_doc", .type = JSON_T_STRING, .max = 65536,
	 .offset = offsetof(struct registration, options_doc)},
};

void frameworks_post(struct leader *l, struct http_request *req,
		     const char *name)
{
	struct registration r = {.role = "default", .options_doc = "",
				 .failover_ms = 60000};
	struct berth_error err = {0};
	json_t *body = api_body(req);
	struct stream_end *s;
	char session[33];

	if (body == NULL)
		return;
	rand_secret_hex(session, 16);
	if (JSON_DECODE(body, "", fields, &r, &err) != 0 ||
	    ledger_register(book_ledger(l->book), r.name, r.role, session,
			    r.failover_ms * 1000, book_now(), &err) != 0) {
		http_reply_error(req, &err);
		goto out;
	}
	s = stream_of(l->frameworks, r.name);
	stream_close(s);
	loop_timer_start(s->timer, OPEN_US);
	log_info("framework %s registered, role %s", r.name, r.role);
	api_reply(req, 201, json_pack("{s:s, s:s}", "name", r.name, "session",
				      session));
out:
	json_decref(body);
}

/* ---- GET /v1/frameworks/NAME/events -------------------------------------- */

const struct framework *frameworks_session(struct leader *l,
					   struct http_request *req,
					   const char *name)
{
	const struct framework *f = ledger_framework(book_ledger(l->book),
						     name);
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

void frameworks_events(struct leader *l, struct http_request *req,
		       const char *name)
{
	struct berth_error err = {0};
	struct stream_end *s;

	if (frameworks_session(l, req, name) == NULL)
		return;
	s = stream_of(l->frameworks, name);
	if (!ledger_framework(book_ledger(l->book), name)->connected) {
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
	framework_events_state(&s->queue, book_ledger(l->book), name);
	stream_wake(s);
	loop_timer_start(s->timer, PING_US);
}

/* ---- create, destroy ----------------------------------------------------- */

struct frameworks *frameworks_create(struct leader *l)
{
	struct frameworks *f = mem_alloc(sizeof(*f));

	f->leader = l;
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
