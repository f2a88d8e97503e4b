/* The simulator: traces, scenarios, the models, and that a run repeats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim/blocks.h"
#include "sim/figures.h"
#include "sim/input.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/sim.h"
#include "sim/svg.h"
#include "sim/trace.h"
#include "unit.h"

/* ---- traces ---- */

typedef int (*parse_f)(const char *text, size_t len,
		       const struct trace_options *o, struct worklist *out,
		       struct trace_counts *counts, struct berth_error *err);

static int parse(parse_f f, const char *text, const struct trace_options *o,
		 struct worklist *out, struct trace_counts *counts,
		 struct berth_error *err)
{
	struct trace_options own;

	trace_defaults(&own);
	own.name = "t";
	worklist_init(out);
	return f(text, strlen(text), o != NULL ? o : &own, out, counts, err);
}

/* It is refused with exactly that text, and leaves nothing. */
static void refuses(parse_f f, const char *text, const char *why)
{
	struct trace_options o;
	struct trace_counts counts;
	struct berth_error err = {0};
	struct worklist list;

	trace_defaults(&o);
	o.name = "t";
	o.largest = 100;
	CU_ASSERT_EQUAL(parse(f, text, &o, &list, &counts, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, why);
	CU_ASSERT_EQUAL(list.count, 0);
	worklist_finish(&list);
}

static void test_swim(void)
{
	struct trace_counts counts;
	struct berth_error err;
	struct worklist list;
	const struct work *w;

	/* 300 MiB in, 1 GiB of shuffle, 1 GiB out. */
	CU_ASSERT_EQUAL(parse(trace_swim,
			      "job0\t49\t49\t314572800\t1073741824\t1073741824"
			      "\r\njob1\t101\t52\t0\t0\t0\n",
			      NULL, &list, &counts, &err), 0);
	CU_ASSERT_EQUAL_FATAL(list.count, 2);
	w = &list.at[0];
	CU_ASSERT_EQUAL(w->submit_us, 49000000);
	CU_ASSERT_EQUAL_FATAL(w->nstages, 2);
	CU_ASSERT_EQUAL(w->stage[0].tasks, 3);
	CU_ASSERT_EQUAL(w->stage[0].mean_us, 7000000); /* 2 s + 100 / 20 */
	CU_ASSERT_EQUAL(w->stage[1].tasks, 2);
	CU_ASSERT_EQUAL(w->stage[1].mean_us, 53200000); /* 2 + 1024/20 */
	CU_ASSERT_EQUAL_FATAL(list.at[1].nstages, 1);
	CU_ASSERT_EQUAL(list.at[1].stage[0].tasks, 1);
	worklist_finish(&list);
}

static void test_swim_bad(void)
{
	refuses(trace_swim, "a 1 1 1 1 1\nb 2 1 5 5\n",
		"t:2: 5 fields, 6 are needed");
	refuses(trace_swim, "a 1 1 1 1 1 1\n",
		"t:1: more than 6 fields, 6 are needed");
	refuses(trace_swim, "# x\n\na -4 1 1 1 1\n",
		"t:3: field 2 (submission time): -4 is negative");
	refuses(trace_swim, "a 4 1 -1 1 1\n",
		"t:1: field 4 (map input bytes): -1 is negative");
	refuses(trace_swim, "a 4 1 1 1x 1\n",
		"t:1: field 5 (shuffle bytes): '1x' is no number");
	refuses(trace_swim, "a 4 1 1 1 nan\n",
		"t:1: field 6 (reduce output bytes): 'nan' is no number");
	refuses(trace_swim, "a 4 1 1 1 1e300\n",
		"t:1: field 6 (reduce output bytes): 1e300 is too large");
	refuses(trace_swim, "\n", "t: no job in it");
}

#define SWF(at, run, procs, asked)                                             \
	" 7 " at " 0 " run " " procs " -1 -1 " asked                           \
	" 60 -1 1 1 1 -1 -1 -1 -1 -1\n"

static void test_swf(void)
{
	struct trace_options o;
	struct trace_counts counts;
	struct berth_error err;
	struct worklist list;

	trace_defaults(&o);
	o.name = "t";
	o.from_s = 100;
	o.until_s = 300;
	o.speed = 2;
	CU_ASSERT_EQUAL(parse(trace_swf,
			      "; Version: 2.2\n" SWF("99", "5", "4", "4")
			      SWF("120", "60", "4", "8")
			      SWF("130", "-1", "4", "4") /* never ran */
			      SWF("140", "0", "-1", "16")
			      SWF("300", "5", "4", "4"),
			      &o, &list, &counts, &err), 0);
	CU_ASSERT_EQUAL_FATAL(list.count, 2);
	CU_ASSERT_EQUAL(counts.outside, 2);
	CU_ASSERT_EQUAL(counts.empty, 1);
	CU_ASSERT_EQUAL(list.at[0].submit_us, 10000000);
	CU_ASSERT_EQUAL(list.at[0].workers, 4);
	CU_ASSERT_EQUAL(list.at[0].stage[0].mean_us, 60000000);
	CU_ASSERT_EQUAL(list.at[1].workers, 16);
	CU_ASSERT_EQUAL(list.at[1].stage[0].mean_us, 1000000);
	worklist_finish(&list);
}

static void test_swf_bad(void)
{
	refuses(trace_swf, "; c\n 1 2 3\n", "t:2: 3 fields, 18 are needed");
	refuses(trace_swf, SWF("-5", "1", "1", "1"),
		"t:1: field 2 (submission time): -5 is negative");
	refuses(trace_swf, SWF("5", "-7", "1", "1"),
		"t:1: field 4 (run time): -7 is less than -1");
	refuses(trace_swf, SWF("5", "7", "101", "1"),
		"t:1: job 7 wants 101 processors, the cluster holds 100 such "
		"tasks");
}

/* ---- parts ---- */

static void test_tally(void)
{
	struct tally t;

	tally_init(&t, 10, 0);
	tally_set(&t, 4, 5);
	tally_set(&t, 0, 25);
	tally_set(&t, 2, 100);
	tally_set(&t, 2, 110);
	CU_ASSERT_DOUBLE_EQUAL(tally_bin(&t, 0), 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(tally_bin(&t, 1), 4, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(tally_bin(&t, 2), 2, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(tally_bin(&t, 3), 0, 1e-9);
	CU_ASSERT_DOUBLE_EQUAL(tally_mean(&t, 110), 100.0 / 110, 1e-9);
	tally_finish(&t);
}

static void test_blocks(void)
{
	struct blocks b;
	uint32_t local = 0, last = 0, t;

	blocks_init(&b, 60, 20, 3, 5);
	for (uint32_t i = 0; i < 60; i++) {
		const uint32_t *at = &b.lies[i * 3];

		CU_ASSERT(at[0] != at[1] && at[1] != at[2] && at[0] != at[2]);
	}
	t = blocks_take_local(&b, 7);
	while (t != BLOCKS_NONE) {
		CU_ASSERT(blocks_lies_on(&b, t, 7));
		local++;
		last = t;
		t = blocks_take_local(&b, 7);
	}
	CU_ASSERT(local > 0);
	CU_ASSERT_EQUAL(b.left, 60 - local);
	blocks_put_back(&b, last);
	CU_ASSERT_EQUAL(blocks_take_local(&b, 7), last);
	blocks_put_back(&b, last);
	for (t = blocks_take_any(&b); t != BLOCKS_NONE; t = blocks_take_any(&b))
		local++;
	CU_ASSERT_EQUAL(b.left, 0);
	blocks_finish(&b);
}

static void test_task_lengths(void)
{
	struct worklist list;
	struct stage s = {.tasks = 4000, .mean_us = 1000000, .spread = 0.5};
	struct work *w;
	double sum = 0;

	worklist_init(&list);
	w = worklist_add(&list, "a", "a");
	w->seed = 3;
	work_add_stage(w, &s);
	for (uint32_t i = 0; i < 4000; i++)
		sum += (double)work_task_us(w, 0, i) / 4000;
	CU_ASSERT_DOUBLE_EQUAL(sum, 1e6, 3e4);
	CU_ASSERT_EQUAL(work_task_us(w, 0, 17), work_task_us(w, 0, 17));
	CU_ASSERT_EQUAL(work_alone_us(w, 1000), 4000000);
	worklist_finish(&list);
}

static void test_svg(void)
{
	double x[] = {0.0001, 1, 1000}, y[] = {0, 50, 120};
	struct svg_series s = {.name = "a<b&c", .x = x, .y = y, .n = 3};
	struct svg_plot p = {
		.title = "t", .x_label = "x", .y_label = "y",
		.log_x = true, .y_max = 100, .series = &s, .nseries = 1,
	};
	struct buf out;

	buf_init(&out);
	svg_write(&p, &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "a&lt;b&amp;c"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.data, "<polyline"));
	CU_ASSERT_PTR_NULL(strstr(out.data, "nan"));
	CU_ASSERT_STRING_EQUAL(out.data + out.len - 7, "</svg>\n");
	buf_clear(&out);
	p.nseries = 0; /* nothing to show is no reason to fail */
	svg_write(&p, &out);
	CU_ASSERT_PTR_NULL(strstr(out.data, "nan"));
	buf_finish(&out);
}

/* ---- runs ---- */

static struct scenario *scenario(const char *text, struct berth_error *err)
{
	char path[] = "/tmp/berth-sim-XXXXXX";
	int fd = mkstemp(path);
	struct scenario *s = NULL;

	CU_ASSERT_FATAL(fd >= 0);
	if (write(fd, text, strlen(text)) == (ssize_t)strlen(text))
		s = scenario_read(path, NULL, err);
	close(fd);
	unlink(path);
	return s;
}

static const char mixed[] =
	"seed = 3;\n"
	"cluster = { nodes = 12; cores = 4; memory_mib = 8192; };\n"
	"frameworks = (\n"
	"  { name = \"mr\"; model = \"hadoop\"; memory_mib = 1000;\n"
	"    replicas = 2; delay_s = 1.0; hold_s = 5.0;\n"
	"    jobs = ( { count = 5; over_s = 20.0; tasks = 30; task_s = 2.0;\n"
	"               spread = 0.5; reduces = 4; reduce_s = 1.0; },\n"
	"             { class = \"seq\"; count = 3; sequential = true;\n"
	"               tasks = 10; task_s = 1.0; } ); },\n"
	"  { name = \"spark\"; model = \"spark\"; cores = 2;\n"
	"    jobs = ( { count = 2; every_s = 5.0; tasks = 9; task_s = 0.5;\n"
	"               rounds = 4; workers = 6; least = 2; } ); },\n"
	"  { name = \"el\"; model = \"elastic\"; hold_s = 2.0;\n"
	"    jobs = ( { tasks = 80; task_s = 1.0; workers = 20; } ); },\n"
	"  { name = \"mpi\"; model = \"mpi\"; cores = 2; per_node = 1;\n"
	"    jobs = ( { count = 4; over_s = 10.0; workers = 3;\n"
	"               task_s = 10.0; } ); },\n"
	"  { name = \"web\"; model = \"service\";\n"
	"    jobs = ( { workers = 5; task_s = 60.0; } ); }\n"
	");\n";

/* Every job ends, every task ran once, all of it under the ledger's own
 * invariants at each step. */
static void run_checked(const char *policy)
{
	struct berth_error err = {0};
	struct scenario *s = scenario(mixed, &err);
	struct outcome *o;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	o = sim_run(s, policy, true, &err);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	for (size_t i = 0; i < o->work.count; i++) {
		const struct work *w = &o->work.at[i];

		CU_ASSERT(w->ended);
		CU_ASSERT_EQUAL(w->launched, work_tasks(w));
		CU_ASSERT(w->submit_us <= w->began_us);
		CU_ASSERT(w->began_us < w->first_us);
		CU_ASSERT(w->first_us < w->end_us);
	}
	outcome_destroy(o);
	scenario_destroy(s);
}

static void test_conservation(void)
{
	run_checked("drf");
	run_checked("fifo");
}

static void table_of(const struct scenario *s, const char *policy,
		     struct buf *out)
{
	struct berth_error err = {0};
	struct outcome *o = sim_run(s, policy, false, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	o->round_spent_us = 0; /* of this processor */
	report_table(&o, 1, out);
	outcome_destroy(o);
}

static void test_repeats(void)
{
	struct berth_error err = {0};
	struct scenario *s = scenario(mixed, &err);
	struct buf a, b, c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	buf_init(&a);
	buf_init(&b);
	buf_init(&c);
	table_of(s, "drf", &a);
	table_of(s, "drf", &b);
	table_of(s, "fifo", &c);
	CU_ASSERT_STRING_EQUAL(a.data, b.data);
	CU_ASSERT_STRING_NOT_EQUAL(a.data, c.data);
	buf_finish(&a);
	buf_finish(&b);
	buf_finish(&c);
	scenario_destroy(s);
}

/* A rigid job alone takes its time, and no more than the messages. */
static void test_alone(void)
{
	struct berth_error err = {0};
	struct scenario *s = scenario(
		"cluster = { nodes = 3; cores = 2; };\n"
		"timing = { latency_ms = 1.0; start_ms = 10.0; };\n"
		"frameworks = ( { name = \"m\"; model = \"mpi\"; cores = 2;\n"
		"  jobs = ( { workers = 3; task_s = 5.0; } ); } );\n", &err);
	struct outcome *o;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	o = sim_run(s, "drf", true, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	/* Demand 1 (at the round that the nodes' coming made due), offer
	 * and answer 2, start 11, end heard 2. */
	CU_ASSERT_EQUAL(o->work.at[0].end_us, 5016000);
	CU_ASSERT_DOUBLE_EQUAL(figures_busy_cores(o, 0, o->end_us),
			       5.0 / 5.016, 1e-6);
	outcome_destroy(o);
	scenario_destroy(s);
}

static void test_static(void)
{
	struct berth_error err = {0};
	struct scenario *s = scenario(
		"cluster = { nodes = 4; cores = 1; };\n"
		"frameworks = (\n"
		"  { name = \"a\"; model = \"hadoop\"; partition = 1;\n"
		"    jobs = ( { tasks = 3; task_s = 10.0; } ); },\n"
		"  { name = \"b\"; model = \"mpi\"; partition = 3;\n"
		"    jobs = ( { workers = 3; task_s = 10.0; } ); } );\n",
		&err);
	struct outcome *o;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	o = sim_run(s, "static", true, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	CU_ASSERT(o->work.at[0].end_us > 30000000);
	CU_ASSERT(o->work.at[1].end_us < 11000000);
	outcome_destroy(o);
	s->app[1].partition = 4;
	CU_ASSERT_PTR_NULL(sim_run(s, "static", true, &err));
	CU_ASSERT_STRING_EQUAL(err.text, "the static partitions have 5 nodes "
			       "together, the cluster has 4");
	s->app[1].partition = 2;
	CU_ASSERT_PTR_NULL(sim_run(s, "static", true, &err));
	CU_ASSERT_STRING_EQUAL(err.text, "job jobs-1 needs 3 tasks at a time; "
			       "the partition of b, 2 nodes, holds 2");
	scenario_destroy(s);
}

/* ---- what is taken back, and what fails ---- */

/* One role takes everything, then those with guarantees come; nodes fail. */
static const char claimed[] =
	"seed = 3;\n"
	"cluster = { nodes = 10; cores = 4; memory_mib = 8192;\n"
	"            mtbf_s = 300.0; repair_s = 20.0; };\n"
	"failures = ( { at_s = 12.0; node = 3; for_s = 5.0; } );\n"
	"roles = ( { name = \"mr\"; guarantee = \"30%\"; },\n"
	"          { name = \"mpi\"; guarantee = \"30%\"; } );\n"
	"frameworks = (\n"
	"  { name = \"el\"; model = \"elastic\"; hold_s = 30.0;\n"
	"    jobs = ( { tasks = 200; task_s = 15.0; workers = 40; } ); },\n"
	"  { name = \"spark\"; model = \"spark\"; cores = 2;\n"
	"    jobs = ( { at_s = 2.0; tasks = 20; task_s = 3.0; rounds = 3;\n"
	"               workers = 10; } ); },\n"
	"  { name = \"mr\"; model = \"hadoop\"; hold_s = 5.0;\n"
	"    jobs = ( { at_s = 5.0; count = 3; every_s = 10.0; tasks = 30;\n"
	"               task_s = 4.0; } ); },\n"
	"  { name = \"mpi\"; model = \"mpi\"; checkpoint = true;\n"
	"    jobs = ( { at_s = 8.0; count = 3; every_s = 4.0; workers = 10;\n"
	"               task_s = 10.0; } ); }\n"
	");\n";

/* Nobody loses what is guaranteed to him: the guard looks at every event. */
static void test_revocation(void)
{
	static const char *const policies[] = {"drf", "fifo", "lottery"};
	struct berth_error err = {0};
	struct scenario *s = scenario(claimed, &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (size_t i = 0; i < 3; i++) {
		struct outcome *o = sim_run(s, policies[i], true, &err);
		struct figures el, mr;

		CU_ASSERT_STRING_EQUAL(err.text, "");
		CU_ASSERT_PTR_NOT_NULL_FATAL(o);
		CU_ASSERT(o->slices_revoked > 0);
		CU_ASSERT(o->failures > 0);
		figures_of(o, 0, NULL, &el);
		figures_of(o, 2, NULL, &mr);
		CU_ASSERT(el.revoked > 0);
		CU_ASSERT(el.lost_s > 0);
		/* In time: the guests' tasks of 15 s are not waited for. */
		CU_ASSERT(mr.wait_s < 5);
		outcome_destroy(o);
	}
	scenario_destroy(s);
}

static void test_never_ends(void)
{
	struct berth_error err = {0};
	struct scenario *s = scenario(
		"cluster = { nodes = 2; cores = 2; mtbf_s = 1.0;\n"
		"            repair_s = 1.0; };\n"
		"frameworks = ( { name = \"a\"; model = \"mpi\"; partition = 2;\n"
		"jobs = ( { workers = 4; task_s = 500.0; } ); } );\n", &err);

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_PTR_NULL(sim_run(s, "drf", false, &err));
	CU_ASSERT_STRING_EQUAL(err.text, "1 jobs never ended, job jobs-1 of a "
			       "the first of them");
	scenario_destroy(s);
}

static void bad_scenario(const char *text, const char *why)
{
	struct berth_error err = {0};
	struct scenario *s = scenario(text, &err);
	const char *colon = strchr(err.text, ':');

	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(colon);
	CU_ASSERT_STRING_EQUAL(colon, why);
	scenario_destroy(s);
}

static void test_bad_scenarios(void)
{
	bad_scenario("seed = 1;\n", ": no frameworks");
	bad_scenario("frameworks = ( { name = \"a\";\n model = \"x\"; } );\n",
		     ":2: model: no model 'x' (there are hadoop, spark, "
		     "elastic, mpi, service)");
	bad_scenario("cluster = { nodes = 2; cores = 2; };\n"
		     "frameworks = ( { name = \"a\"; model = \"mpi\";\n"
		     "jobs = (\n"
		     "{ workers = 5; task_s = 1.0; } ); } );\n",
		     ":4: 5 tasks at a time, but the cluster holds 4 such "
		     "tasks");
	bad_scenario("cluster = { nodes = 2; cores = 2; };\n"
		     "frameworks = (\n"
		     "{ name = \"a\"; model = \"mpi\"; cores = 3; } );\n",
		     ":3: no node holds one of its tasks");
	bad_scenario("frameworks = ( { name = \"a\"; model = \"spark\"; "
		     "jobs = ( {\n workers = 5;\n least = 6; } ); } );\n",
		     ":3: least: more than workers");
	bad_scenario("roles = (\n{ name = \"a\"; guarantee = \"60%x\"; } );\n",
		     ":2: guarantee: cores=60%x: a number or a part like "
		     "25% is wanted");
	bad_scenario("roles = (\n{ name = \"a\"; guarantee = \"60%\"; },\n"
		     "{ name = \"b\"; guarantee = \"41%\"; } );\n",
		     ":3: the guarantees sum to 248217 MiB memory (a 147456, "
		     "b 100761), but the cluster has 245760 MiB memory");
	bad_scenario("roles = (\n{ name = \"a\"; parent = \"b\"; },\n"
		     "{ name = \"b\"; parent = \"a\"; } );\n",
		     ":2: role a: its parent b is not known: set that first");
}

static void test_bad_failures(void)
{
	bad_scenario("cluster = { nodes = 2; };\nfailures = (\n"
		     "{ node = 2; at_s = 1.0; } );\n",
		     ":3: failures.[0].node must be a whole number from 0 to "
		     "1");
	bad_scenario("cluster = { nodes = 2; };\nfailures = (\n"
		     "{ node = 1; for_s = 0.0; } );\n",
		     ":3: for_s: more than 0 is needed");
}

/* ---- replays ---- */

#define LOG TEST_SRCDIR "/fuzz/seeds/replay/jobs"

/* An MPI job of four ranks and an array of four, of a real Berth. */
static void test_replay(void)
{
	struct scenario *s = NULL;
	struct outcome *was = NULL, *again;
	struct berth_error err = {0};

	CU_ASSERT_EQUAL_FATAL(replay_file(LOG, true, &s, &was, &err), 0);
	CU_ASSERT_EQUAL(s->nodes, 2);
	CU_ASSERT_EQUAL(s->napps, 2);
	CU_ASSERT_EQUAL(s->nroles, 1);
	CU_ASSERT_STRING_EQUAL(s->policy, "drf");
	CU_ASSERT_EQUAL(was->work.count, 2);
	CU_ASSERT_EQUAL(s->work.count, 2);
	CU_ASSERT(s->work.at[0].gang);
	CU_ASSERT_EQUAL(s->work.at[0].nlengths, 4);
	CU_ASSERT_FALSE(s->work.at[1].gang);
	CU_ASSERT_EQUAL(s->work.at[1].nlengths, 4);
	CU_ASSERT(s->work.at[1].length_us[0] >= 200000);
	/* Four cores of eight for the longer part of the time. */
	CU_ASSERT(figures_busy_cores(was, -1, was->end_us) > 0.2);
	CU_ASSERT(figures_busy_cores(was, -1, was->end_us) < 0.6);
	again = sim_run(s, "fifo", true, &err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(again);
	CU_ASSERT_EQUAL(again->work.count, 2);
	CU_ASSERT(again->work.at[1].ended);
	CU_ASSERT_EQUAL(again->work.at[1].launched, 4);
	outcome_destroy(again);
	outcome_destroy(was);
	scenario_destroy(s);
}

static void replay_refused(const char *text, const char *why)
{
	struct scenario *s = NULL;
	struct outcome *o = NULL;
	struct berth_error err = {0};

	CU_ASSERT_EQUAL(replay_text("log", text, strlen(text), true, &s, &o,
				    &err), -1);
	CU_ASSERT_EQUAL(err.code, BERTH_EINPUT);
	CU_ASSERT(strncmp(err.text, why, strlen(why)) == 0);
	if (strncmp(err.text, why, strlen(why)) != 0)
		printf("%s\n", err.text);
}

#define HEAD                                                                   \
	"{\"format\":\"berth-events\",\"version\":1,\"berth\":\"0\","            \
	"\"policy\":\"drf\",\"at_us\":1}\n"

static void test_replay_bad(void)
{
	replay_refused("", "log:1: the file is empty");
	replay_refused("cluster = {};\n", "log:1: column 1: this is no event");
	replay_refused("{\"format\":\"berth-events\",\"version\":3,\"x\":1}\n",
		       "log:1: column 37: the log is of version 3");
	replay_refused("{\"format\":\"berth-events\",\"x\":1}\n",
		       "log:1: column 25: the log is of version 0");
	replay_refused(HEAD "{\"at_us\":5,\"type\":\"node_eaten\"}\n",
		       "log:2: column 31: \"type\": \"node_eaten\" is not");
	replay_refused(HEAD "{\"at_us\":5,\"type\":\"node_down\"}\n",
		       "log:2: column 30: \"node\" is missing");
	replay_refused(HEAD "{\"at_us\":5,\"type\":\"node_down\","
			    "\"node\":\"n\"}\n", "log:2: ");
	replay_refused(HEAD "{\"at_us\":-5,\"type\":\"node_down\"}\n",
		       "log:2: column 12: a number from 0 to");
}

static const struct unit_test tests[] = {
	{"swim", test_swim},
	{"swim: wrong lines", test_swim_bad},
	{"swf", test_swf},
	{"swf: wrong lines", test_swf_bad},
	{"tally", test_tally},
	{"blocks", test_blocks},
	{"task lengths", test_task_lengths},
	{"svg", test_svg},
	{"every job ends, nothing is lost", test_conservation},
	{"a run repeats", test_repeats},
	{"a gang alone", test_alone},
	{"static partitions", test_static},
	{"what is guaranteed is taken back, nodes fail", test_revocation},
	{"what can never end", test_never_ends},
	{"wrong scenarios", test_bad_scenarios},
	{"wrong failures", test_bad_failures},
	{"replay", test_replay},
	{"wrong logs", test_replay_bad},
};

UNIT_MAIN("sim", tests)
