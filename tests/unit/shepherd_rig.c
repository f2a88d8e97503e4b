/* shepherd_rig.c - see shepherd_rig.h. */
#include "shepherd_rig_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/stream.h"

struct shep *rig_find(struct rig *r, unsigned node, const char *key)
{
	struct shep *s;

	TAILQ_FOREACH(s, &r->sheps, next)
	{
		if (s->node == node && strcmp(s->key, key) == 0)
			return s;
	}
	return NULL;
}

struct shep *rig_find_name(struct rig *r, const char *node, const char *key)
{
	return rig_find(r, (unsigned)atoi(node + 1), key);
}

/* ---- what a launcher does ---------------------------------------------- */

static void on_report(struct shep *s, const Berth__TaskReport *tr)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	struct rig *r = s->rig;

	for (size_t i = 0; i < tr->n_tasks; i++) {
		const Berth__TaskStatus *st = tr->tasks[i];
		struct rig_task *t;
		char name[40];

		snprintf(name, sizeof(name), "%lu.%u", (unsigned long)st->job,
			 st->index);
		t = map_get(r->tasks, name);
		if (t == NULL) {
			t = mem_alloc(sizeof(*t));
			map_put(r->tasks, name, t);
		}
		if (st->state == BERTH__TASK_STATE__TASK_ENDED &&
		    t->state != st->state)
			r->ended++;
		t->job = st->job;
		t->index = st->index;
		t->reports++;
		t->state = st->state;
		t->end = st->end;
		t->code = st->exit_code;
		t->signal = st->signal;
		t->rank = st->rank;
		t->start_us = st->start_us;
		t->end_us = st->end_us;
		t->cpu_us = st->cpu_us;
		t->rss_kib = st->max_rss_kib;
		if (st->pid)
			t->pid = (pid_t)st->pid;
		snprintf(t->text, sizeof(t->text), "%s", st->text);
		snprintf(t->node, sizeof(t->node), "%s", st->node);
	}
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = (Berth__TaskReport *)tr;
	if (r->confirm)
		link_send(s->link, &msg, NULL);
}

static void route(struct shep *s, const Berth__Msg *msg)
{
	struct shep *to = rig_find_name(s->rig, msg->to_node, msg->to_shepherd);
	Berth__Msg with = *msg;
	char node[16];

	snprintf(node, sizeof(node), "n%u", s->node);
	with.from_node = node;
	with.from_shepherd = s->key;
	if (to && to->link)
		link_send(to->link, &with, NULL);
	else
		printf("# no way to %s/%s for a %s\n", msg->to_node,
		       msg->to_shepherd, msg_name(msg));
}

static void on_message(void *arg, struct link *l, const Berth__Msg *msg)
{
	struct shep *s = arg;

	if (msg->to_node[0]) {
		route(s, msg);
		return;
	}
	switch (msg->body_case) {
	case BERTH__MSG__BODY_REPORT:
		on_report(s, msg->report);
		break;
	case BERTH__MSG__BODY_STDIN_ACK:
		s->rig->fed = msg->stdin_ack->offset;
		s->rig->fed_closed = msg->stdin_ack->closed;
		break;
	default:
		if (!rig_vm_message(s, msg))
			printf("# %s from a shepherd\n", msg_name(msg));
		break;
	}
}

static void on_up(void *arg, struct link *l)
{
}

static void on_down(void *arg, struct link *l, const char *text)
{
	struct shep *s = arg;

	link_destroy(l);
	s->link = NULL;
}

/* ---- shepherds --------------------------------------------------------- */

struct rig *rig_create(void)
{
	struct rig *r = mem_alloc(sizeof(*r));

	signal(SIGPIPE, SIG_IGN);
	snprintf(r->dir, sizeof(r->dir), "%.40s/shepherd-test.XXXXXX",
		 getenv("RIG_PARENT") ? getenv("RIG_PARENT") : "/tmp");
	if (mkdtemp(r->dir) == NULL)
		abort();
	r->loop = loop_create(NULL);
	r->tasks = map_create();
	r->confirm = true;
	r->next_context = 1000;
	TAILQ_INIT(&r->sheps);
	TAILQ_INIT(&r->colls);
	TAILQ_INIT(&r->entries);
	TAILQ_INIT(&r->waits);
	return r;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	return remove(path);
}

void rig_destroy(struct rig *r)
{
	struct shep *s;

	while ((void)(s = TAILQ_FIRST(&r->sheps)), s != NULL) {
		TAILQ_REMOVE(&r->sheps, s, next);
		if (s->link)
			link_destroy(s->link);
		if (s->pid > 0) {
			kill(s->pid, SIGTERM);
			for (int i = 0; i < 300; i++) {
				if (waitpid(s->pid, NULL, WNOHANG) != 0)
					break;
				usleep(10000);
				if (i == 298)
					kill(s->pid, SIGKILL);
			}
		}
		free(s->key);
		free(s);
	}
	rig_vm_finish(r);
	map_destroy(r->tasks, free);
	loop_destroy(r->loop);
	if (getenv("RIG_KEEP"))
		printf("# %s stays\n", r->dir);
	else
		nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(r);
}

