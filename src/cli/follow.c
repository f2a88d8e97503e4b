/* follow.c - see follow.h. */
#include "cli/follow.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/chunk.h"
#include "cli/feed.h"
#include "cli/sink.h"
#include "io/http.h"
#include "io/loop.h"

/* More than this in our own queue stops the stream. */
#define QUEUE_MAX (1 << 20)
#define RETRY_US 200000
/* Without contact for so long we give up. */
#define LOST_US 60000000
/* A job that has not started by then deserves a word. */
#define WAIT_US 3000000

/* Of one stream of one task: for going on after the contact was lost. */
struct place {
	size_t shown, seen; /* in all, and since the stream began anew */
};

struct follower {
	struct api *api;
	const struct follow_options *o;
	struct loop *loop;
	struct http_client *client;
	struct http_call *stream, *cancel, *look;
	struct feed *feed;
	struct sink *out, *err;
	struct loop_timer *retry, *word;
	struct loop_signal *on_int, *on_term, *on_hup;
	struct map *places;
	struct buf line; /* an incomplete one */
	bool contacted;
	uint64_t lost_at; /* 0: not */
	bool cancelling;
	int signo;
	bool ended;
	int exit_code;
	char outcome[16];
	struct berth_error why;
	bool failed;
};

static void start_stream(struct follower *f);

static void leave(struct follower *f)
{
	loop_stop(f->loop);
}

static void fail(struct follower *f, const struct berth_error *err)
{
	f->failed = true;
	f->why = *err;
	leave(f);
}

/* ---- output ---- */

static void check_queues(struct follower *f)
{
	bool full = sink_queued(f->out) > QUEUE_MAX ||
		    sink_queued(f->err) > QUEUE_MAX;

	if (f->stream)
		http_call_pause(f->stream, full);
}

static void on_drained(void *arg)
{
	check_queues(arg);
}

static void cancel_job(struct follower *f);

/* Who read our output has left, as in "berth run ... | head". */
static void on_broken(void *arg)
{
	struct follower *f = arg;

	f->signo = SIGPIPE;
	if (!f->o->cancel_on_term || f->ended || f->client == NULL) {
		leave(f);
		return;
	}
	/* Nobody wants the rest of it; leave when the word has arrived. */
	http_call_cancel(f->stream);
	f->stream = NULL;
	cancel_job(f);
}

static void show(struct follower *f, const struct chunk *c, const char *line)
{
	struct sink *sink = c->err && !f->o->json ? f->err : f->out;
	struct place *place;
	struct buf text;
	char key[64];
	size_t skip;

	chunk_key(c, key, sizeof(key));
	place = map_get(f->places, key);
	if (place == NULL) {
		place = mem_alloc(sizeof(*place));
		map_put(f->places, key, place);
	}
	skip = place->shown - place->seen;
	if (skip > c->data.len)
		skip = c->data.len;
	place->seen += c->data.len;
	if (skip == c->data.len)
		return;
	place->shown = place->seen;
	if (f->o->json) {
		sink_write(sink, line, strlen(line));
		sink_write(sink, "\n", 1);
		return;
	}
	buf_init(&text);
	chunk_show(c, f->o->tag, c->data.data + skip, c->data.len - skip,
		   &text);
	sink_write(sink, text.data, text.len);
	buf_finish(&text);
}

static void on_line(struct follower *f, const char *line)
{
	struct berth_error err;
	struct chunk c;

	if (chunk_parse(&c, line, &err) != 0) {
		fail(f, &err);
	} else if (c.end) {
		f->ended = true;
		f->exit_code = c.ended ? c.exit_code : 0;
		snprintf(f->outcome, sizeof(f->outcome), "%s", c.outcome);
		if (f->o->json) {
			sink_write(f->out, line, strlen(line));
			sink_write(f->out, "\n", 1);
		}
		leave(f);
	} else if (c.data.len > 0) {
		show(f, &c, line);
	}
	chunk_finish(&c);
}

static void on_data(void *arg, const char *data, size_t len)
{
	struct follower *f = arg;
	size_t at = 0;

	f->lost_at = 0;
	f->contacted = true;
	buf_add(&f->line, data, len);
	while (!f->ended && !f->failed) {
		char *line = f->line.data + at;
		char *nl = memchr(line, '\n', f->line.len - at);

		if (nl == NULL)
			break;
		*nl = '\0';
		if (nl > line)
			on_line(f, line);
		at += (size_t)(nl - line) + 1;
	}
	buf_drain(&f->line, at);
	check_queues(f);
}

