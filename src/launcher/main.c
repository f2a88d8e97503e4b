/*
 * main.c - berth-launcher: options, the two ways to start, going into the
 * background.
 *
 *   berth-launcher --bootstrap [--node NAME] [--foreground]
 *   berth-launcher --restart --dir NODE_DIR [--foreground] [--lock FD]
 *
 *   berth-launcher --tidy --dir NODE_DIR
 *
 * --lock is for a launcher that begins anew: it is the process that it was, as
 * another program, and keeps the lock of its folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "launcher/bootstrap.h"
#include "launcher/launcher.h"
#include "launcher/nodedir.h"
#include "launcher/tidy.h"

struct program {
	struct loop *loop;
	struct settings settings;
	struct roster *roster;
	struct bootstrap *bootstrap;
	struct launcher *launcher;
	int lock_fd;
	int parent_fd; /* the process that was started waits here; -1 */
	int starter_fd; /* in the foreground: who started us, or -1 */
	struct loop_fd *starter;
	const char *node;
	bool foreground;
	int status;
};

static int usage(int status)
{
	fputs("usage: berth-launcher --bootstrap [--node NAME] "
	      "[--foreground]\n"
	      "       berth-launcher --restart --dir NODE_DIR "
	      "[--foreground]\n"
	      "       berth-launcher --tidy --dir NODE_DIR\n"
	      "One a node; `berth up` starts it.\n",
	      status ? stderr : stdout);
	return status;
}

/* ---- into the background ---- */

/*
 * The process that was started waits until its child, the launcher, says that
 * it runs (a byte) or ends; so ssh and scripts see one program that succeeds
 * or fails.  Returns the child's end of the pipe, in the child.
 */
