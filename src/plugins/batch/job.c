#include "plugins/batch/job.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

/* An array's text names so many of its failed tasks. */
enum { NAMED_FAILURES = 5 };

/* ---- options ---- */

static int read_options(struct batch_job *j, const char *text,
			struct berth_error *err)
{
	json_t *json = json_loads(text, 0, NULL);
	const char *name, *array = NULL;
	json_t *value;
	int rc = -1;

	if (!json_is_object(json)) {
		keep_fail(err, "options: not an object");
		goto out;
	}
	json_object_foreach(json, name, value) {
		if (strcmp(name, "array")) {
			keep_fail(err, "option %.64s: unknown; known is array",
				  name);
			goto out;
		}
		if (json_is_null(value))
			continue;
		array = json_string_value(value);
		if (!array) {
			keep_fail(err, "option array: not a string");
			goto out;
		}
	}
	j->is_array = array != NULL;
	rc = 0;
	if (array)
		rc = array_parse(&j->array, array, err);
	else
		array_single(&j->array);
out:
	json_decref(json);
	return rc;
}

/* ---- life ---- */

struct batch_job *batch_job_create(const struct berth_job *from,
				   struct berth_error *err)
{
	struct batch_job *j = keep_alloc(sizeof(*j));

	j->id = from->id;
	if (read_options(j, from->options, err) < 0) {
		free(j);
		return NULL;
	}
	j->no_requeue = BERTH_HAS(from, no_requeue) && from->no_requeue;
	j->restarts = BERTH_HAS(from, restarts) ? from->restarts : 0;
	j->task_ms = -1;
	j->retry_index = (unsigned)array_last(&j->array) + 1;
	idmap_init(&j->tasks);
	idmap_init(&j->used);
	return j;
}

void batch_job_destroy(struct batch_job *j)
{
	struct batch_retry *retry;
	struct batch_task *t;
	size_t pos = 0;

	if (!j)
		return;
	while ((retry = idmap_next(&j->used, &pos)) != NULL)
		free(retry);
	pos = 0;
	for (t = idmap_next(&j->tasks, &pos); t;
	     t = idmap_next(&j->tasks, &pos))
		free(t);
	idmap_finish(&j->tasks);
	idmap_finish(&j->used);
	array_finish(&j->array);
	free(j->refusal);
	free(j);
}

/* ---- tasks ---- */

size_t batch_job_ready(const struct batch_job *j)
{
	size_t pending = j->array.pending, limit = j->array.limit;

	if (j->cancelled || j->refusal)
		return 0;
	if (!limit)
		return pending;
	if (j->tasks.count >= limit)
		return 0;
	return pending < limit - j->tasks.count ? pending :
						  limit - j->tasks.count;
}

static struct batch_task *add_task(struct batch_job *j, unsigned index,
				   int64_t array_index)
{
	struct batch_task *t = keep_alloc(sizeof(*t));

	t->index = index;
	t->array_index = array_index;
	idmap_put(&j->tasks, index, t);
	return t;
}

struct batch_task *batch_job_next(struct batch_job *j)
{
	int64_t index;
	unsigned number;

	if (!batch_job_ready(j))
		return NULL;
	index = array_take(&j->array);
	number = (unsigned)index;
	if (idmap_get(&j->used, (uint64_t)index))
		number = j->retry_index++;
	return add_task(j, number, index);
}

/* A single task has index 0 in the set and none for the user. */
static int64_t set_index(const struct batch_job *j, const struct berth_task *t)
{
	return j->is_array ? t->array_index : 0;
}

struct batch_task *batch_job_adopt(struct batch_job *j,
				   const struct berth_task *t)
{
	int64_t index = set_index(j, t);

	if (t->index >= j->retry_index)
		j->retry_index = t->index + 1;
	array_remove(&j->array, index);
	if (idmap_get(&j->tasks, t->index))
		return NULL;
	return add_task(j, t->index, index);
}

struct batch_task *batch_job_task(const struct batch_job *j, unsigned index)
{
	return idmap_get(&j->tasks, index);
}

static void remove_task(struct batch_job *j, struct batch_task *t)
{
	idmap_remove(&j->tasks, t->index);
	free(t);
}

void batch_job_return(struct batch_job *j, struct batch_task *t)
{
	array_return(&j->array, t->array_index);
	remove_task(j, t);
}

/* ---- ends ---- */

static void learn_time(struct batch_job *j, const struct berth_task *t)
{
	double ms = (double)(t->ended_at - t->started_at);

	if (!t->started_at || ms < 0)
		return;
	j->task_ms = j->task_ms < 0 ? ms : j->task_ms * 0.8 + ms * 0.2;
}

