/* shepherd_rig.c - see shepherd_rig.h. */
#include "shepherd_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "io/stream.h"
#include "rpc/link.h"

extern char **environ;

struct shep {
	TAILQ_ENTRY(shep) next;
	struct rig *rig;
	unsigned node;
	char *key;
	pid_t pid;
	struct link *link;
};

struct coll {
	TAILQ_ENTRY(coll) next;
	char *key;
	size_t n, joined;
	bool want_id;
	int32_t status;
	Berth__Msg **joins; /* by party */
};

struct entry {
	TAILQ_ENTRY(entry) next;
	Berth__Msg *msg;
};

struct wait {
	TAILQ_ENTRY(wait) next;
	struct shep *from;
	Berth__Msg *msg;
};

struct rig {
	char dir[64];
	struct loop *loop;
	TAILQ_HEAD(, shep) sheps;
	TAILQ_HEAD(, coll) colls;
	TAILQ_HEAD(, entry) entries;
	TAILQ_HEAD(, wait) waits;
	struct map *tasks;
	unsigned ended;
	bool confirm;
	uint64_t next_context, fed;
	bool fed_closed;
};

static struct shep *find(struct rig *r, unsigned node, const char *key)
{
	struct shep *s;

	TAILQ_FOREACH(s, &r->sheps, next)
	{
		if (s->node == node && strcmp(s->key, key) == 0)
			return s;
	}
	return NULL;
}

