/*
 * halo [N] [STEPS]: heat on an N×N plate, split in two dimensions, with halo
 * exchange; the result must be the serial one, bit for bit: each point is
 * computed by the same operations in the same order.
 */
#include <math.h>
#include <string.h>

#include "check.h"

struct part {
	int rows, cols;	    /* own points, without the halo */
	int row0, col0;	    /* place in the plate */
	double *now, *next; /* (rows + 2) × (cols + 2) */
};

static double start_at(int n, int row, int col)
{
	double x = (double)col / n - 0.4, y = (double)row / n - 0.6;

	return exp(-20.0 * (x * x + y * y)) * 100.0;
}

static double *at(const struct part *p, double *grid, int row, int col)
{
	return &grid[(size_t)row * (size_t)(p->cols + 2) + (size_t)col];
}

/* The plate's rim stays at its first temperature. */
static void step(struct part *p, int n)
{
	double *swap = p->now;

	for (int r = 1; r <= p->rows; r++) {
		for (int c = 1; c <= p->cols; c++) {
			int row = p->row0 + r - 1, col = p->col0 + c - 1;
			double here = *at(p, p->now, r, c);

			if (row == 0 || col == 0 || row == n - 1 ||
			    col == n - 1) {
				*at(p, p->next, r, c) = here;
				continue;
			}
			*at(p, p->next, r, c) =
			    here +
			    0.2 * (*at(p, p->now, r - 1, c) +
				   *at(p, p->now, r + 1, c) +
				   *at(p, p->now, r, c - 1) +
				   *at(p, p->now, r, c + 1) - 4.0 * here);
		}
	}
	p->now = p->next;
	p->next = swap;
}

static void part_init(struct part *p, int n, int row0, int rows, int col0,
		      int cols)
{
	size_t points = (size_t)(rows + 2) * (size_t)(cols + 2);

	p->row0 = row0;
	p->rows = rows;
	p->col0 = col0;
	p->cols = cols;
	p->now = calloc(points, sizeof(double));
	p->next = calloc(points, sizeof(double));
	for (int r = 1; r <= rows; r++)
		for (int c = 1; c <= cols; c++)
			*at(p, p->now, r, c) =
			    start_at(n, row0 + r - 1, col0 + c - 1);
}

static void exchange(struct part *p, MPI_Comm grid, MPI_Datatype column)
{
	int up, down, left, right;

	MPI_Cart_shift(grid, 0, 1, &up, &down);
	MPI_Cart_shift(grid, 1, 1, &left, &right);
	MPI_Sendrecv(at(p, p->now, 1, 1), p->cols, MPI_DOUBLE, up, 1,
		     at(p, p->now, p->rows + 1, 1), p->cols, MPI_DOUBLE, down,
		     1, grid, MPI_STATUS_IGNORE);
	MPI_Sendrecv(at(p, p->now, p->rows, 1), p->cols, MPI_DOUBLE, down, 2,
		     at(p, p->now, 0, 1), p->cols, MPI_DOUBLE, up, 2, grid,
		     MPI_STATUS_IGNORE);
	MPI_Sendrecv(at(p, p->now, 1, 1), 1, column, left, 3,
		     at(p, p->now, 1, p->cols + 1), 1, column, right, 3, grid,
		     MPI_STATUS_IGNORE);
	MPI_Sendrecv(at(p, p->now, 1, p->cols), 1, column, right, 4,
		     at(p, p->now, 1, 0), 1, column, left, 4, grid,
		     MPI_STATUS_IGNORE);
}

/* Points of this part that are not what the serial run gave. */
static long differences(struct part *p, const struct part *serial)
{
	long n = 0;

	for (int r = 1; r <= p->rows; r++)
		for (int c = 1; c <= p->cols; c++)
			n += *at(p, p->now, r, c) !=
			     *at(serial, serial->now, p->row0 + r, p->col0 + c);
	return n;
}

int main(int argc, char **argv)
{
	int rank, size, n, steps, dims[2] = {0, 0}, wrap[2] = {0, 0};
	int coords[2];
	long wrong, all_wrong;
	MPI_Datatype column;
	struct part p, serial;
	MPI_Comm grid;

	MPI_Init(&argc, &argv);
	n = arg_int(argc, argv, 1, 120);
	steps = arg_int(argc, argv, 2, 200);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	MPI_Dims_create(size, 2, dims);
	MPI_Cart_create(MPI_COMM_WORLD, 2, dims, wrap, 1, &grid);
	MPI_Comm_rank(grid, &rank);
	MPI_Cart_coords(grid, rank, 2, coords);
	part_init(&p, n, n * coords[0] / dims[0],
		  n * (coords[0] + 1) / dims[0] - n * coords[0] / dims[0],
		  n * coords[1] / dims[1],
		  n * (coords[1] + 1) / dims[1] - n * coords[1] / dims[1]);
	MPI_Type_vector(p.rows, 1, p.cols + 2, MPI_DOUBLE, &column);
	MPI_Type_commit(&column);
	for (int i = 0; i < steps; i++) {
		exchange(&p, grid, column);
		step(&p, n);
	}
	part_init(&serial, n, 0, n, 0, n);
	for (int i = 0; i < steps; i++)
		step(&serial, n);
	wrong = differences(&p, &serial);
	MPI_Allreduce(&wrong, &all_wrong, 1, MPI_LONG, MPI_SUM, grid);
	CHECK(all_wrong == 0);
	if (rank == 0)
		printf("halo %dx%d over %dx%d ranks ok: centre %.6f\n", n, n,
		       dims[0], dims[1],
		       *at(&serial, serial.now, n / 2, n / 2));
	MPI_Type_free(&column);
	MPI_Finalize();
	return 0;
}
