/* work.c - see work.h. */
#include "launcher/work.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"
#include "launcher/tasks.h"

/* A Launch that its shepherd has not reported on.  Should the shepherd just
 * have been leaving, a new one gets it. */
struct unanswered {
	TAILQ_ENTRY(unanswered) entry;
	Berth__Msg *msg;
};

/* So long after our start shepherds may still be on their way to tell us of
 * their tasks. */
#define ADOPT_US (5u * 1000 * 1000)

struct work {
	uint64_t started_us;
	const struct settings *settings;
	struct shepherds *shepherds;
	struct post post;
	struct tasks *tasks;
	TAILQ_HEAD(, unanswered) unanswered;
	uint64_t life;
	bool retired, retired_all;
};

struct work *work_create(const struct settings *s, struct shepherds *sh,
			 const struct post *post)
{
	struct work *w = mem_alloc(sizeof *w);

	w->started_us = loop_now_us();
	w->settings = s;
	w->shepherds = sh;
	w->post = *post;
	w->tasks = tasks_create(s->node);
	TAILQ_INIT(&w->unanswered);
	return w;
}

static void unanswered_destroy(struct work *w, struct unanswered *u)
{
	TAILQ_REMOVE(&w->unanswered, u, entry);
	msg_free(u->msg);
	free(u);
}

void work_destroy(struct work *w)
{
	struct unanswered *u;

	if (w == NULL)
		return;
	while ((u = TAILQ_FIRST(&w->unanswered)) != NULL)
		unanswered_destroy(w, u);
	tasks_destroy(w->tasks);
	free(w);
}

/* ---- to the rank ---- */

/* To the shepherd that reported them. */
static void confirm(void *arg, const char *shepherd, Berth__TaskReport *ends)
{
	struct work *w = arg;
	Berth__Msg msg = BERTH__MSG__INIT;

	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = ends;
	shepherds_send(w->shepherds, shepherd, &msg);
}

/* If there is one; else it hears of it all when it comes. */
static void tell_rank(struct work *w, Berth__TaskReport *r)
{
	Berth__Msg msg = BERTH__MSG__INIT;

	msg.body_case = BERTH__MSG__BODY_REPORT;
	msg.report = r;
	w->post.rank(w->post.arg, &msg);
}

/* One that was lost. */
static void tell_lost(void *arg, const Berth__TaskStatus *status)
{
	struct work *w = arg;
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;
	Berth__TaskStatus *one = (Berth__TaskStatus *)status;

	r.n_tasks = 1;
	r.tasks = &one;
	tell_rank(w, &r);
}

void work_rank_up(struct work *w)
{
	Berth__TaskReport *r = tasks_full(w->tasks);

	r->life = w->life;
	tell_rank(w, r);
	tasks_report_free(r);
}

void work_begin(struct work *w, uint64_t life)
{
	w->life = life;
}

/* Confirm what nobody else is going to. */
static void confirm_retired(struct work *w, const Berth__TaskReport *heard)
{
	Berth__TaskReport r = BERTH__TASK_REPORT__INIT;
	Berth__Msg msg = BERTH__MSG__INIT, *copy;

	r.tasks = mem_array(heard->n_tasks + 1, sizeof(r.tasks[0]));
	for (size_t i = 0; i < heard->n_tasks; i++)
		if (w->retired_all || heard->tasks[i]->job == 0)
			r.tasks[r.n_tasks++] = heard->tasks[i];
	msg.body_case = BERTH__MSG__BODY_CONFIRM;
	msg.confirm = &r;
	copy = msg_copy(&msg); /* they may be the table's, and go with it */
	tasks_confirm(w->tasks, copy->confirm, confirm, w);
	msg_free(copy);
	free(r.tasks);
}

void work_retire(struct work *w, bool all)
{
	Berth__TaskReport *r = tasks_full(w->tasks);

	w->retired = true;
	w->retired_all = w->retired_all || all;
	confirm_retired(w, r);
	tasks_report_free(r);
}

/* ---- from the rank ---- */

static void pass_launch(struct work *w, Berth__Msg *msg)
{
	const char *key = msg->launch->shepherd;
	struct berth_error err;

	if (shepherds_start(w->shepherds, key, msg->launch->spec,
			    &err) < 0) {
		log_warn("shepherd %s: %s", key, err.text);
		tasks_shepherd_gone(w->tasks, key,
				    BERTH__TASK_END__END_FAILED_START,
				    err.text, tell_lost, w);
		return;
	}
	shepherds_send(w->shepherds, key, msg);
}

