#include "broker/event_json.h"

#include <string.h>

#include "broker/json_text.h"

static void add_int(struct buf *b, const char *key, long long v)
{
	buf_printf(b, ",\"%s\":%lld", key, v);
}

/* Left out when there is none. */
static void add_str(struct buf *b, const char *key, const char *s)
{
	json_t *v;

	if (s == NULL || s[0] == '\0')
		return;
	v = json_text_safe(s);
	buf_printf(b, ",\"%s\":", key);
	json_text_string(b, json_string_value(v), json_string_length(v));
	json_decref(v);
}

static void add_ids(struct buf *b, const uint64_t *id, size_t n)
{
	buf_puts(b, ",\"slices\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%llu", i > 0 ? "," : "",
			   (unsigned long long)id[i]);
	buf_puts(b, "]");
}

static void add_offer_made(struct buf *b, const struct event *ev)
{
	add_int(b, "offer", (long long)ev->offer_made.offer);
	add_str(b, "framework", ev->offer_made.framework);
	add_str(b, "demand", ev->offer_made.demand);
	buf_puts(b, ",\"slices\":[");
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct slice *s = ev->offer_made.slices[i];

		buf_printf(b, "%s{\"id\":%llu", i > 0 ? "," : "",
			   (unsigned long long)s->id);
		add_str(b, "node", s->node->name);
		add_int(b, "cores", (long long)s->amount.cores);
		add_int(b, "memory_mib", (long long)s->amount.memory_mib);
		add_int(b, "gpus", (long long)s->amount.gpus);
		buf_puts(b, "}");
	}
	buf_puts(b, "]");
}

static void add_status(struct buf *b, const struct task_status *s, bool ended)
{
	if (!ended)
		return;
	add_str(b, "end", task_end_name(s->end));
	add_int(b, "exit_code", s->exit_code);
	add_int(b, "signal", s->signal);
	add_str(b, "text", s->text);
}

static void add_job(struct buf *b, const struct event *ev)
{
	add_int(b, "job", (long long)ev->job.job);
	if (ev->type != EVENT_JOB_FINISHED)
		return;
	add_str(b, "outcome", job_outcome_name(ev->job.outcome));
	add_int(b, "exit_code", ev->job.exit_code);
	add_str(b, "text", ev->job.text);
}

static void add_share(struct buf *b, const struct role_setting *s)
{
	char text[QUOTA_TEXT];

	add_str(b, "role", s->name);
	add_str(b, "parent", s->parent);
	quota_print(&s->guarantee, text, sizeof(text));
	add_str(b, "guarantee", text);
	quota_print(&s->limit, text, sizeof(text));
	add_str(b, "limit", text);
	add_int(b, "priority", s->priority);
	buf_printf(b, ",\"weight\":%.9g", s->weight);
}

