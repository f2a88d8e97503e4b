/*
 * job_sim_node.c - a node's launcher, in place of launcher_link.c and what is
 * behind it: takes Launch and Kill of the newest term it has heard of, has
 * tasks run for a while, and tells how they ended, to every rank that comes,
 * until all is over.  It counts what was started twice.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "broker/launcher_link.h"
#include "job_sim.h"

struct task {
	TAILQ_ENTRY(task) link;
	struct sim_node *node;
	struct loop_timer *timer;
	uint64_t job, slice, start_us, end_us;
	uint32_t index;
	char *framework;
	int end; /* Berth__TaskEnd; END_NONE: it runs */
	bool ran;
	bool confirmed; /* its end is on record */
};

struct sim_node {
	struct sim_rank *rank;
	struct launcher_link *link; /* NULL: no rank is there */
	uint64_t term;
	TAILQ_HEAD(, task) tasks;
};

struct launcher_link {
	struct sim_node *node;
	struct launcher_link_events ev;
	void *arg;
	struct loop_timer *timer;
	bool up;
};

/* ---- to the rank ---- */

static void to_rank(struct sim_node *n, const Berth__Msg *msg)
{
	if (n->link && n->link->up)
		n->link->ev.message(n->link->arg, msg);
}

static void fill(Berth__TaskStatus *s, const struct task *t)
{
	berth__task_status__init(s);
	s->job = t->job;
	s->index = t->index;
	s->framework = t->framework;
	s->node = t->node->rank->name;
	s->slice = t->slice;
	s->state = t->end ? BERTH__TASK_STATE__TASK_ENDED
			  : BERTH__TASK_STATE__TASK_RUNNING;
	s->end = (Berth__TaskEnd)t->end;
	s->rank = -1;
	s->text = (char *)"";
	s->start_us = t->start_us;
	s->end_us = t->end_us;
}

static void report(struct sim_node *n, struct task *only)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus *status, **list;
	struct task *t;
	size_t count = 0;

	TAILQ_FOREACH(t, &n->tasks, link)
		count++;
	status = mem_array(count + 1, sizeof(*status));
	list = mem_array(count + 1, sizeof(*list));
	TAILQ_FOREACH(t, &n->tasks, link) {
		if (t->confirmed || (only && t != only))
			continue;
		list[r.n_tasks] = &status[r.n_tasks];
		fill(&status[r.n_tasks++], t);
	}
	r.tasks = list;
	r.full = only == NULL;
	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = &r;
	to_rank(n, &msg);
	free(status);
	free(list);
}

static void tell_roster(struct sim_node *n)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Roster roster = BERTH__ROSTER__INIT;
	Berth__Member member[JOB_SIM_RANKS], *list[JOB_SIM_RANKS];

	for (unsigned i = 0; i < world->n; i++) {
		berth__member__init(&member[i]);
		member[i].node = world->rank[i].name;
		member[i].index = i;
		list[i] = &member[i];
	}
	roster.n_members = world->n;
	roster.members = list;
	roster.version = 1;
	msg.body_case = BERTH__MSG__BODY_ROSTER;
	msg.roster = &roster;
	to_rank(n, &msg);
}

/* ---- tasks ---- */

static void task_end(struct task *t, int end)
{
	if (t->end)
		return;
	t->end = end;
	t->end_us = loop_wall_us();
	loop_timer_stop(t->timer);
	report(t->node, t);
}

static void on_over(void *arg)
{
	task_end(arg, BERTH__TASK_END__END_EXITED);
}

static bool ran_before(uint64_t job, uint32_t index)
{
	struct task *t;

	for (unsigned i = 0; i < world->n; i++) {
		TAILQ_FOREACH(t, &world->rank[i].node->tasks, link)
			if (t->job == job && t->index == index && t->ran)
				return true;
	}
	return false;
}

static struct task *task_find(struct sim_node *n, uint64_t job, uint32_t index)
{
	struct task *t;

	TAILQ_FOREACH(t, &n->tasks, link) {
		if (t->job == job && t->index == index && !t->confirmed)
			return t;
	}
	return NULL;
}

