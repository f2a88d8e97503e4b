/* up.c - `berth up`: start a Berth, or what is missing of one. */
#include <stdarg.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/api.h"
#include "cli/census.h"
#include "cli/cli.h"
#include "cli/plan.h"
#include "cli/renewal.h"
#include "cli/silence.h"
#include "cli/statedir.h"
#include "io/conf.h"
#include "io/where.h"
#include "model/switch.h"
#include "rpc/start.h"

#define NAME_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

struct up {
	/* asked for */
	const char *name, *dir_option, *conf_path;
	struct plan_options options;
	long long timeout_ms;
	const char *forget_voters;
	bool foreground, quiet, restart;
	/* found */
	char *berth, *dir, *program, *secret, *token, *conf_text;
	const char *network, *folder; /* in conf */
	struct conf *conf;
	struct plan plan;
	struct start *start;
	struct api api;
	int lock_fd;
};

static void say(const struct up *u, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct up *u, const char *fmt, ...)
{
	va_list ap;

	if (u->quiet)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

/* ---- what to start ---- */

static int check_berth_name(const char *name, struct berth_error *err)
{
	size_t n = strlen(name);

	if (n >= 1 && n <= 64 && strspn(name, NAME_CHARS) == n &&
	    name[0] != '.')
		return 0;
	return error_set(err, BERTH_EINPUT,
			 "--name '%.80s': a name is 1 to 64 of A-Z a-z 0-9 . _ "
			 "-",
			 name);
}

static int find_places(struct up *u, struct berth_error *err)
{
	const char *env = getenv("BERTH_NAME");
	char *path = NULL;

	u->berth = mem_strdup(u->name		? u->name
			      : env && env[0] ? env
					      : "default");
	if (check_berth_name(u->berth, err))
		return -1;
	if (u->name)
		setenv("BERTH_NAME", u->name, 1); /* contact_dir looks there */
	path = contact_dir(u->dir_option);
	u->dir = statedir_make(path, err);
	free(path);
	if (u->dir == NULL)
		return -1;
	u->api.dir = u->dir;
	u->lock_fd = statedir_lock(u->dir, err);
	if (u->lock_fd < 0)
		return -1;
	u->program = where_program("berth-launcher", err);
	if (u->program == NULL)
		return -1;
	/* It goes through the remote shells of many kinds unquoted. */
	if (strspn(u->program, NAME_CHARS "/+=,:@%") != strlen(u->program))
		return error_set(err, BERTH_EINPUT,
				 "the path %s has characters that a remote "
				 "shell would take apart: install Berth "
				 "elsewhere",
				 u->program);
	return 0;
}

/* The ranks read it, too, each on its node; here what is wrong with it is said
 * before anything is started. */
static int check_switches(const struct up *u, struct berth_error *err)
{
	struct switches *s;
	const char *path;
	char *text;
	int rc = conf_string(u->conf, "broker.topology_conf", &path, err);

	if (rc <= 0)
		return rc;
	text = path[0] == '/' ? statedir_read(NULL, path) : NULL;
	if (text == NULL)
		return error_set(err, BERTH_EINPUT,
				 "%s: broker.topology_conf: %s: %s",
				 conf_where(u->conf, "broker.topology_conf"),
				 path, path[0] == '/' ? strerror(errno) :
					"say the whole path, from / on");
	s = switches_parse(text, path, err);
	free(text);
	switches_destroy(s);
	return s != NULL ? 0 : -1;
}

static int read_conf(struct up *u, struct berth_error *err)
{
	char *path = u->conf_path ? mem_strdup(u->conf_path)
				  : mem_printf("%s/berth.conf", u->dir);
	int rc = 0;

	u->network = "";
	u->folder = "";
	if (u->conf_path || access(path, F_OK) == 0) {
		u->conf_text = statedir_read(NULL, path);
		if (u->conf_text == NULL)
			rc = error_set(err, BERTH_EINPUT, "%s: %s", path,
				       strerror(errno));
		else
			u->conf = conf_parse(u->conf_text, path, err);
		if (u->conf == NULL ||
		    conf_string(u->conf, "launcher.network", &u->network,
				err) < 0 ||
		    conf_string(u->conf, "launcher.folder", &u->folder, err) <
			    0 ||
		    (u->options.hosts && u->options.rsh == NULL &&
		     conf_string(u->conf, "launcher.rsh", &u->options.rsh,
				 err) < 0) ||
		    check_switches(u, err) < 0)
			rc = -1;
	}
	free(path);
	return rc;
}

/* ---- starting ---- */

/* "words of a command" and what is to follow, for exec; NULL-terminated. */
static char **split(const char *words, char *const *more)
{
	char *copy = mem_strdup(words), *save = NULL;
	char **argv = mem_array(strlen(words) / 2 + 8, sizeof(char *));
	size_t n = 0;

	for (char *w = strtok_r(copy, " \t", &save); w;
	     w = strtok_r(NULL, " \t", &save))
		argv[n++] = mem_strdup(w);
	for (; *more; more++)
		argv[n++] = mem_strdup(*more);
	free(copy);
	return argv;
}

static int start_one(struct up *u, size_t i, struct berth_error *err)
{
	char *more[] = {NULL, u->program, "--bootstrap", "--node",
			u->plan.nodes[i], NULL};
	const char *name = u->plan.nodes[i];
	char **argv;
	int rc;

	if (u->plan.kind == PLAN_HOSTS) {
		more[0] = u->plan.hosts[i];
		argv = split(u->plan.rsh, more);
	} else {
		argv = split("", more + 1);
	}
	rc = start_command(u->start, argv, &name, 1, false, NULL, err);
	mem_strv_free(argv);
	return rc;
}

/* One command for all; it stays, so its words go to a file. */
static int start_all(struct up *u, struct berth_error *err)
{
	char *line = mem_printf("exec %s %s --bootstrap --foreground",
				u->plan.command, u->program);
	char *argv[] = {"/bin/sh", "-c", line, NULL};
	char *log = mem_printf("%s/start.log", u->dir);
	int rc = start_command(u->start, argv,
			       (const char *const *)u->plan.nodes,
			       u->plan.count, true, log, err);

	free(log);
	free(line);
	return rc;
}

static bool is_here(const struct up *u)
{
	return u->plan.kind == PLAN_LOCAL || u->plan.kind == PLAN_EMULATE;
}

/* Sockets lie in the nodes' folders. */
static int check_length(const struct up *u, struct berth_error *err)
{
	const char *base = u->folder[0] ? u->folder : u->dir;

	for (size_t i = 0; is_here(u) && i < u->plan.count; i++) {
		size_t n = strlen(base) + 1 + strlen(u->plan.nodes[i]);

		if (n > START_FOLDER_MAX)
			return error_set(err, BERTH_EINPUT,
					 "the path of the folder %s/%s is %zu "
					 "characters long, and sockets in it "
					 "allow %d: choose a shorter --dir",
					 base, u->plan.nodes[i], n,
					 START_FOLDER_MAX);
	}
	return 0;
}

static int start_launchers(struct up *u, struct berth_error *err)
{
	bool here = is_here(u);
	const struct start_config config = {
		.berth = u->berth,
		.state_dir = u->dir,
		.base_dir = u->folder[0] ? u->folder : here ? u->dir : "",
		.secret = u->secret,
		.token = u->token,
		.network = u->network,
		.topology = u->plan.topology ? u->plan.topology : "",
		.conf = u->conf_text ? u->conf_text : "",
		.emulated = u->plan.kind == PLAN_EMULATE,
		.broker = true,
	};

	u->start = start_create(&config);
	if (u->plan.kind == PLAN_COMMAND)
		return start_all(u, err);
	for (size_t i = 0; i < u->plan.count; i++) {
		if (start_one(u, i, err))
			return -1;
	}
	return 0;
}

/* One line for each node that failed. */
static int print_failures(const struct up *u, struct berth_error *err)
{
	size_t failed = 0;

	for (size_t i = 0; i < start_count(u->start); i++) {
		const struct start_node *n = start_node(u->start, i);

		if (n->state != START_FAILED)
			continue;
		failed++;
		fprintf(stderr, "berth: node %s: %s\n",
			n->node ? n->node : "(no name yet)", n->text);
	}
	return error_set(err, BERTH_EUNAVAIL,
			 "%zu of %zu launchers did not start", failed,
			 start_count(u->start));
}

static size_t count_running(const struct up *u)
{
	size_t n = 0;

	for (size_t i = 0; i < start_count(u->start); i++)
		n += start_node(u->start, i)->state == START_RUNNING;
	return n;
}

/* For `berth down`, and for an `up` that comes later. */
static int save_nodes(const struct up *u, struct berth_error *err)
{
	struct buf b;
	int rc;

	buf_init(&b);
	for (size_t i = 0; i < start_count(u->start); i++) {
		const struct start_node *n = start_node(u->start, i);

		buf_printf(&b, "%s %s", n->node, n->address);
		if (is_here(u))
			buf_printf(&b, " %s/%s",
				   u->folder[0] ? u->folder : u->dir,
				   n->node);
		buf_puts(&b, "\n");
	}
	rc = statedir_write(u->dir, "nodes", b.data, err);
	buf_finish(&b);
	if (rc == 0)
		rc = statedir_write(u->dir, "name", u->berth, err);
	if (rc == 0)
		rc = statedir_write(u->dir, "plan", u->plan.text, err);
	return rc;
}

/* ---- waiting for the broker ---- */

static int silent(struct up *u, const struct census *a,
		  struct berth_error *err)
{
	silence_explain(u->dir, a);
	if (!a->there && count_running(u) == start_count(u->start))
		return error_set(err, BERTH_EUNAVAIL,
				 "the launchers run, but no rank leads; berth "
				 "down --keep-tasks and berth up begin anew");
	if (!a->there)
		return error_set(err, BERTH_EUNAVAIL,
				 "no rank answers within %lld s; berth down "
				 "ends what runs",
				 u->timeout_ms / 1000);
	return error_set(err, BERTH_EUNAVAIL,
			 "%zu of %zu nodes are up after %lld s; the Berth can "
			 "be used, or ended by berth down",
			 a->up, start_count(u->start), u->timeout_ms / 1000);
}

/* What this call has started is of no use: end it. */
static int no_broker(struct up *u, const char *why, struct berth_error *err)
{
	char *argv[] = {"down", "--dir", u->dir, NULL};

	if (count_running(u) > 0)
		return error_set(err, BERTH_EINPUT,
				 "the broker does not start: %s; mend it, and "
				 "berth down and up again",
				 why);
	close(u->lock_fd);
	u->lock_fd = -1;
	cmd_down(3, argv);
	return error_set(err, BERTH_EINPUT, "the broker does not start: %s",
			 why);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What the ranks say while none of them can lead, as soon as they do. */
static void say_stuck(const struct up *u, bool *said)
{
	char *text = *said ? NULL : statedir_read(u->dir, "stuck");

	if (text != NULL) {
		fprintf(stderr, "berth: %s\n", text);
		*said = true;
	}
	free(text);
}

static int wait_for_broker(struct up *u, struct census *a,
			   struct berth_error *err)
{
	const struct timespec step = {.tv_nsec = 50 * 1000 * 1000};
	long long begin = now_ms(), until = begin + u->timeout_ms;
	bool said = false;
	char why[400];

	for (;;) {
		census_take(a, &u->api);
		if (!a->there)
			say_stuck(u, &said);
		if (a->there && a->up >= start_count(u->start))
			return 0;
		if (!a->there && now_ms() > begin + 1000 &&
		    silence_final(u->dir, why, sizeof why))
			return no_broker(u, why, err);
		if (now_ms() > until)
			return silent(u, a, err);
		nanosleep(&step, NULL);
	}
}

/* ---- a Berth that is there already ---- */

static bool plan_has(const struct plan *p, const char *node)
{
	for (size_t i = 0; p->nodes && p->nodes[i]; i++) {
		if (strcmp(p->nodes[i], node) == 0)
			return true;
	}
	return false;
}

/* Are the nodes that there are, got in the same way, all among those that we are
 * asked for?  Then the others are new ones. */
static bool is_grown(const struct up *u, const char *old)
{
	size_t kind = strcspn(old, " ");
	struct statedir_node *nodes;
	size_t n = statedir_nodes(u->dir, &nodes);
	bool grown = n > 0 && strncmp(old, u->plan.text, kind + 1) == 0;

	for (size_t i = 0; i < n; i++)
		grown = grown && plan_has(&u->plan, nodes[i].node);
	statedir_nodes_free(nodes, n);
	return grown;
}

/* Is there one, and is it what we are asked for? */
static int look_at_old(struct up *u, struct berth_error *err)
{
	char *old = statedir_read(u->dir, "plan");
	struct census a = {0};
	int rc = 0;

	census_take(&a, &u->api);
	if (a.there && old && strcmp(old, u->plan.text) != 0 &&
	    !is_grown(u, old))
		rc = error_set(err, BERTH_ECONFLICT,
			       "Berth %s is up already in %s, with other nodes "
			       "(%s): to add some, name all; berth down ends it",
			       u->berth, u->dir, old);
	if (!a.there)
		statedir_remove(u->dir, "stuck");
	census_finish(&a);
	free(old);
	return rc;
}

/* The ranks read it when they start; the mark makes them do it once. */
static int add_forget_voters(struct up *u, struct berth_error *err)
{
	const char *node = u->forget_voters;
	char *conf = u->conf_text;
	bool known = u->plan.nodes == NULL;

	if (node == NULL)
		return 0;
	for (size_t i = 0; !known && i < u->plan.count; i++)
		known = strcmp(u->plan.nodes[i], node) == 0;
	if (!known)
		return error_set(err, BERTH_EINPUT,
				 "--forget-voters %.64s: no node is called so",
				 node);
	u->conf_text = mem_printf("%s\nforget_voters = \"%s %lld\";\n",
				  conf != NULL ? conf : "", node,
				  (long long)time(NULL));
	free(conf);
	return 0;
}

static int check_fresh(const struct up *u, struct berth_error *err)
{
	if (u->forget_voters == NULL || count_running(u) == 0)
		return 0;
	return error_set(err, BERTH_ECONFLICT,
			 "--forget-voters: launchers run already; berth down "
			 "--keep-tasks, then berth up --forget-voters %.64s",
			 u->forget_voters);
}

/* Launchers and ranks where there are none. */
static int start(struct up *u, struct census *a, struct berth_error *err)
{
	char *what;

	if (check_length(u, err) || look_at_old(u, err))
		return -1;
	u->secret = statedir_secret(u->dir, "secret", err);
	u->token = statedir_secret(u->dir, "token", err);
	if (u->secret == NULL || u->token == NULL)
		return -1;
	what = plan_describe(&u->plan);
	say(u, "Berth %s: %s\n", u->berth, what);
	free(what);
	if (add_forget_voters(u, err) || start_launchers(u, err))
		return -1;
	if (start_run(u->start, (unsigned)u->timeout_ms, err))
		return print_failures(u, err);
	if (check_fresh(u, err))
		return -1;
	if (count_running(u) == start_count(u->start))
		say(u, "its launchers run already\n");
	else if (save_nodes(u, err))
		return -1;
	return wait_for_broker(u, a, err);
}

/* What runs, by the programs beside this one. */
static int renew(struct up *u, struct census *a, struct berth_error *err)
{
	const struct renewal r = {.api = &u->api,
				  .program = u->program,
				  .timeout_ms = (unsigned)u->timeout_ms,
				  .quiet = u->quiet};

	census_take(a, &u->api);
	if (!a->there)
		return error_set(err, BERTH_EUNAVAIL,
				 "Berth %s does not answer: berth up, without "
				 "--restart, starts what is missing", u->berth);
	return renewal_run(&r, a, err);
}

static int go(struct up *u, struct census *a, struct berth_error *err)
{
	if (find_places(u, err) || read_conf(u, err) ||
	    plan_make(&u->plan, &u->options, err))
		return -1;
	/* To restart, nobody need say again what there is. */
	if ((!u->restart || u->plan.asked) && start(u, a, err))
		return -1;
	return u->restart ? renew(u, a, err) : 0;
}

static void finish(struct up *u)
{
	api_close(&u->api);
	start_destroy(u->start);
	plan_finish(&u->plan);
	conf_destroy(u->conf);
	free(u->berth);
	free(u->dir);
	free(u->program);
	free(u->secret);
	free(u->token);
	free(u->conf_text);
	if (u->lock_fd >= 0)
		close(u->lock_fd);
}

/* Until a signal comes; then the Berth ends. */
static int stay(struct up *u)
{
	char *argv[] = {"down", "--dir", u->dir, NULL};
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	close(u->lock_fd);
	u->lock_fd = -1;
	sigwait(&set, &sig);
	return cmd_down(3, argv);
}

int cmd_up(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth up [OPTIONS]",
		"Start Berth: on this machine, over hosts, or over the nodes "
		"of the Slurm allocation that this is run in.  On a Berth "
		"that is up already it starts what is missing, and adds the "
		"nodes that are named beside those that there are.",
	};
	struct up u = {.lock_fd = -1,
		       .timeout_ms = 60000,
		       .options = {.emulate = -1}};
	const struct opt table[] = {
		{"name", OPT_STRING, &u.name, "NAME",
		 "name of this Berth (default)"},
		{"dir", OPT_STRING, &u.dir_option, "DIR",
		 "its state directory (~/.berth/NAME)"},
		{"conf", OPT_STRING, &u.conf_path, "FILE",
		 "configuration (DIR/berth.conf)"},
		{"hosts", OPT_STRING, &u.options.hosts, "LIST",
		 "hosts with commas between, or a host file"},
		{"rsh", OPT_STRING, &u.options.rsh, "CMD",
		 "remote shell for --hosts (ssh)"},
		{"launch-cmd", OPT_STRING, &u.options.command, "CMD",
		 "command that starts a program once on each node and passes "
		 "standard input to all"},
		{"nodes", OPT_COUNT, &u.options.nodes, "N",
		 "how many nodes --launch-cmd reaches"},
		{"emulate", OPT_COUNT, &u.options.emulate, "N",
		 "N nodes on this machine, to try things; nothing is bound"},
		{"topology", OPT_STRING, &u.options.topology, "T",
		 "an hwloc XML file or a description like 'package:2 core:8 "
		 "pu:2' instead of the real nodes"},
		{"timeout", OPT_TIME, &u.timeout_ms, "TIME",
		 "how long to wait for the nodes (60 s)"},
		{"restart", OPT_FLAG, &u.restart, NULL,
		 "replace the launchers, ranks and framework hosts that run, "
		 "one node after the other, by this Berth's programs; tasks "
		 "run on"},
		{"forget-voters", OPT_STRING, &u.forget_voters, "NODE",
		 "after a loss of most voters: go on with what NODE knows, for "
		 "good; what the missing ones alone know is given up"},
		{"foreground", OPT_FLAG, &u.foreground, NULL,
		 "stay, and end the Berth on Ctrl-C"},
		{"q,quiet", OPT_FLAG, &u.quiet, NULL, "say only what fails"},
		{0},
	};
	struct berth_error err;
	struct census a = {0};
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);
	int status;

	if (rest == -2)
		return 0;
	if (rest >= 0 && rest < argc)
		rest = error_set(&err, BERTH_EINPUT,
				 "up: '%s' is one word too many", argv[rest]);
	if (rest < 0 || go(&u, &a, &err)) {
		status = cli_fail(&err);
	} else {
		say(&u, "Berth %s is up: %zu node%s, leader %s, %s\n",
		    u.berth, a.up, a.up == 1 ? "" : "s", a.leader,
		    api_uri(&u.api));
		status = u.foreground ? stay(&u) : 0;
	}
	census_finish(&a);
	finish(&u);
	return status;
}
