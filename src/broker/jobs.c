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
	char *key;	       /* of its request; NULL: none */
	uint32_t launches;
	/* For each task: index, node's number, how many ranks, the ranks. */
	uint32_t *trail;
	uint32_t ntrail, room;
	bool ending;
};

struct jobs {
	struct book *book;
	struct map *by_id;
	struct map *by_key; /* the entries of requests that had a key */
	char **node; /* names by the ledger's number */
	size_t nnodes;
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
	free(e->key);
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
	const struct node *n = ledger_node(book_ledger(j->book), name);

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
	const struct slice *s = ledger_slice(book_ledger(j->book),
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
}

static void job_forgotten(struct jobs *j, uint64_t id)
{
	char key[24];
	struct job_entry *e;

	snprintf(key, sizeof(key), "%llx", (unsigned long long)id);
	e = map_remove(j->by_id, key);
	if (e == NULL)
		return;
	if (e->key != NULL)
		map_remove(j->by_key, e->key);
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

uint64_t jobs_keyed(const struct jobs *j, const char *key)
{
	const struct job_entry *e = map_get(j->by_key, key);

	return e != NULL ? e->id : 0;
}

/* The request of a job that has just been accepted. */
static void remember_key(struct jobs *j, uint64_t id, const char *key)
{
	struct job_entry *e = find(j, id);

	if (e == NULL || key == NULL || key[0] == '\0')
		return;
	e->key = mem_strdup(key);
	map_put(j->by_key, key, e);
}

int jobs_submit(struct jobs *j, struct job_spec *spec, const char *key,
		uint64_t *id, struct berth_error *err)
{
	struct ledger_job job = {
		.name = spec->name,
		.framework = spec->framework,
		.role = spec->role,
		.priority = spec->priority,
		.grace_us = (uint64_t)spec->grace_ms * 1000 + 1,
		.nleaves = json_array_size(spec->datasets_out),
	};
	const char **leaves;
	char *text;
	int rc;

	*id = key != NULL ? jobs_keyed(j, key) : 0;
	if (*id != 0) {
		json_spec_destroy(spec);
		return 0;
	}
	leaves = mem_array(job.nleaves + 1, sizeof(*leaves));
	text = json_dumps(spec->root, JSON_COMPACT);
	job.user = user_name(j, spec->uid);
	job.spec = text;
	for (size_t i = 0; i < job.nleaves; i++)
		leaves[i] = json_string_value(
			json_array_get(spec->datasets_out, i));
	job.leaves = leaves;
	j->coming = spec;
	rc = ledger_submit(book_ledger(j->book), &job, book_now(), id,
			   err);
	if (j->coming != NULL)
		json_spec_destroy(j->coming);
	j->coming = NULL;
	if (rc == 0)
		remember_key(j, *id, key);
	free(leaves);
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

struct jobs *jobs_create(struct book *book)
{
	struct jobs *j = mem_alloc(sizeof(*j));

	j->book = book;
	j->by_id = map_create();
	j->by_key = map_create();
	j->users = map_create();
	return j;
}

void jobs_destroy(struct jobs *j)
{
	if (j == NULL)
		return;
	map_destroy(j->by_key, NULL);
	map_destroy(j->by_id, entry_destroy);
	map_destroy(j->users, free);
	for (size_t i = 0; i < j->nnodes; i++)
		free(j->node[i]);
	free(j->node);
	free(j);
}
