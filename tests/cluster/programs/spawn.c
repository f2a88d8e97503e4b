/* spawn [N]: starts N more of itself and adds up with them. */
#include <string.h>

#include "check.h"

static void child(MPI_Comm parent)
{
	int rank, sum = 0, mine;

	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	mine = 100 + rank;
	MPI_Reduce(&mine, NULL, 1, MPI_INT, MPI_SUM, 0, parent);
	MPI_Bcast(&sum, 1, MPI_INT, 0, parent);
	CHECK(sum > 0);
	MPI_Comm_disconnect(&parent);
}

int main(int argc, char **argv)
{
	int rank, n, sum = 0, unused = 0;
	char *args[] = {"child", NULL};
	MPI_Comm parent, children;

	MPI_Init(&argc, &argv);
	MPI_Comm_get_parent(&parent);
	if (parent != MPI_COMM_NULL) {
		child(parent);
		MPI_Finalize();
		return 0;
	}
	n = arg_int(argc, argv, 1, 2);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_spawn(argv[0], args, n, MPI_INFO_NULL, 0, MPI_COMM_WORLD,
		       &children, MPI_ERRCODES_IGNORE);
	MPI_Reduce(&unused, &sum, 1, MPI_INT, MPI_SUM,
		   rank == 0 ? MPI_ROOT : MPI_PROC_NULL, children);
	MPI_Bcast(&sum, 1, MPI_INT, rank == 0 ? MPI_ROOT : MPI_PROC_NULL,
		  children);
	if (rank == 0) {
		CHECK(sum == n * 100 + n * (n - 1) / 2);
		printf("spawned %d: %d\n", n, sum);
	}
	MPI_Comm_disconnect(&children);
	MPI_Finalize();
	return 0;
}
