/* trace.c - see trace.h. */
#include "sim/trace.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MIB 1048576.0
#define SWIM_FIELDS 6
#define SWF_FIELDS 18
#define LINE_MAX_LEN 4096
/* Times and bytes beyond are mistakes: a century; an exbibyte. */
#define TIME_MAX 3.2e9
#define BYTES_MAX 1.2e18
/* Tasks of one job. */
#define TASKS_MAX 4000000

void trace_defaults(struct trace_options *o)
{
	memset(o, 0, sizeof(*o));
	o->name = "trace";
	o->speed = 1;
	o->scale = 1;
	o->block_mib = 128;
	o->reduce_mib = 512;
	o->mib_s = 20;
	o->task_s = 2;
	o->setup_s = 3;
	o->spread = 0.3;
}

/* ---- lines and fields ---- */

struct line {
	const char *name;
	unsigned number;
	char text[LINE_MAX_LEN];
	char *field[SWF_FIELDS + 1];
	size_t nfields;
};

static int wrong(const struct line *l, struct berth_error *err,
		 const char *what)
{
	return error_set(err, BERTH_EINPUT, "%s:%u: %s", l->name, l->number,
			 what);
}

/* The next line; its length with the newline, 0 at the end. */
static size_t next_line(struct line *l, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	size_t n = end != NULL ? (size_t)(end - text) : len;
	size_t keep = n < LINE_MAX_LEN - 1 ? n : LINE_MAX_LEN - 1;

	if (len == 0)
		return 0;
	memcpy(l->text, text, keep);
	l->text[keep] = '\0';
	l->number++;
	return n + (end != NULL);
}

static void split(struct line *l)
{
	char *at = l->text;

	l->nfields = 0;
	for (at += strspn(at, " \t\r"); *at && l->nfields <= SWF_FIELDS;
	     at += strspn(at, " \t\r")) {
		l->field[l->nfields++] = at;
		at += strcspn(at, " \t\r");
		if (*at)
			*at++ = '\0';
	}
}

static int field_count(const struct line *l, size_t want,
		       struct berth_error *err)
{
	char text[96];

	if (l->nfields == want)
		return 0;
	snprintf(text, sizeof(text), "%s%zu fields, %zu are needed",
		 l->nfields > want ? "more than " : "",
		 l->nfields > want ? want : l->nfields, want);
	return wrong(l, err, text);
}

/* A number of at least least, and no more than most. */
static int number(const struct line *l, size_t i, const char *what,
		  double least, double most, double *out,
		  struct berth_error *err)
{
	char *end;

	*out = strtod(l->field[i], &end);
	if (*end != '\0' || end == l->field[i] || !isfinite(*out))
		return error_set(err, BERTH_EINPUT,
				 "%s:%u: field %zu (%s): '%.40s' is no number",
				 l->name, l->number, i + 1, what, l->field[i]);
	if (*out < least || *out > most)
		return error_set(err, BERTH_EINPUT,
				 "%s:%u: field %zu (%s): %.40s is %s", l->name,
				 l->number, i + 1, what, l->field[i],
				 *out >= least ? "too large"
				 : least == 0  ? "negative"
					       : "less than -1");
	return 0;
}

static bool in_window(const struct trace_options *o,
		      const struct trace_counts *counts, double at_s)
{
	if (o->jobs > 0 && counts->taken >= o->jobs)
		return false;
	return at_s >= o->from_s && (o->until_s <= 0 || at_s < o->until_s);
}

static uint64_t to_us(double s)
{
	return s > 0 ? (uint64_t)(s * 1e6) : 0;
}

/* When it is submitted in the simulation. */
static uint64_t submit_at(const struct trace_options *o, double at_s)
{
	return to_us((at_s - o->from_s) / o->speed);
}

/* ---- SWIM ---- */

static uint32_t parts(double mib, double part)
{
	double n = ceil(mib / part);

	return n < 1 ? 1 : n > TASKS_MAX ? TASKS_MAX : (uint32_t)n;
}