const char *rig_dir(const struct rig *r)
{
	return r->dir;
}

struct loop *rig_loop(struct rig *r)
{
	return r->loop;
}

static void run_shepherd(struct rig *r, unsigned node, const char *key,
			 int ready)
{
	char dir[128], log[192], name[16];
	int fd;

	snprintf(dir, sizeof(dir), "%s/n%u", r->dir, node);
	snprintf(name, sizeof(name), "n%u", node);
	snprintf(log, sizeof(log), "%s/log-%s", dir, key);
	setenv("BERTH_NODE", name, 1);
	setenv("BERTH_NODE_DIR", dir, 1);
	setenv("BERTH_NAME", "test", 1);
	setsid();
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, 2);
	if (ready == 3)
		fcntl(3, F_SETFD, 0);
	else
		dup2(ready, 3);
	execl(TEST_BUILDDIR "/bin/berth-shepherd", "berth-shepherd", "--key",
	      key, (char *)NULL);
	_exit(127);
}

void rig_connect(struct rig *r, unsigned node, const char *key)
{
	static const struct link_events ev = {
		.up = on_up,
		.message = on_message,
		.down = on_down,
	};
	struct shep *s = rig_find(r, node, key);
	struct link_self self = {
		.role = "launcher",
		.key = "",
		.berth = "test",
	};
	char name[16], *path;
	int fd;

	snprintf(name, sizeof(name), "n%u", node);
	self.node = name;
	path = mem_printf("%s/n%u/shepherd/%s.sock", r->dir, node, key);
	fd = stream_connect_unix(path, NULL);
	if (fd < 0)
		printf("# cannot connect to %s\n", path);
	else
		s->link = link_create(r->loop, fd, false, &self, &ev, s);
	free(path);
}

pid_t rig_start(struct rig *r, unsigned node, const char *key)
{
	struct shep *s = mem_alloc(sizeof(*s));
	char dir[128], byte;
	int p[2];

	snprintf(dir, sizeof(dir), "%s/n%u", r->dir, node);
	mkdir(dir, 0700);
	s->rig = r;
	s->node = node;
	s->key = mem_strdup(key);
	TAILQ_INSERT_TAIL(&r->sheps, s, next);
	if (pipe2(p, O_CLOEXEC) != 0)
		abort();
	s->pid = fork();
	if (s->pid == 0)
		run_shepherd(r, node, key, p[1]);
	close(p[1]);
	if (read(p[0], &byte, 1) != 1)
		printf("# shepherd %s did not start\n", key);
	close(p[0]);
	rig_connect(r, node, key);
	return s->pid;
}

void rig_cut(struct rig *r, unsigned node, const char *key)
{
	struct shep *s = rig_find(r, node, key);

	if (s->link)
		link_destroy(s->link);
	s->link = NULL;
}

void rig_send(struct rig *r, unsigned node, const char *key, Berth__Msg *msg)
{
	struct shep *s = rig_find(r, node, key);

	if (s == NULL || s->link == NULL || link_send(s->link, msg, NULL) != 0)
		printf("# not sent to n%u/%s\n", node, key);
}

bool rig_gone(struct rig *r, unsigned node, const char *key)
{
	struct shep *s = rig_find(r, node, key);

	if (s->pid > 0 && waitpid(s->pid, NULL, WNOHANG) == s->pid)
		s->pid = 0;
	return s->pid == 0;
}

void rig_confirm(struct rig *r, bool on)
{
	r->confirm = on;
}

/* ---- looking ----------------------------------------------------------- */

const struct rig_task *rig_task(struct rig *r, uint64_t job, uint32_t index)
{
	char name[40];

	snprintf(name, sizeof(name), "%lu.%u", (unsigned long)job, index);
	return map_get(r->tasks, name);
}

void rig_run(struct rig *r, unsigned ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	while (loop_now_us() < end)
		loop_once(r->loop, end - loop_now_us(), NULL);
}

bool rig_wait_end(struct rig *r, uint64_t job, uint32_t index, unsigned ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	for (;;) {
		const struct rig_task *t = rig_task(r, job, index);

		if (t && t->state == BERTH__TASK_STATE__TASK_ENDED)
			return true;
		if (loop_now_us() >= end)
			return false;
		loop_once(r->loop, 10000, NULL);
	}
}

unsigned rig_ended(const struct rig *r)
{
	return r->ended;
}

uint64_t rig_fed(const struct rig *r, bool *closed)
{
	*closed = r->fed_closed;
	return r->fed;
}

char *rig_output(struct rig *r, unsigned node, const char *file)
{
	char *path = mem_printf("%s/n%u/jobs/%s", r->dir, node, file);
	struct stat st;
	char *text = NULL;
	int fd = open(path, O_RDONLY);

	free(path);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0) {
		text = mem_alloc((size_t)st.st_size + 1);
		if (read(fd, text, (size_t)st.st_size) != st.st_size)
			text[0] = '\0';
	}
	close(fd);
	return text;
}
