#include "broker/chronicle.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "model/role.h"

/* An absent text is the library's own. */
static char *text(const char *s)
{
	return s != NULL ? (char *)s : (char *)protobuf_c_empty_string;
}

/* ---- tasks --------------------------------------------------------------- */

/* The arrays of one slice, for as long as it is packed. */
struct parts {
	uint32_t *numa, *drive;
	uint64_t *mib, *drive_mib;
	char *cores;
};

static void fill_slice(Berth__RecordSlice *out, struct parts *p,
		       const struct slice *s)
{
	p->numa = mem_array(s->nmemory + 1, sizeof(*p->numa));
	p->mib = mem_array(s->nmemory + 1, sizeof(*p->mib));
	p->drive = mem_array(s->ndrives + 1, sizeof(*p->drive));
	p->drive_mib = mem_array(s->ndrives + 1, sizeof(*p->drive_mib));
	p->cores = bitset_format(&s->cores);
	for (size_t i = 0; i < s->nmemory; i++) {
		p->numa[i] = s->memory[i].numa;
		p->mib[i] = s->memory[i].mib;
	}
	for (size_t i = 0; i < s->ndrives; i++) {
		p->drive[i] = s->drives[i].drive;
		p->drive_mib[i] = s->drives[i].mib;
	}
	out->id = s->id;
	out->role = s->role->name;
	out->cores = p->cores;
	out->n_numa = out->n_mib = s->nmemory;
	out->numa = p->numa;
	out->mib = p->mib;
	out->n_drive = out->n_drive_mib = s->ndrives;
	out->drive = p->drive;
	out->drive_mib = p->drive_mib;
	out->gpus = s->gpus;
	out->ports = s->ports;
	out->units = s->units;
	out->exclusive = s->exclusive;
	out->revocable = s->revocable;
	out->fit = (uint32_t)s->fit;
	out->gpu_distance = s->gpu_distance;
}

static void free_parts(struct parts *p)
{
	free(p->numa);
	free(p->mib);
	free(p->drive);
	free(p->drive_mib);
	free(p->cores);
}

static void fill_task(Berth__RecordTask *out, const struct task *t)
{
	out->job = t->job->id;
	out->index = t->index;
	out->array_index = t->array_index;
	out->node = text(t->where);
	out->n_ranks = t->nranks;
	out->ranks = t->ranks;
}

static void put_task(struct chronicle *r, Berth__RecordTask *task)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = BERTH__RECORD_CHANGE__WHAT_TASK;
	c.task = task;
	commit_put(r->commit, &c);
}

static void launched(struct chronicle *r, const struct event *ev)
{
	const struct ledger *l = book_ledger(r->book);
	const struct task *t = ledger_task(l, ev->task_launched.job,
					   ev->task_launched.index);
	Berth__RecordSlice slice = BERTH__RECORD_SLICE__INIT;
	Berth__RecordTask out = BERTH__RECORD_TASK__INIT;
	struct parts parts;

	if (t == NULL || t->slice == NULL)
		return;
	fill_task(&out, t);
	fill_slice(&slice, &parts, t->slice);
	out.slice = &slice;
	out.slice_id = t->slice->id;
	out.cores = t->slice->amount.cores;
	out.memory_mib = t->slice->amount.memory_mib;
	out.gpus = t->slice->amount.gpus;
	out.launched_us = ev->at_us;
	put_task(r, &out);
	free_parts(&parts);
}

static void finished(struct chronicle *r, const struct event *ev)
{
	const struct task *t = ledger_task(book_ledger(r->book), ev->task.job,
					   ev->task.index);
	Berth__RecordTask out = BERTH__RECORD_TASK__INIT;

	if (t == NULL)
		return;
	fill_task(&out, t);
	out.end = (uint32_t)t->status.end;
	out.exit_code = t->status.exit_code;
	out.signal = t->status.signal;
	out.rank = t->status.rank;
	out.text = text(t->status.text);
	out.start_us = t->status.start_us;
	out.end_us = t->status.end_us;
	out.cpu_us = t->status.cpu_us;
	out.max_rss_kib = t->status.max_rss_kib;
	put_task(r, &out);
}

/* ---- jobs ---------------------------------------------------------------- */

static void put_number(struct chronicle *r,
		       Berth__RecordChange__WhatCase what, uint64_t job)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = what;
	c.cancelled = job; /* all of them are one number, in one place */
	commit_put(r->commit, &c);
}

