/* main.c - `berth`: finds the command and hands over to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/nearest.h"
#include "cli/cli.h"
#include "config.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"up", cmd_up, "start Berth on this machine or over an allocation"},
	{"down", cmd_down, "end it"},
	{"status", cmd_status, "which Berth answers and who leads it"},
	{NULL, NULL, "jobs"},
	{"submit", cmd_submit, "queue one: berth submit mpi|batch ... -- CMD"},
	{"run", cmd_run, "run one and follow it, with srun's habits"},
	{"mpirun", cmd_mpirun, "run an MPI job and follow it, as mpirun does"},
	{"attach", cmd_attach, "follow one that runs"},
	{"logs", cmd_logs, "what one has printed"},
	{"jobs", cmd_jobs, "list them"},
	{"show", cmd_show, "one job and its tasks"},
	{"wait", cmd_wait, "until jobs have ended; the exit code is theirs"},
	{"history", cmd_history, "what ended ones used, and how they ended"},
	{"cancel", cmd_cancel, "end jobs"},
	{"signal", cmd_signal, "send a signal to jobs"},
	{NULL, NULL, "the cluster"},
	{"nodes", cmd_nodes, "list the nodes and what is free"},
	{"drain", cmd_drain, "take nodes out of use"},
	{"undrain", cmd_undrain, "and back"},
	{"topo", cmd_topo, "draw a node and who has which part of it"},
	{"top", cmd_top, "nodes, slices and jobs, live"},
	{"slices", cmd_slices, "what is offered, held or busy"},
	{"offers", cmd_offers, "offers that are open"},
	{"demands", cmd_demands, "what frameworks want"},
	{"frameworks", cmd_frameworks, "list the frameworks"},
	{"shares", cmd_shares, "list the roles and what they have of theirs"},
	{"share", cmd_share, "set or remove what a role is guaranteed"},
	{"dataset", cmd_dataset, "which nodes hold which data"},
	{"events", cmd_events, "what happens, as it happens"},
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

int cli_fail(const struct berth_error *err)
{
	fprintf(stderr, "berth: %s\n", err->text);
	return error_exit_status(err);
}

static void usage(FILE *out)
{
	fputs("usage: berth COMMAND [OPTIONS]\n\n", out);
	for (size_t i = 0; i < COUNT; i++) {
		if (commands[i].name)
			fprintf(out, "  %-11s %s\n", commands[i].name,
				commands[i].summary);
		else
			fprintf(out, "\n%s:\n", commands[i].summary);
	}
	fputs("\nberth COMMAND --help says more.  A Berth is found by "
	      "BERTH_URI and BERTH_TOKEN,\nor by the contact file in --dir, "
	      "$BERTH_DIR or ~/.berth/default.\n",
	      out);
}

static int unknown(const char *name)
{
	struct nearest near = {.wanted = name};

	for (size_t i = 0; i < COUNT; i++) {
		if (commands[i].name)
			nearest_offer(&near, commands[i].name);
	}
	fprintf(stderr, "berth: no command '%s'%s%s%s; berth --help lists "
			"them\n",
		name, near.best ? " (did you mean " : "",
		near.best ? near.best : "", near.best ? "?)" : "");
	return 2;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	log_init("berth", LOG_LVL_WARN);
	if (name == NULL) {
		usage(stderr);
		return 2;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
	    strcmp(name, "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		printf("berth %s\n", PACKAGE_VERSION);
		return 0;
	}
	for (size_t i = 0; i < COUNT; i++) {
		if (commands[i].name && strcmp(commands[i].name, name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	return unknown(name);
}
