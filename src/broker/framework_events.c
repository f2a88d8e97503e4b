#include "broker/framework_events.h"

#include <string.h>

#include "broker/json_model.h"
#include "broker/json_text.h"

const char *framework_events_whose(const struct ledger *l,
				   const struct event *ev)
{
	const struct job *j = NULL;

	switch (ev->type) {
	case EVENT_OFFER_MADE:
		return ev->offer_made.framework;
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		return ev->offer.framework;
	case EVENT_SLICE_LOST:
	case EVENT_SLICE_SPARED:
		return ev->slice.framework;
	case EVENT_SLICE_REVOKING:
		return ev->revoking.framework;
	case EVENT_JOB_SUBMITTED:
		return ev->job_submitted.framework;
	case EVENT_JOB_CANCELLED:
		j = ledger_job(l, ev->job.job);
		break;
	case EVENT_TASK_STARTED:
	case EVENT_TASK_FINISHED:
		j = ledger_job(l, ev->task.job);
		break;
	default:
		break;
	}
	return j != NULL ? j->framework : NULL;
}

/* Ends the line of an object that is open. */
static void put_member(struct buf *out, const char *key, json_t *v)
{
	buf_printf(out, ",\"%s\":", key);
	json_text_value(out, v);
	json_decref(v);
}

/* The job with its spec, which is JSON text already. */
static void put_job(struct buf *out, const struct job *j)
{
	json_text_value_open(out, json_job(j));
	buf_printf(out, ",\"spec\":%s}", j->spec != NULL ? j->spec : "{}");
}

static void put_offer(struct buf *out, const struct ledger *l,
		      const struct event *ev)
{
	const struct offer *o = ledger_offer(l, ev->offer_made.offer);
	json_t *slices = json_array();
	const struct slice *s;

	if (o != NULL)
		TAILQ_FOREACH(s, &o->slices, of_owner)
			json_array_append_new(slices, json_slice(s));
	buf_printf(out, "{\"type\":\"offer\",\"offer\":%llu",
		   (unsigned long long)ev->offer_made.offer);
	put_member(out, "demand", json_text_safe(ev->offer_made.demand));
	put_member(out, "slices", slices);
	buf_printf(out, ",\"expires_ms\":%llu}\n",
		   (unsigned long long)(ev->offer_made.expires_us - ev->at_us) /
			   1000);
}

static void put_task(struct buf *out, const struct ledger *l,
		     const struct event *ev)
{
	const struct task *t = ledger_task(l, ev->task.job, ev->task.index);

	if (t == NULL)
		return;
	buf_puts(out, "{\"type\":\"task\"");
	put_member(out, "task", json_task(t));
	buf_puts(out, "}\n");
}

static void put_lost(struct buf *out, const struct event *ev)
{
	buf_printf(out, "{\"type\":\"lost\",\"slices\":[%llu]",
		   (unsigned long long)ev->slice.slice);
	put_member(out, "node", json_text_safe(ev->slice.node));
	buf_puts(out, "}\n");
}

void framework_events_line(struct buf *out, const struct ledger *l,
			   const struct event *ev)
{
	const struct job *j;

	switch (ev->type) {
	case EVENT_OFFER_MADE:
		put_offer(out, l, ev);
		break;
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		buf_printf(out, "{\"type\":\"rescind\",\"offer\":%llu}\n",
			   (unsigned long long)ev->offer.offer);
		break;
	case EVENT_SLICE_LOST:
		put_lost(out, ev);
		break;
	case EVENT_SLICE_REVOKING:
		buf_printf(out, "{\"type\":\"revoke\",\"slice\":%llu,"
			   "\"deadline_ms\":%llu,\"react_ms\":%llu,"
			   "\"reason\":\"%s\"}\n",
			   (unsigned long long)ev->revoking.slice,
			   (unsigned long long)(ev->revoking.deadline_us -
						ev->at_us) / 1000,
			   (unsigned long long)ev->revoking.react_us / 1000,
			   ev->revoking.lent ? "lent" : "guarantee");
		break;
	case EVENT_SLICE_SPARED:
		buf_printf(out, "{\"type\":\"spared\",\"slice\":%llu}\n",
			   (unsigned long long)ev->slice.slice);
		break;
	case EVENT_JOB_SUBMITTED:
		j = ledger_job(l, ev->job_submitted.job);
		if (j == NULL)
			break;
		buf_puts(out, "{\"type\":\"job\",\"job\":");
		put_job(out, j);
		buf_puts(out, "}\n");
		break;
	case EVENT_JOB_CANCELLED:
		buf_printf(out, "{\"type\":\"cancel\",\"job\":%llu}\n",
			   (unsigned long long)ev->job.job);
		break;
	case EVENT_TASK_STARTED:
	case EVENT_TASK_FINISHED:
		put_task(out, l, ev);
		break;
	default:
		break;
	}
}

/* ---- state --------------------------------------------------------------- */

static void put_jobs(struct buf *out, const struct ledger *l, const char *name)
{
	const struct job *j;
	size_t n = 0;

	for (j = ledger_first_job(l); j != NULL; j = TAILQ_NEXT(j, of_ledger)) {
		if (strcmp(j->framework, name) != 0)
			continue;
		if (n++ > 0)
			buf_puts(out, ",");
		put_job(out, j);
	}
}

static void put_value(struct buf *out, size_t *n, json_t *v)
{
	if ((*n)++ > 0)
		buf_puts(out, ",");
	json_text_value(out, v);
	json_decref(v);
}

/* All tasks of jobs that are not ended: of an array also those that are done,
 * so that they are not run again. */
static void put_tasks(struct buf *out, const struct ledger *l,
		      const char *name)
{
	const struct job *j;
	const struct task *t;
	size_t n = 0;

	for (j = ledger_first_job(l); j != NULL; j = TAILQ_NEXT(j, of_ledger)) {
		if (strcmp(j->framework, name) != 0)
			continue;
		TAILQ_FOREACH(t, &j->tasks, of_job)
			put_value(out, &n, json_task(t));
	}
}

static void put_slices(struct buf *out, const struct ledger *l,
		       const char *name)
{
	const struct framework *f = ledger_framework(l, name);
	const struct slice *s;
	size_t n = 0;

	if (f == NULL)
		return;
	TAILQ_FOREACH(s, &f->slices, of_owner)
		put_value(out, &n, json_slice(s));
}

void framework_events_state(struct buf *out, const struct ledger *l,
			    const char *name)
{
	const struct job *j;

	buf_puts(out, "{\"type\":\"state\",\"jobs\":[");
	put_jobs(out, l, name);
	buf_puts(out, "],\"tasks\":[");
	put_tasks(out, l, name);
	buf_puts(out, "],\"slices\":[");
	put_slices(out, l, name);
	buf_puts(out, "]}\n");
	/* A cancellation that nobody has heard yet. */
	for (j = ledger_first_job(l); j != NULL; j = TAILQ_NEXT(j, of_ledger))
		if (j->cancelled && strcmp(j->framework, name) == 0)
			buf_printf(out, "{\"type\":\"cancel\",\"job\":%llu}\n",
				   (unsigned long long)j->id);
}
