#include "broker/conduct.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "broker/api.h"

/* A framework's calls may take half of the leader's time, and so much at
 * once. */
#define PART(us) ((us) / 2)
#define BURST_US 1000000
/* It is not asked to come again sooner or later than that. */
#define WAIT_LEAST_MS 20
#define WAIT_MOST_MS 1000
/* A line in the log about one thing, at most so often. */
#define TELL_US (10u * 1000000)
/* So many offers in a row that run out are a habit: no more come for so long,
 * and twice as long the next time. */
#define LAPSED_MANY 3
#define MUTE_US (5u * 1000000)
#define MUTE_DOUBLED 6

struct manner {
	struct conduct *all;
	char *name;
	struct loop_timer *timer; /* of being muted */
	int64_t spare_us;    /* of the leader's time; below 0: it waits */
	uint64_t filled_us;  /* when that was brought up to date */
	uint64_t entered_us; /* when calls came */
	uint64_t calls, refused, put_off;
	uint64_t told_us;
	unsigned lapsed; /* offers in a row */
	unsigned mutes;	 /* one after the other */
	bool silent, slow, muted;
};

struct conduct {
	struct loop *loop;
	struct book *book;
	struct map *by_name;
};

static void on_mute(void *arg);

static struct manner *manner_of(struct conduct *c, const char *framework)
{
	struct manner *m = map_get(c->by_name, framework);

	if (m != NULL)
		return m;
	m = mem_alloc(sizeof(*m));
	m->all = c;
	m->name = mem_strdup(framework);
	m->timer = loop_timer_create(c->loop, on_mute, m);
	m->spare_us = BURST_US;
	m->filled_us = loop_now_us();
	map_put(c->by_name, framework, m);
	return m;
}

/* ---- calls --------------------------------------------------------------- */

static void fill(struct manner *m)
{
	uint64_t now = loop_now_us(), more = PART(now - m->filled_us);

	m->filled_us = now;
	if (more > BURST_US || m->spare_us + (int64_t)more > BURST_US)
		m->spare_us = BURST_US;
	else
		m->spare_us += (int64_t)more;
}

static void put_off(struct manner *m, const char *framework,
		    struct http_request *req)
{
	int64_t ms = -m->spare_us / PART(1000) + 1;
	char text[160];

	if (ms < WAIT_LEAST_MS)
		ms = WAIT_LEAST_MS;
	if (ms > WAIT_MOST_MS)
		ms = WAIT_MOST_MS;
	m->put_off++;
	if (m->told_us == 0 || loop_now_us() - m->told_us > TELL_US) {
		m->told_us = loop_now_us();
		log_warn("framework %s: its calls take more than half of "
			 "the leader's time and are put off "
			 "(%" PRIu64 " calls so far, %" PRIu64 " refused; "
			 "%" PRIu64 " requests put off)", framework, m->calls,
			 m->refused, m->put_off);
	}
	snprintf(text, sizeof(text), "framework %.64s: its calls take too much "
		 "of the leader's time; come again in %d ms", framework,
		 (int)ms);
	http_reply_header(req, "Retry-After", "1");
	api_reply(req, 429, json_pack("{s:s, s:i}", "error", text, "retry_ms",
				      (int)ms));
}

bool conduct_admits(struct conduct *c, const char *framework,
		    struct http_request *req)
{
	struct manner *m = manner_of(c, framework);

	fill(m);
	if (m->spare_us < 0) {
		put_off(m, framework, req);
		return false;
	}
	m->entered_us = loop_now_us();
	return true;
}

void conduct_done(struct conduct *c, const char *framework, size_t calls,
		  size_t refused)
{
	struct manner *m = manner_of(c, framework);

	m->spare_us -= (int64_t)(loop_now_us() - m->entered_us);
	m->calls += calls;
	m->refused += refused;
}

/* ---- answers ------------------------------------------------------------- */

void conduct_silent(struct conduct *c, const char *framework, bool silent)
{
	struct manner *m = manner_of(c, framework);

	if (m->silent == silent)
		return;
	m->silent = silent;
	if (silent)
		log_warn("framework %s: it does not answer", framework);
	else
		log_info("framework %s: it answers again", framework);
}

