/* hello [MILLISECONDS | FILE]: who am I; optionally stays a while, or until the
 * file is there. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static void print_cpus(char *out, size_t size)
{
	cpu_set_t set;
	size_t n = 0;

	out[0] = '\0';
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	for (int i = 0; i < CPU_SETSIZE && n + 8 < size; i++)
		if (CPU_ISSET(i, &set))
			n += (size_t)snprintf(out + n, size - n, "%s%d",
					      n > 0 ? "," : "", i);
}

int main(int argc, char **argv)
{
	char host[256] = "", cpus[1024];
	const char *node = getenv("BERTH_NODE");
	int rank, size;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	gethostname(host, sizeof(host) - 1);
	print_cpus(cpus, sizeof(cpus));
	printf("hello rank %d of %d node %s host %s cpus %s\n", rank, size,
	       node ? node : "-", host, cpus);
	fflush(stdout);
	if (argc > 1 && argv[1][0] == '/') {
		while (access(argv[1], F_OK) != 0)
			usleep(50000);
	} else {
		usleep(1000u * (unsigned)arg_int(argc, argv, 1, 0));
	}
	MPI_Finalize();
	return 0;
}
