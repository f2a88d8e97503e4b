/*
 * die HOW [N] [RANK]: one rank leaves badly while the others are in a barrier.
 * HOW: "exit" with code N, "signal" N, "leave" (exit 0 without MPI_Finalize).
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "exit";
	int rank, n = arg_int(argc, argv, 2, 3);

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Barrier(MPI_COMM_WORLD);
	if (rank == arg_int(argc, argv, 3, 0)) {
		if (strcmp(how, "signal") == 0) {
			signal(n, SIG_DFL);
			raise(n);
		}
		_exit(strcmp(how, "exit") == 0 ? n : 0);
	}
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Finalize();
	return 0;
}
