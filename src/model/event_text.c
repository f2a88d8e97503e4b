/* event_text.c - see event_text.h. */
#include "model/event_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/scribe.h"
#include "model/event_parts.h"

#define FORMAT "berth-events"

struct event_text {
	struct scribe scribe;
	struct map *topologies; /* by their hashes, references of ours */
	event_node_f find;
	void *arg;
};

static void unref(void *topology)
{
	topology_unref(topology);
}

struct event_text *event_text_create(event_node_f find, void *arg)
{
	struct event_text *t = mem_alloc(sizeof(*t));

	t->topologies = map_create();
	t->find = find;
	t->arg = arg;
	return t;
}

void event_text_destroy(struct event_text *t)
{
	if (t == NULL)
		return;
	scribe_finish(&t->scribe);
	map_destroy(t->topologies, unref);
	free(t);
}

/* ---- the head ---- */

static void head(struct scribe *s, struct event_head *h)
{
	const char *format = FORMAT;
	uint32_t version = EVENT_TEXT_VERSION;

	scribe_name(s, "format", &format);
	if (scribe_reads(s) && (s->failed || strcmp(format, FORMAT) != 0)) {
		s->failed = false;
		scribe_fail(s, "this is no event log of a Berth (its first "
			    "line has no \"format\":\"" FORMAT "\"): name a "
			    "file that event_log of berth.conf named");
	}
	scribe_u32(s, "version", &version);
	/* What came with version 2 is new events and members. */
	if (!s->failed && (version < 1 || version > EVENT_TEXT_VERSION))
		scribe_fail(s, "the log is of version %u, known here are 1 to "
			    "%d: use the berth-sim of the Berth that wrote it",
			    version, EVENT_TEXT_VERSION);
	scribe_name(s, "berth", &h->berth);
	scribe_name(s, "policy", &h->policy);
	scribe_u64(s, "at_us", &h->at_us);
}

void event_text_write_head(struct event_text *t, const struct event_head *h,
			   struct buf *out)
{
	struct event_head copy = *h;

	scribe_write(&t->scribe, out);
	head(&t->scribe, &copy);
	scribe_end(&t->scribe, NULL);
}

int event_text_read_head(struct event_text *t, const char *line, size_t len,
			 struct event_head *h, struct berth_error *err)
{
	scribe_finish(&t->scribe);
	memset(h, 0, sizeof(*h));
	scribe_read(&t->scribe, line, len);
	head(&t->scribe, h);
	return scribe_end(&t->scribe, err);
}

/* ---- events ---- */

/* In full when it is the first of its kind. */
static void topology(struct event_text *t, const struct topology **of)
{
	struct scribe *s = &t->scribe;
	const char *hash = scribe_reads(s) ? NULL : (*of)->hash;
	const struct topology *known;

	scribe_name(s, "hash", &hash);
	known = s->failed ? NULL : map_get(t->topologies, hash);
	if (!scribe_reads(s)) {
		known = known == NULL ? topology_ref(*of) : NULL;
		if (scribe_object(s, "topology", known != NULL)) {
			event_part_topology(s, known);
			scribe_close(s);
			map_put(t->topologies, hash, (void *)known);
		}
		return;
	}
	if (scribe_object(s, "topology", false)) {
		const struct topology *old;

		known = event_part_topology(s, NULL);
		scribe_close(s);
		if (known != NULL && strcmp(known->hash, hash) != 0)
			scribe_fail(s, "the topology is not that of its "
				    "\"hash\"");
		old = known != NULL ? map_put(t->topologies, known->hash,
					      (void *)known)
				    : NULL;
		topology_unref(old);
	}
	if (known == NULL)
		scribe_fail(s, "no line before has the topology of this "
			    "\"hash\"");
	*of = known;
}

static void node_up(struct event_text *t, struct event *ev)
{
	struct scribe *s = &t->scribe;

	scribe_name(s, "node", &ev->node_up.node);
	topology(t, &ev->node_up.topology);
	event_part_labels(s, "labels", &ev->node_up.labels,
			  &ev->node_up.nlabels);
	scribe_bool(s, "emulated", &ev->node_up.emulated);
}

