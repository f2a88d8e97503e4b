#include "broker/job_routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "broker/api.h"
#include "broker/job_waits.h"
#include "broker/json_decode.h"
#include "broker/json_model.h"
#include "broker/json_text.h"

/* An answer that is given when what it says is on record. */
struct answer {
	TAILQ_ENTRY(answer) entry;
	struct job_routes *all;
	struct http_request *req; /* NULL: nobody waits for it */
	int status;
	json_t *body;
};

struct job_routes {
	struct book *book;
	struct jobs *jobs;
	struct launches *launches;
	struct commit *commit;
	struct job_waits *waits;
	TAILQ_HEAD(, answer) answers;
};

/* ---- answers that wait --------------------------------------------------- */

static void answer_destroy(struct answer *a)
{
	TAILQ_REMOVE(&a->all->answers, a, entry);
	json_decref(a->body);
	free(a);
}

static void on_caller_left(void *arg)
{
	struct answer *a = arg;

	a->req = NULL;
}

static void on_committed(void *arg, const struct berth_error *err)
{
	struct answer *a = arg;

	if (a->req != NULL) {
		http_on_close(a->req, NULL, NULL);
		if (err == NULL)
			api_reply(a->req, a->status, json_incref(a->body));
		else
			api_reply_ending(a->req);
	}
	answer_destroy(a);
}

/* body is taken over. */
static struct answer *answer_create(struct job_routes *r,
				    struct http_request *req, int status,
				    json_t *body)
{
	struct answer *a = mem_alloc(sizeof(*a));

	a->all = r;
	a->req = req;
	a->status = status;
	a->body = body;
	TAILQ_INSERT_TAIL(&r->answers, a, entry);
	http_on_close(req, on_caller_left, a);
	return a;
}

/* What is told of a job is so at a leader after this one, too. */
static void reply_sure(struct job_routes *r, struct http_request *req,
		       json_t *body)
{
	commit_read(r->commit, on_committed,
		    answer_create(r, req, 200, body));
}

const struct job *job_routes_named(const struct ledger *l,
				   struct http_request *req, const char *name)
{
	struct berth_error err = {0};
	const struct job *j = NULL;
	unsigned long long id = 0;
	char *end = NULL;

	if (name[0] >= '0' && name[0] <= '9')
		id = strtoull(name, &end, 10);
	if (end == NULL || *end != '\0')
		error_set(&err, BERTH_EINPUT,
			  "job \"%.40s\": a job's number is wanted", name);
	else
		j = ledger_job(l, id);
	if (j != NULL)
		return j;
	if (err.text[0] == '\0')
		error_set(&err, BERTH_ENOTFOUND,
			  "job %llu: there is none (any more)", id);
	http_reply_error(req, &err);
	return NULL;
}

/* ---- GET /v1/jobs -------------------------------------------------------- */

struct filter_in {
	const char *state, *framework, *name;
};

static bool shown(const struct job *j, const struct filter_in *f)
{
	return (f->state == NULL ||
		strcmp(f->state, job_state_name(j->state)) == 0) &&
	       (f->framework == NULL ||
		strcmp(f->framework, j->framework) == 0) &&
	       (f->name == NULL || strcmp(f->name, j->name) == 0);
}

