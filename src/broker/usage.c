#include "broker/usage.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/buf.h"
#include "base/idmap.h"
#include "base/mem.h"

/* A task that runs. */
struct span {
	uint64_t from_us;
	struct amount has;
};

/* A job that lives. */
struct account {
	struct idmap running;  /* struct span by the task's index */
	struct amount now;     /* of these tasks together */
	struct amount peak;
	struct idmap slices;   /* those that it had, by id */
	struct bitset nodes;   /* … by the ledger's number */
	struct buf names;      /* … "n1,n2" */
	uint32_t nnodes;
	struct bitset elements; /* of its array, that were started once */
	uint32_t first_tasks;  /* started with rank 0, or as the only one */
	uint32_t requeues, revocations;
	uint64_t core_us, gpu_us, cpu_us, max_rss_kib;
};

struct usage {
	struct book *book;
	struct idmap jobs; /* struct account by id */
	usage_ended_f ended;
	void *arg;
};

/* ---- accounts ------------------------------------------------------------ */

static struct account *account_create(void)
{
	struct account *a = mem_alloc(sizeof(*a));

	idmap_init(&a->running);
	idmap_init(&a->slices);
	bitset_init(&a->nodes);
	bitset_init(&a->elements);
	buf_init(&a->names);
	return a;
}

static void account_destroy(struct account *a)
{
	struct span *s;
	size_t pos = 0;

	while ((s = idmap_next(&a->running, &pos)) != NULL)
		free(s);
	idmap_finish(&a->running);
	idmap_finish(&a->slices);
	bitset_finish(&a->nodes);
	bitset_finish(&a->elements);
	buf_finish(&a->names);
	free(a);
}

static void raise_peak(struct amount *peak, const struct amount *now)
{
	for (unsigned r = 0; r < RESOURCES; r++)
		if (amount_get(now, r) > amount_get(peak, r))
			amount_set(peak, r, amount_get(now, r));
}

/* ---- tasks --------------------------------------------------------------- */

/* Has this part of the job been started before?  A job of many ranks goes
 * back to the queue as a whole: its rank 0 stands for it. */
static bool started_before(struct account *a, const struct event *ev)
{
	int64_t element = ev->task_launched.array_index;
	bool before;

	if (element >= 0 && element <= INT32_MAX) {
		before = bitset_test(&a->elements, (unsigned)element);
		bitset_set(&a->elements, (unsigned)element);
		return before;
	}
	if (ev->task_launched.nranks > 0 && ev->task_launched.ranks[0] != 0)
		return false;
	return a->first_tasks++ > 0;
}

static void task_launched(struct usage *u, struct account *a,
			  const struct event *ev)
{
	const struct slice *s = ledger_slice(book_ledger(u->book),
					     ev->task_launched.slice);

	a->requeues += started_before(a, ev);
	if (s == NULL)
		return;
	idmap_put(&a->slices, s->id, a);
	if (bitset_test(&a->nodes, s->node->id))
		return;
	bitset_set(&a->nodes, s->node->id);
	buf_printf(&a->names, "%s%s", a->nnodes > 0 ? "," : "", s->node->name);
	a->nnodes++;
}

static const struct slice *slice_of(const struct usage *u,
				    const struct event *ev)
{
	const struct ledger *l = book_ledger(u->book);
	const struct task *t = ledger_task(l, ev->task.job, ev->task.index);

	return t != NULL ? ledger_slice(l, t->slice_id) : NULL;
}

static void task_started(struct usage *u, struct account *a,
			 const struct event *ev)
{
	const struct slice *s = slice_of(u, ev);
	struct span *span;

	if (s == NULL || idmap_get(&a->running, ev->task.index) != NULL)
		return;
	span = mem_alloc(sizeof(*span));
	span->from_us = ev->at_us;
	span->has = s->amount;
	idmap_put(&a->running, ev->task.index, span);
	amount_add(&a->now, &span->has);
	raise_peak(&a->peak, &a->now);
}

