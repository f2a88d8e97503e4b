/* main.c - berth-shepherd: options, what the process is, the loop. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "shepherd/nodetopo.h"
#include "shepherd/server.h"
#include "shepherd/shepherd.h"

/* Where the launcher waits for the word that the socket is there.  With
 * --spare it is a socket: first we say "w" on it and the launcher some day
 * answers with the key and a newline. */
#define READY_FD 3
#define KEY_MAX 200

static int usage(FILE *to, int status)
{
	fprintf(to,
		"usage: berth-shepherd --key KEY | --spare [--node NAME] "
		"[--dir DIR]\n"
		"       [--orphan-after MS] [--vigil]\n"
		"Runs tasks of a job on this node for its berth-launcher, which "
		"starts it.\n"
		"NAME and DIR default to $BERTH_NODE and $BERTH_NODE_DIR.  "
		"With --spare it\n"
		"starts PMIx and waits on descriptor 3 for its KEY.  After MS "
		"without a\n"
		"broker its tasks are ended; with --vigil it starts the launcher "
		"again.\n");
	return status;
}

static int parse(int argc, char **argv, struct shepherd_config *c,
		 bool *spare)
{
	static const struct option options[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "spare", no_argument, NULL, 's' },
		{ "node", required_argument, NULL, 'n' },
		{ "dir", required_argument, NULL, 'd' },
		{ "orphan-after", required_argument, NULL, 'o' },
		{ "vigil", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	c->node = getenv("BERTH_NODE");
	c->node_dir = getenv("BERTH_NODE_DIR");
	c->berth = getenv("BERTH_NAME");
	while ((void)(opt = getopt_long(argc, argv, "", options, NULL)),
	       opt != -1) {
		if (opt == 'k')
			c->key = optarg;
		else if (opt == 's')
			*spare = true;
		else if (opt == 'n')
			c->node = optarg;
		else if (opt == 'd')
			c->node_dir = optarg;
		else if (opt == 'o')
			c->orphan_ms = strtoull(optarg, NULL, 10);
		else if (opt == 'v')
			c->vigil = true;
		else
			exit(opt == 'h' ? usage(stdout, 0) : usage(stderr, 2));
	}
	if (c->berth == NULL)
		c->berth = "";
	if (*spare ? c->key != NULL
		   : c->key == NULL || strchr(c->key, '/') != NULL)
		return -1;
	return optind == argc && c->node && c->node_dir &&
			       c->node_dir[0] == '/'
		       ? 0
		       : -1;
}

/* Ours whatever the launcher made of them; a task starts with the defaults. */
static void reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What takes time is done before anybody waits for it.  False: the launcher
 * went away without having had a use for us. */
static bool stand_by(struct shepherd_config *c, char *key)
{
	struct nodetopo *topology = nodetopo_create(c->node_dir);
	struct berth_error err;
	size_t len = 0;

	nodetopo_use(topology);
	c->prepared = server_prepare(c->node, &err);
	nodetopo_leave(topology);
	nodetopo_destroy(topology);
	if (c->prepared == NULL) {
		log_error("%s", err.text);
		return false;
	}
	if (write(READY_FD, "w", 1) != 1)
		return false;
	while (len < KEY_MAX && read(READY_FD, key + len, 1) == 1) {
		if (key[len] == '\n') {
			key[len] = '\0';
			c->key = key;
			return len > 0 && strchr(key, '/') == NULL;
		}
		len++;
	}
	return false;
}

static void say_ready(void)
{
	if (write(READY_FD, "1", 1) == 1)
		close(READY_FD);
}

static void on_term(void *arg, int signo)
{
	log_info("signal %d: ending all tasks", signo);
	shepherd_stop(arg);
}

int main(int argc, char **argv)
{
	struct shepherd_config c = { 0 };
	struct loop_signal *term = NULL, *hup = NULL;
	struct shepherd *s = NULL;
	struct loop *l = NULL;
	struct berth_error err;
	bool threads = false, spare = false;
	char *name, key[KEY_MAX + 1];
	int status = 1;

	if (parse(argc, argv, &c, &spare) != 0)
		return usage(stderr, 2);
	reset_signals();
	if (spare && !stand_by(&c, key)) {
		session_destroy(c.prepared);
		_exit(0);
	}
	name = mem_printf("berth-shepherd %s/%s", c.node, c.key);
	log_init(name, LOG_LVL_INFO);
	free(name);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		log_warn("not a subreaper: what tasks leave behind may stay");
	l = loop_create(&err);
	if (l)
		s = shepherd_create(l, &c, &err);
	if (s == NULL) {
		log_error("%s", err.text);
		threads = spare;
		goto out;
	}
	term = loop_signal_create(l, SIGTERM, on_term, s);
	hup = loop_signal_create(l, SIGINT, on_term, s);
	say_ready();
	if (loop_run(l, &err) != 0)
		log_error("%s", err.text);
	else
		status = 0;
	threads = shepherd_has_threads(s);
out:
	loop_signal_destroy(term);
	loop_signal_destroy(hup);
	shepherd_destroy(s);
	loop_destroy(l);
	if (threads)
		_exit(status);
	return status;
}
