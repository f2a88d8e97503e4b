#include "broker/node_sync.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"

/* What has not ended after SIGKILL by then is not going to. */
#define PATIENCE_US (5u * 1000000)
/* No message to a rank that is up takes longer. */
#define FLIGHT_US (2u * 1000000)

struct waiting {
	STAILQ_ENTRY(waiting) entry;
	Berth__Msg *msg;
};

struct flight {
	uint64_t sent_us, job;
	uint32_t index;
};

struct stray {
	uint64_t job;
	uint32_t index;
};

struct node_sync {
	STAILQ_HEAD(, waiting) waiting;
	struct flight *flight; /* oldest first, from nold on */
	size_t nflights, room, nold;
	struct stray *stray;
	size_t nstrays;
	struct loop_timer *timer;
	uint64_t told_us; /* since when lines are counted */
	unsigned told;
};

/* So many lines about a node's odd reports, in so much time. */
enum { TELL_LINES = 10, TELL_US = 10 * 1000 * 1000 };

bool node_sync_tells(struct node_sync *s)
{
	uint64_t now = loop_now_us();

	if (s->told_us == 0 || now - s->told_us > TELL_US) {
		s->told_us = now;
		s->told = 0;
	}
	return s->told++ < TELL_LINES;
}

struct node_sync *node_sync_create(void)
{
	struct node_sync *s = mem_alloc(sizeof(*s));

	STAILQ_INIT(&s->waiting);
	return s;
}

void node_sync_clear(struct node_sync *s)
{
	struct waiting *w;

	while (!STAILQ_EMPTY(&s->waiting)) {
		w = STAILQ_FIRST(&s->waiting);
		STAILQ_REMOVE_HEAD(&s->waiting, entry);
		msg_free(w->msg);
		free(w);
	}
	node_sync_anew(s);
	s->nstrays = 0;
	loop_timer_destroy(s->timer);
	s->timer = NULL;
}

void node_sync_destroy(struct node_sync *s)
{
	if (s == NULL)
		return;
	node_sync_clear(s);
	free(s->flight);
	free(s->stray);
	free(s);
}

/* ---- messages ------------------------------------------------------------ */

void node_sync_keep(struct node_sync *s, Berth__Msg *msg)
{
	struct waiting *w = mem_alloc(sizeof(*w));

	w->msg = msg;
	STAILQ_INSERT_TAIL(&s->waiting, w, entry);
}

void node_sync_anew(struct node_sync *s)
{
	s->nflights = s->nold = 0;
}

void node_sync_sent(struct node_sync *s, const Berth__Launch *launch)
{
	uint64_t now = loop_now_us();
	size_t n = launch->n_tasks;

	while (s->nold < s->nflights &&
	       now - s->flight[s->nold].sent_us > FLIGHT_US)
		s->nold++;
	if (s->nflights + n > s->room) {
		s->nflights -= s->nold;
		if (s->nflights > 0)
			memmove(s->flight, s->flight + s->nold,
				s->nflights * sizeof(s->flight[0]));
		s->nold = 0;
		s->room = 2 * (s->nflights + n);
		s->flight = mem_resize(s->flight, s->room,
				       sizeof(s->flight[0]));
	}
	for (size_t i = 0; i < n; i++)
		s->flight[s->nflights++] = (struct flight){
			now, launch->tasks[i]->job, launch->tasks[i]->index};
}

void node_sync_tasks(const struct node_sync *s,
		     void (*cb)(void *arg, uint64_t job, uint32_t index),
		     void *arg)
{
	uint64_t now = loop_now_us();
	struct waiting *w;

	for (size_t i = s->nold; i < s->nflights; i++)
		if (now - s->flight[i].sent_us <= FLIGHT_US)
			cb(arg, s->flight[i].job, s->flight[i].index);
	STAILQ_FOREACH(w, &s->waiting, entry) {
		if (w->msg->body_case != BERTH__MSG__BODY_LAUNCH)
			continue;
		for (size_t i = 0; i < w->msg->launch->n_tasks; i++)
			cb(arg, w->msg->launch->tasks[i]->job,
			   w->msg->launch->tasks[i]->index);
	}
}

void node_sync_flush(struct node_sync *s, struct net *net, const char *node)
{
	struct waiting *w;

	while (!STAILQ_EMPTY(&s->waiting)) {
		w = STAILQ_FIRST(&s->waiting);
		if (net_send(net, node, w->msg, NULL) != 0)
			return;
		if (w->msg->body_case == BERTH__MSG__BODY_LAUNCH)
			node_sync_sent(s, w->msg->launch);
		STAILQ_REMOVE_HEAD(&s->waiting, entry);
		msg_free(w->msg);
		free(w);
	}
}

/* ---- strays -------------------------------------------------------------- */

void node_sync_stray(struct node_sync *s, uint64_t job, uint32_t index)
{
	s->stray = mem_resize(s->stray, s->nstrays + 1, sizeof(s->stray[0]));
	s->stray[s->nstrays++] = (struct stray){job, index};
}

void node_sync_ended(struct node_sync *s, const Berth__TaskReport *report)
{
	for (size_t i = 0; i < report->n_tasks && s->nstrays > 0; i++) {
		const Berth__TaskStatus *t = report->tasks[i];
		size_t k = 0;

		if (t->state != BERTH__TASK_STATE__TASK_ENDED)
			continue;
		while (k < s->nstrays && (s->stray[k].job != t->job ||
					  s->stray[k].index != t->index))
			k++;
		if (k < s->nstrays)
			s->stray[k] = s->stray[--s->nstrays];
	}
	if (s->nstrays == 0 && s->timer != NULL &&
	    loop_timer_pending(s->timer))
		loop_timer_start(s->timer, 0);
}

void node_sync_wait(struct node_sync *s, struct loop *loop, loop_f done,
		    void *arg)
{
	loop_timer_destroy(s->timer);
	s->timer = loop_timer_create(loop, done, arg);
	loop_timer_start(s->timer, s->nstrays > 0 ? PATIENCE_US : 0);
}
