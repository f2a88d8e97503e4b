/* mpirun.c - `berth mpirun`: an MPI job with mpirun's options. */
#include "cli/cli.h"
#include "cli/run.h"

int cmd_mpirun(int argc, char **argv)
{
	return run_job(SPEC_MPIRUN, argc, argv);
}