static void name_failure(struct batch_job *j, const struct berth_task *t,
			 const struct verdict *v)
{
	size_t len = strlen(j->first);
	const char *comma = j->n_first ? ", " : "";

	if (j->n_first++ >= NAMED_FAILURES)
		return;
	if (t->end == BERTH_END_EXITED)
		snprintf(j->first + len, sizeof(j->first) - len,
			 "%s%" PRId64 " (exit %d)", comma, t->array_index,
			 t->exit_code);
	else if (t->end == BERTH_END_SIGNALED)
		snprintf(j->first + len, sizeof(j->first) - len,
			 "%s%" PRId64 " (signal %d)", comma, t->array_index,
			 t->signal);
	else
		snprintf(j->first + len, sizeof(j->first) - len,
			 "%s%" PRId64 " (%s)", comma, t->array_index,
			 v->outcome == BERTH_LOST    ? "lost" :
			 v->outcome == BERTH_TIMEOUT ? "out of time" :
						       "not run");
}

static void count_failure(struct batch_job *j, const struct berth_task *t,
			  const struct verdict *v)
{
	if (v->outcome == BERTH_LOST)
		j->lost++;
	else if (v->outcome == BERTH_TIMEOUT)
		j->timed_out++;
	else
		j->failed++;
	if (!j->n_first)
		j->verdict = *v;
	name_failure(j, t, v);
	if (v->exit_code > j->exit_code)
		j->exit_code = v->exit_code;
}

static struct batch_retry *retry_of(struct batch_job *j, int64_t index)
{
	struct batch_retry *r = idmap_get(&j->used, (uint64_t)index);

	if (!r) {
		r = keep_alloc(sizeof(*r));
		idmap_put(&j->used, (uint64_t)index, r);
	}
	return r;
}

/* Is it to run once more?  Then that is noted. */
static bool runs_again(struct batch_job *j, const struct batch_task *task,
		       const struct berth_task *t)
{
	struct batch_retry *r;

	if (j->cancelled)
		return false;
	if (t->end == BERTH_END_REVOKED) {
		if (!j->no_requeue)
			retry_of(j, task->array_index);
		return !j->no_requeue;
	}
	if (j->restarts == 0 || !verdict_restarts(t))
		return false;
	r = retry_of(j, task->array_index);
	if (r->restarts >= j->restarts)
		return false;
	r->restarts++;
	j->n_restarts++;
	return true;
}

void batch_job_ended(struct batch_job *j, const struct berth_task *t)
{
	struct batch_task *task = batch_job_task(j, t->index);
	struct verdict v;

	if (!task)
		return;
	if (runs_again(j, task, t)) {
		batch_job_return(j, task);
		return;
	}
	learn_time(j, t);
	j->refusals = 0;
	if (verdict_task(&v, t, "task"))
		j->done++;
	else if (!j->cancelled || t->end != BERTH_END_KILLED)
		count_failure(j, t, &v);
	remove_task(j, task);
}

bool batch_job_over(const struct batch_job *j)
{
	if (j->tasks.count)
		return false;
	return j->cancelled || j->refusal || !j->array.pending;
}

static void array_result(const struct batch_job *j, struct verdict *out)
{
	size_t bad = j->failed + j->lost + j->timed_out;

	snprintf(out->text, sizeof(out->text),
		 "%zu of %zu tasks failed: %s%s", bad, j->array.total,
		 j->first, bad > NAMED_FAILURES ? ", …" : "");
}

void batch_job_result(const struct batch_job *j, struct verdict *out)
{
	memset(out, 0, sizeof(*out));
	out->outcome = j->failed     ? BERTH_FAILED :
		       j->timed_out ? BERTH_TIMEOUT :
		       j->lost	     ? BERTH_LOST :
				       BERTH_DONE;
	out->exit_code = j->exit_code;
	if (j->cancelled) {
		out->outcome = BERTH_CANCELLED;
		out->exit_code = 130;
		snprintf(out->text, sizeof(out->text), "cancelled");
	} else if (j->refusal) {
		out->outcome = BERTH_FAILED;
		out->exit_code = 2;
		snprintf(out->text, sizeof(out->text), "%.300s", j->refusal);
	} else if (out->outcome != BERTH_DONE && j->is_array) {
		array_result(j, out);
	} else if (out->outcome != BERTH_DONE) {
		memcpy(out->text, j->verdict.text, sizeof(out->text));
	}
	verdict_add_restarts(out, j->n_restarts);
}
