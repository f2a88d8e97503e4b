/* proc.c - see proc.h. */
#include "shepherd/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define STACK_SIZE (64u << 10)
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

enum stage { STAGE_NONE, STAGE_FDS, STAGE_CPUS, STAGE_CWD, STAGE_EXEC };

/* Shared with the child, which runs in our memory until exec. */
struct child {
	const struct proc_order *o;
	char *const *argv;
	const char *path;
	cpu_set_t *cpus;
	size_t cpus_size;
	pid_t parent;
	volatile enum stage stage;
	volatile int error;
};

static void reset_signals(void)
{
	static const int handled[] = { SIGPIPE, SIGCHLD, SIGTERM, SIGINT,
				       SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaction(handled[i], &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_others(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
		return;
#endif
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

static void fail(struct child *c, enum stage stage)
{
	c->error = errno;
	c->stage = stage;
	_exit(127);
}

/* Runs on a piece of start's stack in the shepherd's memory: system calls
 * only. */
__attribute__((no_sanitize("address", "undefined"))) static int
child_main(void *arg)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct child *c = arg;
	const struct proc_order *o = c->o;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != c->parent)
		_exit(127);
	if (dup2(o->in, 0) < 0 || dup2(o->out, 1) < 0 || dup2(o->err, 2) < 0)
		fail(c, STAGE_FDS);
	close_others();
	if (c->cpus && sched_setaffinity(0, c->cpus_size, c->cpus) != 0)
		fail(c, STAGE_CPUS);
	if (o->cwd && o->cwd[0] && chdir(o->cwd) != 0)
		fail(c, STAGE_CWD);
	reset_signals();
	if (o->no_sigpipe)
		sigaction(SIGPIPE, &ignore, NULL);
	execve(c->path, c->argv, o->env);
	fail(c, STAGE_EXEC);
	return 127;
}

static pid_t start(struct child *c, struct berth_error *err)
{
	char stack[STACK_SIZE] __attribute__((aligned(64)));
	sigset_t all, old;
	pid_t pid;

	c->stage = STAGE_NONE;
	c->parent = getpid();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = clone(child_main, stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | SIGCHLD, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return error_sys(err, "cannot start a process");
	return pid;
}

static int explain(const struct child *c, struct berth_error *err)
{
	const struct proc_order *o = c->o;

	errno = c->error;
	switch (c->stage) {
	case STAGE_CWD:
		error_sys(err, "working folder %s", o->cwd);
		break;
	case STAGE_CPUS:
		error_sys(err, "cannot bind to the processors of the slice");
		break;
	case STAGE_EXEC:
		/* The kernel says ENOENT for the interpreter as well. */
		if (c->error == ENOENT && o->path[0] == '/' &&
		    access(o->path, F_OK) == 0)
			return error_set(err, BERTH_EINPUT,
					 "program %s: its interpreter or "
					 "loader is missing",
					 o->path);
		error_sys(err, "program %s", o->path);
		break;
	default:
		error_sys(err, "program %s: its standard descriptors", o->path);
		break;
	}
	if (err)
		err->code = BERTH_EINPUT;
	return -1;
}

static void fill_cpus(struct child *c)
{
	int last = -1;

	if (c->o->cpus == NULL || bitset_empty(c->o->cpus))
		return;
	bitset_foreach(c->o->cpus, bit) last = bit;
	c->cpus = CPU_ALLOC((size_t)last + 1);
	c->cpus_size = CPU_ALLOC_SIZE((size_t)last + 1);
	if (c->cpus == NULL)
		return;
	CPU_ZERO_S(c->cpus_size, c->cpus);
	bitset_foreach(c->o->cpus, bit)
		CPU_SET_S((size_t)bit, c->cpus_size, c->cpus);
}

/* A text without "#!" is the shell's, as with execvp. */
static char **shell_argv(const struct proc_order *o)
{
	size_t n = 0;
	char **v;

	while (o->argv[n])
		n++;
	v = mem_array(n + 3, sizeof(*v));
	v[0] = mem_strdup("/bin/sh");
	v[1] = mem_strdup(o->path);
	for (size_t i = 1; i < n; i++)
		v[i + 1] = mem_strdup(o->argv[i]);
	return v;
}

pid_t proc_start(const struct proc_order *o, struct berth_error *err)
{
	struct child c = { .o = o, .argv = o->argv, .path = o->path };
	char **sh = NULL;
	pid_t pid;

	fill_cpus(&c);
	pid = start(&c, err);
	if (pid > 0 && c.stage == STAGE_EXEC && c.error == ENOEXEC) {
		waitpid(pid, NULL, 0);
		sh = shell_argv(o);
		c.argv = sh;
		c.path = sh[0];
		pid = start(&c, err);
		mem_strv_free(sh);
	}
	if (pid > 0 && c.stage != STAGE_NONE) {
		waitpid(pid, NULL, 0);
		pid = explain(&c, err);
	}
	if (c.cpus)
		CPU_FREE(c.cpus);
	return pid;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

char *proc_find(const char *name, const char *path_list, const char *cwd,
		struct berth_error *err)
{
	const char *p;

	if (strchr(name, '/'))
		return mem_strdup(name);
	p = path_list ? path_list : DEFAULT_PATH;
	for (;;) {
		size_t len = strcspn(p, ":");
		char *try;

		if (len > 0 && p[0] == '/')
			try = mem_printf("%.*s/%s", (int)len, p, name);
		else
			try = mem_printf("%s/%.*s%s%s",
					 cwd && cwd[0] ? cwd : ".", (int)len, p,
					 len ? "/" : "", name);
		if (is_program(try))
			return try;
		free(try);
		if (p[len] == '\0')
			break;
		p += len + 1;
	}
	error_set(err, BERTH_EINPUT, "program %s: not found in PATH=%s", name,
		  path_list ? path_list : DEFAULT_PATH);
	return NULL;
}
