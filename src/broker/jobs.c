#include "broker/jobs.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "broker/api.h"
#include "broker/book.h"
#include "broker/launches.h"

struct waiter {
	LIST_ENTRY(waiter) entry;
	struct job_entry *job;
	struct http_request *req;
	struct loop_timer *timer;
	bool with_tasks;
};

struct job_entry {
	uint64_t id;
	struct jobs *jobs;
	struct job_spec *spec; /* NULL once it has ended */
	uint32_t launches;
	/* For each task: index, node's number, how many ranks, the ranks. */
	uint32_t *trail;
	uint32_t ntrail, room;
	bool ending;
	bool over; /* in jobs->over */
	LIST_HEAD(, waiter) waiters;
	TAILQ_ENTRY(job_entry) over_link;
};

struct jobs {
	struct leader *leader;
	struct map *by_id;
	char **node; /* names by the ledger's number */
	size_t nnodes;
	struct map *users; /* names by number */
	struct job_spec *coming; /* of the submit that is going on */
	TAILQ_HEAD(, job_entry) over; /* ended, waiters not yet answered */
	struct loop_timer *wake;
};

static struct job_entry *find(const struct jobs *j, uint64_t id)
{
	char key[24];

	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	return map_get(j->by_id, key);
}

/* ---- waiters ------------------------------------------------------------- */

static void waiter_destroy(struct waiter *w)
{
	LIST_REMOVE(w, entry);
	loop_timer_destroy(w->timer);
	free(w);
}

static void waiter_answer(struct waiter *w)
{
	struct leader *l = w->job->jobs->leader;
	struct http_request *req = w->req;
	bool with_tasks = w->with_tasks;
	uint64_t id = w->job->id;

	waiter_destroy(w);
	jobs_answer(l, id, req, with_tasks);
}

static void on_wait_over(void *arg)
{
	waiter_answer(arg);
}

static void on_waiter_left(void *arg)
{
	waiter_destroy(arg);
}

void jobs_wait(struct jobs *j, uint64_t id, uint32_t wait_ms,
	       struct http_request *req, bool with_tasks)
{
	struct job_entry *e = find(j, id);
	struct waiter *w;

	if (e == NULL || e->spec == NULL || wait_ms == 0) {
		jobs_answer(j->leader, id, req, with_tasks);
		return;
	}
	w = mem_alloc(sizeof(*w));
	w->job = e;
	w->req = req;
	w->with_tasks = with_tasks;
	w->timer = loop_timer_create(j->leader->loop, on_wait_over, w);
	loop_timer_start(w->timer, (uint64_t)wait_ms * 1000);
	LIST_INSERT_HEAD(&e->waiters, w, entry);
	http_on_close(req, on_waiter_left, w);
}

static void on_wake(void *arg)
{
	struct jobs *j = arg;
	struct job_entry *e;

	while (!TAILQ_EMPTY(&j->over)) {
		e = TAILQ_FIRST(&j->over);
		TAILQ_REMOVE(&j->over, e, over_link);
		e->over = false;
		while (!LIST_EMPTY(&e->waiters))
			waiter_answer(LIST_FIRST(&e->waiters));
	}
}

/* ---- entries ------------------------------------------------------------- */

static struct job_entry *entry_create(struct jobs *j, uint64_t id)
{
	struct job_entry *e = mem_alloc(sizeof(*e));
	char key[24];

	e->id = id;
	e->jobs = j;
	LIST_INIT(&e->waiters);
	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	map_put(j->by_id, key, e);
	return e;
}

static void entry_destroy(void *arg)
{
	struct job_entry *e = arg;

	if (e->over)
		TAILQ_REMOVE(&e->jobs->over, e, over_link);
	while (!LIST_EMPTY(&e->waiters)) {
		struct http_request *req = LIST_FIRST(&e->waiters)->req;

		waiter_destroy(LIST_FIRST(&e->waiters));
		api_reply_ending(req);
	}
	json_spec_destroy(e->spec);
	free(e->trail);
	free(e);
}

static void trail_add(struct job_entry *e, uint32_t v)
{
	if (e->ntrail == e->room) {
		e->room = e->room > 0 ? 2 * e->room : 4;
		e->trail = mem_resize(e->trail, e->room, sizeof(e->trail[0]));
	}
	e->trail[e->ntrail++] = v;
}

bool jobs_next_place(const struct jobs *j, uint64_t id, size_t *pos,
		     struct jobs_place *out)
{
	const struct job_entry *e = find(j, id);
	const uint32_t *t;

	if (e == NULL || *pos >= e->ntrail)
		return false;
	t = &e->trail[*pos];
	out->index = t[0];
	out->node = j->node[t[1]];
	out->nranks = t[2];
	out->ranks = t + 3;
	*pos += 3 + t[2];
	return true;
}

/* ---- events -------------------------------------------------------------- */

