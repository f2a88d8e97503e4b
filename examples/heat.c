/*
 * heat.c - heat in a square plate, an MPI program as users write them.
 *
 * Usage: heat [N [STEPS]]   (default 240 3000)
 *
 * Solves the heat equation on an N x N grid by Jacobi steps.  The start is
 * one sine wave, for which each step multiplies every point by the same known
 * factor, so the result is checked exactly: rank 0 prints the largest error
 * and the program fails where it is not rounding.  Rows are shared out over
 * the ranks, which exchange their edge rows in every step.
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

struct plate {
	int n;		 /* inner points a side */
	int first, rows; /* this rank's rows: first … first + rows - 1 */
	int up, down;	 /* neighbours, MPI_PROC_NULL at the edges */
	double *now, *next;
};

static double *row(double *grid, const struct plate *p, int r)
{
	return grid + (size_t)r * (p->n + 2);
}

static double start_value(const struct plate *p, int r, int c)
{
	double h = M_PI / (p->n + 1);

	return sin(h * (p->first + r - 1)) * sin(h * c);
}

static void plate_init(struct plate *p, int n, int rank, int ranks)
{
	size_t points;

	p->n = n;
	p->rows = n / ranks + (rank < n % ranks);
	p->first = 1 + rank * (n / ranks) +
		   (rank < n % ranks ? rank : n % ranks);
	p->up = rank > 0 ? rank - 1 : MPI_PROC_NULL;
	p->down = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;
	points = (size_t)(p->rows + 2) * (n + 2);
	p->now = calloc(points, sizeof(double));
	p->next = calloc(points, sizeof(double));
	if (!p->now || !p->next) {
		fprintf(stderr, "heat: no memory for %zu points\n", points);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	for (int r = 1; r <= p->rows; r++)
		for (int c = 1; c <= n; c++)
			row(p->now, p, r)[c] = start_value(p, r, c);
}

static void exchange_edges(struct plate *p)
{
	int n = p->n;

	MPI_Sendrecv(row(p->now, p, 1) + 1, n, MPI_DOUBLE, p->up, 0,
		     row(p->now, p, p->rows + 1) + 1, n, MPI_DOUBLE, p->down, 0,
		     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	MPI_Sendrecv(row(p->now, p, p->rows) + 1, n, MPI_DOUBLE, p->down, 1,
		     row(p->now, p, 0) + 1, n, MPI_DOUBLE, p->up, 1,
		     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static void step(struct plate *p)
{
	double *swap = p->now;

	for (int r = 1; r <= p->rows; r++) {
		const double *above = row(p->now, p, r - 1);
		const double *mid = row(p->now, p, r);
		const double *below = row(p->now, p, r + 1);
		double *out = row(p->next, p, r);

		for (int c = 1; c <= p->n; c++)
			out[c] = 0.25 * (above[c] + below[c] + mid[c - 1] +
					 mid[c + 1]);
	}
	p->now = p->next;
	p->next = swap;
}

static double largest_error(struct plate *p, int steps)
{
	double factor = pow(cos(M_PI / (p->n + 1)), steps);
	double mine = 0, all = 0;

	for (int r = 1; r <= p->rows; r++)
		for (int c = 1; c <= p->n; c++) {
			double want = factor * start_value(p, r, c);

			mine = fmax(mine, fabs(row(p->now, p, r)[c] - want));
		}
	MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
	return all;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 240;
	int steps = argc > 2 ? atoi(argv[2]) : 3000;
	char node[MPI_MAX_PROCESSOR_NAME];
	const char *berth_node = getenv("BERTH_NODE");
	struct plate p;
	int rank, ranks, len;
	double error, begin;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	MPI_Get_processor_name(node, &len);
	if (n < ranks || steps < 1) {
		if (rank == 0)
			fprintf(stderr, "heat: wants N >= ranks, STEPS >= 1\n");
		MPI_Finalize();
		return 2;
	}
	plate_init(&p, n, rank, ranks);
	printf("heat: rank %d of %d on %s has rows %d to %d\n", rank, ranks,
	       berth_node ? berth_node : node, p.first, p.first + p.rows - 1);
	begin = MPI_Wtime();
	for (int i = 0; i < steps; i++) {
		exchange_edges(&p);
		step(&p);
	}
	error = largest_error(&p, steps);
	if (rank == 0)
		printf("heat: %d x %d, %d steps in %.2f s, largest error %.1e: "
		       "%s\n", n, n, steps, MPI_Wtime() - begin, error,
		       error < 1e-10 ? "right" : "WRONG");
	free(p.now);
	free(p.next);
	MPI_Finalize();
	return error < 1e-10 ? 0 : 1;
}