static void offer_made(struct event_text *t, struct event *ev)
{
	struct scribe *s = &t->scribe;

	scribe_u64(s, "offer", &ev->offer_made.offer);
	scribe_name(s, "framework", &ev->offer_made.framework);
	scribe_name(s, "demand", &ev->offer_made.demand);
	event_part_slices(s, &ev->offer_made.slices, &ev->offer_made.nslices,
			  t->find, t->arg);
	scribe_u64(s, "expires_us", &ev->offer_made.expires_us);
	scribe_bool(s, "asked", &ev->offer_made.asked);
}

static void slice_adopted(struct event_text *t, struct event *ev)
{
	struct scribe *s = &t->scribe;

	scribe_name(s, "framework", &ev->slice_adopted.framework);
	scribe_name(s, "role", &ev->slice_adopted.role);
	event_part_slice(s, "slice", &ev->slice_adopted.slice, t->find, t->arg);
}

static void offer(struct scribe *s, struct event *ev)
{
	scribe_u64(s, "offer", &ev->offer.offer);
	scribe_text(s, "framework", &ev->offer.framework);
	scribe_text(s, "demand", &ev->offer.demand);
	scribe_u64s(s, "slices", (uint64_t **)&ev->offer.slices,
		    &ev->offer.nslices);
	scribe_u64(s, "filter_us", &ev->offer.filter_us);
	scribe_texts(s, "nodes", (const char ***)&ev->offer.nodes,
		     &ev->offer.nnodes);
	scribe_bool(s, "all", &ev->offer.all);
	scribe_text(s, "text", &ev->offer.text);
}

static void revoking(struct scribe *s, struct event *ev)
{
	scribe_u64(s, "slice", &ev->revoking.slice);
	scribe_text(s, "framework", &ev->revoking.framework);
	scribe_text(s, "node", &ev->revoking.node);
	scribe_text(s, "role", &ev->revoking.role);
	scribe_u64(s, "job", &ev->revoking.job);
	scribe_u64(s, "deadline_us", &ev->revoking.deadline_us);
	scribe_u64(s, "react_us", &ev->revoking.react_us);
	scribe_text(s, "claimant", &ev->revoking.claimant);
	scribe_text(s, "demand", &ev->revoking.demand);
	if ((ev->revoking.claimant == NULL) != (ev->revoking.demand == NULL))
		scribe_fail(s, "\"claimant\" and \"demand\" go together");
	scribe_bool(s, "lent", &ev->revoking.lent);
}

static void job_submitted(struct scribe *s, struct event *ev)
{
	scribe_u64(s, "job", &ev->job_submitted.job);
	scribe_name(s, "name", &ev->job_submitted.name);
	scribe_name(s, "framework", &ev->job_submitted.framework);
	scribe_name(s, "role", &ev->job_submitted.role);
	scribe_name(s, "user", &ev->job_submitted.user);
	scribe_i32(s, "priority", &ev->job_submitted.priority);
	scribe_u64(s, "grace_us", &ev->job_submitted.grace_us);
	scribe_texts(s, "leaves", (const char ***)&ev->job_submitted.leaves,
		     &ev->job_submitted.nleaves);
	if (scribe_reads(s))
		ev->job_submitted.spec = "";
}

static const char *outcome_name(int outcome)
{
	return job_outcome_name((enum job_outcome)outcome);
}

static void job(struct scribe *s, struct event *ev)
{
	int outcome = ev->job.outcome;

	scribe_u64(s, "job", &ev->job.job);
	if (ev->type == EVENT_JOB_COLLAPSED) {
		scribe_u32(s, "launched", &ev->job.launched);
		scribe_u32(s, "done", &ev->job.done);
		scribe_u32(s, "failed", &ev->job.failed);
	}
	if (ev->type != EVENT_JOB_FINISHED)
		return;
	scribe_choice(s, "outcome", &outcome, JOB_LOST + 1, outcome_name);
	ev->job.outcome = (enum job_outcome)outcome;
	scribe_i32(s, "exit_code", &ev->job.exit_code);
	scribe_i32(s, "signal", &ev->job.signal);
	scribe_text(s, "text", &ev->job.text);
}

