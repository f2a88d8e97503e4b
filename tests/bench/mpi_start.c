/*
 * mpi_start.c - how long until MPI_Init is over.
 *
 * Rank 0 prints the wall clock (seconds, CLOCK_REALTIME) at main, at the end
 * of its MPI_Init, and at the end of the slowest one, which a reduction finds.
 */
#include <mpi.h>
#include <stdio.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char **argv)
{
	double begin = now(), end, first, last;
	int rank;

	MPI_Init(&argc, &argv);
	end = now();
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Reduce(&end, &last, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
	MPI_Reduce(&begin, &first, 1, MPI_DOUBLE, MPI_MIN, 0, MPI_COMM_WORLD);
	if (rank == 0)
		printf("main %.6f init %.6f last %.6f\n", first, end, last);
	MPI_Finalize();
	return 0;
}
