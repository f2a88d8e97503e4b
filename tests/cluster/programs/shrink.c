/*
 * shrink LEFT [DIES [HOW]]: the ranks meet again and again; whenever one or
 * more are gone the others shrink their communicator, until LEFT or fewer are
 * there: these say how many they are and the sum of their ranks.  Rank DIES
 * ends itself in the middle of it: by SIGKILL, or with HOW by exit code HOW.
 *
 * Without ULFM (Open MPI 4.1) the ranks only meet.
 */
#include <signal.h>
#include <unistd.h>

#include "check.h"
#if defined(OPEN_MPI) && OPEN_MPI
#include <mpi-ext.h>
#endif

static int meet(MPI_Comm comm, int mine, int *sum)
{
	usleep(5000);
	return MPI_Allreduce(&mine, sum, 1, MPI_INT, MPI_SUM, comm);
}

#ifdef OMPI_HAVE_MPI_EXT_FTMPI
/* The ranks that are left. */
static MPI_Comm shrunk(MPI_Comm comm)
{
	MPI_Comm left;

	CHECK(MPIX_Comm_shrink(comm, &left) == MPI_SUCCESS);
	MPI_Comm_set_errhandler(left, MPI_ERRORS_RETURN);
	return left;
}
#else
static MPI_Comm shrunk(MPI_Comm comm)
{
	return comm;
}
#endif

int main(int argc, char **argv)
{
	int rank, size, sum, rounds = 0;
	int left = arg_int(argc, argv, 1, 1), dies = arg_int(argc, argv, 2, -1);
	MPI_Comm comm = MPI_COMM_WORLD;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(comm, &rank);
	MPI_Comm_size(comm, &size);
	MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
	do {
		int rc = meet(comm, rank, &sum), ok = rc == MPI_SUCCESS;

		if (rounds++ == 0 && rank == 0) {
			puts("all are there");
			fflush(stdout);
		}
		if (rounds == 10 && rank == dies) {
			if (argc > 3)
				_exit(atoi(argv[3]));
			raise(SIGKILL);
		}
#ifdef OMPI_HAVE_MPI_EXT_FTMPI
		/* Others may wait for us; one may have got the sum and
		 * another not. */
		if (!ok)
			MPIX_Comm_revoke(comm);
		if (MPIX_Comm_agree(comm, &ok) != MPI_SUCCESS)
			ok = 0;
#endif
		if (!ok)
			comm = shrunk(comm);
		MPI_Comm_size(comm, &size);
	} while (size > left);
	CHECK(meet(comm, rank, &sum) == MPI_SUCCESS);
	MPI_Comm_rank(comm, &rank);
	if (rank == 0) {
		printf("%d are left, sum %d\n", size, sum);
		fflush(stdout);
	}
	MPI_Finalize();
	return 0;
}