static void task_launched(struct scribe *s, struct event *ev)
{
	size_t n = ev->task_launched.nranks;

	scribe_u64(s, "job", &ev->task_launched.job);
	scribe_u32(s, "task", &ev->task_launched.index);
	scribe_u64(s, "slice", &ev->task_launched.slice);
	scribe_i64(s, "array_index", &ev->task_launched.array_index);
	scribe_u32s(s, "ranks", (uint32_t **)&ev->task_launched.ranks, &n);
	ev->task_launched.nranks = (uint32_t)n;
}

static const char *end_name(int end)
{
	return task_end_name((enum task_end)end);
}

static void task_ended(struct scribe *s, struct task_status *st)
{
	int end = st->end;

	scribe_choice(s, "end", &end, TASK_ENDS, end_name);
	st->end = (enum task_end)end;
	scribe_i32(s, "exit_code", &st->exit_code);
	scribe_i32(s, "signal", &st->signal);
	scribe_i32(s, "rank", &st->rank);
	scribe_text(s, "text", &st->text);
}

static void task_used(struct scribe *s, struct task_status *st)
{
	scribe_u64(s, "start_us", &st->start_us);
	scribe_u64(s, "end_us", &st->end_us);
	scribe_u64(s, "cpu_us", &st->cpu_us);
	scribe_u64(s, "max_rss_kib", &st->max_rss_kib);
}

static void task(struct scribe *s, struct event *ev)
{
	struct task_status *st = &ev->task.status;

	scribe_u64(s, "job", &ev->task.job);
	scribe_u32(s, "task", &ev->task.index);
	if (ev->type == EVENT_TASK_FINISHED)
		task_ended(s, st);
	task_used(s, st);
	if (scribe_reads(s))
		st->state = ev->type == EVENT_TASK_FINISHED ? TASK_ENDED
							    : TASK_RUNNING;
}

static void task_recalled(struct scribe *s, struct event *ev)
{
	struct task_status *st = &ev->task_recalled.status;
	size_t n = ev->task_recalled.nranks;
	bool ended = st->state == TASK_ENDED;

	scribe_u64(s, "job", &ev->task_recalled.job);
	scribe_u32(s, "task", &ev->task_recalled.index);
	scribe_name(s, "node", &ev->task_recalled.node);
	scribe_u64(s, "slice", &ev->task_recalled.slice);
	scribe_i64(s, "array_index", &ev->task_recalled.array_index);
	scribe_u32s(s, "ranks", (uint32_t **)&ev->task_recalled.ranks, &n);
	ev->task_recalled.nranks = (uint32_t)n;
	scribe_bool(s, "ended", &ended);
	if (scribe_reads(s))
		st->state = ended ? TASK_ENDED : TASK_STARTING;
	if (ended)
		task_ended(s, st);
	else
		st->rank = -1;
	task_used(s, st);
}

static void task_adopted(struct scribe *s, struct event *ev)
{
	scribe_u64(s, "job", &ev->task_adopted.job);
	scribe_u32(s, "task", &ev->task_adopted.index);
	scribe_u64(s, "slice", &ev->task_adopted.slice);
}

static void dataset(struct scribe *s, struct event *ev)
{
	scribe_name(s, "dataset", &ev->dataset.dataset);
	scribe_name(s, "node", &ev->dataset.node);
	scribe_u64(s, "mib", &ev->dataset.mib);
	scribe_u64(s, "job", &ev->dataset.job);
	scribe_text(s, "text", &ev->dataset.text);
}

static void registered(struct scribe *s, struct event *ev)
{
	scribe_name(s, "framework", &ev->registered.framework);
	scribe_name(s, "role", &ev->registered.role);
	scribe_u64(s, "failover_us", &ev->registered.failover_us);
	if (scribe_reads(s))
		ev->registered.session = "";
}