static struct task *task_add(struct sim_node *n, const Berth__Launch *launch,
			     const Berth__TaskSpec *spec)
{
	struct task *t = task_find(n, spec->job, spec->index);

	if (t) /* that was refused */
		t->confirmed = true;
	t = mem_alloc(sizeof(*t));
	t->node = n;
	t->job = spec->job;
	t->index = spec->index;
	t->slice = spec->slice->id;
	t->framework = mem_strdup(launch->spec->framework);
	t->start_us = loop_wall_us();
	t->timer = loop_timer_create(world->loop, on_over, t);
	TAILQ_INSERT_TAIL(&n->tasks, t, link);
	return t;
}

/* Of a leader that was replaced. */
static void task_refuse(struct sim_node *n, const Berth__Launch *launch,
			const Berth__TaskSpec *spec)
{
	if (task_find(n, spec->job, spec->index) == NULL)
		task_end(task_add(n, launch, spec),
			 BERTH__TASK_END__END_REVOKED);
}

static void task_start(struct sim_node *n, const Berth__Launch *launch,
		       const Berth__TaskSpec *spec)
{
	struct task *t;

	if (ran_before(spec->job, spec->index))
		sim_fail("task %llu.%u is started twice, now on %s",
			 (unsigned long long)spec->job, spec->index,
			 n->rank->name);
	t = task_add(n, launch, spec);
	t->ran = true;
	loop_timer_start(t->timer, 2000 + sim_chance(sim_chance(4) ? 100000
								  : 2000000));
	world->out->tasks++;
	sim_say("%s: task %llu.%u of term %llu runs", n->rank->name,
		(unsigned long long)t->job, t->index,
		(unsigned long long)n->term);
	report(n, t);
}

static void on_launch(struct sim_node *n, const Berth__Msg *msg)
{
	const Berth__Launch *l = msg->launch;

	for (size_t i = 0; i < l->n_tasks; i++) {
		if (msg->term >= n->term)
			task_start(n, l, l->tasks[i]);
		else
			task_refuse(n, l, l->tasks[i]);
	}
}

static void on_confirm(struct sim_node *n, const Berth__TaskReport *confirm)
{
	for (size_t i = 0; i < confirm->n_tasks; i++) {
		const Berth__TaskStatus *s = confirm->tasks[i];
		struct task *t = task_find(n, s->job, s->index);

		if (t && t->end && t->end_us == s->end_us)
			t->confirmed = true;
	}
}

static void on_kill(struct sim_node *n, const Berth__Kill *k)
{
	struct task *t;

	if (k->signal_only)
		return;
	sim_say("%s: kill task %llu.%u%s, why %d", n->rank->name,
		(unsigned long long)k->job, k->index, k->all ? " (all)" : "",
		(int)k->why);
	TAILQ_FOREACH(t, &n->tasks, link) {
		if (t->job == k->job && (k->all || t->index == k->index))
			task_end(t, k->why ? (int)k->why
					   : BERTH__TASK_END__END_KILLED);
	}
}

/* ---- joining ---- */

static void join_failed(struct sim_node *n, const char *node,
			uint64_t incarnation)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__JoinFailed f = BERTH__JOIN_FAILED__INIT;

	f.node = (char *)node;
	f.incarnation = incarnation;
	msg.body_case = BERTH__MSG__BODY_JOIN_FAILED;
	msg.join_failed = &f;
	to_rank(n, &msg);
}

void sim_node_rank_died(const char *node)
{
	for (unsigned i = 0; i < world->n; i++) {
		if (strcmp(world->rank[i].name, node) != 0)
			join_failed(world->rank[i].node, node, 0);
	}
}

struct posted {
	struct loop_timer *timer;
	struct sim_node *from, *to;
	Berth__Msg *msg;
};

static void on_posted(void *arg)
{
	struct posted *p = arg;

	if (p->to->link && p->to->link->up)
		to_rank(p->to, p->msg);
	else if (p->msg->body_case == BERTH__MSG__BODY_JOIN_OFFER)
		join_failed(p->from, p->to->rank->name,
			    p->msg->join_offer->incarnation);
	loop_timer_destroy(p->timer);
	msg_free(p->msg);
	free(p);
}