static void lose_contact(struct follower *f, const char *why)
{
	struct berth_error err;

	if (f->lost_at == 0) {
		f->lost_at = loop_now_us();
		if (f->o->tell)
			fprintf(stderr, "berth: contact lost (%s), trying "
					"again\n", why);
	}
	if (loop_now_us() - f->lost_at > LOST_US) {
		error_set(&err, BERTH_EUNAVAIL,
			  "job %lld: no contact for %d s: %s; it may still "
			  "run, see berth show %lld",
			  f->o->job, LOST_US / 1000000, why, f->o->job);
		fail(f, &err);
		return;
	}
	loop_timer_start(f->retry, RETRY_US);
}

static void on_stream_done(void *arg, int status, const char *body, size_t len,
			   const struct berth_error *err)
{
	struct follower *f = arg;
	struct berth_error refusal;

	f->stream = NULL;
	if (f->ended || f->failed)
		return;
	if (status == 307 && api_elsewhere(f->api, status, body)) {
		loop_timer_start(f->retry, 0);
	} else if (status >= 400 && status < 500) {
		api_refusal(f->api, status, body, &refusal);
		fail(f, &refusal);
	} else if (status == 0 && !f->contacted) {
		fail(f, err);
	} else {
		servers_next(f->api->contact->servers);
		lose_contact(f, err ? err->text : "the stream was cut");
	}
}

static void start_stream(struct follower *f)
{
	static const struct http_call_events ev = {.data = on_data,
						   .done = on_stream_done};
	const struct follow_options *o = f->o;
	struct place *p;
	struct buf path;

	/* From the beginning; what was shown is skipped. */
	map_foreach(f->places, p)
		p->seen = 0;
	buf_clear(&f->line);
	buf_init(&path);
	buf_printf(&path, "/v1/jobs/%lld/output?stream=%s&follow=%d", o->job,
		   o->stream, o->follow);
	if (o->task >= 0)
		buf_printf(&path, "&task=%lld", o->task);
	if (o->rank >= 0)
		buf_printf(&path, "&rank=%lld", o->rank);
	if (o->tag != TAG_NONE)
		buf_puts(&path, "&tag=1");
	f->stream = http_call_start(f->client, "GET", path.data, NULL, 0, 0,
				    &ev, f);
	buf_finish(&path);
	check_queues(f);
}

/* ---- contact ---- */

static void drop_client(struct follower *f)
{
	http_call_cancel(f->stream);
	http_call_cancel(f->cancel);
	http_call_cancel(f->look);
	f->stream = f->cancel = f->look = NULL;
	if (f->feed)
		feed_connect(f->feed, NULL);
	http_client_destroy(f->client);
	f->client = NULL;
}

/* The contact file may name others by now. */
static void on_retry(void *arg)
{
	struct follower *f = arg;

	drop_client(f);
	api_look_again(f->api);
	f->client = http_client_create(f->loop, api_uri(f->api),
				       f->api->contact->token, &f->why);
	if (f->client == NULL) {
		fail(f, &f->why);
		return;
	}
	start_stream(f);
	if (f->feed)
		feed_connect(f->feed, f->client);
	if (f->cancelling)
		cancel_job(f);
}

/* ---- the user wants out ---- */

static void on_cancel_done(void *arg, int status, const char *body, size_t len,
			   const struct berth_error *err)
{
	struct follower *f = arg;

	f->cancel = NULL;
	if (f->signo == SIGPIPE)
		leave(f);
	/* 409: it has ended, and we are about to hear of it. */
	if (status >= 400 && status != 409)
		fprintf(stderr, "berth: job %lld: cannot cancel: %s\n",
			f->o->job, body);
}

static void cancel_job(struct follower *f)
{
	static const struct http_call_events ev = {.done = on_cancel_done};
	char path[64];

	f->cancelling = true;
	if (f->client == NULL || f->cancel)
		return;
	snprintf(path, sizeof(path), "/v1/jobs/%lld", f->o->job);
	f->cancel = http_call_start(f->client, "DELETE", path, NULL, 0, 0, &ev,
				    f);
}

static void on_signal(void *arg, int signo)
{
	struct follower *f = arg;
	bool cancels = signo == SIGINT ? f->o->cancel_on_int
				       : f->o->cancel_on_term;
	bool again = f->signo == SIGINT && signo == SIGINT;

	f->signo = signo;
	if (!cancels || again || f->ended) {
		if (again && f->o->tell)
			fprintf(stderr, "berth: leaving; job %lld is being "
					"cancelled\n", f->o->job);
		leave(f);
		return;
	}
	if (f->o->tell)
		fprintf(stderr, "berth: cancelling job %lld%s\n", f->o->job,
			signo == SIGINT ? "; Ctrl-C again leaves at once" : "");
	cancel_job(f);
}

