#include "broker/events.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "broker/api.h"
#include "broker/event_json.h"

/* What a follower is given at a time, and how much may wait in its
 * connection before it is given more. */
#define PIECE (64u << 10)
#define WINDOW (256u << 10)

struct follower {
	LIST_ENTRY(follower) entry;
	struct events *events;
	struct http_request *req;
	uint64_t next;
	uint64_t until; /* UINT64_MAX: follows */
};

struct events {
	char **line; /* of event n at n % size */
	size_t size;
	uint64_t last;
	uint64_t sure;	 /* up to here it cannot be taken back any more */
	uint64_t asked;	 /* will be when the commit is through that is waited
			  * for; 0: none is */
	struct commit *commit;
	struct buf text; /* of the one that comes */
	struct loop_timer *wake; /* feeds the followers once a pass */
	LIST_HEAD(, follower) followers;
};

static void follower_end(struct follower *f, bool answer)
{
	LIST_REMOVE(f, entry);
	if (answer)
		http_stream_end(f->req);
	free(f);
}

static uint64_t oldest(const struct events *ev)
{
	return ev->last >= ev->size ? ev->last - ev->size + 1 : 1;
}

/* Give a follower what it may have now.  It may be gone after. */
static void follower_feed(struct follower *f)
{
	struct events *ev = f->events;
	struct buf text;

	buf_init(&text);
	while (f->next <= ev->sure && http_stream_queued(f->req) < WINDOW) {
		buf_clear(&text);
		if (f->next < oldest(ev)) {
			buf_printf(&text, "{\"type\":\"missed\",\"from\":%llu,"
				   "\"to\":%llu}\n",
				   (unsigned long long)f->next,
				   (unsigned long long)oldest(ev) - 1);
			f->next = oldest(ev);
		}
		while (f->next <= ev->sure && text.len < PIECE)
			buf_puts(&text, ev->line[f->next++ % ev->size]);
		http_stream_send(f->req, text.data, text.len);
	}
	buf_finish(&text);
	if (f->next > f->until)
		follower_end(f, true);
}

static void ask(struct events *ev);

/* Where another rank leads, it is that one's to tell. */
static void on_sure(void *arg, const struct berth_error *err)
{
	struct events *ev = arg;
	struct follower *f, *next;

	if (err == NULL)
		ev->sure = ev->asked;
	ev->asked = 0;
	for (f = LIST_FIRST(&ev->followers); f != NULL; f = next) {
		next = LIST_NEXT(f, entry);
		follower_feed(f);
	}
	if (err == NULL && !LIST_EMPTY(&ev->followers))
		ask(ev);
}

/* Followers get what there is when it is on record. */
static void ask(struct events *ev)
{
	if (ev->asked != 0 || ev->sure == ev->last)
		return;
	ev->asked = ev->last;
	commit_read(ev->commit, on_sure, ev);
}

static void on_wake(void *arg)
{
	ask(arg);
}

struct events *events_create(struct loop *loop, size_t keep,
			     struct commit *commit)
{
	struct events *ev = mem_alloc(sizeof(*ev));

	ev->size = keep;
	ev->line = mem_array(ev->size, sizeof(ev->line[0]));
	ev->commit = commit;
	ev->wake = loop_timer_create(loop, on_wake, ev);
	buf_init(&ev->text);
	LIST_INIT(&ev->followers);
	return ev;
}

void events_destroy(struct events *ev)
{
	if (ev == NULL)
		return;
	while (!LIST_EMPTY(&ev->followers))
		follower_end(LIST_FIRST(&ev->followers), true);
	loop_timer_destroy(ev->wake);
	for (size_t i = 0; i < ev->size; i++)
		free(ev->line[i]);
	free(ev->line);
	buf_finish(&ev->text);
	free(ev);
}

void events_event(void *events, const struct event *e)
{
	struct events *ev = events;
	char **at = &ev->line[++ev->last % ev->size];

	buf_clear(&ev->text);
	event_json_line(&ev->text, ev->last, e);
	free(*at);
	*at = mem_strndup(ev->text.data, ev->text.len);
	if (!LIST_EMPTY(&ev->followers) && !loop_timer_pending(ev->wake))
		loop_timer_start(ev->wake, 0);
}

/* ---- GET /v1/events ------------------------------------------------------ */

static void on_closed(void *arg)
{
	follower_end(arg, false);
}

static void on_drained(void *arg)
{
	follower_feed(arg);
}

void events_get(void *events, struct http_request *req, const char *name)
{
	struct events *ev = events;
	struct berth_error err = {0};
	struct follower *f;
	int64_t from = 1;
	bool follow;

	if (api_query_int(req, "from", 0, INT64_MAX - 1, &from, &err) != 0 ||
	    api_query_bool(req, "follow", &follow, &err) != 0) {
		http_reply_error(req, &err);
		return;
	}
	f = mem_alloc(sizeof(*f));
	f->events = ev;
	f->req = req;
	f->until = follow ? UINT64_MAX : ev->last;
	f->next = from > 0 ? (uint64_t)from : 1;
	if (http_query(req, "from") == NULL || f->next > ev->last + 1)
		f->next = http_query(req, "from") == NULL ? oldest(ev)
							  : ev->last + 1;
	LIST_INSERT_HEAD(&ev->followers, f, entry);
	http_stream_start(req, 200, "application/x-ndjson", on_closed,
			  on_drained, f);
	follower_feed(f);
	if (!LIST_EMPTY(&ev->followers) && !loop_timer_pending(ev->wake))
		loop_timer_start(ev->wake, 0);
}
