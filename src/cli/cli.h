/*
 * cli.h - the commands of `berth`, one a file.
 *
 * Each gets the arguments from its own name on and returns the exit status: 0,
 * 2 for what the user can mend, 1 for the rest; run, mpirun and wait return
 * the job's.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/error.h"

int cmd_up(int argc, char **argv);
int cmd_down(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_submit(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_mpirun(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_jobs(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_cancel(int argc, char **argv);
int cmd_signal(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_nodes(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_undrain(int argc, char **argv);
int cmd_topo(int argc, char **argv);
int cmd_slices(int argc, char **argv);
int cmd_offers(int argc, char **argv);
int cmd_demands(int argc, char **argv);
int cmd_frameworks(int argc, char **argv);
int cmd_shares(int argc, char **argv);
int cmd_share(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_dataset(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* Write "berth: text" to standard error; returns the exit status. */
int cli_fail(const struct berth_error *err);

#endif