static void launch(struct work *w, Berth__Msg *msg)
{
	Berth__Launch *l = msg->launch;
	struct unanswered *u;

	if (l->spec == NULL || l->n_tasks == 0) {
		log_warn("a launch without spec or tasks is dropped");
		return;
	}
	if (l->spec->state_dir != protobuf_c_empty_string)
		free(l->spec->state_dir);
	l->spec->state_dir = mem_strdup(w->settings->dir);
	tasks_launched(w->tasks, l);
	u = mem_alloc(sizeof *u);
	u->msg = msg_copy(msg);
	TAILQ_INSERT_TAIL(&w->unanswered, u, entry);
	pass_launch(w, u->msg);
}

void work_refuse(struct work *w, const Berth__Launch *launch)
{
	tasks_refused(w->tasks, launch, "it had not begun when its leader was "
		      "replaced", tell_lost, w);
}

struct to_job {
	struct work *work;
	const Berth__Msg *msg;
	size_t n;
};

static void pass_on(void *arg, const char *shepherd)
{
	struct to_job *to = arg;

	shepherds_send(to->work->shepherds, shepherd, to->msg);
	to->n++;
}

static void to_job(struct work *w, uint64_t job, const Berth__Msg *msg)
{
	struct to_job to = {.work = w, .msg = msg};

	tasks_shepherds(w->tasks, job, pass_on, &to);
	if (to.n == 0)
		log_debug("a %s for job %llu, which is not here",
			  msg_name(msg), (unsigned long long)job);
}

/* Nobody reads (any more): say so, or the writer waits for ever. */
static void refuse_stdin(struct work *w, const Berth__StdinData *d)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__StdinAck ack = BERTH__STDIN_ACK__INIT;

	ack.job = d->job;
	ack.offset = d->offset;
	ack.closed = true;
	msg.body_case = BERTH__MSG__BODY_STDIN_ACK;
	msg.stdin_ack = &ack;
	w->post.rank(w->post.arg, &msg);
}

static void stdin_data(struct work *w, const Berth__Msg *msg)
{
	struct to_job to = {.work = w, .msg = msg};

	tasks_shepherds(w->tasks, msg->stdin_data->job, pass_on, &to);
	/* It is sent again when nobody answers. */
	if (to.n == 0 && loop_now_us() - w->started_us > ADOPT_US)
		refuse_stdin(w, msg->stdin_data);
}

void work_from_rank(struct work *w, Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_LAUNCH:
		launch(w, msg);
		break;
	case BERTH__MSG__BODY_KILL:
		to_job(w, msg->kill->job, msg);
		break;
	case BERTH__MSG__BODY_RANKS_DIED:
		to_job(w, msg->ranks_died->job, msg);
		break;
	case BERTH__MSG__BODY_CONFIRM:
		tasks_confirm(w->tasks, msg->confirm, confirm, w);
		break;
	case BERTH__MSG__BODY_STDIN_DATA:
		stdin_data(w, msg);
		break;
	default:
		break;
	}
}

/* ---- from shepherds ---- */

/* Drop the launches whose first task has been reported. */
static void note_answered(struct work *w)
{
	struct unanswered *u, *next;

	for (u = TAILQ_FIRST(&w->unanswered); u; u = next) {
		const Berth__TaskSpec *first = u->msg->launch->tasks[0];

		next = TAILQ_NEXT(u, entry);
		if (tasks_reported(w->tasks, first->job, first->index))
			unanswered_destroy(w, u);
	}
}

static void report(struct work *w, const char *key, Berth__TaskReport *r)
{
	bool full = r->full;

	tasks_report(w->tasks, key, r, tell_lost, w);
	note_answered(w);
	/* To the rank full means: of the whole node. */
	r->full = false;
	if (r->n_tasks > 0)
		tell_rank(w, r);
	r->full = full;
	if (w->retired)
		confirm_retired(w, r);
}

void work_from_shepherd(struct work *w, const char *key,
			const Berth__Msg *msg)
{
	switch (msg->body_case) {
	case BERTH__MSG__BODY_REPORT:
		report(w, key, msg->report);
		break;
	case BERTH__MSG__BODY_STDIN_ACK:
		w->post.rank(w->post.arg, msg);
		break;
	default:
		break;
	}
}

/* Launches that a leaving shepherd did not take any more go to a new one. */
static size_t relaunch(struct work *w, const char *key, bool again)
{
	struct unanswered *u, *next;
	size_t n = 0;

	for (u = TAILQ_FIRST(&w->unanswered); u; u = next) {
		next = TAILQ_NEXT(u, entry);
		if (strcmp(u->msg->launch->shepherd, key) != 0)
			continue;
		n++;
		if (again)
			pass_launch(w, u->msg);
		else
			unanswered_destroy(w, u);
	}
	return n;
}

void work_shepherd_gone(struct work *w, const char *key, bool clean,
			const char *why)
{
	if (clean && relaunch(w, key, true) > 0)
		return;
	relaunch(w, key, false);
	tasks_shepherd_gone(w->tasks, key, BERTH__TASK_END__END_LOST, why,
			    tell_lost, w);
}
