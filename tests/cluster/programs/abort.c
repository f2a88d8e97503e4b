/* abort [CODE] [RANK]: one rank calls MPI_Abort, the others wait for it. */
#include "check.h"

int main(int argc, char **argv)
{
	int rank;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (rank == arg_int(argc, argv, 2, 0))
		MPI_Abort(MPI_COMM_WORLD, arg_int(argc, argv, 1, 7));
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Finalize();
	return 0;
}
