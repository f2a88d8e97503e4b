/*
 * stray FILE [SECONDS]: leaves a daemon behind that wants to stay: forked
 * twice, a session of its own, deaf to SIGTERM and SIGHUP.  Its pid goes to
 * FILE; then this process waits, or with SECONDS 0 leaves at once.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void daemon_stays(const char *file)
{
	FILE *f;

	setsid();
	if (fork() != 0)
		_exit(0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	f = fopen(file, "w");
	if (f != NULL) {
		fprintf(f, "%d\n", (int)getpid());
		fclose(f);
	}
	for (int i = 0; i < 3; i++)
		close(i);
	for (;;)
		sleep(60);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (fork() == 0)
		daemon_stays(argv[1]);
	sleep(argc > 2 ? (unsigned)atoi(argv[2]) : 60);
	return 0;
}
