/*
 * flood BYTES [PAUSE]: lines of 64 bytes to standard output, BYTES in all; the
 * line's number is in each, so that a reader sees what is missing.  The last
 * line on standard error is the sum of all that was written.  With a second
 * argument every rank of an MPI job does so, and waits PAUSE milliseconds (0:
 * not) after each 64 KiB.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define LINE 64

int main(int argc, char **argv)
{
	uint64_t lines, sum = 0;
	char line[LINE + 1];
	int rank = 0, pause = arg_int(argc, argv, 2, 0);

	if (argc < 2)
		return 2;
	if (argc > 2) {
		MPI_Init(&argc, &argv);
		MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	}
	lines = strtoull(argv[1], NULL, 10) / LINE;
	for (uint64_t i = 0; i < lines; i++) {
		int n = snprintf(line, sizeof(line), "%d:%015llu:", rank,
				 (unsigned long long)i);

		memset(line + n, 'a' + (int)(i % 26), (size_t)(LINE - 1 - n));
		line[LINE - 1] = '\n';
		if (fwrite(line, 1, LINE, stdout) != LINE)
			return 1;
		sum += i * 31 + (unsigned char)line[LINE - 2];
		if (pause > 0 && i % 1024 == 1023) {
			fflush(stdout);
			usleep(1000u * (unsigned)pause);
		}
	}
	if (fflush(stdout) != 0)
		return 1;
	fprintf(stderr, "flood %d: %llu lines, sum %llu\n", rank,
		(unsigned long long)lines, (unsigned long long)sum);
	if (argc > 2)
		MPI_Finalize();
	return 0;
}
