/*
 * connect NAME: two jobs meet.  The one started with "accept NAME" publishes a
 * port under NAME, the one with "connect NAME" looks it up; the sum over both
 * tells whether they are one.
 */
#include <string.h>
#include <unistd.h>

#include "check.h"

static void look_up(const char *name, char *port)
{
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
	for (int tries = 0; tries < 200; tries++) {
		if (MPI_Lookup_name(name, MPI_INFO_NULL, port) == MPI_SUCCESS)
			return;
		usleep(100000);
	}
	CHECK(!"the name was published");
}

int main(int argc, char **argv)
{
	char port[MPI_MAX_PORT_NAME] = "";
	int rank, size, remote, one = 1, theirs = 0, accepts;
	MPI_Comm inter, both;

	MPI_Init(&argc, &argv);
	CHECK(argc == 3);
	accepts = strcmp(argv[1], "accept") == 0;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	if (accepts) {
		if (rank == 0) {
			MPI_Open_port(MPI_INFO_NULL, port);
			CHECK(MPI_Publish_name(argv[2], MPI_INFO_NULL, port) ==
			      MPI_SUCCESS);
		}
		MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &inter);
	} else {
		if (rank == 0)
			look_up(argv[2], port);
		MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD,
				 &inter);
	}
	MPI_Comm_remote_size(inter, &remote);
	MPI_Intercomm_merge(inter, !accepts, &both);
	MPI_Allreduce(&one, &theirs, 1, MPI_INT, MPI_SUM, both);
	CHECK(theirs == size + remote);
	if (rank == 0)
		printf("%s: %d and %d make %d\n", argv[1], size, remote,
		       theirs);
	if (accepts && rank == 0) {
		MPI_Unpublish_name(argv[2], MPI_INFO_NULL, port);
		MPI_Close_port(port);
	}
	MPI_Comm_free(&both);
	MPI_Comm_disconnect(&inter);
	MPI_Finalize();
	return 0;
}
