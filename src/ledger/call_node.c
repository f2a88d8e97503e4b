/* call_node.c - what nodes say, as checked events. */
#include "ledger/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tasks ---- */

static void finish(struct ledger *l, struct task *t, enum task_end end,
		   const char *why)
{
	struct event ev = {
		.type = EVENT_TASK_FINISHED,
		.at_us = l->now_us,
		.task = {
			.job = t->job->id,
			.index = t->index,
			.status = {
				.end = end,
				.rank = -1,
				.text = why,
			},
		},
	};

	state_must(l, &ev);
}

/* The node does not know it.  One of which nothing was ever heard did not get
 * there, if the node has forgotten nothing: its Launch was with the rank that
 * died.  It can run again. */
static void finish_unknown(struct ledger *l, struct task *t, bool remembers)
{
	if (remembers && t->status.state == TASK_STARTING)
		finish(l, t, TASK_END_REVOKED,
		       "it had not begun when the rank of its node died");
	else
		finish(l, t, TASK_END_LOST, LEDGER_UNKNOWN);
}

/* The state that is reported as an event; 0 when it says nothing new. */
static int report_event(struct ledger *l, const struct task *t,
			const struct ledger_report *r, struct berth_error *err)
{
	struct event ev = {
		.at_us = l->now_us,
		.task = {
			.job = r->job,
			.index = r->index,
			.status = r->status,
		},
	};

	if (r->status.state == TASK_STARTING &&
	    t->status.state == TASK_STARTING)
		return 0;
	if (state_recalled(t) && r->status.state != TASK_ENDED)
		return error_set(err, BERTH_ECONFLICT,
				 "task %llu.%u: it is not adopted",
				 (unsigned long long)r->job, r->index);
	if (r->status.state == TASK_ENDED)
		ev.type = EVENT_TASK_FINISHED;
	else
		ev.type = EVENT_TASK_STARTED;
	if (ledger_apply(l, &ev, err) != 0)
		return -1;
	call_left(l, t);
	return 0;
}

static struct task *task_on(const struct ledger *l, const struct node *n,
			    const struct ledger_report *r,
			    struct berth_error *err)
{
	struct task *t = state_task(l, r->job, r->index, err);

	if (t == NULL)
		return NULL;
	if (t->node != n && !(t->node == NULL &&
			      strcmp(t->where, n->name) == 0)) {
		error_set(err, BERTH_ECONFLICT,
			  "task %llu.%u is on node %s, not on %s",
			  (unsigned long long)r->job, r->index, t->where,
			  n->name);
		return NULL;
	}
	return t;
}

int ledger_task_report(struct ledger *l, const char *node,
		       const struct ledger_report *r, uint64_t now_us,
		       struct berth_error *err)
{
	struct node *n = state_node(l, node, err);
	struct task *t;