/* It is to get no offers, or may have some again. */
static void on_mute(void *arg)
{
	struct manner *m = arg;
	struct ledger *ledger = book_ledger(m->all->book);
	const struct framework *f = ledger_framework(ledger, m->name);
	uint64_t pause = (uint64_t)MUTE_US << m->mutes;

	if (f == NULL || f->gone || !f->connected) {
		m->muted = false;
	} else if (m->muted) {
		m->muted = false;
		ledger_revive(ledger, m->name, book_now(), NULL);
	} else if (m->slow && !f->suppressed) {
		log_warn("framework %s: it lets its offers run out, %u in a "
			 "row: it gets none for %u s", m->name, m->lapsed,
			 (unsigned)(pause / 1000000));
		m->muted = true;
		if (m->mutes < MUTE_DOUBLED)
			m->mutes++;
		ledger_suppress(ledger, m->name, book_now(), NULL);
		loop_timer_start(m->timer, pause);
	}
}

void conduct_event(void *conduct, const struct event *ev)
{
	struct conduct *c = conduct;
	struct manner *m;

	if (ev->type != EVENT_OFFER_EXPIRED &&
	    ev->type != EVENT_OFFER_ACCEPTED &&
	    ev->type != EVENT_OFFER_DECLINED)
		return;
	m = manner_of(c, ev->offer.framework);
	if (ev->type == EVENT_OFFER_EXPIRED) {
		m->slow = ++m->lapsed >= LAPSED_MANY;
		if (m->slow && !m->muted && !loop_timer_pending(m->timer))
			loop_timer_start(m->timer, 0);
		return;
	}
	if (m->slow)
		log_info("framework %s: it answers offers again",
			 ev->offer.framework);
	m->lapsed = m->mutes = 0;
	m->slow = false;
}

/* ---- reading ------------------------------------------------------------- */

static const char *named(const struct manner *m)
{
	if (m->silent)
		return "silent";
	if (m->spare_us < 0)
		return "flooding";
	return m->slow ? "hoarding" : "";
}

void conduct_put(const struct conduct *c, const char *framework, json_t *o)
{
	static const struct manner none;
	const struct manner *m = map_get(c->by_name, framework);

	if (m == NULL)
		m = &none;
	json_object_set_new(o, "conduct", json_string(named(m)));
	json_object_set_new(o, "calls", json_integer((json_int_t)m->calls));
	json_object_set_new(o, "calls_refused",
			    json_integer((json_int_t)m->refused));
	json_object_set_new(o, "requests_put_off",
			    json_integer((json_int_t)m->put_off));
	json_object_set_new(o, "offers_lapsed",
			    json_integer((json_int_t)m->lapsed));
}

void conduct_metrics(const struct conduct *c, struct buf *out)
{
	static const struct {
		const char *type, *name, *help;
		size_t offset;
	} rows[] = {
		{"counter", "framework_calls_total", "Calls of a framework.",
		 offsetof(struct manner, calls)},
		{"counter", "framework_calls_refused_total",
		 "… that were refused.", offsetof(struct manner, refused)},
		{"counter", "framework_put_off_total",
		 "Requests of a framework that were put off.",
		 offsetof(struct manner, put_off)},
	};
	const struct manner *m;
	const char *name;
	size_t pos;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_printf(out, "# HELP berth_%s %s\n# TYPE berth_%s %s\n",
			   rows[i].name, rows[i].help, rows[i].name,
			   rows[i].type);
		for (pos = 0;
		     (m = map_next(c->by_name, &pos, &name)) != NULL;) {
			uint64_t v;

			memcpy(&v, (const char *)m + rows[i].offset, sizeof(v));
			buf_printf(out, "berth_%s{framework=\"%s\"} %" PRIu64
				   "\n", rows[i].name, name, v);
		}
	}
	buf_printf(out, "# HELP berth_framework_silent It does not answer.\n"
		   "# TYPE berth_framework_silent gauge\n");
	for (pos = 0; (m = map_next(c->by_name, &pos, &name)) != NULL;)
		buf_printf(out, "berth_framework_silent{framework=\"%s\"} %d\n",
			   name, m->silent);
}

/* ---- create, destroy ----------------------------------------------------- */

static void manner_destroy(void *arg)
{
	struct manner *m = arg;

	loop_timer_destroy(m->timer);
	free(m->name);
	free(m);
}

struct conduct *conduct_create(struct loop *loop, struct book *book)
{
	struct conduct *c = mem_alloc(sizeof(*c));

	c->loop = loop;
	c->book = book;
	c->by_name = map_create();
	return c;
}

void conduct_destroy(struct conduct *c)
{
	if (c == NULL)
		return;
	map_destroy(c->by_name, manner_destroy);
	free(c);
}
