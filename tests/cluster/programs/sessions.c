/* sessions: MPI 4's way in, without MPI_Init. */
#include "check.h"

/* Open MPI 5 has them while it calls itself MPI 3.1. */
#if MPI_VERSION >= 4 || (defined(OMPI_MAJOR_VERSION) && OMPI_MAJOR_VERSION >= 5)
int main(void)
{
	int rank, size, sum, one = 1;
	MPI_Session session;
	MPI_Group group;
	MPI_Comm comm;

	if (MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session) !=
	    MPI_SUCCESS)
		return 98;
	MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
	MPI_Comm_create_from_group(group, "berth.test", MPI_INFO_NULL,
				   MPI_ERRORS_ARE_FATAL, &comm);
	MPI_Comm_rank(comm, &rank);
	MPI_Comm_size(comm, &size);
	MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
	if (sum != size)
		return 97;
	if (rank == 0)
		printf("session of %d ok\n", size);
	MPI_Group_free(&group);
	MPI_Comm_free(&comm);
	MPI_Session_finalize(&session);
	return 0;
}
#else
int main(void)
{
	printf("no sessions in MPI %d\n", MPI_VERSION);
	return 77;
}
#endif
