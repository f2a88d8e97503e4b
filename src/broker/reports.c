#include "broker/reports.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "broker/book.h"
#include "broker/recall.h"

/* Of a task's text, so much is kept. */
#define TEXT_MOST 1000

/* A sender may say more than anybody wants to read. */
static char *short_text(char *text)
{
	if (strnlen(text, TEXT_MOST + 1) > TEXT_MOST)
		text[TEXT_MOST] = '\0';
	return text;
}

/* -1: it says nothing that the ledger can use. */
static int to_report(const Berth__TaskStatus *t, struct ledger_report *out)
{
	struct task_status *s = &out->status;

	memset(out, 0, sizeof(*out));
	out->job = t->job;
	out->index = t->index;
	switch (t->state) {
	case BERTH__TASK_STATE__TASK_WAITING:
	case BERTH__TASK_STATE__TASK_UNKNOWN: s->state = TASK_STARTING; break;
	case BERTH__TASK_STATE__TASK_RUNNING: s->state = TASK_RUNNING; break;
	case BERTH__TASK_STATE__TASK_ENDED: s->state = TASK_ENDED; break;
	default: return -1;
	}
	s->end = (unsigned)t->end < TASK_ENDS ? (enum task_end)t->end
					      : TASK_END_LOST;
	if (s->state == TASK_ENDED && s->end == TASK_END_NONE)
		s->end = TASK_END_LOST;
	if (s->state == TASK_RUNNING)
		s->end = TASK_END_NONE;
	s->exit_code = t->exit_code;
	s->signal = t->signal;
	s->rank = t->rank;
	s->text = short_text(t->text);
	s->start_us = t->start_us;
	s->end_us = t->end_us;
	s->cpu_us = t->cpu_us;
	s->max_rss_kib = t->max_rss_kib;
	return 0;
}

/* Has the ledger no such task there that is not ended? */
static bool unknown(const struct ledger *ledger, const char *node,
		    uint64_t job, uint32_t index)
{
	const struct task *t = ledger_task(ledger, job, index);

	return t == NULL || t->status.state == TASK_ENDED ||
	       strcmp(t->where, node) != 0;
}

static void send_kill(struct net *net, const char *node,
		      struct node_sync *sync, uint64_t job, uint32_t index,
		      Berth__TaskEnd why, const char *text)
{
	Berth__Msg msg = BERTH__MSG__INIT;
	Berth__Kill k = BERTH__KILL__INIT;

	if (node_sync_tells(sync))
		log_warn("node %s runs task %llu.%u: %s: it is killed", node,
			 (unsigned long long)job, index, text);
	k.job = job;
	k.index = index;
	k.signal = 9;
	k.why = why;
	k.text = (char *)text;
	msg.body_case = BERTH__MSG__BODY_KILL;
	msg.kill = &k;
	net_send(net, node, &msg, NULL);
}

static void kill_stray(struct net *net, const char *node,
		       struct node_sync *sync, uint64_t job, uint32_t index)
{
	send_kill(net, node, sync, job, index, BERTH__TASK_END__END_KILLED,
		  "the leader does not know it");
}

void reports_apply(struct ledger *l, struct net *net, const char *node,
		   const Berth__TaskReport *report, struct node_sync *sync)
{
	struct ledger_report r;
	struct berth_error err;

	for (size_t i = 0; i < report->n_tasks; i++) {
		if (report->tasks[i]->job == 0 ||
		    to_report(report->tasks[i], &r) != 0)
			continue;
		if (ledger_task_report(l, node, &r, book_now(), &err) == 0)
			continue;
		if (r.status.state == TASK_RUNNING &&
		    unknown(l, node, r.job, r.index))
			kill_stray(net, node, sync, r.job, r.index);
		else if (node_sync_tells(sync))
			log_info("node %s: %s", node, err.text);
	}
}

/* ---- all of a node ------------------------------------------------------- */

struct reconcile {
	const struct ledger *ledger;
	struct net *net;
	const char *node;
	struct node_sync *sync;
	struct ledger_report *report;
	size_t n, room;
};

static void add(struct reconcile *r, const struct ledger_report *report)
{
	if (r->n == r->room) {
		r->room = r->room > 0 ? 2 * r->room : 64;
		r->report = mem_resize(r->report, r->room,
				       sizeof(r->report[0]));
	}
	r->report[r->n++] = *report;
}

/* It is not there yet because its Launch waits or is on its way; or it has
 * ended already. */
static void add_waiting(void *arg, uint64_t job, uint32_t index)
{
	struct reconcile *rec = arg;
	struct ledger_report report = {
		.job = job,
		.index = index,
		.status = {.state = TASK_STARTING, .rank = -1},
	};

	if (!unknown(rec->ledger, rec->node, job, index))
		add(rec, &report);
}

static void on_stray(void *arg, const struct ledger_report *report)
{
	struct reconcile *r = arg;

	/* One that could not be adopted has been told to end. */
	if (ledger_node(r->ledger, r->node) == NULL ||
	    unknown(r->ledger, r->node, report->job, report->index))
		kill_stray(r->net, r->node, r->sync, report->job,
			   report->index);
	node_sync_stray(r->sync, report->job, report->index);
}

/* What runs and an earlier leader gave it.  What cannot be counted here, since
 * its record does not fit the node any more, is taken back: it ends, as
 * revoked, when its node says so, and does not run again before. */
static void adopt(const struct reconcile *rec, struct ledger *l,
		  const struct records *records,
		  const struct ledger_report *r)
{
	const struct task *t = ledger_task(l, r->job, r->index);
	struct berth_error err;

	if (records == NULL || t == NULL || t->node != NULL ||
	    t->status.state == TASK_ENDED || r->status.state == TASK_ENDED)
		return;
	if (recall_adopt(records, l, rec->node, r->job, r->index, &err) != 0)
		send_kill(rec->net, rec->node, rec->sync, r->job, r->index,
			  BERTH__TASK_END__END_REVOKED, err.text);
}

void reports_reconcile(struct ledger *l, struct net *net,
		       const struct records *records, const char *node,
		       const Berth__TaskReport *report, bool remembers,
		       struct node_sync *sync)
{
	struct reconcile r = {
		.ledger = l, .net = net, .node = node, .sync = sync};
	struct ledger_report one;
	struct berth_error err;

	for (size_t i = 0; i < report->n_tasks; i++)
		if (report->tasks[i]->job != 0 &&
		    to_report(report->tasks[i], &one) == 0)
			add(&r, &one);
	if (ledger_node(l, node) == NULL) {
		/* New to the ledger: nothing there can be of it. */
		for (size_t i = 0; i < r.n; i++)
			if (r.report[i].status.state != TASK_ENDED)
				on_stray(&r, &r.report[i]);
	} else {
		for (size_t i = 0; i < r.n; i++)
			adopt(&r, l, records, &r.report[i]);
		node_sync_tasks(sync, add_waiting, &r);
		if (ledger_node_report(l, node, remembers, r.report, r.n,
				       on_stray, &r, book_now(), &err) != 0)
			log_warn("node %s: its report: %s", node, err.text);
		/* Its Launch was lost, or all of the node died. */
		ledger_end_recalled(l, node, remembers,
				    remembers ? "it had not begun when its "
						"leader was replaced"
					      : LEDGER_UNKNOWN,
				    book_now());
	}
	free(r.report);
}