static void add_members(struct buf *b, const struct event *ev)
{
	switch (ev->type) {
	case EVENT_NODE_UP:
		add_str(b, "node", ev->node_up.node);
		add_int(b, "cores", (long long)ev->node_up.topology->ncores);
		break;
	case EVENT_NODE_DOWN:
	case EVENT_NODE_DRAINED:
	case EVENT_NODE_RESUMED:
		add_str(b, "node", ev->node.node);
		add_str(b, "text", ev->node.text);
		break;
	case EVENT_ROLE_SET:
		add_share(b, ev->role_set.setting);
		break;
	case EVENT_ROLE_REMOVED:
		add_str(b, "role", ev->role.role);
		break;
	case EVENT_FRAMEWORK_REGISTERED:
		add_str(b, "framework", ev->registered.framework);
		add_str(b, "role", ev->registered.role);
		break;
	case EVENT_FRAMEWORK_AWAY:
	case EVENT_FRAMEWORK_GONE:
	case EVENT_FRAMEWORK_REMOVED:
	case EVENT_FRAMEWORK_SUPPRESSED:
	case EVENT_FRAMEWORK_REVIVED:
	case EVENT_FRAMEWORK_ASKED:
		add_str(b, "framework", ev->framework.framework);
		add_str(b, "demand", ev->framework.demand);
		break;
	case EVENT_DEMAND_SET:
		add_str(b, "framework", ev->demand_set.framework);
		add_str(b, "demand", ev->demand_set.demand->id);
		add_int(b, "count", ev->demand_set.demand->count);
		add_int(b, "max", ev->demand_set.demand->max);
		add_int(b, "cores", ev->demand_set.demand->unit.cores);
		break;
	case EVENT_DEMAND_WITHDRAWN:
	case EVENT_FILTER_EXPIRED:
		add_str(b, "framework", ev->demand.framework);
		add_str(b, "demand", ev->demand.demand);
		add_str(b, "node", ev->demand.node);
		break;
	case EVENT_OFFER_MADE:
		add_offer_made(b, ev);
		break;
	case EVENT_OFFER_ACCEPTED:
	case EVENT_OFFER_DECLINED:
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		add_int(b, "offer", (long long)ev->offer.offer);
		add_str(b, "framework", ev->offer.framework);
		add_str(b, "demand", ev->offer.demand);
		add_str(b, "text", ev->offer.text);
		if (ev->type == EVENT_OFFER_ACCEPTED)
			add_ids(b, ev->offer.slices, ev->offer.nslices);
		break;
	case EVENT_SLICE_RELEASED:
	case EVENT_SLICE_LOST:
	case EVENT_SLICE_TOLD:
	case EVENT_SLICE_SPARED:
		add_int(b, "slice", (long long)ev->slice.slice);
		add_str(b, "framework", ev->slice.framework);
		add_str(b, "node", ev->slice.node);
		break;
	case EVENT_SLICE_ADOPTED:
		add_int(b, "slice", (long long)ev->slice_adopted.slice->id);
		add_str(b, "framework", ev->slice_adopted.framework);
		add_str(b, "node", ev->slice_adopted.slice->node->name);
		break;
	case EVENT_SLICE_REVOKING:
		add_int(b, "slice", (long long)ev->revoking.slice);
		add_str(b, "framework", ev->revoking.framework);
		add_str(b, "node", ev->revoking.node);
		add_str(b, "role", ev->revoking.role);
		add_int(b, "job", (long long)ev->revoking.job);
		add_int(b, "deadline_ms",
			(long long)(ev->revoking.deadline_us - ev->at_us) /
				1000);
		add_int(b, "react_ms",
			(long long)ev->revoking.react_us / 1000);
		add_str(b, "claimant", ev->revoking.claimant);
		add_str(b, "demand", ev->revoking.demand);
		add_str(b, "reason",
			ev->revoking.lent ? "lent" : "guarantee");
		break;
	case EVENT_DATASET_STORED:
	case EVENT_DATASET_REMOVED:
		add_str(b, "dataset", ev->dataset.dataset);
		add_str(b, "node", ev->dataset.node);
		add_int(b, "mib", (long long)ev->dataset.mib);
		add_int(b, "job", (long long)ev->dataset.job);
		add_str(b, "text", ev->dataset.text);
		break;
	case EVENT_JOB_SUBMITTED:
		add_int(b, "job", (long long)ev->job_submitted.job);
		add_str(b, "name", ev->job_submitted.name);
		add_str(b, "framework", ev->job_submitted.framework);
		add_str(b, "role", ev->job_submitted.role);
		add_str(b, "user", ev->job_submitted.user);
		break;
	case EVENT_JOB_CANCELLED:
	case EVENT_JOB_STARTED:
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_COLLAPSED:
	case EVENT_JOB_FORGOTTEN:
		add_job(b, ev);
		break;
	case EVENT_TASK_LAUNCHED:
		add_int(b, "job", (long long)ev->task_launched.job);
		add_int(b, "task", ev->task_launched.index);
		add_int(b, "slice", (long long)ev->task_launched.slice);
		break;
	case EVENT_TASK_RECALLED:
		add_int(b, "job", (long long)ev->task_recalled.job);
		add_int(b, "task", ev->task_recalled.index);
		add_int(b, "slice", (long long)ev->task_recalled.slice);
		add_str(b, "node", ev->task_recalled.node);
		break;
	case EVENT_TASK_ADOPTED:
		add_int(b, "job", (long long)ev->task_adopted.job);
		add_int(b, "task", ev->task_adopted.index);
		add_int(b, "slice", (long long)ev->task_adopted.slice);
		break;
	case EVENT_TASK_STARTED:
	case EVENT_TASK_FINISHED:
		add_int(b, "job", (long long)ev->task.job);
		add_int(b, "task", ev->task.index);
		add_status(b, &ev->task.status,
			   ev->type == EVENT_TASK_FINISHED);
		break;
	case EVENT_TYPES:
		break;
	}
}

void event_json_line(struct buf *out, uint64_t seq, const struct event *ev)
{
	buf_printf(out, "{\"seq\":%llu,\"at\":%llu,\"type\":\"%s\"",
		   (unsigned long long)seq,
		   (unsigned long long)(ev->at_us / 1000),
		   event_name(ev->type));
	add_members(out, ev);
	buf_puts(out, "}\n");
}