static void add_swim(const struct trace_options *o, const char *id, double at_s,
		     const double *mib, struct worklist *out)
{
	struct stage maps = {.spread = o->spread, .reads = true};
	struct stage reduces = {.spread = o->spread};
	struct work *w;
	double s;

	maps.tasks = parts(mib[0], o->block_mib);
	s = mib[0] / maps.tasks / o->mib_s;
	if (mib[1] <= 0)
		s += mib[2] / maps.tasks / o->mib_s; /* maps write */
	maps.mean_us = to_us(o->task_s + s);
	w = worklist_add(out, id,
			 maps.tasks <= 10     ? "1 to 10 maps"
			 : maps.tasks <= 100  ? "2 to 100 maps"
			 : maps.tasks <= 1000 ? "3 to 1000 maps"
					      : "4 more maps");
	w->app = o->app;
	w->submit_us = submit_at(o, at_s);
	w->setup_us = to_us(o->setup_s);
	work_add_stage(w, &maps);
	if (mib[1] <= 0)
		return;
	reduces.tasks = parts(mib[1], o->reduce_mib);
	s = (mib[1] + mib[2]) / reduces.tasks / o->mib_s;
	reduces.mean_us = to_us(o->task_s + s);
	work_add_stage(w, &reduces);
}

static int swim_line(struct line *l, const struct trace_options *o,
		     struct worklist *out, struct trace_counts *counts,
		     struct berth_error *err)
{
	static const char *const what[] = {"map input bytes", "shuffle bytes",
					   "reduce output bytes"};
	double at_s, gap_s, mib[3];

	if (field_count(l, SWIM_FIELDS, err) != 0 ||
	    number(l, 1, "submission time", 0, TIME_MAX, &at_s, err) != 0 ||
	    number(l, 2, "time since the last", 0, TIME_MAX, &gap_s, err) != 0)
		return -1;
	for (size_t i = 0; i < 3; i++) {
		if (number(l, 3 + i, what[i], 0, BYTES_MAX, &mib[i], err) != 0)
			return -1;
		mib[i] *= o->scale / MIB;
	}
	if (!in_window(o, counts, at_s)) {
		counts->outside++;
		return 0;
	}
	counts->taken++;
	add_swim(o, l->field[0], at_s, mib, out);
	return 0;
}

/* ---- Standard Workload Format ---- */

static void add_swf(const struct trace_options *o, const char *id, double at_s,
		    double run_s, uint32_t procs, struct worklist *out)
{
	struct stage s = {.tasks = procs, .mean_us = to_us(run_s)};
	struct work *w = worklist_add(out, id,
				      procs == 1    ? "1 alone"
				      : procs <= 8  ? "2 to 8 tasks"
				      : procs <= 32 ? "3 to 32 tasks"
						    : "4 more tasks");

	w->app = o->app;
	w->submit_us = submit_at(o, at_s);
	w->workers = procs;
	if (s.mean_us == 0)
		s.mean_us = 1000000; /* the log's unit */
	work_add_stage(w, &s);
}

static int swf_line(struct line *l, const struct trace_options *o,
		    struct worklist *out, struct trace_counts *counts,
		    struct berth_error *err)
{
	double at_s, wait_s, run_s, procs, asked;

	if (field_count(l, SWF_FIELDS, err) != 0 ||
	    number(l, 1, "submission time", 0, TIME_MAX, &at_s, err) != 0 ||
	    number(l, 2, "wait time", -1, TIME_MAX, &wait_s, err) != 0 ||
	    number(l, 3, "run time", -1, TIME_MAX, &run_s, err) != 0 ||
	    number(l, 4, "processors", -1, TASKS_MAX, &procs, err) != 0 ||
	    number(l, 7, "requested processors", -1, TASKS_MAX, &asked, err) !=
		    0)
		return -1;
	if (procs < 1)
		procs = asked;
	if (!in_window(o, counts, at_s)) {
		counts->outside++;
		return 0;
	}
	if (procs < 1 || run_s < 0) {
		counts->empty++;
		return 0;
	}
	if (o->largest > 0 && procs > (double)o->largest)
		return error_set(err, BERTH_EINPUT,
				 "%s:%u: job %.40s wants %.0f processors, the "
				 "cluster holds %llu such tasks",
				 l->name, l->number, l->field[0], procs,
				 (unsigned long long)o->largest);
	counts->taken++;
	add_swf(o, l->field[0], at_s, run_s, (uint32_t)procs, out);
	return 0;
}

