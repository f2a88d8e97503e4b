/* shepherds.c - see shepherds.h. */
#include "launcher/shepherds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/scratch.h"
#include "io/stream.h"
#include "io/where.h"
#include "launcher/child.h"
#include "launcher/spare.h"
#include "launcher/strays.h"
#include "rpc/link.h"

/* A shepherd that closed its link or does not come up has so long to end. */
#define END_US (2u * 1000 * 1000)
#define START_US (20u * 1000 * 1000)
/* Cgroups that were busy when their shepherd was over, or that an earlier
 * launcher did not come to remove, go so often. */
#define SWEEP_US (5u * 1000 * 1000)
/* How many that are over are remembered by name. */
#define OVER_MAX 256

struct shepherd {
	struct shepherds *all;
	char *key;
	pid_t pid; /* 0: adopted, not known yet */
	bool child, reaped;
	int wait_status;
	int ready_fd; /* -1: not starting */
	struct loop_fd *ready;
	struct link *link;
	bool was_up;
	bool unknown; /* adopted, and has not said yet what it runs */
	Berth__Msg **kept; /* until there is a link */
	size_t nkept;
	struct loop_timer *timer;
};

struct shepherds {
	struct loop *loop;
	const struct settings *settings;
	struct cgroups *cgroups;
	bool (*own)(const char *key);
	const struct shepherds_events *ev;
	void *arg;
	struct map *by_key;
	struct spare *spare;
	char *over[OVER_MAX]; /* a ring */
	size_t nover;
	struct loop_timer *sweep; /* of cgroups that were busy when it was over */
};

static void connect_now(struct shepherd *s);

static bool is_known(void *arg, const char *key)
{
	const struct shepherds *sh = arg;

	return map_get(sh->by_key, key) != NULL;
}

static void on_sweep(void *arg)
{
	struct shepherds *sh = arg;

	cgroups_sweep(sh->cgroups, is_known, sh);
	loop_timer_start(sh->sweep, SWEEP_US);
}

struct shepherds *shepherds_create(struct loop *l, const struct settings *s,
				   struct cgroups *cg,
				   bool (*own)(const char *key),
				   const struct shepherds_events *ev,
				   void *arg)
{
	struct shepherds *sh = mem_alloc(sizeof *sh);

	sh->loop = l;
	sh->settings = s;
	sh->cgroups = cg;
	sh->own = own;
	sh->ev = ev;
	sh->arg = arg;
	sh->by_key = map_create();
	sh->spare = spare_create(l, s);
	sh->sweep = loop_timer_create(l, on_sweep, sh);
	loop_timer_start(sh->sweep, SWEEP_US);
	return sh;
}

static void stop_waiting_ready(struct shepherd *s)
{
	loop_fd_destroy(s->ready);
	s->ready = NULL;
	if (s->ready_fd >= 0)
		close(s->ready_fd);
	s->ready_fd = -1;
}

static void shepherd_destroy(void *p)
{
	struct shepherd *s = p;

	stop_waiting_ready(s);
	link_destroy(s->link);
	loop_timer_destroy(s->timer);
	for (size_t i = 0; i < s->nkept; i++)
		msg_free(s->kept[i]);
	free(s->kept);
	free(s->key);
	free(s);
}

void shepherds_destroy(struct shepherds *sh)
{
	if (sh == NULL)
		return;
	loop_timer_destroy(sh->sweep);
	map_destroy(sh->by_key, shepherd_destroy);
	spare_destroy(sh->spare);
	for (size_t i = 0; i < OVER_MAX; i++)
		free(sh->over[i]);
	free(sh);
}

static char *socket_of(const struct settings *s, const char *key)
{
	return mem_printf("%s/shepherd/%s.sock", s->dir, key);
}

static char *log_of(const struct settings *s, const char *key)
{
	return mem_printf("%s/log/shepherd-%s.log", s->dir, key);
}

/* ---- ends ---- */

static void remember_over(struct shepherds *sh, const char *key)
{
	char **slot = &sh->over[sh->nover++ % OVER_MAX];

	free(*slot);
	*slot = mem_strdup(key);
}

