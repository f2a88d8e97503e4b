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
#include "sim/report.h"
#include "sim/scenario.h"
#include "sim/sim.h"

#define RUNS 8

struct options {
	struct scenario_changes changes;
	const char *policy[RUNS]; /* NULL: the scenario's */
	size_t npolicies;
	const char *out;
	const char *file;
	bool check;
};

static void usage(FILE *f)
{
	fputs("usage: berth-sim [options] SCENARIO\n"
	      "\n"
	      "Runs the ledger and the policies of Berth in virtual time and "
	      "prints what came out.\n"
	      "\n"
	      "  -p, --policy NAME   instead of the scenario's (\"static\": "
	      "each framework on its own nodes)\n"
	      "  -a, --against NAME  run this policy too and compare; may be "
	      "given again\n"
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

/* 0: go on; 1: end well; 2: end. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"against", required_argument, NULL, 'a'},
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
	c = getopt_long(argc, argv, "p:a:s:n:o:gh", options, NULL);
	for (; c >= 0 && rc == 0;
	     c = getopt_long(argc, argv, "p:a:s:n:o:gh", options, NULL)) {
		if (c == 'p') {
			o->policy[0] = optarg;
		} else if (c == 'a') {
			rc = add_policy(o, optarg);
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
	if (rc == 0 && optind + 1 != argc)
		rc = bad("one scenario is needed (see berth-sim --help)%s", "");
	o->file = argv[optind];
	return rc;
}

static int run_all(const struct options *o, const struct scenario *s,
		   struct outcome **runs, struct berth_error *err)
{
	struct buf table;

	for (size_t i = 0; i < o->npolicies; i++) {
		const char *policy = o->policy[i];

		runs[i] = sim_run(s, policy != NULL ? policy : s->policy,
				  o->check, err);
		if (runs[i] == NULL)
			return -1;
	}
	buf_init(&table);
	report_table(runs, o->npolicies, &table);
	fputs(table.data, stdout);
	buf_finish(&table);
	if (o->out == NULL)
		return 0;
	return report_files(runs, o->npolicies, o->out, err);
}

int main(int argc, char **argv)
{
	struct options o;
	struct outcome *runs[RUNS] = {NULL};
	struct berth_error err = {0};
	struct scenario *s;
	int rc;

	rc = parse(argc, argv, &o);
	if (rc != 0)
		return rc == 1 ? 0 : rc;
	log_init("berth-sim", LOG_LVL_WARN);
	s = scenario_read(o.file, &o.changes, &err);
	rc = s != NULL ? run_all(&o, s, runs, &err) : -1;
	for (size_t i = 0; i < o.npolicies; i++)
		outcome_destroy(runs[i]);
	scenario_destroy(s);
	if (rc == 0 && fflush(stdout) != 0)
		rc = error_sys(&err, "standard output");
	if (rc != 0)
		fprintf(stderr, "berth-sim: %s\n", err.text);
	return rc != 0 ? error_exit_status(&err) : 0;
}