static int leave_parent(void)
{
	int fds[2];
	char byte;
	ssize_t n;
	pid_t pid;
	int null;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid == 0) {
		close(fds[0]);
		setsid();
		return fds[1];
	}
	close(fds[1]);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	do {
		n = read(fds[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

/* Standard error is the log from the moment that there is a folder. */
static void redirect_errors(struct program *p)
{
	char *path = mem_printf("%s/log/launcher.log", p->settings.dir);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (log >= 0) {
		dup2(log, 2);
		close(log);
	}
	free(path);
}

/* The starter is done with us. */
static void close_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(null, 1);
	close(null);
}

static void release_parent(struct program *p)
{
	if (p->parent_fd < 0)
		return;
	if (write(p->parent_fd, "", 1) < 0)
		log_debug("nobody waits for us");
	close(p->parent_fd);
	p->parent_fd = -1;
}

/* ---- in the foreground ---- */

static void on_starter_gone(void *arg, int fd, unsigned events)
{
	struct program *p = arg;

	loop_fd_destroy(p->starter);
	p->starter = NULL;
	if (p->launcher)
		launcher_end(p->launcher, true,
			     "the process that started the launcher is gone");
	else
		loop_stop(p->loop);
}

/* We are to last as long as what started us: a step's daemon, say, that is
 * killed can no longer tell us of the end.  Kernels before 5.3 cannot do it. */
static void watch_starter(struct program *p)
{
	p->starter_fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
	if (p->starter_fd >= 0)
		p->starter = loop_fd_create(p->loop, p->starter_fd, LOOP_READ,
					    on_starter_gone, p);
}

/* ---- bootstrap ---- */

static void give_up(struct program *p, int status)
{
	p->status = status;
	bootstrap_destroy(p->bootstrap);
	p->bootstrap = NULL;
	loop_stop(p->loop);
}

/* Another launcher has the folder: say where, from its own files. */
static void say_running(struct program *p)
{
	struct settings theirs;
	char *pid = nodedir_read(p->settings.dir, "launcher.pid", NULL);

	settings_init(&theirs);
	if (settings_load(&theirs, p->settings.dir, NULL) < 0)
		bootstrap_say(&p->settings,
			      "error another launcher is just starting in %s",
			      p->settings.dir);
	else if (strcmp(theirs.secret, p->settings.secret) != 0)
		bootstrap_say(&p->settings,
			      "error another Berth named %s, of %s, has the "
			      "folder %s: give this one a --name",
			      theirs.berth, theirs.state_dir,
			      p->settings.dir);
	else
		bootstrap_say(&p->settings, "running %s %d", theirs.address,
			      pid ? atoi(pid) : 0);
	settings_finish(&theirs);
	free(pid);
}

/* mpirun may have bound the rank that started us to one core.  Who else binds
 * us, Slurm say, means the CPUs that are ours to use. */
static void shed_binding(const struct settings *s)
{
	cpu_set_t all;

	if (s->broker)
		return;
	memset(&all, 0xff, sizeof all);
	sched_setaffinity(0, sizeof all, &all);
}

static int prepare(struct program *p, struct berth_error *err)
{
	struct settings *s = &p->settings;
	char *dir = nodedir_make(s->base_dir, s->node, err);

	if (dir == NULL)
		return -1;
	free(s->dir);
	s->dir = dir;
	p->lock_fd = nodedir_lock(dir, err);
	if (p->lock_fd < 0)
		return -1;
	redirect_errors(p);
	shed_binding(s);
	p->launcher = launcher_create(p->loop, s, p->roster);
	return launcher_listen(p->launcher, err);
}

static void on_settings(void *arg)
{
	struct program *p = arg;
	struct settings *s = &p->settings;
	struct berth_error err;

	if (prepare(p, &err) < 0) {
		if (err.code == BERTH_ECONFLICT) {
			say_running(p);
			give_up(p, 0);
		} else {
			bootstrap_say(s, "error %s", err.text);
			give_up(p, 1);
		}
		return;
	}
	bootstrap_say(s, "hello %s %d%s", s->address, (int)getpid(),
		      launcher_finds_rank(p->launcher) ? " ranked" : "");
}

static void on_go(void *arg, bool late)
{
	struct program *p = arg;
	struct berth_error err;

	if (roster_find(p->roster, p->settings.node) == NULL)
		error_set(&err, BERTH_EPROTO, "the roster does not name us");
	else if (launcher_start(p->launcher, late, &err) == 0) {
		bootstrap_say(&p->settings, "ready");
		bootstrap_destroy(p->bootstrap);
		p->bootstrap = NULL;
		close_streams();
		release_parent(p);
		return;
	}
	bootstrap_say(&p->settings, "error %s", err.text);
	give_up(p, 1);
}

static void on_failed(void *arg, const char *why)
{
	give_up(arg, 1);
}

static const struct bootstrap_events bootstrap_events = {
	.settings = on_settings, .go = on_go, .failed = on_failed};

/* Our name when nobody gave us one: Slurm's for the node, or the host's up to
 * the first dot. */
static void choose_node(struct program *p)
{
	const char *slurm = getenv("SLURMD_NODENAME");
	char host[256] = "localhost";

	gethostname(host, sizeof host - 1);
	host[strcspn(host, ".")] = '\0';
	settings_put(&p->settings.node, p->node	       ? p->node
					: slurm && *slurm ? slurm
							  : host);
}

static int run_bootstrap(struct program *p)
{
	struct berth_error err;

	choose_node(p);
	p->roster = roster_create("");
	p->bootstrap = bootstrap_create(p->loop, &p->settings, p->roster,
					&bootstrap_events, p);
	if (loop_run(p->loop, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return p->status;
}

/* ---- restart ---- */

/*
 * A rank starts us with the marks of its own task on us, by which whatever
 * the task leaves behind is found and ended: shed them.  They are read from
 * the environment of the exec, so there has to be another one.
 */
static void shed_marks(char **argv)
{
	bool marked = getenv("BERTH_SHEPHERD") || getenv("BERTH_TASK_ID");

	if (!marked)
		return;
	unsetenv("BERTH_SHEPHERD");
	unsetenv("BERTH_TASK_ID");
	execv("/proc/self/exe", argv);
	log_warn("cannot start anew: this launcher ends with the rank that "
		 "started it");
}

static int take_lock(struct program *p, const char *dir,
		     struct berth_error *err)
{
	if (p->lock_fd < 0)
		p->lock_fd = nodedir_lock(dir, err);
	else
		fcntl(p->lock_fd, F_SETFD, FD_CLOEXEC);
	return p->lock_fd;
}

static int begin_again(struct program *p, const char *dir,
		       struct berth_error *err)
{
	if (settings_load(&p->settings, dir, err))
		return -1;
	p->roster = roster_create(p->settings.berth);
	if (roster_load(p->roster, dir, err))
		return -1;
	if (take_lock(p, dir, err) < 0)
		return -1;
	shed_binding(&p->settings);
	p->launcher = launcher_create(p->loop, &p->settings, p->roster);
	if (launcher_listen(p->launcher, err))
		return -1;
	return launcher_start(p->launcher, true, err);
}

static int run_restart(struct program *p, const char *dir)
{
	struct berth_error err;

	if (begin_again(p, dir, &err) < 0) {
		fprintf(stderr, "berth-launcher: %s\n", err.text);
		return error_exit_status(&err);
	}
	redirect_errors(p);
	close_streams();
	release_parent(p);
	if (loop_run(p->loop, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return p->status;
}

/* Be another program, with the same pid and children.  Returns when that cannot
 * be. */
static void become(struct program *p, const char *program)
{
	char lock[16], *path = mem_strdup(program);
	char *dir = mem_strdup(p->settings.dir);
	char *argv[] = {path, "--restart", "--dir", dir, "--lock", lock,
			p->foreground ? "--foreground" : NULL, NULL};

	snprintf(lock, sizeof lock, "%d", p->lock_fd);
	launcher_destroy(p->launcher);
	p->launcher = NULL;
	fcntl(p->lock_fd, F_SETFD, 0);
	execv(path, argv);
	log_error("cannot begin anew as %s: %s", path, strerror(errno));
	free(dir);
	free(path);
}

/* The one that is installed now, or, should that not run, this one. */
static int run_anew(struct program *p)
{
	struct berth_error err;

	while (p->launcher && launcher_anew(p->launcher)) {
		char *dir = mem_strdup(p->settings.dir);
		int rc;

		become(p, launcher_anew(p->launcher));
		roster_destroy(p->roster);
		p->roster = NULL;
		settings_finish(&p->settings);
		settings_init(&p->settings);
		rc = begin_again(p, dir, &err);
		free(dir);
		if (rc < 0 || loop_run(p->loop, &err) < 0) {
			log_error("%s", err.text);
			return 1;
		}
	}
	return p->status;
}

static void remove_own(struct program *p)
{
	char *path = mem_printf("%s/launcher.pid", p->settings.dir);

	unlink(path);
	close(p->lock_fd);
	free(path);
}

static int run(struct program *p, const char *dir)
{
	struct berth_error err;
	int status;

	signal(SIGPIPE, SIG_IGN);
	p->parent_fd = -1;
	p->starter_fd = -1;
	settings_init(&p->settings);
	if (!p->foreground && p->lock_fd < 0) {
		p->parent_fd = leave_parent();
		if (p->parent_fd < 0) {
			perror("berth-launcher: fork");
			return 1;
		}
	}
	signal(SIGHUP, SIG_IGN);
	p->loop = loop_create(&err);
	if (p->loop == NULL) {
		fprintf(stderr, "berth-launcher: %s\n", err.text);
		return 1;
	}
	if (p->foreground)
		watch_starter(p);
	status = dir ? run_restart(p, dir) : run_bootstrap(p);
	if (status == 0)
		status = run_anew(p);
	bootstrap_destroy(p->bootstrap);
	launcher_destroy(p->launcher);
	roster_destroy(p->roster);
	loop_fd_destroy(p->starter);
	if (p->starter_fd >= 0)
		close(p->starter_fd);
	if (p->lock_fd >= 0)
		remove_own(p);
	if (status == 0)
		release_parent(p);
	settings_finish(&p->settings);
	loop_destroy(p->loop);
	return status;
}

static int run_tidy(const char *dir)
{
	struct berth_error err = {0};

	if (tidy_node(dir, &err) == 0)
		return 0;
	fprintf(stderr, "berth-launcher: %s\n", err.text);
	return error_exit_status(&err);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"bootstrap", no_argument, NULL, 'b'},
		{"restart", no_argument, NULL, 'r'},
		{"dir", required_argument, NULL, 'd'},
		{"node", required_argument, NULL, 'n'},
		{"foreground", no_argument, NULL, 'f'},
		{"tidy", no_argument, NULL, 't'},
		{"lock", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct program p = {.lock_fd = -1};
	bool bootstrap = false, restart = false, tidy = false;
	const char *dir = NULL;
	int c;

	log_init("berth-launcher", LOG_LVL_INFO);
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			bootstrap = true;
			break;
		case 'r':
			restart = true;
			break;
		case 'd':
			dir = optarg;
			break;
		case 'n':
			p.node = optarg;
			break;
		case 'f':
			p.foreground = true;
			break;
		case 't':
			tidy = true;
			break;
		case 'l':
			p.lock_fd = atoi(optarg);
			break;
		case 'h':
			return usage(0);
		default:
			return usage(2);
		}
	}
	if (optind != argc || bootstrap + restart + tidy != 1 ||
	    bootstrap != (dir == NULL))
		return usage(2);
	if (tidy)
		return run_tidy(dir);
	if (restart)
		shed_marks(argv);
	return run(&p, dir);
}
