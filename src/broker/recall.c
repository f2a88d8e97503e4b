#include "broker/recall.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

/* A framework has at least that long to find the new leader. */
#define FIND_US (20u * 1000000)

static void apply(struct ledger *l, const struct event *ev)
{
	struct berth_error err;

	if (ledger_apply(l, ev, &err) != 0)
		log_error("what was agreed on: %s: %s", event_name(ev->type),
			  err.text);
}

/* ---- frameworks ---------------------------------------------------------- */

static void recall_framework(struct ledger *l,
			     const Berth__RecordFramework *f)
{
	struct event ev = {
		.type = EVENT_FRAMEWORK_REGISTERED,
		.at_us = book_now(),
		.registered = {
			.framework = f->name,
			.role = f->role,
			.session = "",
			.failover_us = f->failover_us > FIND_US
					       ? f->failover_us
					       : FIND_US,
		},
	};

	apply(l, &ev);
	ledger_away(l, f->name, book_now(), NULL);
}

/* ---- tasks --------------------------------------------------------------- */

static void recall_task(struct ledger *l, const Berth__RecordTask *t)
{
	struct event ev = {
		.type = EVENT_TASK_RECALLED,
		.task_recalled = {
			.job = t->job,
			.index = t->index,
			.node = t->node,
			.slice = t->slice != NULL ? t->slice->id : 0,
			.array_index = t->array_index,
			.ranks = t->ranks,
			.nranks = (uint32_t)t->n_ranks,
			.status = {
				.state = t->end != 0 ? TASK_ENDED
						     : TASK_STARTING,
				.end = t->end < TASK_ENDS
					       ? (enum task_end)t->end
					       : TASK_END_LOST,
				.exit_code = t->exit_code,
				.signal = t->signal,
				.rank = t->end != 0 ? t->rank : -1,
				.text = t->text,
				.start_us = t->start_us,
				.end_us = t->end_us,
				.cpu_us = t->cpu_us,
				.max_rss_kib = t->max_rss_kib,
			},
		},
	};

	apply(l, &ev);
}

static int by_index(const void *a, const void *b)
{
	const Berth__RecordTask *x = *(Berth__RecordTask *const *)a;
	const Berth__RecordTask *y = *(Berth__RecordTask *const *)b;

	return (x->index > y->index) - (x->index < y->index);
}

static void recall_tasks(struct ledger *l, const struct record_job *j)
{
	size_t n = j->tasks.count, pos = 0;
	Berth__RecordTask **all = mem_array(n + 1, sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i] = idmap_next(&j->tasks, &pos);
	if (n > 0)
		qsort(all, n, sizeof(*all), by_index);
	for (size_t i = 0; i < n; i++)
		recall_task(l, all[i]);
	free(all);
}

/* ---- jobs ---------------------------------------------------------------- */

static void job_event(struct ledger *l, const struct record_job *j,
		      enum event_type type, uint64_t at_us)
{
	struct event ev = {
		.type = type,
		.at_us = book_past(at_us),
		.job = {.job = j->is->id},
	};

	if (type == EVENT_JOB_FINISHED) {
		ev.job.outcome = (enum job_outcome)j->end->outcome;
		ev.job.exit_code = j->end->exit_code;
		ev.job.signal = j->end->signal;
		ev.job.text = j->end->text;
	}
	if (type == EVENT_JOB_COLLAPSED) {
		ev.job.launched = j->is->launched;
		ev.job.done = j->is->done;
		ev.job.failed = j->is->failed;
	}
	apply(l, &ev);
}

/* A job that ended with tasks that nobody saw end: they are lost. */
static void end_tasks(struct ledger *l, const struct record_job *j)
{
	struct event ev = {
		.type = EVENT_TASK_FINISHED,
		.at_us = book_now(),
		.task = {
			.job = j->is->id,
			.status = {
				.end = TASK_END_LOST,
				.rank = -1,
				.text = "its job has ended",
			},
		},
	};
	Berth__RecordTask *t;
	size_t pos = 0;

	for (t = idmap_next(&j->tasks, &pos); t != NULL;
	     t = idmap_next(&j->tasks, &pos)) {
		if (t->end != 0)
			continue;
		ev.task.index = t->index;
		apply(l, &ev);
	}
}

