/*
 * pingpong.c - latency and bandwidth between ranks 0 and 1, after the manner
 * of the OSU micro-benchmarks: blocking ping-pong for latency, windows of
 * 64 non-blocking sends for bandwidth.  Prints "size latency_us mb_per_s".
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 64, MAX = 1 << 20 };

static double latency(char *buf, int size, int rounds, int rank)
{
	double begin = 0;

	for (int i = -rounds / 10; i < rounds; i++) {
		if (i == 0) {
			MPI_Barrier(MPI_COMM_WORLD);
			begin = MPI_Wtime();
		}
		if (rank == 0) {
			MPI_Send(buf, size, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
			MPI_Recv(buf, size, MPI_CHAR, 1, 1, MPI_COMM_WORLD,
				 MPI_STATUS_IGNORE);
		} else {
			MPI_Recv(buf, size, MPI_CHAR, 0, 1, MPI_COMM_WORLD,
				 MPI_STATUS_IGNORE);
			MPI_Send(buf, size, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
		}
	}
	return (MPI_Wtime() - begin) * 1e6 / rounds / 2;
}

static double bandwidth(char *buf, int size, int rounds, int rank)
{
	MPI_Request req[WINDOW];
	double begin;
	char ack = 0;

	MPI_Barrier(MPI_COMM_WORLD);
	begin = MPI_Wtime();
	for (int i = 0; i < rounds; i++) {
		for (int w = 0; w < WINDOW; w++) {
			if (rank == 0)
				MPI_Isend(buf, size, MPI_CHAR, 1, 2,
					  MPI_COMM_WORLD, &req[w]);
			else
				MPI_Irecv(buf, size, MPI_CHAR, 0, 2,
					  MPI_COMM_WORLD, &req[w]);
		}
		MPI_Waitall(WINDOW, req, MPI_STATUSES_IGNORE);
		if (rank == 0)
			MPI_Recv(&ack, 1, MPI_CHAR, 1, 3, MPI_COMM_WORLD,
				 MPI_STATUS_IGNORE);
		else
			MPI_Send(&ack, 1, MPI_CHAR, 0, 3, MPI_COMM_WORLD);
	}
	return (double)size * WINDOW * rounds / (MPI_Wtime() - begin) / 1e6;
}

int main(int argc, char **argv)
{
	static const int sizes[] = {1, 1024, 65536, MAX};
	char *buf = calloc(1, MAX);
	int rank, n;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &n);
	if (n != 2 || !buf) {
		fprintf(stderr, "pingpong: needs two ranks\n");
		MPI_Abort(MPI_COMM_WORLD, 2);
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int rounds = sizes[i] > 100000 ? 100 : 2000;
		double us = latency(buf, sizes[i], rounds, rank);
		double mb = bandwidth(buf, sizes[i], rounds / 20 + 1, rank);

		if (rank == 0)
			printf("%d %.2f %.1f\n", sizes[i], us, mb);
	}
	free(buf);
	MPI_Finalize();
	return 0;
}
