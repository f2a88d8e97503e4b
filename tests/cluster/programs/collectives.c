/* collectives: the common ones, results checked, at several sizes. */
#include <string.h>

#include "check.h"

static int rank, size;

static void check_bcast(int n)
{
	int *v = malloc((size_t)n * sizeof(*v));

	for (int root = 0; root < size; root++) {
		for (int i = 0; i < n; i++)
			v[i] = rank == root ? root * 7 + i : -1;
		MPI_Bcast(v, n, MPI_INT, root, MPI_COMM_WORLD);
		for (int i = 0; i < n; i++)
			CHECK(v[i] == root * 7 + i);
	}
	free(v);
}

static void check_reduce(int n)
{
	long *in = malloc((size_t)n * sizeof(*in));
	long *out = malloc((size_t)n * sizeof(*out));
	long ranks = (long)size * (size - 1) / 2;

	for (int i = 0; i < n; i++)
		in[i] = rank + i;
	MPI_Reduce(in, out, n, MPI_LONG, MPI_SUM, size - 1, MPI_COMM_WORLD);
	if (rank == size - 1)
		for (int i = 0; i < n; i++)
			CHECK(out[i] == ranks + (long)i * size);
	MPI_Allreduce(in, out, n, MPI_LONG, MPI_MAX, MPI_COMM_WORLD);
	for (int i = 0; i < n; i++)
		CHECK(out[i] == size - 1 + i);
	MPI_Scan(in, out, n, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
	for (int i = 0; i < n; i++)
		CHECK(out[i] ==
		      (long)rank * (rank + 1) / 2 + (long)i * (rank + 1));
	MPI_Exscan(in, out, n, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
	for (int i = 0; rank > 0 && i < n; i++)
		CHECK(out[i] == (long)rank * (rank - 1) / 2 + (long)i * rank);
	free(in);
	free(out);
}

static void check_gather(int n)
{
	int *mine = malloc((size_t)n * sizeof(*mine));
	int *all = malloc((size_t)n * size * sizeof(*all));

	for (int i = 0; i < n; i++)
		mine[i] = rank * 1000 + i;
	memset(all, 0xff, (size_t)n * size * sizeof(*all));
	MPI_Gather(mine, n, MPI_INT, all, n, MPI_INT, 0, MPI_COMM_WORLD);
	for (int i = 0; rank == 0 && i < n * size; i++)
		CHECK(all[i] == i / n * 1000 + i % n);
	memset(all, 0xff, (size_t)n * size * sizeof(*all));
	MPI_Allgather(mine, n, MPI_INT, all, n, MPI_INT, MPI_COMM_WORLD);
	for (int i = 0; i < n * size; i++)
		CHECK(all[i] == i / n * 1000 + i % n);
	memset(mine, 0xff, (size_t)n * sizeof(*mine));
	MPI_Scatter(all, n, MPI_INT, mine, n, MPI_INT, 0, MPI_COMM_WORLD);
	for (int i = 0; i < n; i++)
		CHECK(mine[i] == rank * 1000 + i);
	free(mine);
	free(all);
}

static void check_alltoall(int n)
{
	int *out = malloc((size_t)n * size * sizeof(*out));
	int *in = malloc((size_t)n * size * sizeof(*in));

	for (int i = 0; i < n * size; i++)
		out[i] = rank * 100 + i / n;
	MPI_Alltoall(out, n, MPI_INT, in, n, MPI_INT, MPI_COMM_WORLD);
	for (int i = 0; i < n * size; i++)
		CHECK(in[i] == i / n * 100 + rank);
	free(out);
	free(in);
}

/* Rank r contributes r + 1 numbers. */
static void check_gatherv(void)
{
	int *count = malloc((size_t)size * sizeof(*count));
	int *at = malloc((size_t)size * sizeof(*at));
	int *mine = malloc((size_t)(rank + 1) * sizeof(*mine));
	int total = size * (size + 1) / 2;
	int *all = malloc((size_t)total * sizeof(*all));

	for (int r = 0; r < size; r++) {
		count[r] = r + 1;
		at[r] = r * (r + 1) / 2;
	}
	for (int i = 0; i <= rank; i++)
		mine[i] = rank * 50 + i;
	MPI_Allgatherv(mine, rank + 1, MPI_INT, all, count, at, MPI_INT,
		       MPI_COMM_WORLD);
	for (int r = 0; r < size; r++)
		for (int i = 0; i <= r; i++)
			CHECK(all[at[r] + i] == r * 50 + i);
	free(count);
	free(at);
	free(mine);
	free(all);
}

static void check_reduce_scatter(int n)
{
	int *in = malloc((size_t)n * size * sizeof(*in));
	int *out = malloc((size_t)n * sizeof(*out));

	for (int i = 0; i < n * size; i++)
		in[i] = i;
	MPI_Reduce_scatter_block(in, out, n, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
	for (int i = 0; i < n; i++)
		CHECK(out[i] == (rank * n + i) * size);
	free(in);
	free(out);
}

static void check_split(void)
{
	MPI_Comm half;
	int sum, mine = rank;
	int want = 0;

	MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
	MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, half);
	for (int r = rank % 2; r < size; r += 2)
		want += r;
	CHECK(sum == want);
	MPI_Comm_free(&half);
}

static void check_nonblocking(void)
{
	MPI_Request req[3];
	int a = rank == 0 ? 42 : 0, b = rank, c = 0;

	MPI_Ibcast(&a, 1, MPI_INT, 0, MPI_COMM_WORLD, &req[0]);
	MPI_Iallreduce(&b, &c, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &req[1]);
	MPI_Ibarrier(MPI_COMM_WORLD, &req[2]);
	MPI_Waitall(3, req, MPI_STATUSES_IGNORE);
	CHECK(a == 42 && c == size * (size - 1) / 2);
}

int main(int argc, char **argv)
{
	static const int sizes[] = {1, 17, 4096, 100000};

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	for (int i = 0; i < 4; i++) {
		check_bcast(sizes[i]);
		check_reduce(sizes[i]);
		check_gather(sizes[i]);
		check_alltoall(sizes[i]);
		check_reduce_scatter(sizes[i]);
		MPI_Barrier(MPI_COMM_WORLD);
	}
	check_gatherv();
	check_split();
	check_nonblocking();
	MPI_Barrier(MPI_COMM_WORLD);
	if (rank == 0)
		printf("collectives over %d ok\n", size);
	MPI_Finalize();
	return 0;
}
