/*
 * spawn_loop.c - the machine's own speed: N times posix_spawn and wait, with
 * a few children at once.  Usage: spawn_loop N OUTSTANDING PROGRAM
 * Prints processes a second.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1000;
	int most = argc > 2 ? atoi(argv[2]) : 1, running = 0;
	char *child[] = {argc > 3 ? argv[3] : "/bin/true", NULL};
	struct timespec a, b;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++) {
		if (running == most) {
			wait(NULL);
			running--;
		}
		if (posix_spawn(&pid, child[0], NULL, NULL, child, environ)) {
			fprintf(stderr, "spawn_loop: cannot start %s\n",
				child[0]);
			return 1;
		}
		running++;
	}
	while (running-- > 0)
		wait(NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.0f\n", n / (b.tv_sec - a.tv_sec +
			      1e-9 * (b.tv_nsec - a.tv_nsec)));
	return 0;
}
