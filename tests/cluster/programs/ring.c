/* ring [ROUNDS] [BYTES]: a token goes round; every rank adds one. */
#include <string.h>

#include "check.h"

int main(int argc, char **argv)
{
	int rank, size, rounds, bytes;
	long *token;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	rounds = arg_int(argc, argv, 1, 10);
	bytes = arg_int(argc, argv, 2, 8);
	token = calloc(1, (size_t)bytes + sizeof(*token));
	for (int i = 0; i < rounds; i++) {
		int to = (rank + 1) % size, from = (rank + size - 1) % size;

		if (rank == 0) {
			token[0]++;
			MPI_Send(token, bytes, MPI_BYTE, to, i, MPI_COMM_WORLD);
			MPI_Recv(token, bytes, MPI_BYTE, from, i,
				 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
		} else {
			MPI_Recv(token, bytes, MPI_BYTE, from, i,
				 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
			token[0]++;
			MPI_Send(token, bytes, MPI_BYTE, to, i, MPI_COMM_WORLD);
		}
	}
	if (rank == 0) {
		CHECK(token[0] == (long)rounds * size);
		printf("ring of %d ok: %ld\n", size, token[0]);
	}
	free(token);
	MPI_Finalize();
	return 0;
}
