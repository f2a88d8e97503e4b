/*
 * trial.c - let a child process run into it first.
 *
 * hwloc trusts its input: XML that is well-formed but makes no sense crashes
 * it (a minute of fuzzing finds several ways).  So input from outside is
 * loaded once in a child, and only what the child survives is loaded here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/parts.h"

#define TRIAL_SECONDS 20

/* Die quietly: no core, no stack printed by whoever handles SIGSEGV here, no
 * words of hwloc's on standard error. */
static void child_quiet(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS,	SIGFPE,	 SIGILL,
				      SIGABRT, SIGALRM, SIGTERM, SIGXCPU};
	struct rlimit none = {0, 0};
	sigset_t all;
	int null;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	setrlimit(RLIMIT_CORE, &none);
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	alarm(TRIAL_SECONDS);
}

int topo_trial(topo_trial_f run, void *arg, struct berth_error *err)
{
	char survived = 0;
	int fds[2];
	pid_t pid;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, "pipe");
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return error_sys(err, "fork");
	}
	if (pid == 0) {
		child_quiet();
		run(arg);
		survived = 1;
		n = write(fds[1], &survived, 1);
		_exit(n != 1);
	}
	close(fds[1]);
	do {
		n = read(fds[0], &survived, 1);
	} while (n < 0 && errno == EINTR);
	close(fds[0]);
	/* Whoever handles SIGCHLD here may be faster; it does not matter. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != 1 || survived != 1)
		return error_set(err, BERTH_EINPUT,
				 "no sound topology: hwloc crashes on it");
	return 0;
}
