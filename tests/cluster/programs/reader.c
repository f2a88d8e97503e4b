/* reader: rank 0 reads standard input to its end, all ranks get the count. */
#include <unistd.h>

#include "check.h"

int main(int argc, char **argv)
{
	unsigned long count[2] = {0, 0};
	unsigned char data[65536];
	int rank;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	for (;;) {
		ssize_t n = rank == 0 ? read(0, data, sizeof(data)) : 0;

		if (n <= 0)
			break;
		count[0] += (unsigned long)n;
		for (ssize_t i = 0; i < n; i++)
			count[1] = count[1] * 31 + data[i];
	}
	MPI_Bcast(count, 2, MPI_UNSIGNED_LONG, 0, MPI_COMM_WORLD);
	printf("rank %d: %lu bytes, sum %lx\n", rank, count[0], count[1]);
	/* what the other ranks have is the end of file, not the same input */
	if (rank != 0)
		CHECK(read(0, data, 1) <= 0);
	MPI_Finalize();
	return 0;
}