static void members(struct event_text *t, struct event *ev)
{
	struct scribe *s = &t->scribe;

	switch (ev->type) {
	case EVENT_NODE_UP:
		node_up(t, ev);
		break;
	case EVENT_NODE_DOWN:
	case EVENT_NODE_DRAINED:
	case EVENT_NODE_RESUMED:
		scribe_name(s, "node", &ev->node.node);
		scribe_text(s, "text", &ev->node.text);
		break;
	case EVENT_ROLE_SET:
		ev->role_set.setting =
			event_part_setting(s, ev->role_set.setting);
		break;
	case EVENT_ROLE_REMOVED:
		scribe_name(s, "role", &ev->role.role);
		break;
	case EVENT_FRAMEWORK_REGISTERED:
		registered(s, ev);
		break;
	case EVENT_FRAMEWORK_ASKED:
		scribe_name(s, "framework", &ev->framework.framework);
		scribe_name(s, "demand", &ev->framework.demand);
		break;
	case EVENT_FRAMEWORK_AWAY:
	case EVENT_FRAMEWORK_GONE:
	case EVENT_FRAMEWORK_REMOVED:
	case EVENT_FRAMEWORK_SUPPRESSED:
	case EVENT_FRAMEWORK_REVIVED:
		scribe_name(s, "framework", &ev->framework.framework);
		break;
	case EVENT_DEMAND_SET:
		scribe_name(s, "framework", &ev->demand_set.framework);
		ev->demand_set.demand =
			event_part_demand(s, ev->demand_set.demand);
		break;
	case EVENT_DEMAND_WITHDRAWN:
	case EVENT_FILTER_EXPIRED:
		scribe_name(s, "framework", &ev->demand.framework);
		scribe_name(s, "demand", &ev->demand.demand);
		scribe_text(s, "node", &ev->demand.node);
		break;
	case EVENT_OFFER_MADE:
		offer_made(t, ev);
		break;
	case EVENT_OFFER_ACCEPTED:
	case EVENT_OFFER_DECLINED:
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		offer(s, ev);
		break;
	case EVENT_SLICE_RELEASED:
	case EVENT_SLICE_LOST:
	case EVENT_SLICE_TOLD:
	case EVENT_SLICE_SPARED:
		scribe_u64(s, "slice", &ev->slice.slice);
		scribe_text(s, "framework", &ev->slice.framework);
		scribe_text(s, "node", &ev->slice.node);
		scribe_u64(s, "job", &ev->slice.job);
		break;
	case EVENT_SLICE_ADOPTED:
		slice_adopted(t, ev);
		break;
	case EVENT_SLICE_REVOKING:
		revoking(s, ev);
		break;
	case EVENT_DATASET_STORED:
	case EVENT_DATASET_REMOVED:
		dataset(s, ev);
		break;
	case EVENT_JOB_SUBMITTED:
		job_submitted(s, ev);
		break;
	case EVENT_JOB_CANCELLED:
	case EVENT_JOB_STARTED:
	case EVENT_JOB_FINISHED:
	case EVENT_JOB_COLLAPSED:
	case EVENT_JOB_FORGOTTEN:
		job(s, ev);
		break;
	case EVENT_TASK_LAUNCHED:
		task_launched(s, ev);
		break;
	case EVENT_TASK_RECALLED:
		task_recalled(s, ev);
		break;
	case EVENT_TASK_ADOPTED:
		task_adopted(s, ev);
		break;
	case EVENT_TASK_STARTED:
	case EVENT_TASK_FINISHED:
		task(s, ev);
		break;
	case EVENT_TYPES:
		break;
	}
}

static const char *type_name(int type)
{
	return event_name((enum event_type)type);
}

static void event(struct event_text *t, struct event *ev)
{
	int type = (int)ev->type;

	scribe_u64(&t->scribe, "at_us", &ev->at_us);
	scribe_choice(&t->scribe, "type", &type, EVENT_TYPES, type_name);
	ev->type = (enum event_type)type;
	members(t, ev);
}

void event_text_write(struct event_text *t, const struct event *ev,
		      struct buf *out)
{
	struct event copy = *ev;

	scribe_write(&t->scribe, out);
	event(t, &copy);
	scribe_end(&t->scribe, NULL);
	scribe_finish(&t->scribe);
}

int event_text_read(struct event_text *t, const char *line, size_t len,
		    struct event *ev, struct berth_error *err)
{
	scribe_finish(&t->scribe);
	memset(ev, 0, sizeof(*ev));
	scribe_read(&t->scribe, line, len);
	event(t, ev);
	return scribe_end(&t->scribe, err);
}