/* ---- all lines ---- */

typedef int (*line_f)(struct line *l, const struct trace_options *o,
		      struct worklist *out, struct trace_counts *counts,
		      struct berth_error *err);

static int all_lines(const char *text, size_t len,
		     const struct trace_options *o, line_f one,
		     struct worklist *out, struct trace_counts *counts,
		     struct berth_error *err)
{
	struct line *l = mem_alloc(sizeof(*l));
	struct worklist list;
	size_t n;
	int rc = 0;

	worklist_init(&list);
	memset(counts, 0, sizeof(*counts));
	l->name = o->name;
	for (n = next_line(l, text, len); n > 0 && rc == 0;
	     n = next_line(l, text, len)) {
		if (n > LINE_MAX_LEN - 1 || memchr(text, '\0', n) != NULL)
			rc = wrong(l, err, "no line of text");
		text += n;
		len -= n;
		if (rc != 0 || l->text[0] == ';' || l->text[0] == '#')
			continue;
		split(l);
		if (l->nfields == 0)
			continue;
		counts->lines++;
		rc = one(l, o, &list, counts, err);
	}
	if (rc == 0 && counts->taken == 0)
		rc = error_set(err, BERTH_EINPUT, "%s: no job in it%s", o->name,
			       counts->outside > 0 ? " between those times"
						   : "");
	for (size_t i = 0; i < list.count && rc == 0; i++) {
		struct work *w =
			worklist_add(out, list.at[i].name, list.at[i].group);
		char *name = w->name, *group = w->group;

		*w = list.at[i];
		w->name = name;
		w->group = group;
		w->seed = work_mix(o->seed, i);
		list.at[i].stage = NULL;
	}
	worklist_finish(&list);
	free(l);
	return rc;
}

int trace_swim(const char *text, size_t len, const struct trace_options *o,
	       struct worklist *out, struct trace_counts *counts,
	       struct berth_error *err)
{
	return all_lines(text, len, o, swim_line, out, counts, err);
}

int trace_swf(const char *text, size_t len, const struct trace_options *o,
	      struct worklist *out, struct trace_counts *counts,
	      struct berth_error *err)
{
	return all_lines(text, len, o, swf_line, out, counts, err);
}

/* ---- in words ---- */

static void say_counts(const struct trace_options *o,
		       const struct trace_counts *counts, struct buf *out)
{
	buf_printf(out, "%s: %zu jobs of %zu", o->name, counts->taken,
		   counts->lines);
	if (counts->empty > 0)
		buf_printf(out, "; %zu that never ran are left out",
			   counts->empty);
	if (o->speed != 1)
		buf_printf(out, "; submitted %g times as fast", o->speed);
	buf_puts(out, "\n");
}

void trace_made_up_swim(const struct trace_options *o,
			const struct trace_counts *counts, struct buf *out)
{
	say_counts(o, counts, out);
	buf_printf(out,
		   "  made up, since the trace has bytes alone: a map for each "
		   "%g MiB of input, a reduce\n  for each %g MiB of shuffle; a "
		   "task takes %g s and 1 s for each %g MiB that it reads,\n  "
		   "shuffles or writes, deviation %g of that; a job's setup "
		   "takes %g s",
		   o->block_mib, o->reduce_mib, o->task_s, o->mib_s, o->spread,
		   o->setup_s);
	if (o->scale != 1)
		buf_printf(out, "; all bytes times %g", o->scale);
	buf_puts(out, "\n");
}

void trace_made_up_swf(const struct trace_options *o,
		       const struct trace_counts *counts, struct buf *out)
{
	say_counts(o, counts, out);
	buf_puts(out,
		 "  made up: a processor is one task of a rigid gang; jobs of "
		 "0 s take 1 s\n");
}