/* Kill what is left of it.  A clean one has left nothing. */
static void tidy(struct shepherd *s, bool clean)
{
	struct shepherds *sh = s->all;
	char *sock = socket_of(sh->settings, s->key);
	char *log = log_of(sh->settings, s->key);
	struct stat st;

	for (int i = 0; i < 20; i++) {
		bool empty = cgroups_kill(sh->cgroups, s->key);

		if (!clean &&
		    strays_kill(sh->settings->dir, s->key) > 0)
			empty = false;
		if (empty)
			break;
		usleep(1000);
	}
	cgroups_remove(sh->cgroups, s->key);
	if (!clean)
		scratch_sweep();
	unlink(sock);
	if (clean && stat(log, &st) == 0 && st.st_size == 0)
		unlink(log);
	free(sock);
	free(log);
}

static void describe_end(const struct shepherd *s, char *why, size_t size)
{
	int w = s->wait_status;

	if (!s->was_up)
		snprintf(why, size,
			 "its shepherd did not start: see %s/log/"
			 "shepherd-%s.log on node %s",
			 s->all->settings->dir, s->key,
			 s->all->settings->node);
	else if (s->reaped && WIFSIGNALED(w))
		snprintf(why, size, "its shepherd was ended by signal %d",
			 WTERMSIG(w));
	else if (s->reaped && WIFEXITED(w) && WEXITSTATUS(w) != 0)
		snprintf(why, size, "its shepherd failed with exit code %d",
			 WEXITSTATUS(w));
	else
		snprintf(why, size, "its shepherd is gone");
}

/* Neither link nor process are left. */
static void over(struct shepherd *s)
{
	struct shepherds *sh = s->all;
	bool clean = s->was_up &&
		     (!s->reaped || (WIFEXITED(s->wait_status) &&
				     WEXITSTATUS(s->wait_status) == 0));
	char *key = mem_strdup(s->key);
	char why[400];

	describe_end(s, why, sizeof why);
	tidy(s, clean && s->child);
	map_remove(sh->by_key, key);
	shepherd_destroy(s);
	remember_over(sh, key);
	sh->ev->gone(sh->arg, key, clean, why);
	free(key);
}

static void time_over(void *arg)
{
	struct shepherd *s = arg;

	log_warn("shepherd %s does not answer: killed", s->key);
	if (s->pid > 0)
		kill(s->pid, SIGKILL);
	stop_waiting_ready(s);
	link_destroy(s->link);
	s->link = NULL;
	if (!s->child || s->reaped)
		over(s);
}

bool shepherds_reaped(struct shepherds *sh, pid_t pid, int wait_status)
{
	struct shepherd *s;

	if (spare_reaped(sh->spare, pid))
		return true;
	map_foreach(sh->by_key, s) {
		if (!s->child || s->pid != pid)
			continue;
		s->reaped = true;
		s->wait_status = wait_status;
		/* Its last words may still lie in the socket. */
		if (s->link == NULL)
			over(s);
		return true;
	}
	return false;
}

/* ---- links ---- */

static void on_up(void *arg, struct link *l)
{
	struct shepherd *s = arg;
	struct shepherds *sh = s->all;

	if (strcmp(link_peer(l)->key, s->key) != 0)
		log_warn("the shepherd at %s.sock says it is '%s'", s->key,
			 link_peer(l)->key);
	s->pid = (pid_t)link_peer(l)->pid;
	s->was_up = true;
	loop_timer_stop(s->timer);
	sh->ev->up(sh->arg, s->key);
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct shepherd *s = arg;

	if (msg->body_case == BERTH__MSG__BODY_REPORT && msg->report->full)
		s->unknown = false;
	s->all->ev->message(s->all->arg, s->key, (Berth__Msg *)msg);
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct shepherd *s = arg;

	log_debug("shepherd %s: %s", s->key, text);
	link_destroy(l);
	s->link = NULL;
	if (s->reaped || !s->child)
		over(s);
	else
		loop_timer_start(s->timer, END_US);
}

static const struct link_events shepherd_events = {
	.up = on_up, .message = on_message, .down = on_down};

static void connect_now(struct shepherd *s)
{
	struct shepherds *sh = s->all;
	const struct settings *set = sh->settings;
	const struct link_self self = {
		.role = "launcher",
		.node = set->node,
		.key = set->address,
		.berth = set->berth,
	};
	char *path = socket_of(sh->settings, s->key);
	struct berth_error err;
	int fd = stream_connect_unix(path, &err);

	free(path);
	if (fd < 0) {
		log_warn("shepherd %s: %s", s->key, err.text);
		if (s->child && !s->reaped)
			time_over(s);
		else
			over(s);
		return;
	}
	s->link = link_create(sh->loop, fd, false, &self, &shepherd_events,
			      s);
	for (size_t i = 0; i < s->nkept; i++) {
		if (link_send(s->link, s->kept[i], &err) < 0)
			log_warn("shepherd %s: %s", s->key, err.text);
		msg_free(s->kept[i]);
	}
	s->nkept = 0;
}

