/* child.c - see child.h. */
#include "launcher/child.h"

#include <config.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

extern char **environ;

/* Prefixes of what must not be inherited: a program that sees it takes us
 * for somebody else's launcher. */
static bool foreign(const char *entry)
{
	static const char *const prefixes[] = {
		"OMPI_COMM_", "OMPI_UNIVERSE", "OMPI_APP_",  "OMPI_FILE_",
		"OMPI_ARGV",  "OMPI_COMMAND",  "OMPI_FIRST", "OMPI_NUM_",
		"OMPI_MCA_",  "PMIX_",	       "PMI_",	     "ORTE_",
		"PRTE_",      "SLURM_STEP",    "SLURM_PROCID",
		"SLURM_LOCALID", "SLURM_TASK", "BERTH_",
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/* Of our own variables these two are for those who look for our parts. */
static bool kept(const char *entry)
{
	return strncmp(entry, "BERTH_LIBEXEC=", 14) == 0 ||
	       strncmp(entry, "BERTH_PLUGIN_PATH=", 18) == 0 ||
	       strncmp(entry, "BERTH_LOG=", 10) == 0;
}

char **child_environment(const struct settings *s)
{
	size_t n = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = mem_array(n + 6, sizeof(env[0]));
	n = 0;
	for (char **e = environ; e && *e; e++) {
		if (!foreign(*e) || kept(*e))
			env[n++] = mem_strdup(*e);
	}
	env[n++] = mem_printf("BERTH_NAME=%s", s->berth);
	env[n++] = mem_printf("BERTH_NODE=%s", s->node);
	env[n++] = mem_printf("BERTH_NODE_DIR=%s", s->dir);
	env[n++] = mem_printf("BERTH_STATE_DIR=%s", s->state_dir);
	if (s->emulated)
		env[n++] = mem_strdup("BERTH_EMULATED=1");
	return env;
}

static void join_cgroup(int fd)
{
	if (fd >= 0 && write(fd, "0", 1) < 0)
		return; /* the launcher finds what is left without it */
}

static void close_from(unsigned first)
{
#ifdef HAVE_CLOSE_RANGE
	if (close_range(first, ~0u, 0) == 0)
		return;
#endif
	for (long fd = first, max = sysconf(_SC_OPEN_MAX); fd < max; fd++)
		close((int)fd);
}

/* In the child, after fork: only what is safe there. */
static void become(const struct child *c)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;
	int in = open("/dev/null", O_RDWR);
	int out = c->log ? open(c->log, O_WRONLY | O_CREAT | O_APPEND, 0600)
			 : -1;

	setsid();
	join_cgroup(c->cgroup_fd);
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (in < 0)
		_exit(126);
	if (out < 0)
		out = in;
	/* Sources may lie where another target goes: lift them first. */
	in = fcntl(in, F_DUPFD, 10);
	out = fcntl(out, F_DUPFD, 10);
	int ready = c->ready_fd >= 0 ? fcntl(c->ready_fd, F_DUPFD, 10) : -1;

	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (ready >= 0)
		dup2(ready, 3);
	close_from(ready >= 0 ? 4 : 3);
	execve(c->argv[0], c->argv, c->env);
	_exit(127);
}

pid_t child_start(const struct child *c, struct berth_error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return error_sys(err, "cannot start %s", c->argv[0]);
	if (pid == 0)
		become(c);
	return pid;
}
