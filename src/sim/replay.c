/* replay.c - see replay.h. */
#include "sim/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ledger/ledger.h"
#include "model/event_text.h"
#include "sim/input.h"
#include "sim/watch.h"

/* Curves have some thousand points, each of 0.1 to 10 seconds. */
#define DAY_US (UINT64_C(24) * 3600 * 1000000)
#define LONGEST_US (400 * DAY_US)
#define POINTS 2000
#define LEAST_BIN_US 100000
#define MOST_BIN_US 10000000

struct replay {
	const char *name;
	size_t line;
	bool check;
	uint64_t start_us, bin_us;
	uint64_t longest_us; /* from the first event to any */
	struct ledger *ledger;
	struct event_text *text;
	struct watch *watch;
};

static const struct node *find_node(void *arg, const char *name)
{
	const struct replay *r = arg;

	return ledger_node(r->ledger, name);
}

static void hear(void *arg, const struct event *ev)
{
	struct replay *r = arg;

	watch_event(r->watch, ev);
}

static int wrong(const struct replay *r, struct berth_error *err,
		 const char *mend)
{
	struct berth_error why = *err;

	return error_set(err, BERTH_EINPUT, "%s:%zu: %s: %s", r->name, r->line,
			 why.text, mend);
}

static int read_head(struct replay *r, const char *line, size_t len,
		     struct berth_error *err)
{
	struct event_head head;
	struct ledger_options o = {.listen = hear, .arg = r};

	if (event_text_read_head(r->text, line, len, &head, err) != 0)
		return error_prefix(err, "%s:%zu", r->name, r->line);
	r->ledger = ledger_create(&o);
	r->watch = watch_create(r->ledger, r->name, head.policy, r->bin_us);
	return 0;
}

static int apply(struct replay *r, const char *line, size_t len,
		 struct berth_error *err)
{
	struct event ev;

	if (event_text_read(r->text, line, len, &ev, err) != 0)
		return wrong(r, err, "the line was changed or cut; the lines "
				     "before it can be replayed alone");
	if (r->start_us == 0)
		r->start_us = ev.at_us;
	if (ev.at_us > r->start_us && ev.at_us - r->start_us > r->longest_us) {
		error_set(err, BERTH_EINPUT, "\"at_us\" is long after the last "
					     "line's, or 400 days after the "
					     "first's");
		return wrong(r, err, "cut the log there");
	}
	if (ledger_apply(r->ledger, &ev, err) != 0)
		return wrong(r, err, "this does not follow from the lines "
				     "before: is one missing?");
	if (r->check && ledger_check(r->ledger, err) != 0)
		return error_prefix(err, "%s:%zu: the ledger is not sound after "
					 "this line", r->name, r->line);
	return 0;
}

/* The time of the event that begins there, 0: it has none. */
static uint64_t time_at(const char *line, const char *end)
{
	char text[40] = "";
	uint64_t at = 0;
	size_t n = (size_t)(end - line);

	memcpy(text, line, n < sizeof(text) - 1 ? n : sizeof(text) - 1);
	if (sscanf(text, "{\"at_us\":%" SCNu64, &at) != 1)
		return 0;
	return at;
}

/* How long it is, before it is read: by its second and its last line. */
static void measure(struct replay *r, const char *text, size_t len)
{
	const char *end = text + len, *first = memchr(text, '\n', len), *last;
	uint64_t from, to, span = 0;

	if (first != NULL && first + 1 < end) {
		last = end - 1;
		while (last > first && *--last != '\n')
			continue;
		from = time_at(first + 1, end);
		to = time_at(last + 1, end);
		span = to > from ? to - from : 0;
	}
	r->bin_us = span / POINTS;
	if (r->bin_us < LEAST_BIN_US)
		r->bin_us = LEAST_BIN_US;
	if (r->bin_us > MOST_BIN_US)
		r->bin_us = MOST_BIN_US;
	r->longest_us = span < LONGEST_US / 2 ? 2 * span + DAY_US : LONGEST_US;
}

static int lines(struct replay *r, const char *text, size_t len,
		 bool *cut_short, struct berth_error *err)
{
	const char *end = text + len, *stop;
	int rc = 0;

	*cut_short = false;
	for (; rc == 0 && text < end; text = stop + 1) {
		r->line++;
		stop = memchr(text, '\n', (size_t)(end - text));
		if (stop == NULL && r->line > 1) {
			*cut_short = true;
			break;
		}
		stop = stop != NULL ? stop : end;
		if (r->line == 1)
			rc = read_head(r, text, (size_t)(stop - text), err);
		else
			rc = apply(r, text, (size_t)(stop - text), err);
		if (stop == end)
			break;
	}
	if (rc != 0 || r->line > 0)
		return rc;
	return error_set(err, BERTH_EINPUT,
			 "%s:1: the file is empty: give berth-sim a file that "
			 "event_log of berth.conf named", r->name);
}

static void say_made_up(struct scenario *s, bool cut_short)
{
	if (cut_short)
		buf_puts(&s->made_up, "the last line is cut short and left "
				      "out\n");
	buf_printf(&s->made_up,
		   "recorded under the policy %s; run under another: each task "
		   "takes the time that it took,\n  wishes for certain nodes, "
		   "labels and datasets are left out, all nodes are there from "
		   "the start\n", s->policy);
}

int replay_text(const char *name, const char *text, size_t len, bool check,
		struct scenario **s, struct outcome **o,
		struct berth_error *err)
{
	struct replay r = {.name = name, .check = check};
	struct berth_error own;
	bool cut_short;
	int rc;

	err = err != NULL ? err : &own;
	measure(&r, text, len);
	r.text = event_text_create(find_node, &r);
	rc = lines(&r, text, len, &cut_short, err);
	if (rc == 0) {
		watch_take(r.watch, s, o);
		say_made_up(*s, cut_short);
	}
	watch_destroy(r.watch);
	ledger_destroy(r.ledger);
	event_text_destroy(r.text);
	return rc;
}

int replay_file(const char *path, bool check, struct scenario **s,
		struct outcome **o, struct berth_error *err)
{
	struct buf text;
	int rc;

	buf_init(&text);
	rc = input_read(path, &text, err);
	if (rc == 0)
		rc = replay_text(path, text.data, text.len, check, s, o, err);
	buf_finish(&text);
	return rc;
}
