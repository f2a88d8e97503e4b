#include "broker/jobs.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct job_entry {
	uint64_t id;
	struct job_spec *spec; /* NULL once it has ended */
	uint32_t launches;
	/* For each task: index, node's number, how many ranks, the ranks. */
	uint32_t *trail;
	uint32_t ntrail, room;
	bool ending, recalled;
};

struct jobs {
	struct book *book;
	struct map *by_id;
	char **node; /* names by their number in trails */
	uint32_t nnodes;
	struct map *numbers; /* of these, by name */
	struct map *users; /* names by number */
	struct job_spec *coming; /* of the submit that is going on */
};

static struct job_entry *find(const struct jobs *j, uint64_t id)
{
	char key[24];

	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	return map_get(j->by_id, key);
}

/* ---- entries ------------------------------------------------------------- */

static struct job_entry *entry_create(struct jobs *j, uint64_t id)
{
	struct job_entry *e = mem_alloc(sizeof(*e));
	char key[24];

	e->id = id;
	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	map_put(j->by_id, key, e);
	return e;
}

static void entry_destroy(void *arg)
{
	struct job_entry *e = arg;

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

/* The node's number in the trails. */
static uint32_t number_of(struct jobs *j, const char *node)
{
	uint32_t *n = map_get(j->numbers, node);

	if (n != NULL)
		return *n;
	j->node = mem_resize(j->node, j->nnodes + 1u, sizeof(j->node[0]));
	j->node[j->nnodes] = mem_strdup(node);
	n = mem_alloc(sizeof(*n));
	*n = j->nnodes++;
	map_put(j->numbers, node, n);
	return *n;
}

static void job_came(struct jobs *j, const struct event *ev)
{
	struct job_entry *e = entry_create(j, ev->job_submitted.job);

	e->spec = j->coming;
	j->coming = NULL;
}

static void task_came(struct jobs *j, uint64_t job, uint32_t index)
{
	struct job_entry *e = find(j, job);
	const struct task *t = ledger_task(book_ledger(j->book), job, index);

	if (e == NULL || t == NULL)
		return;
	trail_add(e, index);
	trail_add(e, number_of(j, t->where));
	trail_add(e, t->nranks);
	for (uint32_t i = 0; i < t->nranks; i++)
		trail_add(e, t->ranks[i]);
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
}

static void job_forgotten(struct jobs *j, uint64_t id)
{
	char key[24];
	struct job_entry *e;

	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	e = map_remove(j->by_id, key);
	if (e != NULL)
		entry_destroy(e);
}

void jobs_event(void *jobs, const struct event *ev)
{
	struct jobs *j = jobs;

	switch (ev->type) {
	case EVENT_JOB_SUBMITTED: job_came(j, ev); break;
	case EVENT_TASK_LAUNCHED:
		task_came(j, ev->task_launched.job, ev->task_launched.index);
		break;
	case EVENT_TASK_RECALLED:
		task_came(j, ev->task_recalled.job, ev->task_recalled.index);
		find(j, ev->task_recalled.job)->recalled = true;
		break;
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

Berth__RecordJob *jobs_record(struct jobs *j, const struct job_spec *spec,
			      const char *key)
{
	Berth__RecordJob *r = mem_alloc(sizeof(*r));

	berth__record_job__init(r);
	r->key = mem_strdup(key);
	r->name = mem_strdup(spec->name);
	r->framework = mem_strdup(spec->framework);
	r->role = mem_strdup(spec->role != NULL ? spec->role : "");
	r->user = mem_strdup(user_name(j, spec->uid));
	r->spec = json_dumps(spec->root, JSON_COMPACT);
	r->priority = spec->priority;
	r->grace_us = (uint64_t)spec->grace_ms * 1000 + 1;
	r->submitted_us = book_now();
	return r;
}

/* The strings are the spec's. */
static const char **leaves_of(const struct job_spec *spec, size_t *n)
{
	const char **leaves;

	*n = json_array_size(spec->datasets_out);
	leaves = mem_array(*n + 1, sizeof(*leaves));
	for (size_t i = 0; i < *n; i++)
		leaves[i] = json_string_value(
			json_array_get(spec->datasets_out, i));
	return leaves;
}

int jobs_submit(struct jobs *j, uint64_t id, struct job_spec *spec,
		struct berth_error *err)
{
	struct ledger_job job = {
		.id = id,
		.name = spec->name,
		.framework = spec->framework,
		.role = spec->role,
		.priority = spec->priority,
		.grace_us = (uint64_t)spec->grace_ms * 1000 + 1,
	};
	const char **leaves = leaves_of(spec, &job.nleaves);
	char *text = json_dumps(spec->root, JSON_COMPACT);
	int rc;

	job.user = user_name(j, spec->uid);
	job.spec = text;
	job.leaves = leaves;
	j->coming = spec;
	rc = ledger_submit(book_ledger(j->book), &job, book_now(), &id, err);
	if (j->coming != NULL)
		json_spec_destroy(j->coming);
	j->coming = NULL;
	free(leaves);
	free(text);
	return rc;
}

int jobs_recall(struct jobs *j, const Berth__RecordJob *r,
		struct berth_error *err)
{
	struct event ev = {
		.type = EVENT_JOB_SUBMITTED,
		.at_us = book_past(r->submitted_us),
		.job_submitted = {
			.job = r->id,
			.name = r->name,
			.framework = r->framework,
			.role = r->role[0] != '\0' ? r->role : "default",
			.user = r->user,
			.spec = r->spec,
			.priority = r->priority,
			.grace_us = r->grace_us,
		},
	};
	struct job_spec *spec = NULL;
	const char **leaves = NULL;
	json_t *root;
	int rc = -1;

	if (!r->collapsed) {
		root = json_loads(r->spec, 0, NULL);
		if (root == NULL)
			return error_set(err, BERTH_EPROTO,
					 "its spec is no JSON");
		spec = json_spec_decode(root, err);
		if (spec == NULL)
			return -1;
		leaves = leaves_of(spec, &ev.job_submitted.nleaves);
		ev.job_submitted.leaves = leaves;
	}
	j->coming = spec;
	rc = ledger_apply(book_ledger(j->book), &ev, err);
	json_spec_destroy(j->coming);
	j->coming = NULL;
	free(leaves);
	return rc;
}

const struct job_spec *jobs_spec(const struct jobs *j, uint64_t id)
{
	const struct job_entry *e = find(j, id);

	return e != NULL ? e->spec : NULL;
}

bool jobs_recalled(const struct jobs *j, uint64_t id)
{
	const struct job_entry *e = find(j, id);

	return e != NULL && e->recalled;
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

struct jobs *jobs_create(struct book *book)
{
	struct jobs *j = mem_alloc(sizeof(*j));

	j->book = book;
	j->by_id = map_create();
	j->users = map_create();
	j->numbers = map_create();
	return j;
}

void jobs_destroy(struct jobs *j)
{
	if (j == NULL)
		return;
	map_destroy(j->by_id, entry_destroy);
	map_destroy(j->users, free);
	map_destroy(j->numbers, free);
	for (size_t i = 0; i < j->nnodes; i++)
		free(j->node[i]);
	free(j->node);
	free(j);
}
