/*
 * plan.h - which nodes `berth up` starts, and by what: this machine, emulated
 * nodes, hosts over a remote shell, or one command that starts all (srun).
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum plan_kind {
	PLAN_LOCAL,   /* one node: this machine */
	PLAN_EMULATE, /* n nodes on this machine */
	PLAN_HOSTS,   /* a remote shell each */
	PLAN_COMMAND, /* one command starts all and stays */
};

/* What was asked for; NULL and 0: not given. */
struct plan_options {
	long long emulate; /* -1: not given */
	long long nodes;
	const char *topology, *hosts, *rsh, *command;
};

struct plan {
	enum plan_kind kind;
	char **nodes; /* names, NULL-terminated; PLAN_COMMAND: may be NULL */
	char **hosts; /* what the remote shell gets; PLAN_HOSTS only */
	size_t count;
	char *rsh, *command, *topology;
	bool slurm; /* the command is ours, for Slurm's allocation */
	char *text; /* one line that says it all, to compare plans by */
	bool asked; /* something was said on the command line */
};

/* In a Slurm allocation and without options: one srun over its nodes. */
int plan_make(struct plan *p, const struct plan_options *o,
	      struct berth_error *err);
void plan_finish(struct plan *p);

/* "this machine", "4 nodes emulated on this machine": for the user. */
char *plan_describe(const struct plan *p);

#endif
