#include "broker/launches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "broker/launch_msg.h"

/* Tasks in one message. */
#define BATCH 512

/* A Launch that may take further tasks of its job. */
struct pending {
	STAILQ_ENTRY(pending) entry;
	char *node;
	uint64_t job;
	json_t *own; /* what its launches say beside the tasks */
	bool closed; /* no more tasks */
	Berth__Msg *msg;
};

STAILQ_HEAD(pending_list, pending);

/* Messages that go when what they follow from is committed. */
struct flight {
	TAILQ_ENTRY(flight) entry;
	struct launches *all;
	struct pending_list pending;
};

struct launches {
	uint64_t term;
	struct commit *commit;
	TAILQ_HEAD(, flight) flights;
	const char *berth;
	struct book *book;
	struct jobs *jobs;
	struct nodes *nodes;
	struct pending_list pending; /* in the order they have to go */
	struct map *open;		/* the last one for a node */
	struct loop_timer *flush;
};

/* ---- out ----------------------------------------------------------------- */

static void pending_free(struct pending *p)
{
	json_decref(p->own);
	free(p->node);
	free(p);
}

static void on_committed(void *arg, const struct berth_error *err)
{
	struct flight *f = arg;
	struct launches *la = f->all;
	struct pending *p;

	TAILQ_REMOVE(&la->flights, f, entry);
	while (!STAILQ_EMPTY(&f->pending)) {
		p = STAILQ_FIRST(&f->pending);
		STAILQ_REMOVE_HEAD(&f->pending, entry);
		/* To a node that is down: its tasks are lost already.  Where
		 * another rank leads, that one knows better. */
		if (err == NULL)
			nodes_post(la->nodes, p->node, p->msg);
		else
			msg_free(p->msg);
		pending_free(p);
	}
	free(f);
}

/* What is queued goes, in order, when its launches are on record: else a new
 * leader could start again what runs. */
static void on_flush(void *arg)
{
	struct launches *la = arg;
	struct flight *f;

	if (STAILQ_EMPTY(&la->pending))
		return;
	f = mem_alloc(sizeof(*f));
	f->all = la;
	STAILQ_INIT(&f->pending);
	STAILQ_CONCAT(&f->pending, &la->pending);
	map_destroy(la->open, NULL);
	la->open = map_create();
	TAILQ_INSERT_TAIL(&la->flights, f, entry);
	commit_wait(la->commit, on_committed, f);
}

/* Behind all that is on its way. */
static void post(struct launches *la, const char *node, Berth__Msg *msg)
{
	struct pending *p;

	on_flush(la);
	if (TAILQ_EMPTY(&la->flights)) {
		nodes_post(la->nodes, node, msg);
		return;
	}
	p = mem_alloc(sizeof(*p));
	p->node = mem_strdup(node);
	p->closed = true;
	p->msg = msg;
	STAILQ_INSERT_TAIL(&la->pending, p, entry);
	on_flush(la);
}

static bool same(const json_t *a, const json_t *b)
{
	return a == NULL || b == NULL ? a == b : json_equal(a, b);
}

static struct pending *pending_for(struct launches *la, const char *node,
				   const struct launch_ident *id,
				   const struct launch_call *call,
				   const struct job_spec *spec,
				   const struct slice *const *slices)
{
	struct pending *p = map_get(la->open, node);

	if (p != NULL && !p->closed && p->job == id->job && !call->pmix &&
	    strcmp(p->msg->launch->shepherd, id->shepherd) == 0 &&
	    same(p->own, call->own) && p->msg->launch->n_tasks < BATCH)
		return p;
	p = mem_alloc(sizeof(*p));
	p->node = mem_strdup(node);
	p->job = id->job;
	p->own = json_incref(call->own);
	p->msg = launch_msg_create(id, call, spec, slices);
	STAILQ_INSERT_TAIL(&la->pending, p, entry);
	map_put(la->open, node, p);
	if (!loop_timer_pending(la->flush))
		loop_timer_start(la->flush, 0);
	return p;
}

/* The tasks of one PMIx launch share a message, with no others. */
static void queue_ranks(struct launches *la, const struct launch_ident *id,
			const struct launch_call *call,
			const struct job_spec *spec,
			const struct slice *const *slices)
{
	struct pending *p;

	for (size_t i = 0; i < call->ntasks; i++) {
		const char *node = slices[i]->node->name;

		p = map_get(la->open, node);
		if (p == NULL || p->closed || p->job != id->job ||
		    strcmp(p->msg->launch->shepherd, id->shepherd) != 0)
			p = pending_for(la, node, id, call, spec, slices);
		launch_msg_add(p->msg, id->job, &call->task[i], slices[i]);
	}
	STAILQ_FOREACH(p, &la->pending, entry)
		if (p->msg->launch->map != NULL)
			p->closed = true;
}