/* ---- a word about a wait ---- */

static void on_look_done(void *arg, int status, const char *body, size_t len,
			 const struct berth_error *err)
{
	struct follower *f = arg;
	json_t *job = json_loads(body, 0, NULL);

	f->look = NULL;
	if (strcmp(api_str(job, "state"), "queued") == 0)
		fprintf(stderr, "berth: job %lld waits%s%s\n", f->o->job,
			api_str(job, "text")[0] ? ": " : " for resources",
			api_str(job, "text"));
	json_decref(job);
}

static void on_word(void *arg)
{
	static const struct http_call_events ev = {.done = on_look_done};
	struct follower *f = arg;
	char path[64];

	if (f->client == NULL || map_count(f->places) > 0)
		return;
	snprintf(path, sizeof(path), "/v1/jobs/%lld", f->o->job);
	f->look = http_call_start(f->client, "GET", path, NULL, 0, 5000, &ev,
				  f);
}

/* ---- the whole ---- */

static int setup(struct follower *f, struct berth_error *err)
{
	f->loop = loop_create(err);
	if (f->loop == NULL)
		return -1;
	f->client = http_client_create(f->loop, api_uri(f->api),
				       f->api->contact->token, err);
	if (f->client == NULL)
		return -1;
	f->out = sink_create(f->loop, STDOUT_FILENO, on_drained, on_broken, f);
	f->err = sink_create(f->loop, STDERR_FILENO, on_drained, on_broken, f);
	f->retry = loop_timer_create(f->loop, on_retry, f);
	f->word = loop_timer_create(f->loop, on_word, f);
	f->on_int = loop_signal_create(f->loop, SIGINT, on_signal, f);
	f->on_term = loop_signal_create(f->loop, SIGTERM, on_signal, f);
	f->on_hup = loop_signal_create(f->loop, SIGHUP, on_signal, f);
	if (f->o->tell && f->o->follow)
		loop_timer_start(f->word, WAIT_US);
	start_stream(f);
	if (f->o->want_stdin) {
		f->feed = feed_create(f->loop, f->o->job);
		feed_connect(f->feed, f->client);
	}
	return 0;
}

static void teardown(struct follower *f)
{
	if (f->client)
		drop_client(f);
	feed_destroy(f->feed);
	sink_destroy(f->out);
	sink_destroy(f->err);
	loop_timer_destroy(f->retry);
	loop_timer_destroy(f->word);
	loop_signal_destroy(f->on_int);
	loop_signal_destroy(f->on_term);
	loop_signal_destroy(f->on_hup);
	loop_destroy(f->loop);
	map_destroy(f->places, free);
	buf_finish(&f->line);
}

/* How a job ended that did not end well. */
static void tell_end(struct follower *f)
{
	char path[64];
	json_t *job = NULL;
	const char *text = "";

	if (!f->o->tell || f->outcome[0] == '\0' ||
	    strcmp(f->outcome, "done") == 0)
		return;
	snprintf(path, sizeof(path), "/v1/jobs/%lld", f->o->job);
	if (api_get(f->api, path, &job, NULL) == 0)
		text = api_str(job, "text");
	if (text[0] && strcmp(text, f->outcome) != 0)
		fprintf(stderr, "berth: job %lld %s: %s\n", f->o->job,
			f->outcome, text);
	else if (f->signo == 0)
		fprintf(stderr, "berth: job %lld %s with exit code %d\n",
			f->o->job, f->outcome, f->exit_code);
	json_decref(job);
}

int follow(struct api *api, const struct follow_options *o,
	   struct berth_error *err)
{
	struct follower f = {.api = api, .o = o, .contacted = o->submitted};
	int rc = -1;

	f.places = map_create();
	buf_init(&f.line);
	if (setup(&f, err) != 0)
		goto out;
	if (loop_run(f.loop, err) != 0)
		goto out;
	if (f.failed) {
		if (err)
			*err = f.why;
		goto out;
	}
	if (f.ended) {
		sink_finish(f.out);
		sink_finish(f.err);
		if (o->follow)
			tell_end(&f);
		rc = f.exit_code;
		if (rc == 0 && f.signo && f.cancelling)
			rc = 128 + f.signo;
	} else {
		rc = 128 + f.signo;
	}
out:
	teardown(&f);
	return rc;
}