static void started(struct chronicle *r, const struct event *ev)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordStart start = BERTH__RECORD_START__INIT;

	start.job = ev->job.job;
	start.at_us = ev->at_us;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_STARTED;
	c.started = &start;
	commit_put(r->commit, &c);
}

static void ended(struct chronicle *r, const struct event *ev)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordEnd end = BERTH__RECORD_END__INIT;

	end.job = ev->job.job;
	end.outcome = (uint32_t)ev->job.outcome;
	end.exit_code = ev->job.exit_code;
	end.signal = ev->job.signal;
	end.text = text(ev->job.text);
	end.ended_us = ev->at_us;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_ENDED;
	c.ended = &end;
	commit_put(r->commit, &c);
}

/* ---- the rest ------------------------------------------------------------ */

static void framework(struct chronicle *r, const char *name, const char *role,
		      uint64_t failover_us, bool gone)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordFramework f = BERTH__RECORD_FRAMEWORK__INIT;

	f.name = text(name);
	f.role = text(role);
	f.failover_us = failover_us;
	f.gone = gone;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_FRAMEWORK;
	c.framework = &f;
	commit_put(r->commit, &c);
}

static void node(struct chronicle *r, const char *name)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	struct records *known = commit_records(r->commit);
	const char *is;
	size_t pos = 0;

	while ((is = records_next_node(known, &pos)) != NULL)
		if (strcmp(is, name) == 0)
			return;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_NODE;
	c.node = text(name);
	commit_put(r->commit, &c);
}

/* What calls declare and remove is on record before it happens; so is what is
 * told again to a new leader's ledger. */
static void dataset(struct chronicle *r, const struct event *ev)
{
	bool gone = ev->type == EVENT_DATASET_REMOVED;
	const Berth__RecordDataset *known = records_dataset(
		commit_records(r->commit), ev->dataset.dataset,
		ev->dataset.node);
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordDataset d = BERTH__RECORD_DATASET__INIT;
	char *node = (char *)ev->dataset.node;

	if (gone ? ev->dataset.text == NULL
		 : ev->dataset.job == 0 ||
			   (known != NULL && known->job == ev->dataset.job))
		return;
	d.dataset = (char *)ev->dataset.dataset;
	d.nodes = &node;
	d.n_nodes = 1;
	d.mib = ev->dataset.mib;
	d.job = ev->dataset.job;
	d.at_us = ev->at_us;
	d.gone = gone;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_DATASET;
	c.dataset = &d;
	commit_put(r->commit, &c);
}

void chronicle_report(struct chronicle *r, const char *node,
		      const Berth__TaskReport *report)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	if (!report->full || report->shepherd[0] != '\0' ||
	    records_node_life(commit_records(r->commit), node) == report->life)
		return;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_NODE;
	c.node = text(node);
	c.life = report->life;
	commit_put(r->commit, &c);
}

void chronicle_event(void *chronicle, const struct event *ev)
{
	struct chronicle *r = chronicle;

	switch (ev->type) {
	case EVENT_TASK_LAUNCHED: launched(r, ev); break;
	case EVENT_TASK_FINISHED: finished(r, ev); break;
	case EVENT_JOB_STARTED: started(r, ev); break;
	case EVENT_JOB_FINISHED: ended(r, ev); break;
	case EVENT_JOB_CANCELLED:
		put_number(r, BERTH__RECORD_CHANGE__WHAT_CANCELLED,
			   ev->job.job);
		break;
	case EVENT_JOB_COLLAPSED:
		put_number(r, BERTH__RECORD_CHANGE__WHAT_COLLAPSED,
			   ev->job.job);
		break;
	case EVENT_JOB_FORGOTTEN:
		put_number(r, BERTH__RECORD_CHANGE__WHAT_FORGOTTEN,
			   ev->job.job);
		break;
	case EVENT_FRAMEWORK_REGISTERED:
		framework(r, ev->registered.framework, ev->registered.role,
			  ev->registered.failover_us, false);
		break;
	case EVENT_FRAMEWORK_REMOVED:
		framework(r, ev->framework.framework, "", 0, true);
		break;
	case EVENT_NODE_UP: node(r, ev->node_up.node); break;
	case EVENT_DATASET_STORED:
	case EVENT_DATASET_REMOVED: dataset(r, ev); break;
	default: break;
	}
}