static void node_came(struct jobs *j, const char *name)
{
	const struct node *n = ledger_node(book_ledger(j->leader->book), name);

	if (n == NULL)
		return;
	if (n->id >= j->nnodes) {
		j->node = mem_resize(j->node, n->id + 1u, sizeof(j->node[0]));
		while (j->nnodes <= n->id)
			j->node[j->nnodes++] = NULL;
	}
	if (j->node[n->id] == NULL)
		j->node[n->id] = mem_strdup(name);
}

static void job_came(struct jobs *j, const struct event *ev)
{
	struct job_entry *e = entry_create(j, ev->job_submitted.job);

	e->spec = j->coming;
	j->coming = NULL;
}

static void task_came(struct jobs *j, const struct event *ev)
{
	struct job_entry *e = find(j, ev->task_launched.job);
	const struct slice *s = ledger_slice(book_ledger(j->leader->book),
					     ev->task_launched.slice);

	if (e == NULL || s == NULL)
		return;
	trail_add(e, ev->task_launched.index);
	trail_add(e, s->node->id);
	trail_add(e, ev->task_launched.nranks);
	for (uint32_t i = 0; i < ev->task_launched.nranks; i++)
		trail_add(e, ev->task_launched.ranks[i]);
}

static void job_ended(struct jobs *j, uint64_t id)
{
	struct job_entry *e = find(j, id);

	if (e == NULL)
		return;
	json_spec_destroy(e->spec);
	e->spec = NULL;
	if (e->ntrail > 0) {
		e->trail = mem_resize(e->trail, e->ntrail, sizeof(uint32_t));
		e->room = e->ntrail;
	}
	if (LIST_EMPTY(&e->waiters) || e->over)
		return;
	e->over = true;
	TAILQ_INSERT_TAIL(&j->over, e, over_link);
	if (!loop_timer_pending(j->wake))
		loop_timer_start(j->wake, 0);
}

static void job_forgotten(struct jobs *j, uint64_t id)
{
	char key[24];
	struct job_entry *e;

	launches_forget(j->leader->launches, id);
	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	e = map_remove(j->by_id, key);
	if (e != NULL)
		entry_destroy(e);
}

void jobs_event(void *jobs, const struct event *ev)
{
	struct jobs *j = jobs;

	switch (ev->type) {
	case EVENT_NODE_UP: node_came(j, ev->node_up.node); break;
	case EVENT_JOB_SUBMITTED: job_came(j, ev); break;
	case EVENT_TASK_LAUNCHED: task_came(j, ev); break;
	case EVENT_JOB_FINISHED: job_ended(j, ev->job.job); break;
	case EVENT_JOB_FORGOTTEN: job_forgotten(j, ev->job.job); break;
	default: break;
	}
}

/* ---- for others ---------------------------------------------------------- */

/* The system is asked once for each user. */
static const char *user_name(struct jobs *j, uint32_t uid)
{
	struct passwd pw, *found = NULL;
	char key[16], text[4096], *name;

	snprintf(key, sizeof(key), "%u", uid);
	name = map_get(j->users, key);
	if (name != NULL)
		return name;
	getpwuid_r(uid, &pw, text, sizeof(text), &found);
	name = mem_strdup(found != NULL ? found->pw_name : key);
	map_put(j->users, key, name);
	return name;
}

int jobs_submit(struct jobs *j, struct job_spec *spec, uint64_t *id,
		struct berth_error *err)
{
	struct ledger_job job = {
		.name = spec->name,
		.framework = spec->framework,
		.role = spec->role,
		.priority = spec->priority,
	};
	char *text = json_dumps(spec->root, JSON_COMPACT);
	int rc;

	job.user = user_name(j, spec->uid);
	job.spec = text;
	j->coming = spec;
	rc = ledger_submit(book_ledger(j->leader->book), &job, book_now(), id,
			   err);
	if (j->coming != NULL)
		json_spec_destroy(j->coming);
	j->coming = NULL;
	free(text);
	return rc;
}

const struct job_spec *jobs_spec(const struct jobs *j, uint64_t id)
{
	const struct job_entry *e = find(j, id);

	return e != NULL ? e->spec : NULL;
}

uint32_t jobs_count_launch(struct jobs *j, uint64_t id)
{
	struct job_entry *e = find(j, id);

	return e != NULL ? e->launches++ : 0;
}

bool jobs_first_end(struct jobs *j, uint64_t id)
{
	struct job_entry *e = find(j, id);
	bool first = e != NULL && !e->ending;

	if (first)
		e->ending = true;
	return first;
}

struct jobs *jobs_create(struct leader *l)
{
	struct jobs *j = mem_alloc(sizeof(*j));

	j->leader = l;
	j->by_id = map_create();
	j->users = map_create();
	j->wake = loop_timer_create(l->loop, on_wake, j);
	TAILQ_INIT(&j->over);
	return j;
}

void jobs_destroy(struct jobs *j)
{
	if (j == NULL)
		return;
	map_destroy(j->by_id, entry_destroy);
	map_destroy(j->users, free);
	for (size_t i = 0; i < j->nnodes; i++)
		free(j->node[i]);
	free(j->node);
	loop_timer_destroy(j->wake);
	free(j);
}