static void post(struct sim_node *from, const char *target,
		 const Berth__Msg *msg)
{
	for (unsigned i = 0; i < world->n; i++) {
		struct sim_rank *to = &world->rank[i];
		struct posted *p;

		if (to->node == from ||
		    (target[0] && strcmp(to->name, target) != 0))
			continue;
		p = mem_alloc(sizeof(*p));
		p->from = from;
		p->to = to->node;
		p->msg = msg_copy(msg);
		p->timer = loop_timer_create(world->loop, on_posted, p);
		loop_timer_start(p->timer, 200);
	}
}

/* ---- the link ---- */

static void new_term(uint64_t term)
{
	for (unsigned i = 0; i < world->n; i++) {
		struct sim_node *n = world->rank[i].node;

		if (term > n->term)
			n->term = term;
	}
}

static void from_rank(struct sim_node *n, const Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_LAUNCH:
		on_launch(n, msg);
		break;
	case BERTH__MSG__BODY_CONFIRM:
		on_confirm(n, msg->confirm);
		break;
	case BERTH__MSG__BODY_KILL:
		if (msg->term >= n->term)
			on_kill(n, msg->kill);
		break;
	case BERTH__MSG__BODY_NEW_TERM:
		new_term(msg->term);
		break;
	case BERTH__MSG__BODY_JOIN_OFFER:
		post(n, msg->join_offer->target, msg);
		break;
	case BERTH__MSG__BODY_JOIN_FAILED:
		post(n, "", msg);
		break;
	default:
		break;
	}
}

struct sent {
	struct loop_timer *timer;
	struct sim_node *node;
	Berth__Msg *msg;
};

static void on_sent(void *arg)
{
	struct sent *s = arg;

	from_rank(s->node, s->msg);
	loop_timer_destroy(s->timer);
	msg_free(s->msg);
	free(s);
}

int launcher_link_send(struct launcher_link *k, const Berth__Msg *msg,
		       struct berth_error *err)
{
	struct sent *s = mem_alloc(sizeof(*s));

	s->node = k->node;
	s->msg = msg_copy(msg);
	s->timer = loop_timer_create(world->loop, on_sent, s);
	loop_timer_start(s->timer, 100);
	return 0;
}

static void on_up(void *arg)
{
	struct launcher_link *k = arg;

	k->up = true;
	k->ev.up(k->arg, "127.0.0.1:1", 1);
	report(k->node, NULL);
	tell_roster(k->node);
}

struct launcher_link *launcher_link_create(struct loop *l, const char *node,
					   const char *node_dir,
					   const char *berth,
					   const struct launcher_link_events *ev,
					   void *arg)
{
	struct launcher_link *k = mem_alloc(sizeof(*k));

	k->node = sim_rank_of(node)->node;
	k->node->link = k;
	k->ev = *ev;
	k->arg = arg;
	k->timer = loop_timer_create(l, on_up, k);
	loop_timer_start(k->timer, 1000);
	return k;
}

void launcher_link_destroy(struct launcher_link *k)
{
	if (k == NULL)
		return;
	k->node->link = NULL;
	loop_timer_destroy(k->timer);
	free(k);
}

bool launcher_link_up(const struct launcher_link *k)
{
	return k->up;
}

void launcher_link_retire(struct launcher_link *k)
{
}

/* ---- life ---- */

struct sim_node *sim_node_create(struct sim_rank *rank)
{
	struct sim_node *n = mem_alloc(sizeof(*n));

	n->rank = rank;
	TAILQ_INIT(&n->tasks);
	return n;
}

void sim_node_destroy(struct sim_node *n)
{
	struct task *t;

	while (!TAILQ_EMPTY(&n->tasks)) {
		t = TAILQ_FIRST(&n->tasks);
		TAILQ_REMOVE(&n->tasks, t, link);
		loop_timer_destroy(t->timer);
		free(t->framework);
		free(t);
	}
	free(n);
}