static struct shep *find_name(struct rig *r, const char *node, const char *key)
{
	return find(r, (unsigned)atoi(node + 1), key);
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

static void coll_done(struct rig *r, struct coll *c)
{
	Berth__CollPiece *piece = mem_array(c->n, sizeof(*piece));
	Berth__CollPiece **pieces = mem_array(c->n, sizeof(*pieces));
	Berth__CollDone done = BERTH__COLL_DONE__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;

	for (size_t i = 0; i < c->n; i++) {
		berth__coll_piece__init(&piece[i]);
		piece[i].from = c->joins[i]->coll_join->from;
		piece[i].data = c->joins[i]->coll_join->data;
		pieces[i] = &piece[i];
	}
	done.key = c->key;
	done.status = c->status;
	done.context_id = c->want_id ? ++r->next_context : 0;
	done.pieces = pieces;
	done.n_pieces = c->n;
	msg.body_case = BERTH__MSG__BODY_COLL_DONE;
	msg.coll_done = &done;
	for (size_t i = 0; i < c->n; i++) {
		struct shep *s = find_name(r, piece[i].from->node,
					   piece[i].from->shepherd);

		done.to = piece[i].from;
		if (s && s->link)
			link_send(s->link, &msg, NULL);
	}
	TAILQ_REMOVE(&r->colls, c, next);
	for (size_t i = 0; i < c->n; i++)
		msg_free(c->joins[i]);
	free(c->joins);
	free(c->key);
	free(c);
	free(pieces);
	free(piece);
}

static void on_join(struct rig *r, const Berth__Msg *msg)
{
	const Berth__CollJoin *j = msg->coll_join;
	struct coll *c;

	TAILQ_FOREACH(c, &r->colls, next)
	{
		if (strcmp(c->key, j->key) == 0)
			break;
	}
	if (c == NULL) {
		c = mem_alloc(sizeof(*c));
		c->key = mem_strdup(j->key);
		c->n = j->n_parties;
		c->joins = mem_array(c->n, sizeof(*c->joins));
		TAILQ_INSERT_TAIL(&r->colls, c, next);
	}
	for (size_t i = 0; i < j->n_parties; i++) {
		if (strcmp(j->parties[i]->node, j->from->node) != 0 ||
		    strcmp(j->parties[i]->shepherd, j->from->shepherd) != 0 ||
		    c->joins[i])
			continue;
		c->joins[i] = msg_copy(msg);
		c->joined++;
	}
	c->want_id = c->want_id || j->want_context_id;
	if (c->status == 0)
		c->status = j->status;
	if (c->joined == c->n)
		coll_done(r, c);
}

static bool answer(struct rig *r, struct shep *to, const Berth__Lookup *l)
{
	Berth__Publish *found[16];
	Berth__LookupReply reply = BERTH__LOOKUP_REPLY__INIT;
	Berth__Msg msg = BERTH__MSG__INIT;
	struct entry *e;
	size_t n = 0;

	for (size_t i = 0; i < l->n_keys && n < 16; i++) {
		TAILQ_FOREACH(e, &r->entries, next)
		{
			if (strcmp(e->msg->publish->key, l->keys[i]) == 0)
				break;
		}
		if (e)
			found[n++] = e->msg->publish;
	}
	if (n < l->n_keys && l->wait)
		return false;
	reply.id = l->id;
	reply.status = n ? 0 : -46;
	reply.found = found;
	reply.n_found = n;
	msg.body_case = BERTH__MSG__BODY_LOOKUP_REPLY;
	msg.lookup_reply = &reply;
	if (to->link)
		link_send(to->link, &msg, NULL);
	for (size_t i = 0; i < n; i++) {
		if (found[i]->persistence != 1)
			continue;
		TAILQ_FOREACH(e, &r->entries, next)
		{
			if (e->msg->publish == found[i])
				break;
		}
		TAILQ_REMOVE(&r->entries, e, next);
		msg_free(e->msg);
		free(e);
	}
	return true;
}

static void check_waits(struct rig *r)
{
	struct wait *w, *after;

	for (w = TAILQ_FIRST(&r->waits); w; w = after) {
		after = TAILQ_NEXT(w, next);
		if (!answer(r, w->from, w->msg->lookup))
			continue;
		TAILQ_REMOVE(&r->waits, w, next);
		msg_free(w->msg);
		free(w);
	}
}

static void on_publish(struct rig *r, const Berth__Msg *msg)
{
	struct entry *e;

	TAILQ_FOREACH(e, &r->entries, next)
	{
		if (e->msg->publish->id == msg->publish->id &&
		    strcmp(e->msg->publish->owner_shepherd,
			   msg->publish->owner_shepherd) == 0)
			return;
	}
	e = mem_alloc(sizeof(*e));
	e->msg = msg_copy(msg);
	TAILQ_INSERT_TAIL(&r->entries, e, next);
	check_waits(r);
}

static void on_unpublish(struct rig *r, const Berth__Unpublish *u)
{
	struct entry *e, *after;

	for (e = TAILQ_FIRST(&r->entries); e; e = after) {
		const Berth__Publish *p = e->msg->publish;
		bool hit = u->n_keys == 0;

		after = TAILQ_NEXT(e, next);
		for (size_t i = 0; i < u->n_keys; i++)
			hit = hit || strcmp(u->keys[i], p->key) == 0;
		if (!hit || strcmp(p->owner_nspace, u->owner_nspace) != 0 ||
		    (!u->whole_nspace && p->owner_rank != u->owner_rank))
			continue;
		TAILQ_REMOVE(&r->entries, e, next);
		msg_free(e->msg);
		free(e);
	}
}

static void route(struct shep *s, const Berth__Msg *msg)
{
	struct shep *to = find_name(s->rig, msg->to_node, msg->to_shepherd);
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
	struct wait *w;

	if (msg->to_node[0]) {
		route(s, msg);
		return;
	}
	switch (msg->body_case) {
	case BERTH__MSG__BODY_REPORT:
		on_report(s, msg->report);
		break;
	case BERTH__MSG__BODY_COLL_JOIN:
		on_join(s->rig, msg);
		break;
	case BERTH__MSG__BODY_PUBLISH:
		on_publish(s->rig, msg);
		break;
	case BERTH__MSG__BODY_UNPUBLISH:
		on_unpublish(s->rig, msg->unpublish);
		break;
	case BERTH__MSG__BODY_LOOKUP:
		if (answer(s->rig, s, msg->lookup))
			break;
		w = mem_alloc(sizeof(*w));
		w->from = s;
		w->msg = msg_copy(msg);
		TAILQ_INSERT_TAIL(&s->rig->waits, w, next);
		break;
	case BERTH__MSG__BODY_STDIN_ACK:
		s->rig->fed = msg->stdin_ack->offset;
		s->rig->fed_closed = msg->stdin_ack->closed;
		break;
	default:
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
	while (!TAILQ_EMPTY(&r->entries)) {
		struct entry *e = TAILQ_FIRST(&r->entries);

		TAILQ_REMOVE(&r->entries, e, next);
		msg_free(e->msg);
		free(e);
	}
	while (!TAILQ_EMPTY(&r->waits)) {
		struct wait *w = TAILQ_FIRST(&r->waits);

		TAILQ_REMOVE(&r->waits, w, next);
		msg_free(w->msg);
		free(w);
	}
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
	struct shep *s = find(r, node, key);
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
	struct shep *s = find(r, node, key);

	if (s->link)
		link_destroy(s->link);
	s->link = NULL;
}

void rig_send(struct rig *r, unsigned node, const char *key, Berth__Msg *msg)
{
	struct shep *s = find(r, node, key);

	if (s == NULL || s->link == NULL || link_send(s->link, msg, NULL) != 0)
		printf("# not sent to n%u/%s\n", node, key);
}

bool rig_gone(struct rig *r, unsigned node, const char *key)
{
	struct shep *s = find(r, node, key);

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

/* ---- MPI jobs ---------------------------------------------------------- */

static void fill_map(const struct rig_job *j, Berth__JobMap *map,
		     Berth__NodeRanks *nodes, Berth__NodeRanks **pointers,
		     char names[][16], uint32_t *ranks)
{
	for (unsigned i = 0; i < j->nnodes; i++) {
		snprintf(names[i], 16, "n%u", i);
		berth__node_ranks__init(&nodes[i]);
		nodes[i].node = names[i];
		nodes[i].ranks = ranks + i * j->per_node;
		nodes[i].n_ranks = j->per_node;
		for (unsigned k = 0; k < j->per_node; k++)
			nodes[i].ranks[k] = i * j->per_node + k;
		pointers[i] = &nodes[i];
	}
	map->nodes = pointers;
	map->n_nodes = j->nnodes;
}

void rig_launch_mpi(struct rig *r, const struct rig_job *j)
{
	Berth__App app = BERTH__APP__INIT, *apps = &app;
	Berth__Spec spec = BERTH__SPEC__INIT;
	Berth__JobMap map = BERTH__JOB_MAP__INIT;
	Berth__NodeRanks nodes[RIG_NODES], *pointers[RIG_NODES];
	uint32_t ranks[256], size = j->nnodes * j->per_node;
	char names[RIG_NODES][16], key[32], nspace[32];
	char *core_pus[256], pus[256][8];

	snprintf(key, sizeof(key), "j%lu", (unsigned long)j->job);
	snprintf(nspace, sizeof(nspace), "berth.%lu", (unsigned long)j->job);
	fill_map(j, &map, nodes, pointers, names, ranks);
	map.nspace = nspace;
	map.app_sizes = &size;
	map.n_app_sizes = 1;
	app.argv = (char **)j->argv;
	while (app.argv[app.n_argv])
		app.n_argv++;
	app.env = environ;
	while (environ[app.n_env])
		app.n_env++;
	app.cwd = "/tmp";
	app.nprocs = size;
	spec.job = j->job;
	spec.framework = "mpi";
	spec.apps = &apps;
	spec.n_apps = 1;
	spec.pmix = true;
	spec.survive = j->survive;
	spec.want_stdin = j->want_stdin;
	spec.walltime_ms = j->walltime_ms;
	spec.uid = spec.gid = j->uid;
	for (unsigned k = 0; k < j->per_node; k++) {
		snprintf(pus[k], sizeof(pus[k]), "%ld",
			 k % sysconf(_SC_NPROCESSORS_ONLN));
		core_pus[k] = pus[k];
	}
	for (unsigned i = 0; i < j->nnodes; i++) {
		Berth__Launch launch = BERTH__LAUNCH__INIT;
		Berth__TaskSpec task = BERTH__TASK_SPEC__INIT, *tasks = &task;
		Berth__Slice slice = BERTH__SLICE__INIT;
		Berth__Msg msg = BERTH__MSG__INIT;

		if (find(r, i, key) == NULL)
			rig_start(r, i, key);
		slice.id = j->job * 100 + i + 1;
		slice.node = names[i];
		slice.pus = "0-1";
		slice.core_pus = core_pus;
		slice.n_core_pus = j->per_node;
		slice.bind = j->bind;
		task.job = j->job;
		task.index = i;
		task.slice = &slice;
		task.ranks = nodes[i].ranks;
		task.n_ranks = nodes[i].n_ranks;
		task.array_index = -1;
		launch.shepherd = key;
		launch.spec = &spec;
		launch.map = &map;
		launch.tasks = &tasks;
		launch.n_tasks = 1;
		msg.body_case = BERTH__MSG__BODY_LAUNCH;
		msg.launch = &launch;
		rig_send(r, i, key, &msg);
	}
}

bool rig_wait_mpi(struct rig *r, const struct rig_job *j, unsigned ms)
{
	uint64_t end = loop_now_us() + (uint64_t)ms * 1000;

	for (unsigned i = 0; i < j->nnodes; i++) {
		uint64_t now = loop_now_us();

		if (!rig_wait_end(r, j->job, i,
				  now < end ? (unsigned)((end - now) / 1000)
					    : 0))
			return false;
	}
	return true;
}
