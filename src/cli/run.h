/* run.h - what `berth run` and `berth mpirun` have in common. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/spec.h"

/* Submit and follow; the exit status. */
int run_job(enum spec_command command, int argc, char **argv);

#endif