static void recall_job(struct ledger *l, struct jobs *jobs,
		       const struct record_job *j)
{
	struct berth_error err = {0};

	if (jobs_recall(jobs, j->is, &err) != 0) {
		log_error("job %llu: %s", (unsigned long long)j->is->id,
			  err.text);
		return;
	}
	if (j->is->cancelled)
		job_event(l, j, EVENT_JOB_CANCELLED, j->is->submitted_us);
	if (j->is->started_us != 0)
		job_event(l, j, EVENT_JOB_STARTED, j->is->started_us);
	recall_tasks(l, j);
	if (j->end == NULL)
		return;
	end_tasks(l, j);
	job_event(l, j, EVENT_JOB_FINISHED, j->end->ended_us);
	if (j->is->collapsed)
		job_event(l, j, EVENT_JOB_COLLAPSED, j->end->ended_us);
}

void recall_all(const struct records *r, struct jobs *jobs, struct ledger *l)
{
	const Berth__RecordFramework *f;
	const struct record_job *j;
	size_t pos = 0, n = 0;

	while ((f = records_next_framework(r, &pos)) != NULL)
		recall_framework(l, f);
	for (j = records_first_job(r); j != NULL; j = TAILQ_NEXT(j, of_all)) {
		recall_job(l, jobs, j);
		n++;
	}
	if (n > 0)
		log_info("%zu jobs are taken over", n);
}

/* ---- slices -------------------------------------------------------------- */

static int bad_slice(const Berth__RecordSlice *s, struct berth_error *err)
{
	return error_set(err, BERTH_EPROTO,
			 "slice %llu: its record does not fit the node",
			 (unsigned long long)s->id);
}

/* What of the node it is, where that exists. */
static int fill_parts(struct slice *out, const Berth__RecordSlice *s,
		      const struct topology *t, struct berth_error *err)
{
	if (bitset_parse(&out->cores, s->cores) != 0)
		return bad_slice(s, err);
	bitset_foreach(&out->cores, core)
		if ((size_t)core >= t->ncores)
			return bad_slice(s, err);
	if (s->n_numa != s->n_mib || s->n_drive != s->n_drive_mib)
		return bad_slice(s, err);
	out->memory = mem_array(s->n_numa + 1, sizeof(out->memory[0]));
	for (size_t i = 0; i < s->n_numa; i++) {
		if (s->numa[i] >= t->nnumas)
			return bad_slice(s, err);
		out->memory[out->nmemory++] =
			(struct slice_memory){s->numa[i], s->mib[i]};
		out->amount.memory_mib += s->mib[i];
	}
	out->drives = mem_array(s->n_drive + 1, sizeof(out->drives[0]));
	for (size_t i = 0; i < s->n_drive; i++) {
		if (s->drive[i] >= t->ndrives)
			return bad_slice(s, err);
		out->drives[out->ndrives++] =
			(struct slice_drive){s->drive[i], s->drive_mib[i]};
		out->amount.drive_mib += s->drive_mib[i];
	}
	if (t->ngpus < 64 && s->gpus >> t->ngpus != 0)
		return bad_slice(s, err);
	out->gpus = s->gpus;
	out->amount.gpus = (uint64_t)__builtin_popcountll(s->gpus);
	out->amount.cores = bitset_count(&out->cores);
	return 0;
}

int recall_adopt(const struct records *r, struct ledger *l, const char *node,
		 uint64_t job, uint32_t index, struct berth_error *err)
{
	const struct record_job *j = records_job(r, job);
	const struct node *n = ledger_node(l, node);
	const Berth__RecordTask *t =
		j != NULL ? idmap_get(&j->tasks, index) : NULL;
	struct slice *s;
	int rc = -1;

	if (t == NULL || t->slice == NULL || n == NULL)
		return error_set(err, BERTH_ENOTFOUND,
				 "task %llu.%u: it is not on record",
				 (unsigned long long)job, index);
	s = slice_create();
	s->id = t->slice->id;
	s->node = (struct node *)n;
	s->ports = t->slice->ports;
	s->units = t->slice->units;
	s->exclusive = t->slice->exclusive;
	s->revocable = t->slice->revocable;
	s->fit = t->slice->fit < FIT_LEVELS ? (enum fit_level)t->slice->fit
					    : FIT_NODE;
	s->gpu_distance = t->slice->gpu_distance;
	if (fill_parts(s, t->slice, n->topology, err) == 0)
		rc = ledger_adopt(l, node, s, t->slice->role, job, index,
				  book_now(), err);
	slice_destroy(s);
	return rc;
}
