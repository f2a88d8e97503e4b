/* main.c - berth-sim: a scenario, run under one policy and measured against
 * others. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "sim/replay.h"
#include "sim/report.h"
#include "sim/scenario.h"
#include "sim/sim.h"

#define RUNS 8

struct options {
	struct scenario_changes changes;
	const char *policy[RUNS]; /* NULL: the scenario's */
	size_t npolicies;
	const char *out;
	const char *file; /* the scenario, or (replay) an event log */
	bool replay;
	bool check;
};

static void usage(FILE *f)
{
	fputs("usage: berth-sim [options] SCENARIO\n"
	      "       berth-sim [options] --replay EVENTS\n"
	      "\n"
	      "Runs the ledger and the policies of Berth in virtual time and "
	      "prints what came out;\nor replays the event log of a Berth "
	      "(event_log of berth.conf) and, with --policy,\nruns its jobs "
	      "again.\n"
	      "\n"
	      "  -p, --policy NAME   instead of the scenario's (\"static\": "
	      "each framework on its own nodes)\n"
	      "  -a, --against NAME  run this policy too and compare; may be "
	      "given again\n"
	      "  -r, --replay FILE   the event log of a Berth\n"
	      "  -s, --seed N        instead of the scenario's\n"
	      "  -n, --nodes N       instead of the scenario's\n"
	      "  -o, --out DIR       CSV files and plots go there\n"
	      "  -g, --guarantee     each role is guaranteed the cores of its "
	      "static partition\n"
	      "      --check         check the ledger after every event "
	      "(slow)\n"
	      "  -h, --help\n",
	      f);
}

static int bad(const char *fmt, const char *arg)
{
	fputs("berth-sim: ", stderr);
	fprintf(stderr, fmt, arg);
	fputs("\n", stderr);
	return 2;
}

static int parse_number(const char *text, unsigned long long most,
			unsigned long long *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*end != '\0' || end == text || *text == '-' || errno != 0 ||
	    *out == 0 || *out > most)
		return bad("'%s' is no number above 0", text);
	return 0;
}

static int add_policy(struct options *o, const char *name)
{
	if (o->npolicies == RUNS)
		return bad("no more than 8 policies%s", "");
	o->policy[o->npolicies++] = name;
	return 0;
}

/* What is to be run; getopt is through. */
static int check_file(int argc, char **argv, struct options *o)
{
	if (o->replay && optind != argc)
		return bad("--replay FILE or a scenario, not both%s", "");
	if (o->replay && (o->changes.nodes > 0 || o->changes.guarantee))
		return bad("--nodes and --guarantee are for scenarios: a log "
			   "has its own nodes and roles%s", "");
	if (o->replay)
		return 0;
	if (optind + 1 != argc)
		return bad("one scenario is needed (see berth-sim --help)%s",
			   "");
	o->file = argv[optind];
	return 0;
}

/* 0: go on; 1: end well; 2: end. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"against", required_argument, NULL, 'a'},
		{"replay", required_argument, NULL, 'r'},
		{"seed", required_argument, NULL, 's'},
		{"nodes", required_argument, NULL, 'n'},
		{"out", required_argument, NULL, 'o'},
		{"guarantee", no_argument, NULL, 'g'},
		{"check", no_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	unsigned long long n;
	int c, rc = 0;

	memset(o, 0, sizeof(*o));
	o->npolicies = 1;
	c = getopt_long(argc, argv, "p:a:r:s:n:o:gh", options, NULL);
	for (; c >= 0 && rc == 0;
	     c = getopt_long(argc, argv, "p:a:r:s:n:o:gh", options, NULL)) {
		if (c == 'p') {
			o->policy[0] = optarg;
		} else if (c == 'a') {
			rc = add_policy(o, optarg);
		} else if (c == 'r') {
			o->replay = true;
			o->file = optarg;
		} else if (c == 's') {
			rc = parse_number(optarg, INT64_MAX, &n);
			o->changes.seed = n;
		} else if (c == 'n') {
			rc = parse_number(optarg, 100000, &n);
			o->changes.nodes = (unsigned)n;
		} else if (c == 'o') {
			o->out = optarg;
		} else if (c == 'g') {
			o->changes.guarantee = true;
		} else if (c == 'c') {
			o->check = true;
		} else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 1 : 2;
		}
	}
	return rc == 0 ? check_file(argc, argv, o) : rc;
}

static int print_all(const struct options *o, struct outcome **runs, size_t n,
		     struct berth_error *err)
{
	struct buf table;

	buf_init(&table);
	report_table(runs, n, &table);
	fputs(table.data, stdout);
	buf_finish(&table);
	if (o->out == NULL)
		return 0;
	return report_files(runs, n, o->out, err);
}

static int run_all(const struct options *o, const struct scenario *s,
		   struct outcome **runs, struct berth_error *err)
{
	for (size_t i = 0; i < o->npolicies; i++) {
		const char *policy = o->policy[i];

		runs[i] = sim_run(s, policy != NULL ? policy : s->policy,
				  o->check, err);
		if (runs[i] == NULL)
			return -1;
	}
	return print_all(o, runs, o->npolicies, err);
}

/* What was recorded is what the first policy is measured against, or, when
 * none is named, what the others are. */
static int replay_all(const struct options *o, struct scenario **s,
		      struct outcome **runs, struct berth_error *err)
{
	size_t at = o->policy[0] != NULL ? 1 : 0;

	if (replay_file(o->file, o->check, s, &runs[at], err) != 0)
		return -1;
	if (o->changes.seed > 0)
		(*s)->seed = o->changes.seed;
	if (at == 1) {
		runs[0] = sim_run(*s, o->policy[0], o->check, err);
		if (runs[0] == NULL)
			return -1;
	}
	for (size_t i = 1; i < o->npolicies; i++) {
		runs[at + i] = sim_run(*s, o->policy[i], o->check, err);
		if (runs[at + i] == NULL)
			return -1;
	}
	return print_all(o, runs, at + o->npolicies, err);
}

int main(int argc, char **argv)
{
	struct options o;
	struct outcome *runs[RUNS + 1] = {NULL};
	struct berth_error err = {0};
	struct scenario *s = NULL;
	int rc;

	rc = parse(argc, argv, &o);
	if (rc != 0)
		return rc == 1 ? 0 : rc;
	log_init("berth-sim", LOG_LVL_WARN);
	if (o.replay) {
		rc = replay_all(&o, &s, runs, &err);
	} else {
		s = scenario_read(o.file, &o.changes, &err);
		rc = s != NULL ? run_all(&o, s, runs, &err) : -1;
	}
	for (size_t i = 0; i < RUNS + 1; i++)
		outcome_destroy(runs[i]);
	scenario_destroy(s);
	if (rc == 0 && fflush(stdout) != 0)
		rc = error_sys(&err, "standard output");
	if (rc != 0)
		fprintf(stderr, "berth-sim: %s\n", err.text);
	return rc != 0 ? error_exit_status(&err) : 0;
}