/* A slice's tasks go to one shepherd, which runs them one after the other, for
 * as long as it is held, whoever leads; slices of another leader's term to
 * another one, since the shepherd of a node that was cut off may not be mixed
 * up with that of a new run. */
static void queue_plain(struct launches *la, const struct launch_ident *id,
			const struct launch_call *call,
			const struct job_spec *spec,
			const struct slice *const *slices)
{
	struct launch_ident of = *id;
	char key[128];

	of.shepherd = key;
	for (size_t i = 0; i < call->ntasks; i++) {
		struct pending *p;

		snprintf(key, sizeof(key), "p.%s.%u.%llu", id->framework,
			 spec->uid, (unsigned long long)slices[i]->id >> 32);
		p = pending_for(la, slices[i]->node->name, &of, call, spec,
				slices);
		launch_msg_add(p->msg, id->job, &call->task[i], slices[i]);
	}
}

/* ---- start --------------------------------------------------------------- */

static int to_ledger(struct launches *la, const char *framework, uint64_t job,
		     const struct launch_call *call, struct berth_error *err)
{
	struct ledger_launch *tasks = mem_array(call->ntasks, sizeof(*tasks));
	int rc;

	for (size_t i = 0; i < call->ntasks; i++) {
		const struct launch_task *t = &call->task[i];

		tasks[i] = (struct ledger_launch){
			.index = t->index,
			.slice = t->slice,
			.array_index = t->array_index,
			.ranks = t->rank,
			.nranks = t->nranks,
		};
	}
	rc = ledger_launch(book_ledger(la->book), framework, job, tasks,
			   call->ntasks, book_now(), err);
	free(tasks);
	return rc;
}

/* Where the ranks of a job go; the second time elsewhere, since those of an
 * earlier leader may still be there.  The caller frees both. */
static void name_ranks(const struct launches *la, uint64_t job,
		       uint32_t before, char **key, char **nspace)
{
	unsigned long long id = job, term = la->term;

	if (before == 0 && !jobs_recalled(la->jobs, job)) {
		*key = mem_printf("j%llu", id);
		*nspace = mem_printf("%s-%llu", la->berth, id);
	} else {
		*key = mem_printf("j%llu.%llu.%u", id, term, before);
		*nspace = mem_printf("%s-%llu.%llu.%u", la->berth, id, term,
				     before);
	}
}

int launches_start(struct launches *la, const char *framework, uint64_t job,
		   const struct launch_call *call, const struct job_spec *spec,
		   struct berth_error *err)
{
	const struct slice **slices;
	char *key = NULL, *nspace = NULL;
	struct launch_ident id = {.job = job, .framework = framework};
	uint32_t before;

	if (to_ledger(la, framework, job, call, err) != 0)
		return -1;
	before = jobs_count_launch(la->jobs, job);
	slices = mem_array(call->ntasks, sizeof(slices[0]));
	for (size_t i = 0; i < call->ntasks; i++)
		slices[i] = ledger_slice(book_ledger(la->book),
					 call->task[i].slice);
	if (call->pmix) {
		name_ranks(la, job, before, &key, &nspace);
		id.shepherd = key;
		id.nspace = nspace;
		queue_ranks(la, &id, call, spec, slices);
	} else {
		queue_plain(la, &id, call, spec, slices);
	}
	free(slices);
	free(key);
	free(nspace);
	return 0;
}

/* ---- kill ---------------------------------------------------------------- */

static Berth__Msg *kill_msg(uint64_t job, uint32_t signal, uint32_t grace_ms,
			    Berth__TaskEnd why)
{
	Berth__Msg *msg = mem_alloc(sizeof(*msg));
	Berth__Kill *k = mem_alloc(sizeof(*k));

	berth__kill__init(k);
	k->job = job;
	k->signal = signal;
	k->grace_ms = grace_ms;
	k->why = why;
	berth__msg__init(msg);
	msg->body_case = BERTH__MSG__BODY_KILL;
	msg->kill = k;
	return msg;
}

/* The nodes where tasks of the job have not ended; their names are the
 * ledger's. */
static struct map *nodes_of(const struct job *j)
{
	struct map *m = map_create();
	const struct task *t;

	TAILQ_FOREACH(t, &j->tasks, of_job)
		if (t->status.state != TASK_ENDED)
			map_put(m, t->where, (void *)t->where);
	return m;
}

