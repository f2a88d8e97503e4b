/*
 * shepherd_mpi.c - an MPI program that does one thing, named by its first
 * argument, and says "ok" with its rank when that worked.
 */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Open MPI leaves some memory behind at its end, which is not what is tested
 * where all is built with AddressSanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static int rank, size;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static int ring(void)
{
	int token = rank, sum = 0;

	for (int i = 0; i < size; i++) {
		sum += token;
		MPI_Sendrecv_replace(&token, 1, MPI_INT, (rank + 1) % size, 1,
				     (rank + size - 1) % size, 1,
				     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	}
	return sum == size * (size - 1) / 2 && token == rank;
}

static int collectives(MPI_Comm comm)
{
	static double in[10000], out[10000];
	int r, n, good = 1;

	MPI_Comm_rank(comm, &r);
	MPI_Comm_size(comm, &n);
	for (int i = 0; i < 10000; i++)
		in[i] = r + i;
	MPI_Allreduce(in, out, 10000, MPI_DOUBLE, MPI_SUM, comm);
	for (int i = 0; i < 10000; i++)
		good = good && out[i] == n * (n - 1) / 2.0 + (double)n * i;
	MPI_Bcast(in, 100, MPI_DOUBLE, n - 1, comm);
	good = good && in[0] == n - 1;
	MPI_Barrier(comm);
	return good;
}

static int locality(void)
{
	MPI_Comm node;
	int n;

	MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0,
			    MPI_INFO_NULL, &node);
	MPI_Comm_size(node, &n);
	MPI_Comm_free(&node);
	printf("node %s holds %d\n", getenv("BERTH_NODE"), n);
	return 1;
}

static int spawn(char *self)
{
	char *args[] = { "child", NULL };
	MPI_Comm children, all;
	int errors[4], n, good;

	if (MPI_Comm_spawn(self, args, 3, MPI_INFO_NULL, 0, MPI_COMM_WORLD,
			   &children, errors) != MPI_SUCCESS)
		return 0;
	MPI_Intercomm_merge(children, 0, &all);
	MPI_Comm_size(all, &n);
	good = n == size + 3 && collectives(all);
	MPI_Comm_free(&all);
	MPI_Comm_disconnect(&children);
	return good;
}

static int child(void)
{
	MPI_Comm parent, all;
	int good;

	MPI_Comm_get_parent(&parent);
	if (parent == MPI_COMM_NULL)
		return 0;
	MPI_Intercomm_merge(parent, 1, &all);
	good = collectives(all);
	MPI_Comm_free(&all);
	MPI_Comm_disconnect(&parent);
	return good;
}

static int spawn_missing(void)
{
	MPI_Comm children;
	int errors[2];

	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
	return MPI_Comm_spawn("/no/such/program", MPI_ARGV_NULL, 2,
			      MPI_INFO_NULL, 0, MPI_COMM_WORLD, &children,
			      errors) != MPI_SUCCESS;
}

static int meet(int server, const char *name)
{
	char port[MPI_MAX_PORT_NAME] = "";
	MPI_Comm other, all;
	int n, m, good;

	if (rank == 0 && server) {
		MPI_Open_port(MPI_INFO_NULL, port);
		MPI_Publish_name(name, MPI_INFO_NULL, port);
	} else if (rank == 0) {
		MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
		for (int i = 0; i < 100; i++) {
			if (MPI_Lookup_name(name, MPI_INFO_NULL, port) ==
			    MPI_SUCCESS)
				break;
			usleep(50000);
		}
		MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
	}
	if (server)
		MPI_Comm_accept(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &other);
	else
		MPI_Comm_connect(port, MPI_INFO_NULL, 0, MPI_COMM_WORLD,
				 &other);
	MPI_Comm_remote_size(other, &m);
	MPI_Intercomm_merge(other, server, &all);
	MPI_Comm_size(all, &n);
	good = n == size + m && collectives(all);
	MPI_Comm_free(&all);
	MPI_Comm_disconnect(&other);
	if (rank == 0 && server) {
		MPI_Unpublish_name(name, MPI_INFO_NULL, port);
		MPI_Close_port(port);
	}
	return good;
}

#if OMPI_MAJOR_VERSION >= 5
static int sessions(void)
{
	MPI_Session s;
	MPI_Group g;
	MPI_Comm c;
	int good;

	MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &s);
	MPI_Group_from_session_pset(s, "mpi://WORLD", &g);
	MPI_Comm_create_from_group(g, "berth.test", MPI_INFO_NULL,
				   MPI_ERRORS_ARE_FATAL, &c);
	MPI_Comm_rank(c, &rank);
	MPI_Comm_size(c, &size);
	good = size == atoi(getenv("BERTH_NRANKS")) && collectives(c);
	MPI_Comm_free(&c);
	MPI_Group_free(&g);
	MPI_Session_finalize(&s);
	return good;
}
#endif

static void fail(const char *what)
{
	int who = size - 1;

	if (strcmp(what, "abort") == 0 && rank == who)
		MPI_Abort(MPI_COMM_WORLD, 42);
	if (strcmp(what, "killed") == 0 && rank == who)
		kill(getpid(), SIGKILL);
	if (strcmp(what, "exit7") == 0 && rank == who)
		exit(7);
	if (strcmp(what, "leave") == 0 && rank == who)
		_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "hello";
	double before = now();
	int good = 0;

#if OMPI_MAJOR_VERSION >= 5
	if (strcmp(what, "session") == 0) {
		good = sessions();
		printf("%s %d of %d\n", good ? "ok" : "bad", rank, size);
		return 0;
	}
#endif
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	if (strcmp(what, "time") == 0 && rank == 0)
		printf("began %.6f init %.6f\n", before, now());
	fail(what);
	if (strcmp(what, "ring") == 0)
		good = ring();
	else if (strcmp(what, "coll") == 0)
		good = collectives(MPI_COMM_WORLD);
	else if (strcmp(what, "locality") == 0)
		good = locality();
	else if (strcmp(what, "spawn") == 0)
		good = spawn(argv[0]);
	else if (strcmp(what, "missing") == 0)
		good = spawn_missing();
	else if (strcmp(what, "child") == 0)
		good = child();
	else if (strcmp(what, "accept") == 0)
		good = meet(1, argv[2]);
	else if (strcmp(what, "connect") == 0)
		good = meet(0, argv[2]);
	else if (strcmp(what, "hello") == 0 || strcmp(what, "time") == 0)
		good = 1;
	else
		for (;;) /* waits for the one that fails */
			MPI_Barrier(MPI_COMM_WORLD);
	printf("%s %d of %d\n", good ? "ok" : "bad", rank, size);
	fflush(stdout);
	MPI_Finalize();
	return good ? 0 : 1;
}
