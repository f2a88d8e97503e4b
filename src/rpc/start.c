/* start.c - see start.h. */
#include "rpc/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/mem.h"

#define VERSION 1

/* One process and the launchers behind it: nodes[first … first + n). */
struct command {
	STAILQ_ENTRY(command) next;
	pid_t pid;
	int in, out, err; /* -1: closed; ours to write, read, read */
	struct buf said, complaints;
	size_t first, n;
	bool lasting, reaped;
};

struct start {
	struct start_config config;
	STAILQ_HEAD(, command) commands;
	struct start_node *nodes;
	size_t count;
	bool told; /* the roster has gone out */
};

struct start *start_create(const struct start_config *config)
{
	struct start *s = mem_alloc(sizeof *s);

	s->config = *config;
	STAILQ_INIT(&s->commands);
	return s;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A process whose output has ended is about to end itself; one that does not
 * is let be. */
static int reap(const struct command *c)
{
	const struct timespec step = {.tv_nsec = 5 * 1000 * 1000};
	int status = 0;

	for (int i = 0; i < 200 && !c->lasting; i++) {
		if (waitpid(c->pid, &status, WNOHANG) != 0)
			break;
		nanosleep(&step, NULL);
	}
	return status;
}

void start_destroy(struct start *s)
{
	struct command *c;

	if (s == NULL)
		return;
	while ((c = STAILQ_FIRST(&s->commands)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->commands, next);
		close_fd(&c->in);
		close_fd(&c->out);
		close_fd(&c->err);
		if (!c->reaped)
			reap(c);
		buf_finish(&c->said);
		buf_finish(&c->complaints);
		free(c);
	}
	for (size_t i = 0; i < s->count; i++) {
		free(s->nodes[i].node);
		free(s->nodes[i].address);
	}
	free(s->nodes);
	free(s);
}

size_t start_count(const struct start *s)
{
	return s->count;
}

const struct start_node *start_node(const struct start *s, size_t i)
{
	return i < s->count ? &s->nodes[i] : NULL;
}

static void node_fails(struct start_node *node, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void node_fails(struct start_node *node, const char *fmt, ...)
{
	va_list ap;

	if (node->state == START_FAILED)
		return;
	node->state = START_FAILED;
	va_start(ap, fmt);
	vsnprintf(node->text, sizeof node->text, fmt, ap);
	va_end(ap);
	node->text[strcspn(node->text, "\n")] = '\0';
}

/* ---- processes ---- */

static void become(char *const *argv, int in, int out, int err, bool lasting)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};