static int by_id(const void *a, const void *b)
{
	const struct job *x = *(const struct job *const *)a;
	const struct job *y = *(const struct job *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

static void gather(const struct job *first, const struct filter_in *f,
		   const struct job ***list, size_t *n, size_t *room)
{
	for (const struct job *j = first; j != NULL;
	     j = TAILQ_NEXT(j, of_ledger)) {
		if (!shown(j, f))
			continue;
		if (*n == *room) {
			*room = *room > 0 ? 2 * *room : 256;
			*list = mem_resize(*list, *room, sizeof((*list)[0]));
		}
		(*list)[(*n)++] = j;
	}
}

void job_routes_list(void *routes, struct http_request *req, const char *name)
{
	struct job_routes *r = routes;
	struct ledger *ledger = book_ledger(r->book);
	struct filter_in f = {http_query(req, "state"),
			      http_query(req, "framework"),
			      http_query(req, "name")};
	const struct job **list = NULL;
	struct berth_error err = {0};
	size_t n = 0, room = 0, from;
	int64_t limit = 1000;
	json_t *jobs;

	if (api_query_int(req, "limit", 1, 1 << 20, &limit, &err) != 0) {
		http_reply_error(req, &err);
		return;
	}
	gather(ledger_first_ended(ledger), &f, &list, &n, &room);
	gather(ledger_first_job(ledger), &f, &list, &n, &room);
	if (n > 0)
		qsort(list, n, sizeof(list[0]), by_id);
	from = n > (size_t)limit ? n - (size_t)limit : 0;
	jobs = json_array();
	for (size_t i = from; i < n; i++)
		json_array_append_new(jobs, json_job(list[i]));
	free(list);
	reply_sure(r, req, json_pack("{s:o}", "jobs", jobs));
}

/* ---- GET /v1/jobs/ID ----------------------------------------------------- */

static json_t *trace(const struct job *j, const struct task_trace *t)
{
	char id[40];

	snprintf(id, sizeof(id), "%llu.%u", (unsigned long long)j->id,
		 t->index);
	return json_pack("{s:s, s:I, s:I, s:I, s:s, s:s, s:i, s:i}", "id", id,
			 "job", (json_int_t)j->id, "index",
			 (json_int_t)t->index, "array_index",
			 (json_int_t)t->array_index, "state", "ended", "end",
			 task_end_name(t->end), "exit_code", (int)t->exit_code,
			 "signal", (int)t->signal);
}

static json_t *task_list(const struct job *j)
{
	json_t *a = json_array();
	const struct task *t;

	TAILQ_FOREACH(t, &j->tasks, of_job)
		json_array_append_new(a, json_task(t));
	for (uint32_t i = 0; i < j->ntraces; i++)
		json_array_append_new(a, trace(j, &j->trace[i]));
	return a;
}

static void answer_job(void *routes, uint64_t id, struct http_request *req,
		       bool with_tasks)
{
	struct job_routes *r = routes;
	const struct job *j = ledger_job(book_ledger(r->book), id);
	struct berth_error err = {0};
	json_t *v;

	if (j == NULL) {
		error_set(&err, BERTH_ENOTFOUND,
			  "job %llu: there is none (any more)",
			  (unsigned long long)id);
		http_reply_error(req, &err);
		return;
	}
	v = json_job(j);
	if (j->spec != NULL)
		json_object_set_new(v, "spec", json_loads(j->spec, 0, NULL));
	if (with_tasks)
		json_object_set_new(v, "task_list", task_list(j));
	reply_sure(r, req, v);
}

void job_routes_get(void *routes, struct http_request *req, const char *name)
{
	struct job_routes *r = routes;
	const struct job *j = job_routes_named(book_ledger(r->book), req, name);
	struct berth_error err = {0};
	int64_t wait_ms = 0, tasks = 1;

	if (j == NULL)
		return;
	if (api_query_int(req, "wait_ms", 0, 3600000, &wait_ms, &err) != 0 ||
	    api_query_int(req, "tasks", 0, 1, &tasks, &err) != 0)
		http_reply_error(req, &err);
	else if (jobs_spec(r->jobs, j->id) == NULL || wait_ms == 0)
		answer_job(r, j->id, req, tasks == 1);
	else
		job_waits_add(r->waits, j->id, (uint32_t)wait_ms, req,
			      tasks == 1);
}

/* ---- DELETE, signal ------------------------------------------------------ */

void job_routes_delete(void *routes, struct http_request *req, const char *name)
{
	struct job_routes *r = routes;
	const struct job *j = job_routes_named(book_ledger(r->book), req, name);
	struct berth_error err = {0};

	if (j == NULL)
		return;
	if (ledger_cancel(book_ledger(r->book), j->id, book_now(), &err) != 0)
		http_reply_error(req, &err);
	else
		/* It cannot be lost any more. */
		commit_wait(r->commit, on_committed,
			    answer_create(r, req, 202, json_object()));
}

struct signal_in {
	uint32_t signal;
};

static const struct json_field signal_fields[] = {
	{.name = "signal", .type = JSON_T_U32, .min = 1, .max = 64,
	 .needed = true, .offset = offsetof(struct signal_in, signal)},
};

void job_routes_signal(void *routes, struct http_request *req, const char *name)
{
	struct job_routes *r = routes;
	const struct job *j = job_routes_named(book_ledger(r->book), req, name);
	struct berth_error err = {0};
	struct signal_in in = {0};
	json_t *body;

	if (j == NULL)
		return;
	body = api_body(req);
	if (body == NULL)
		return;
	if (JSON_DECODE(body, "", signal_fields, &in, &err) != 0) {
		http_reply_error(req, &err);
	} else if (launches_signal_job(r->launches, j, in.signal) == 0) {
		error_set(&err, BERTH_ECONFLICT,
			  "job %llu: no task of it runs",
			  (unsigned long long)j->id);
		http_reply_error(req, &err);
	} else {
		api_reply(req, 202, json_object());
	}
	json_decref(body);
}

/* ---- create, destroy ----------------------------------------------------- */

void job_routes_event(void *routes, const struct event *ev)
{
	struct job_routes *r = routes;

	job_waits_event(r->waits, ev);
}

struct job_routes *job_routes_create(struct loop *loop, struct book *book,
				     struct jobs *jobs,
				     struct launches *launches,
				     struct commit *commit)
{
	struct job_routes *r = mem_alloc(sizeof(*r));

	r->book = book;
	r->jobs = jobs;
	r->launches = launches;
	r->commit = commit;
	TAILQ_INIT(&r->answers);
	r->waits = job_waits_create(loop, answer_job, r);
	return r;
}

void job_routes_destroy(struct job_routes *r)
{
	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->answers)) {
		struct answer *a = TAILQ_FIRST(&r->answers);

		if (a->req != NULL) {
			http_on_close(a->req, NULL, NULL);
			api_reply_ending(a->req);
		}
		answer_destroy(a);
	}
	job_waits_destroy(r->waits);
	free(r);
}