/* ---- starts ---- */

static void on_ready(void *arg, int fd, unsigned events)
{
	struct shepherd *s = arg;
	char byte;
	ssize_t n = read(fd, &byte, 1);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	stop_waiting_ready(s);
	/* Closed without a byte: it ends, and will be reaped. */
	if (n > 0)
		connect_now(s);
}

static struct shepherd *shepherd_create(struct shepherds *sh, const char *key)
{
	struct shepherd *s = mem_alloc(sizeof *s);

	s->all = sh;
	s->key = mem_strdup(key);
	s->ready_fd = -1;
	s->timer = loop_timer_create(sh->loop, time_over, s);
	map_put(sh->by_key, key, s);
	return s;
}

static pid_t run(struct shepherds *sh, const char *key, int ready_fd,
		 struct berth_error *err)
{
	char *program = where_program("berth-shepherd", err);
	bool broker = sh->own(key);
	char after[32];
	char *argv[] = {program, "--key", (char *)key, "--orphan-after", after,
			broker ? "--vigil" : NULL, NULL};
	char *log = log_of(sh->settings, key);
	char **env = program ? child_environment(sh->settings) : NULL;
	struct child c = {
		.argv = argv,
		.env = env,
		.log = log,
		.ready_fd = ready_fd,
		.cgroup_fd = -1,
	};
	pid_t pid = -1;

	/* A rank goes on without the others. */
	snprintf(after, sizeof after, "%llu",
		 broker ? 0 : sh->settings->orphan_ms);
	if (program) {
		c.cgroup_fd = cgroups_open(sh->cgroups, key);
		pid = child_start(&c, err);
		if (c.cgroup_fd >= 0)
			close(c.cgroup_fd);
	}
	mem_strv_free(env);
	free(log);
	free(program);
	return pid;
}

static int check_key(const struct shepherds *sh, const char *key,
		     struct berth_error *err)
{
	const struct sockaddr_un addr;

	if (key[0] == '\0' || key[0] == '.' || strchr(key, '/'))
		return error_set(err, BERTH_EINPUT,
				 "'%.60s' is no name for a shepherd", key);
	if (strlen(sh->settings->dir) + strlen("/shepherd/.sock") +
		    strlen(key) >=
	    sizeof addr.sun_path)
		return error_set(err, BERTH_ELIMIT,
				 "the path of the socket %s/shepherd/%s.sock "
				 "is too long: `berth up` with a shorter "
				 "--dir",
				 sh->settings->dir, key);
	return 0;
}

/* Give the spare its key and its cgroup; like fresh_one. */
static int spare_one(struct shepherds *sh, const char *key, pid_t *pid)
{
	char *log = log_of(sh->settings, key), text[16];
	int ready = spare_take(sh->spare, key, log, pid), cgroup;

	free(log);
	if (ready < 0)
		return -1;
	cgroup = cgroups_open(sh->cgroups, key);
	snprintf(text, sizeof text, "%d", (int)*pid);
	if (cgroup >= 0) {
		if (write(cgroup, text, strlen(text)) < 0)
			log_debug("shepherd %s: no cgroup", key);
		close(cgroup);
	}
	return ready;
}

/* Returns the descriptor on which it says that its socket is there, or -1. */
static int fresh_one(struct shepherds *sh, const char *key, pid_t *pid,
		     struct berth_error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_sys(err, "cannot start a shepherd");
	*pid = run(sh, key, fds[1], err);
	close(fds[1]);
	if (*pid >= 0)
		return fds[0];
	close(fds[0]);
	return -1;
}

int shepherds_start(struct shepherds *sh, const char *key,
		    const Berth__Spec *spec, struct berth_error *err)
{
	bool spare = spec && spec->pmix && spec->uid == geteuid();
	struct shepherd *s;
	pid_t pid = -1;
	int ready = -1;

	if (map_get(sh->by_key, key))
		return 0;
	if (check_key(sh, key, err))
		return -1;
	if (spare) {
		ready = spare_one(sh, key, &pid);
		spare_want(sh->spare);
	}
	if (ready < 0)
		ready = fresh_one(sh, key, &pid, err);
	if (ready < 0)
		return -1;
	s = shepherd_create(sh, key);
	s->pid = pid;
	s->child = true;
	s->ready_fd = ready;
	s->ready = loop_fd_create(sh->loop, ready, LOOP_READ, on_ready, s);
	loop_timer_start(s->timer, START_US);
	return 0;
}