	sigaction(SIGPIPE, &dfl, NULL);
	if (lasting)
		setsid();
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	execvp(argv[0], argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int open_pipes(int fds[6], const char *log, struct berth_error *err)
{
	for (int i = 0; i < 6; i++)
		fds[i] = -1;
	if (pipe2(fds, O_CLOEXEC) < 0 || pipe2(fds + 2, O_CLOEXEC) < 0 ||
	    (log == NULL && pipe2(fds + 4, O_CLOEXEC) < 0))
		return error_sys(err, "cannot make a pipe");
	if (log)
		fds[5] = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			      0600);
	if (fds[5] < 0)
		return error_sys(err, "cannot write %s", log);
	return 0;
}

static void add_nodes(struct start *s, struct command *c,
		      const char *const *names, size_t n)
{
	c->first = s->count;
	c->n = n;
	s->nodes = mem_resize(s->nodes, s->count + n, sizeof(s->nodes[0]));
	memset(s->nodes + s->count, 0, n * sizeof(s->nodes[0]));
	for (size_t i = 0; i < n; i++)
		s->nodes[s->count + i].node =
			names ? mem_strdup(names[i]) : NULL;
	s->count += n;
}

int start_command(struct start *s, char *const *argv,
		  const char *const *names, size_t n, bool lasting,
		  const char *log, struct berth_error *err)
{
	struct command *c;
	int fds[6]; /* their input, their output, their errors */
	pid_t pid;

	if (open_pipes(fds, log, err)) {
		for (int i = 0; i < 6; i++)
			close_fd(&fds[i]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		become(argv, fds[0], fds[3], fds[5], lasting);
	close_fd(&fds[0]);
	close_fd(&fds[3]);
	close_fd(&fds[5]);
	if (pid < 0) {
		error_sys(err, "cannot start %s", argv[0]);
		close_fd(&fds[1]);
		close_fd(&fds[2]);
		close_fd(&fds[4]);
		return -1;
	}
	c = mem_alloc(sizeof *c);
	c->pid = pid;
	c->in = fds[1];
	c->out = fds[2];
	c->err = fds[4];
	c->lasting = lasting;
	buf_init(&c->said);
	buf_init(&c->complaints);
	add_nodes(s, c, names, n);
	STAILQ_INSERT_TAIL(&s->commands, c, next);
	return 0;
}

/* ---- what we say ---- */

/* The texts are small and the other side reads at once; a process that went
 * away instead shows on its output. */
static void say(struct command *c, const struct buf *text)
{
	size_t at = 0;

	while (c->in >= 0 && at < text->len) {
		ssize_t n = write(c->in, text->data + at, text->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			close_fd(&c->in);
		else
			at += (size_t)n;
	}
}

static void say_settings(const struct start *s, struct command *c)
{
	const struct start_config *f = &s->config;
	const char *conf = f->conf;
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "berth-bootstrap %d\n", VERSION);
	buf_printf(&b, "berth %s\nstate-dir %s\n", f->berth, f->state_dir);
	buf_printf(&b, "base-dir %s\nnetwork %s\n", f->base_dir, f->network);
	buf_printf(&b, "topology %s\n", f->topology);
	buf_printf(&b, "secret %s\ntoken %s\n", f->secret, f->token);
	while (conf && *conf) {
		size_t n = strcspn(conf, "\n");

		buf_printf(&b, "conf-line %.*s\n", (int)n, conf);
		conf += conf[n] ? n + 1 : n;
	}
	if (f->emulated)
		buf_puts(&b, "emulated\n");
	if (f->broker)
		buf_puts(&b, "broker\n");
	buf_puts(&b, "end\n");
	say(c, &b);
	buf_finish(&b);
}

static void say_roster(struct start *s)
{
	struct command *c;
	bool late = false;
	struct buf b;

	buf_init(&b);
	buf_puts(&b, "roster 1\n");
	for (size_t i = 0; i < s->count; i++) {
		const struct start_node *n = &s->nodes[i];

		buf_printf(&b, "member %zu %s %s\n", i, n->node, n->address);
		late |= n->ranked || n->state == START_RUNNING;
	}
	if (late)
		buf_puts(&b, "late\n");
	buf_puts(&b, "go\n");
	STAILQ_FOREACH(c, &s->commands, next) {
		say(c, &b);
		close_fd(&c->in);
	}
	buf_finish(&b);
	s->told = true;
}

/* ---- what they say ---- */

static struct start_node *find(struct start *s, struct command *c,
			       const char *name)
{
	struct start_node *free_slot = NULL;

	for (size_t i = c->first; i < c->first + c->n; i++) {
		struct start_node *n = &s->nodes[i];

		if (n->node && strcmp(n->node, name) == 0)
			return n;
		if (n->node == NULL && free_slot == NULL)
			free_slot = n;
	}
	if (free_slot)
		free_slot->node = mem_strdup(name);
	return free_slot;
}

static void take_word(struct start_node *n, const char *text)
{
	char address[300] = "", flag[32] = "";
	int pid = 0;

	if (strncmp(text, "error ", 6) == 0) {
		node_fails(n, "%s", text + 6);
	} else if (strcmp(text, "ready") == 0) {
		n->state = START_READY;
	} else if (sscanf(text, "hello %299s %d %31s", address, &pid, flag) >=
		   2) {
		n->state = START_HELLO;
		n->ranked = strcmp(flag, "ranked") == 0;
	} else if (sscanf(text, "running %299s %d", address, &pid) == 2) {
		n->state = START_RUNNING;
	} else {
		node_fails(n, "its berth-launcher says '%.60s'", text);
	}
	if (address[0]) {
		free(n->address);
		n->address = mem_strdup(address);
	}
}

/* A line that is not a launcher's (a login banner, say) is kept: should the
 * launcher not speak, it may tell why. */
static void take_line(struct start *s, struct command *c, const char *line)
{
	char name[80];
	int version, at = 0;
	struct start_node *n;

	if (sscanf(line, "berth-launcher %d %79s %n", &version, name, &at) !=
		    2 ||
	    at == 0) {
		buf_printf(&c->complaints, "%s\n", line);
		return;
	}
	n = find(s, c, name);
	if (n == NULL)
		buf_printf(&c->complaints,
			   "a launcher of node '%s' answers, which was not "
			   "asked for\n",
			   name);
	else if (version != VERSION)
		node_fails(n, "another version of Berth is installed there");
	else
		take_word(n, line + at);
}

/* Returns false at the end of the stream. */
static bool take_input(int fd, struct buf *into)
{
	ssize_t n = read(fd, buf_reserve(into, 4096), 4096);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	into->len += (size_t)n;
	into->data[into->len] = '\0';
	return true;
}

static void read_output(struct start *s, struct command *c)
{
	bool more = take_input(c->out, &c->said);
	char *nl;

	while ((nl = memchr(c->said.data, '\n', c->said.len)) != NULL) {
		char *line = mem_strndup(c->said.data,
					 (size_t)(nl - c->said.data));

		buf_drain(&c->said, strlen(line) + 1);
		line[strcspn(line, "\r")] = '\0';
		take_line(s, c, line);
		free(line);
	}
	if (!more)
		close_fd(&c->out);
}

static void read_errors(struct command *c)
{
	if (!take_input(c->err, &c->complaints))
		close_fd(&c->err);
	if (c->complaints.len > 4096)
		buf_drain(&c->complaints, c->complaints.len - 4096);
}

/* The last line of what a process complained of. */
static void last_line(const struct buf *b, char *out, size_t size)
{
	size_t end = b->len, begin;

	while (end > 0 && (b->data[end - 1] == '\n' ||
			   b->data[end - 1] == '\r'))
		end--;
	begin = end;
	while (begin > 0 && b->data[begin - 1] != '\n')
		begin--;
	snprintf(out, size, "%.*s", (int)(end - begin), b->data + begin);
}

static bool settled(const struct start *s, const struct start_node *n)
{
	return n->state == START_READY || n->state == START_RUNNING ||
	       n->state == START_FAILED ||
	       (n->state == START_HELLO && !s->told);
}

/* Its output has ended: who has not settled will not. */
static void command_ends(struct start *s, struct command *c)
{
	struct pollfd err = {.fd = c->err, .events = POLLIN};
	char why[300];
	int status;

	while (c->err >= 0 && poll(&err, 1, 200) > 0)
		read_errors(c);
	last_line(&c->complaints, why, sizeof why);
	status = reap(c);
	c->reaped = true;
	for (size_t i = c->first; i < c->first + c->n; i++) {
		struct start_node *n = &s->nodes[i];

		if (n->state == START_READY || n->state == START_RUNNING)
			continue;
		if (why[0])
			node_fails(n, "%s", why);
		else if (WIFEXITED(status) && WEXITSTATUS(status))
			node_fails(n, "berth-launcher did not start there "
				   "(exit code %d)",
				   WEXITSTATUS(status));
		else
			node_fails(n, "berth-launcher ended without a word");
	}
}

/* ---- the dialogue ---- */

static unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000 +
	       (unsigned long)t.tv_nsec / 1000000;
}

static bool all_settled(const struct start *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (!settled(s, &s->nodes[i]))
			return false;
	}
	return true;
}

/* Wait for something to be said; false: the time is over. */
static bool listen_once(struct start *s, unsigned long until)
{
	struct pollfd fds[2 * s->count + 2];
	unsigned long now = now_ms();
	struct command *c;
	nfds_t n = 0;

	if (now >= until)
		return false;
	STAILQ_FOREACH(c, &s->commands, next) {
		fds[n++] = (struct pollfd){.fd = c->out, .events = POLLIN};
		fds[n++] = (struct pollfd){.fd = c->err, .events = POLLIN};
	}
	if (poll(fds, n, (int)(until - now)) < 0)
		return errno == EINTR;
	n = 0;
	STAILQ_FOREACH(c, &s->commands, next) {
		if (fds[n + 1].fd >= 0 && fds[n + 1].revents)
			read_errors(c);
		if (fds[n].fd >= 0 && fds[n].revents) {
			read_output(s, c);
			if (c->out < 0)
				command_ends(s, c);
		}
		n += 2;
	}
	return true;
}

static void name_silent(struct start *s, unsigned timeout_ms)
{
	struct command *c;

	STAILQ_FOREACH(c, &s->commands, next) {
		char why[200];

		last_line(&c->complaints, why, sizeof why);
		for (size_t i = c->first; i < c->first + c->n; i++) {
			if (!settled(s, &s->nodes[i]))
				node_fails(&s->nodes[i],
					   "no word within %u s%s%s",
					   timeout_ms / 1000,
					   why[0] ? ": " : "", why);
		}
	}
}

static int first_failure(const struct start *s, struct berth_error *err)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct start_node *n = &s->nodes[i];

		if (n->state == START_FAILED)
			return error_set(err, BERTH_EUNAVAIL, "node %s: %s",
					 n->node ? n->node : "(unknown)",
					 n->text);
	}
	return 0;
}

static int converse(struct start *s, unsigned long until, unsigned timeout_ms,
		    struct berth_error *err)
{
	while (!all_settled(s)) {
		if (!listen_once(s, until)) {
			name_silent(s, timeout_ms);
			break;
		}
	}
	return first_failure(s, err);
}

int start_run(struct start *s, unsigned timeout_ms, struct berth_error *err)
{
	unsigned long until = now_ms() + timeout_ms;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	struct command *c;
	int rc;

	sigaction(SIGPIPE, &ignore, &before);
	STAILQ_FOREACH(c, &s->commands, next)
		say_settings(s, c);
	rc = converse(s, until, timeout_ms, err);
	if (rc == 0) {
		say_roster(s);
		rc = converse(s, until, timeout_ms, err);
	}
	STAILQ_FOREACH(c, &s->commands, next)
		close_fd(&c->in);
	sigaction(SIGPIPE, &before, NULL);
	return rc;
}