/* How long it ran: by its node's clock, or by ours. */
static uint64_t ran_us(const struct task_status *t, uint64_t from_us,
		       uint64_t now_us)
{
	if (t->start_us != 0 && t->end_us >= t->start_us)
		return t->end_us - t->start_us;
	return now_us > from_us ? now_us - from_us : 0;
}

static void task_finished(struct usage *u, struct account *a,
			  const struct event *ev)
{
	const struct task_status *t = &ev->task.status;
	struct span *span;
	uint64_t us;

	/* Its start may be told with its end. */
	if (t->start_us != 0)
		task_started(u, a, ev);
	a->revocations += t->end == TASK_END_REVOKED;
	a->cpu_us += t->cpu_us;
	if (t->max_rss_kib > a->max_rss_kib)
		a->max_rss_kib = t->max_rss_kib;
	span = idmap_remove(&a->running, ev->task.index);
	if (span == NULL)
		return;
	us = ran_us(t, span->from_us, ev->at_us);
	a->core_us += us * span->has.cores;
	a->gpu_us += us * span->has.gpus;
	amount_sub(&a->now, &span->has);
	free(span);
}

/* ---- jobs ---------------------------------------------------------------- */

static void job_finished(struct usage *u, uint64_t id)
{
	const struct job *j = ledger_job(book_ledger(u->book), id);
	struct account *a = idmap_remove(&u->jobs, id);

	if (j != NULL && a != NULL) {
		const struct history_job h = {
			.id = id,
			.name = j->name,
			.user = j->user,
			.role = j->role,
			.framework = j->framework,
			.nodes = a->nnodes > 0 ? a->names.data : "",
			.nnodes = a->nnodes,
			.slices = (uint32_t)a->slices.count,
			.tasks = j->counts.total,
			.failed = j->counts.failed,
			.cores = a->peak.cores,
			.memory_mib = a->peak.memory_mib,
			.gpus = a->peak.gpus,
			.core_us = a->core_us,
			.gpu_us = a->gpu_us,
			.cpu_us = a->cpu_us,
			.max_rss_kib = a->max_rss_kib,
			.submitted_us = j->submitted_us,
			.started_us = j->started_us,
			.ended_us = j->ended_us,
			.outcome = j->outcome,
			.exit_code = j->exit_code,
			.signal = j->signal,
			.requeues = a->requeues,
			.revocations = a->revocations,
			.text = j->text,
		};

		u->ended(u->arg, &h);
	}
	if (a != NULL)
		account_destroy(a);
}

void usage_event(void *usage, const struct event *ev)
{
	struct usage *u = usage;
	struct account *a = NULL;

	if (ev->type == EVENT_JOB_SUBMITTED)
		idmap_put(&u->jobs, ev->job_submitted.job, account_create());
	else if (ev->type == EVENT_JOB_FINISHED)
		job_finished(u, ev->job.job);
	else if (ev->type == EVENT_TASK_LAUNCHED)
		a = idmap_get(&u->jobs, ev->task_launched.job);
	else if (ev->type == EVENT_TASK_STARTED ||
		 ev->type == EVENT_TASK_FINISHED)
		a = idmap_get(&u->jobs, ev->task.job);
	if (a == NULL)
		return;
	if (ev->type == EVENT_TASK_LAUNCHED)
		task_launched(u, a, ev);
	else if (ev->type == EVENT_TASK_STARTED)
		task_started(u, a, ev);
	else
		task_finished(u, a, ev);
}

/* ---- create, destroy ----------------------------------------------------- */

struct usage *usage_create(struct book *book, usage_ended_f ended, void *arg)
{
	struct usage *u = mem_alloc(sizeof(*u));

	u->book = book;
	u->ended = ended;
	u->arg = arg;
	idmap_init(&u->jobs);
	return u;
}

void usage_destroy(struct usage *u)
{
	struct account *a;
	size_t pos = 0;

	if (u == NULL)
		return;
	while ((a = idmap_next(&u->jobs, &pos)) != NULL)
		account_destroy(a);
	idmap_finish(&u->jobs);
	free(u);
}