/* ---- those that are there already ---- */

static bool listens(const struct settings *s, const char *key)
{
	char *path = socket_of(s, key);
	int fd = stream_connect_unix(path, NULL);

	free(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The next key by a socket in the folder; the caller frees.  NULL: no more. */
static char *next_key(DIR *dir)
{
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n > 5 && strcmp(e->d_name + n - 5, ".sock") == 0)
			return mem_strndup(e->d_name, n - 5);
	}
	return NULL;
}

static DIR *open_folder(const struct settings *s)
{
	char *path = mem_printf("%s/shepherd", s->dir);
	DIR *dir = opendir(path);

	free(path);
	return dir;
}

char *shepherds_find(const struct settings *s, bool (*wanted)(const char *key))
{
	DIR *dir = open_folder(s);
	char *key;

	while ((void)(key = next_key(dir)), key != NULL) {
		if (wanted(key) && listens(s, key))
			break;
		free(key);
	}
	if (dir)
		closedir(dir);
	return key;
}

bool shepherds_all_live(const struct settings *s)
{
	DIR *dir = open_folder(s);
	bool all = true;
	char *key;

	while (all && ((void)(key = next_key(dir)), key != NULL)) {
		all = listens(s, key);
		free(key);
	}
	if (dir)
		closedir(dir);
	return all;
}

void shepherds_adopt(struct shepherds *sh)
{
	DIR *dir = open_folder(sh->settings);
	char *key;

	while ((void)(key = next_key(dir)), key != NULL) {
		if (map_get(sh->by_key, key) == NULL) {
			struct shepherd *s = shepherd_create(sh, key);

			s->unknown = true;
			loop_timer_start(s->timer, START_US);
			connect_now(s);
		}
		free(key);
	}
	if (dir)
		closedir(dir);
}

bool shepherds_known(const struct shepherds *sh)
{
	struct shepherd *s;

	map_foreach(sh->by_key, s) {
		if (s->unknown)
			return false;
	}
	return true;
}

/* ---- outside ---- */

int shepherds_send(struct shepherds *sh, const char *key,
		   const Berth__Msg *msg)
{
	struct shepherd *s = map_get(sh->by_key, key);
	struct berth_error err;

	if (s == NULL)
		return -1;
	if (s->link) {
		if (link_send(s->link, msg, &err) < 0)
			log_warn("shepherd %s: %s", key, err.text);
		return 0;
	}
	s->kept = mem_resize(s->kept, s->nkept + 1, sizeof(s->kept[0]));
	s->kept[s->nkept++] = msg_copy(msg);
	return 0;
}

void shepherds_send_all(struct shepherds *sh, const Berth__Msg *msg)
{
	struct shepherd *s;

	map_foreach(sh->by_key, s) {
		if (s->link)
			link_send(s->link, msg, NULL);
	}
}

enum coll_shepherd shepherds_state(struct shepherds *sh, const char *key)
{
	if (map_get(sh->by_key, key))
		return SHEPHERD_HERE;
	for (size_t i = 0; i < OVER_MAX; i++) {
		if (sh->over[i] && strcmp(sh->over[i], key) == 0)
			return SHEPHERD_GONE;
	}
	return SHEPHERD_NOT_YET;
}

size_t shepherds_count(const struct shepherds *sh,
		       bool (*skip)(const char *key))
{
	struct shepherd *s;
	size_t n = 0;

	map_foreach(sh->by_key, s)
		n += skip == NULL || !skip(s->key);
	return n;
}

void shepherds_stop(struct shepherds *sh, bool (*skip)(const char *key))
{
	struct shepherd *s;

	map_foreach(sh->by_key, s) {
		if (s->pid > 0 && (skip == NULL || !skip(s->key)))
			kill(s->pid, SIGTERM);
	}
}

void shepherds_kill(struct shepherds *sh)
{
	struct shepherd *s;

	map_foreach(sh->by_key, s) {
		if (s->pid > 0)
			kill(s->pid, SIGKILL);
		cgroups_kill(sh->cgroups, s->key);
	}
	strays_kill(sh->settings->dir, NULL);
}
