#include "broker/history_routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "broker/api.h"
#include "broker/history.h"
#include "broker/json_model.h"
#include "broker/json_text.h"

#define PAGE_MOST 10000
/* For what is on its way into the records. */
#define PATIENCE_US (2u * 1000000)

/* A request that waits; it lives until commit has called. */
struct reader {
	TAILQ_ENTRY(reader) entry;
	struct history_routes *all;
	struct http_request *req; /* NULL: answered, or gone */
	struct loop_timer *patience;
};

struct history_routes {
	struct loop *loop;
	struct history *history;
	struct commit *commit;
	TAILQ_HEAD(, reader) readers;
};

/* What is gathered for the answer. */
struct page {
	json_t *jobs;
	uint64_t last_us, last_id;
};

static void set_int(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new_nocheck(o, key, json_integer((json_int_t)v));
}

static void set_text(json_t *o, const char *key, const char *v)
{
	json_object_set_new_nocheck(o, key, json_text_safe(v));
}

static void add(void *arg, const struct history_job *j)
{
	struct page *p = arg;
	json_t *o = json_object();

	set_int(o, "id", j->id);
	set_text(o, "name", j->name);
	set_text(o, "user", j->user);
	set_text(o, "role", j->role);
	set_text(o, "framework", j->framework);
	set_text(o, "outcome", job_outcome_name(j->outcome));
	json_object_set_new(o, "exit_code", json_integer(j->exit_code));
	json_object_set_new(o, "signal", json_integer(j->signal));
	set_text(o, "text", j->text);
	json_object_set_new(o, "submitted_at", json_time(j->submitted_us));
	json_object_set_new(o, "started_at", json_time(j->started_us));
	json_object_set_new(o, "ended_at", json_time(j->ended_us));
	set_text(o, "nodes", j->nodes);
	set_int(o, "node_count", j->nnodes);
	set_int(o, "slices", j->slices);
	set_int(o, "tasks", j->tasks);
	set_int(o, "failed", j->failed);
	set_int(o, "cores", j->cores);
	set_int(o, "memory_mib", j->memory_mib);
	set_int(o, "gpus", j->gpus);
	set_int(o, "core_ms", j->core_us / 1000);
	set_int(o, "gpu_ms", j->gpu_us / 1000);
	set_int(o, "cpu_ms", j->cpu_us / 1000);
	set_int(o, "max_rss_kib", j->max_rss_kib);
	set_int(o, "requeues", j->requeues);
	set_int(o, "revocations", j->revocations);
	json_array_insert_new(p->jobs, 0, o);
	p->last_us = j->ended_us;
	p->last_id = j->id;
}

/* ?before=: as an earlier answer gave it. */
static int read_before(struct http_request *req, struct history_query *q,
		       struct berth_error *err)
{
	const char *text = http_query(req, "before");
	unsigned long long us, id;
	char rest;

	if (text == NULL)
		return 0;
	if (sscanf(text, "%llu-%llu%c", &us, &id, &rest) != 2 || us == 0 ||
	    us > INT64_MAX || id > INT64_MAX)
		return error_set(err, BERTH_EINPUT,
				 "?before=%.60s: what an earlier answer gave "
				 "as \"before\" is wanted", text);
	q->before_us = us;
	q->before_id = id;
	return 0;
}

static int read_query(struct http_request *req, struct history_query *q,
		      struct berth_error *err)
{
	const char *outcome = http_query(req, "state");
	int64_t since = 0, until = 0, limit = 1000, id = 0;
	const int64_t most = INT64_MAX / 1000;

	q->user = http_query(req, "user");
	q->role = http_query(req, "role");
	q->framework = http_query(req, "framework");
	q->name = http_query(req, "name");
	if (outcome != NULL && (job_outcome_parse(outcome, &q->outcome) != 0 ||
				q->outcome == JOB_NONE))
		return error_set(err, BERTH_EINPUT,
				 "?state=%.40s: done, failed, cancelled, "
				 "timeout or lost is wanted", outcome);
	if (api_query_int(req, "since", 0, most, &since, err) != 0 ||
	    api_query_int(req, "until", 0, most, &until, err) != 0 ||
	    api_query_int(req, "job", 1, INT64_MAX, &id, err) != 0 ||
	    api_query_int(req, "limit", 1, PAGE_MOST, &limit, err) != 0)
		return -1;
	q->since_us = (uint64_t)since * 1000;
	q->until_us = (uint64_t)until * 1000;
	q->id = (uint64_t)id;
	q->limit = (size_t)limit;
	return read_before(req, q, err);
}

static void answer(struct history *h, struct http_request *req)
{
	struct history_query q = {0};
	struct page page = {.jobs = json_array()};
	struct berth_error err = {0};
	char before[48];
	bool more = false;
	json_t *o;

	if (read_query(req, &q, &err) != 0)
		goto fail;
	/* What can't be written was logged; what is there is shown. */
	history_flush(h, NULL);
	if (history_find(h, &q, add, &page, &more, &err) != 0)
		goto fail;
	o = json_pack("{s:o}", "jobs", page.jobs);
	if (more) {
		snprintf(before, sizeof(before), "%llu-%llu",
			 (unsigned long long)page.last_us,
			 (unsigned long long)page.last_id);
		json_object_set_new(o, "before", json_string(before));
	}
	api_reply(req, 200, o);
	return;
fail:
	json_decref(page.jobs);
	http_reply_error(req, &err);
}

/* ---- those who wait ------------------------------------------------------ */

static void reader_destroy(struct reader *w)
{
	TAILQ_REMOVE(&w->all->readers, w, entry);
	loop_timer_destroy(w->patience);
	free(w);
}

static void reader_answer(struct reader *w)
{
	struct http_request *req = w->req;

	if (req == NULL)
		return;
	w->req = NULL;
	http_on_close(req, NULL, NULL);
	answer(w->all->history, req);
}

static void on_patience(void *arg)
{
	reader_answer(arg);
}

/* Also when another rank leads now: this one has what it has. */
static void on_committed(void *arg, const struct berth_error *err)
{
	reader_answer(arg);
	reader_destroy(arg);
}

static void on_left(void *arg)
{
	struct reader *w = arg;

	w->req = NULL;
}

void history_routes_get(void *routes, struct http_request *req,
			const char *name)
{
	struct history_routes *r = routes;
	struct reader *w = mem_alloc(sizeof(*w));

	w->all = r;
	w->req = req;
	w->patience = loop_timer_create(r->loop, on_patience, w);
	loop_timer_start(w->patience, PATIENCE_US);
	TAILQ_INSERT_TAIL(&r->readers, w, entry);
	http_on_close(req, on_left, w);
	commit_wait(r->commit, on_committed, w);
}

/* ---- create, destroy ----------------------------------------------------- */

struct history_routes *history_routes_create(struct loop *loop,
					     struct history *history,
					     struct commit *commit)
{
	struct history_routes *r = mem_alloc(sizeof(*r));

	r->loop = loop;
	r->history = history;
	r->commit = commit;
	TAILQ_INIT(&r->readers);
	return r;
}

void history_routes_destroy(struct history_routes *r)
{
	if (r == NULL)
		return;
	while (!TAILQ_EMPTY(&r->readers)) {
		reader_answer(TAILQ_FIRST(&r->readers));
		reader_destroy(TAILQ_FIRST(&r->readers));
	}
	free(r);
}
