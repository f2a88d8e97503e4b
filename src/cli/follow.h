/*
 * follow.h - stay with a job: show its output as it comes, feed it our
 * standard input, pass on that the user wants to end it, and learn how it
 * ended.  Outlives a change of leader: it looks the contact up again and goes
 * on where it was.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/api.h"
#include "cli/spec.h"

struct follow_options {
	long long job;
	long long task, rank;	/* -1: all */
	const char *stream;	/* "out", "err", "both" */
	enum spec_tag tag;
	bool follow;		/* until the job ends, else what is there */
	bool submitted;		/* just now: who took it must be there */
	bool want_stdin;
	bool cancel_on_int;	/* Ctrl-C cancels; a second one leaves */
	bool cancel_on_term;	/* so do SIGTERM and SIGHUP */
	bool tell;		/* a line about a wait and a bad end */
	bool json;		/* show the stream's lines as they are */
};

/* Returns the exit status: with follow the job's, or 128 + the signal that
 * made us leave; -1 with err filled. */
int follow(struct api *api, const struct follow_options *o,
	   struct berth_error *err);

#endif
