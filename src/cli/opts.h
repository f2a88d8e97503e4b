/*
 * opts.h - command-line options by table, as users of srun and mpirun write
 * them: "-n 4", "-n4", "-np 4", "--ntasks 4", "--ntasks=4", "-lf".
 */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

enum opt_type {
	OPT_FLAG,   /* bool: set to true */
	OPT_STRING, /* const char *: points into argv */
	OPT_COUNT,  /* long long: a whole number ≥ 0 */
	OPT_TIME,   /* long long: milliseconds; a bare number is seconds */
	OPT_MINUTES, /* the same; a bare number is minutes */
	OPT_SIZE,   /* long long: MiB, see parse.h */
	OPT_LIST,   /* struct opt_list: each occurrence is added */
	OPT_PAIR,   /* struct opt_list: two values, one behind the other */
	OPT_IGNORE, /* a flag that is accepted and means nothing here */
	OPT_HEADING /* no option: help is a heading */
};

/* Embedded; {0} is empty; free items when done. */
struct opt_list {
	const char **items;
	size_t count;
};

struct opt {
	/* Comma-separated, without dashes; the first is the one that messages
	 * call it by: "n,np,ntasks". */
	const char *names;
	enum opt_type type;
	void *dest;
	const char *arg; /* what help calls the value: "N" */
	const char *help; /* NULL: not shown */
};

struct opts_doc {
	const char *usage; /* "berth show [OPTIONS] JOB" */
	const char *about; /* one paragraph */
};

enum {
	/* Options may stand behind other arguments, which argv is sorted for:
	 * they come last, in their order. */
	OPTS_MIXED = 1,
};

/*
 * Parse argv[1...] by the table, which ends with {0}.  Returns the index of
 * the first argument that is no option ("--" is skipped), -1 when one is wrong
 * (the nearest known one is named), or -2 after --help was asked for and
 * printed.
 */
int opts_parse(const struct opt *table, const struct opts_doc *doc, int flags,
	       int argc, char **argv, struct berth_error *err);

void opts_help(const struct opt *table, const struct opts_doc *doc, FILE *out);

#endif