static size_t to_all(struct launches *la, const struct job *j, uint32_t signal,
		     uint32_t grace_ms, Berth__TaskEnd why, bool signal_only)
{
	struct map *nodes = nodes_of(j);
	size_t n = map_count(nodes);
	const char *node;

	on_flush(la);
	map_foreach(nodes, node) {
		Berth__Msg *msg = kill_msg(j->id, signal, grace_ms, why);

		msg->kill->all = true;
		msg->kill->signal_only = signal_only;
		post(la, node, msg);
	}
	map_destroy(nodes, NULL);
	return n;
}

void launches_kill_job(struct launches *la, const struct job *j,
		       uint32_t signal, uint32_t grace_ms, Berth__TaskEnd why)
{
	to_all(la, j, signal, grace_ms, why, false);
}

size_t launches_signal_job(struct launches *la, const struct job *j,
			   uint32_t signal)
{
	return to_all(la, j, signal, 0, BERTH__TASK_END__END_NONE, true);
}

int launches_kill_task(struct launches *la, const struct job *j,
		       uint32_t index, uint32_t signal, uint32_t grace_ms,
		       struct berth_error *err)
{
	const struct task *t = ledger_task(book_ledger(la->book),
					   j->id, index);
	Berth__Msg *msg;

	if (t == NULL)
		return error_set(err, BERTH_ENOTFOUND,
				 "task %llu.%u: there is none",
				 (unsigned long long)j->id, index);
	if (t->status.state == TASK_ENDED)
		return 0;
	on_flush(la);
	msg = kill_msg(j->id, signal, grace_ms, BERTH__TASK_END__END_KILLED);
	msg->kill->index = index;
	post(la, t->where, msg);
	return 0;
}

static void to_task(struct launches *la, const struct task *t, uint32_t signal,
		    uint32_t grace_ms, Berth__TaskEnd why, bool signal_only)
{
	Berth__Msg *msg;

	if (t->nranks > 0) {
		to_all(la, t->job, signal, grace_ms, why, signal_only);
		return;
	}
	on_flush(la);
	msg = kill_msg(t->job->id, signal, grace_ms, why);
	msg->kill->index = t->index;
	msg->kill->signal_only = signal_only;
	post(la, t->where, msg);
}

void launches_revoke_task(struct launches *la, const struct task *t,
			  uint32_t grace_ms)
{
	to_task(la, t, 0, grace_ms, BERTH__TASK_END__END_REVOKED, false);
}

void launches_warn_task(struct launches *la, const struct task *t,
			uint32_t signal)
{
	to_task(la, t, signal, 0, BERTH__TASK_END__END_NONE, true);
}

/* ---- the end of a job ---------------------------------------------------- */

static void forget_job(struct launches *la, uint64_t job)
{
	struct map *told = map_create();
	struct jobs_place place;
	size_t pos = 0;

	while (jobs_next_place(la->jobs, job, &pos, &place)) {
		Berth__Msg msg = BERTH__MSG__INIT;
		Berth__ForgetJob forget = BERTH__FORGET_JOB__INIT;

		if (map_put(told, place.node, la) != NULL)
			continue;
		forget.job = job;
		msg.body_case = BERTH__MSG__BODY_FORGET_JOB;
		msg.forget_job = &forget;
		nodes_send(la->nodes, place.node, &msg);
	}
	map_destroy(told, NULL);
}

void launches_event(void *launches, const struct event *ev)
{
	if (ev->type == EVENT_JOB_FORGOTTEN)
		forget_job(launches, ev->job.job);
}

/* ---- create, destroy ----------------------------------------------------- */

struct launches *launches_create(struct loop *loop, const char *berth,
				 uint64_t term, struct commit *commit,
				 struct book *book, struct jobs *jobs,
				 struct nodes *nodes)
{
	struct launches *la = mem_alloc(sizeof(*la));

	la->berth = berth;
	la->term = term;
	la->commit = commit;
	TAILQ_INIT(&la->flights);
	la->book = book;
	la->jobs = jobs;
	la->nodes = nodes;
	STAILQ_INIT(&la->pending);
	la->open = map_create();
	la->flush = loop_timer_create(loop, on_flush, la);
	return la;
}

void launches_destroy(struct launches *la)
{
	struct pending *p;

	if (la == NULL)
		return;
	while (!TAILQ_EMPTY(&la->flights)) {
		struct flight *f = TAILQ_FIRST(&la->flights);

		TAILQ_REMOVE(&la->flights, f, entry);
		STAILQ_CONCAT(&la->pending, &f->pending);
		free(f);
	}
	while (!STAILQ_EMPTY(&la->pending)) {
		p = STAILQ_FIRST(&la->pending);
		STAILQ_REMOVE_HEAD(&la->pending, entry);
		msg_free(p->msg);
		pending_free(p);
	}
	map_destroy(la->open, NULL);
	loop_timer_destroy(la->flush);
	free(la);
}