	if (n == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	t = task_on(l, n, r, err);
	if (t == NULL)
		return -1;
	return report_event(l, t, r, err);
}

/* What the report names is seen; strays are told. */
static void take_reports(struct ledger *l, struct node *n,
			 const struct ledger_report *reports, size_t count,
			 void (*stray)(void *, const struct ledger_report *),
			 void *arg)
{
	for (size_t i = 0; i < count; i++) {
		const struct ledger_report *r = &reports[i];
		struct task *t = task_on(l, n, r, NULL);
		bool runs = r->status.state != TASK_ENDED;

		if (t == NULL || t->status.state == TASK_ENDED ||
		    (runs && state_recalled(t))) {
			if (t != NULL)
				t->seen = l->search;
			if (runs && stray != NULL)
				stray(arg, r);
			continue;
		}
		t->seen = l->search;
		report_event(l, t, r, NULL);
	}
}

int ledger_node_report(struct ledger *l, const char *node, bool remembers,
		       const struct ledger_report *reports, size_t count,
		       void (*stray)(void *arg, const struct ledger_report *r),
		       void *arg, uint64_t now_us, struct berth_error *err)
{
	struct node *n = state_node(l, node, err);
	struct slice *s;

	if (n == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	l->search++;
	take_reports(l, n, reports, count, stray, arg);
	TAILQ_FOREACH(s, &n->slices, of_node) {
		struct task *t = TAILQ_FIRST(&s->tasks);

		while (t != NULL) {
			struct task *next = TAILQ_NEXT(t, of_slice);

			if (t->seen != l->search)
				finish_unknown(l, t, remembers);
			t = next;
		}
	}
	return 0;
}

/* ---- nodes ---- */

/* Offers with a slice of n are no offers any more. */
static void rescind_on(struct ledger *l, struct node *n, const char *why)
{
	struct slice *s = TAILQ_FIRST(&n->slices);

	while (s != NULL) {
		if (s->state != SLICE_OFFERED) {
			s = TAILQ_NEXT(s, of_node);
			continue;
		}
		call_end_offer(l, s->offer, EVENT_OFFER_RESCINDED, 0, why);
		/* That may have ended several slices of the list. */
		s = TAILQ_FIRST(&n->slices);
	}
}

void call_lose_slice(struct ledger *l, struct slice *s)
{
	struct event ev = {
		.type = EVENT_SLICE_LOST,
		.at_us = l->now_us,
		.slice = {
			.slice = s->id,
			.framework = s->framework->name,
			.node = s->node->name,
			.job = s->job,
		},
	};

	state_must(l, &ev);
}

static void lose(struct ledger *l, struct node *n, const char *why)
{
	struct event ev = {
		.type = EVENT_NODE_DOWN,
		.at_us = l->now_us,
		.node = {.node = n->name, .text = why},
	};
	char text[200];
	struct slice *s;

	snprintf(text, sizeof(text), "node %s is lost: %s", n->name,
		 why != NULL ? why : "no word from it");
	rescind_on(l, n, text);
	TAILQ_FOREACH(s, &n->slices, of_node) {
		while (!TAILQ_EMPTY(&s->tasks))
			finish(l, TAILQ_FIRST(&s->tasks),
			       TASK_END_LOST, text);
	}
	while (!TAILQ_EMPTY(&n->slices))
		call_lose_slice(l, TAILQ_FIRST(&n->slices));
	call_lose_datasets(l, n, text);
	state_must(l, &ev);
}

int ledger_node_lost(struct ledger *l, const char *name, const char *why,
		     uint64_t now_us, struct berth_error *err)
{
	struct node *n = state_node(l, name, err);

	if (n == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	l->search++; /* what it has told is true no more */
	if (n->state == NODE_DOWN)
		return error_set(err, BERTH_ECONFLICT, "node %s: it is down",
				 n->name);
	lose(l, n, why);
	return 0;
}

int ledger_node_drain(struct ledger *l, const char *name, bool drain,
		      uint64_t now_us, struct berth_error *err)
{
	struct node *n = state_node(l, name, err);
	struct event ev = {
		.type = drain ? EVENT_NODE_DRAINED : EVENT_NODE_RESUMED,
	};

	if (n == NULL || call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	ev.node.node = n->name;
	if (drain && n->state == NODE_UP)
		rescind_on(l, n, "its node is drained");
	return ledger_apply(l, &ev, err);
}

static bool same_labels(const struct node *n, const struct label *labels,
			size_t nlabels)
{
	if (n->nlabels != nlabels)
		return false;
	for (size_t i = 0; i < nlabels; i++) {
		const char *value = node_label(n, labels[i].name);

		if (value == NULL || strcmp(value, labels[i].value) != 0)
			return false;
	}
	return true;
}

int ledger_node_up(struct ledger *l, const char *name,
		   const struct topology *topology, const struct label *labels,
		   size_t nlabels, bool emulated, uint64_t now_us,
		   struct berth_error *err)
{
	struct node *n = map_get(l->nodes, name);
	struct event ev = {
		.type = EVENT_NODE_UP,
		.node_up = {
			.node = name,
			.topology = topology,
			.labels = labels,
			.nlabels = nlabels,
			.emulated = emulated,
		},
	};

	if (call_begin(l, now_us, err) != 0)
		return -1;
	ev.at_us = l->now_us;
	if (n != NULL && n->state != NODE_DOWN) {
		if (strcmp(n->topology->hash, topology->hash) == 0 &&
		    same_labels(n, labels, nlabels))
			return 0;
		lose(l, n, "its hardware or labels changed");
	}
	return ledger_apply(l, &ev, err);
}
