/*
 * records.c - see records.h.
 *
 * A decoded change is moved into the table, not copied: whoever takes it sets
 * the change to "nothing", and the rest is freed with its record.
 *
 * A snapshot is a row of records, each with its length (4 bytes, least
 * significant first) before it: the first says what the next job's id is, and
 * those of a job follow one another.
 */
#include "broker/records.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "broker/usage.h"

/* What every reader of JSON can hold. */
#define ID_MAX (UINT64_C(1) << 53)

struct records {
	struct idmap jobs;
	TAILQ_HEAD(record_jobs, record_job) all;
	struct map *keys;	/* of requests: struct record_job */
	struct map *shares;	/* by role */
	struct map *frameworks; /* by name */
	struct map *nodes;	/* uint64_t, a node's life, by its name */
	struct map *drains;	/* by node */
	struct map *datasets;	/* by "dataset/node" */
	records_ended_f ended;
	void *arg;
	uint64_t next_job;
};

/* ---- jobs ---------------------------------------------------------------- */

static void task_free(void *p)
{
	berth__record_task__free_unpacked(p, NULL);
}

static void drop_tasks(struct record_job *j)
{
	size_t pos = 0;
	void *t;

	while ((void)(t = idmap_next(&j->tasks, &pos)), t != NULL)
		task_free(t);
	idmap_finish(&j->tasks);
}

static void job_free(struct records *r, struct record_job *j)
{
	TAILQ_REMOVE(&r->all, j, of_all);
	idmap_remove(&r->jobs, j->is->id);
	if (map_get(r->keys, j->is->key) == j)
		map_remove(r->keys, j->is->key);
	drop_tasks(j);
	berth__record_job__free_unpacked(j->is, NULL);
	berth__record_end__free_unpacked(j->end, NULL);
	free(j);
}

static void take_job(struct records *r, Berth__RecordChange *c)
{
	Berth__RecordJob *is = c->job;
	struct record_job *j;

	/* Asked for again, by somebody who had no answer. */
	if (is->key[0] != '\0' && map_get(r->keys, is->key) != NULL)
		return;
	if (is->id == 0)
		is->id = r->next_job;
	if (is->id > ID_MAX || idmap_get(&r->jobs, is->id) != NULL)
		return;
	c->what_case = BERTH__RECORD_CHANGE__WHAT__NOT_SET;
	j = mem_alloc(sizeof(*j));
	j->is = is;
	idmap_put(&r->jobs, is->id, j);
	TAILQ_INSERT_TAIL(&r->all, j, of_all);
	if (is->key[0] != '\0')
		map_put(r->keys, is->key, j);
	if (is->id >= r->next_job)
		r->next_job = is->id + 1;
}

static struct record_job *job_of(const struct records *r, uint64_t id)
{
	return idmap_get(&r->jobs, id);
}

static void take_cancel(struct records *r, Berth__RecordChange *c)
{
	struct record_job *j = job_of(r, c->cancelled);

	if (j != NULL && j->end == NULL)
		j->is->cancelled = true;
}

static void take_start(struct records *r, Berth__RecordChange *c)
{
	struct record_job *j = job_of(r, c->started->job);

	if (j != NULL && j->end == NULL && j->is->started_us == 0)
		j->is->started_us = c->started->at_us;
}

static void keep_share(Berth__RecordTask *end, const Berth__RecordTask *launch)
{
	end->slice_id = launch->slice_id;
	end->cores = launch->cores;
	end->memory_mib = launch->memory_mib;
	end->gpus = launch->gpus;
	end->launched_us = launch->launched_us;
}

/* An end is final, and a launch does not undo it. */
static void take_task(struct records *r, Berth__RecordChange *c)
{
	Berth__RecordTask *t = c->task, *old;
	struct record_job *j = job_of(r, t->job);

	if (j == NULL)
		return;
	old = idmap_get(&j->tasks, t->index);
	if (old != NULL && (old->end != 0 || t->end == 0))
		return;
	c->what_case = BERTH__RECORD_CHANGE__WHAT__NOT_SET;
	if (old != NULL) {
		keep_share(t, old);
		task_free(old);
	}
	idmap_put(&j->tasks, t->index, t);
}

static void take_end(struct records *r, Berth__RecordChange *c)
{
	struct record_job *j = job_of(r, c->ended->job);

	if (j == NULL || j->end != NULL)
		return;
	j->end = c->ended;
	c->what_case = BERTH__RECORD_CHANGE__WHAT__NOT_SET;
	/* In a snapshot it stands, and the tasks may be gone. */
	if (j->end->usage == NULL)
		j->end->usage = usage_sum(&j->tasks);
	if (r->ended != NULL)
		r->ended(r->arg, j);
}

static bool is_good(const Berth__RecordTask *t)
{
	return t->end == 1 && t->exit_code == 0;
}

/* Its spec goes and its tasks, but for those that failed. */
static void take_collapse(struct records *r, Berth__RecordChange *c)
{
	struct record_job *j = job_of(r, c->collapsed);
	struct idmap kept;
	Berth__RecordTask *t;
	size_t pos = 0;

	if (j == NULL || j->end == NULL || j->is->collapsed)
		return;
	idmap_init(&kept);
	while ((void)(t = idmap_next(&j->tasks, &pos)), t != NULL) {
		j->is->launched++;
		j->is->done += is_good(t);
		j->is->failed += t->end != 0 && !is_good(t);
		if (t->end != 0 && !is_good(t))
			idmap_put(&kept, t->index, t);
		else
			task_free(t);
	}
	idmap_finish(&j->tasks);
	j->tasks = kept;
	/* An absent text points at the library's one empty string. */
	if (j->is->spec != protobuf_c_empty_string)
		free(j->is->spec);
	j->is->spec = (char *)protobuf_c_empty_string;
	j->is->collapsed = true;
}

static void take_forget(struct records *r, Berth__RecordChange *c)
{
	struct record_job *j = job_of(r, c->forgotten);

	if (j != NULL && j->end != NULL)
		job_free(r, j);
}

/* ---- the rest ------------------------------------------------------------ */

static void share_free(void *p)
{
	berth__record_share__free_unpacked(p, NULL);
}

static void framework_free(void *p)
{
	berth__record_framework__free_unpacked(p, NULL);
}

static void take_share(struct records *r, Berth__RecordChange *c)
{
	c->what_case = BERTH__RECORD_CHANGE__WHAT__NOT_SET;
	share_free(map_put(r->shares, c->share->role, c->share));
}

static void take_framework(struct records *r, Berth__RecordChange *c)
{
	Berth__RecordFramework *f = c->framework;

	if (f->gone) {
		framework_free(map_remove(r->frameworks, f->name));
		return;
	}
	c->what_case = BERTH__RECORD_CHANGE__WHAT__NOT_SET;
	framework_free(map_put(r->frameworks, f->name, f));
}

static void take_node(struct records *r, Berth__RecordChange *c)
{
	uint64_t *life = map_get(r->nodes, c->node);

	if (life == NULL) {
		life = mem_alloc(sizeof(*life));
		map_put(r->nodes, c->node, life);
	}
	if (c->life != 0)
		*life = c->life;
}

static void drain_free(void *p)
{
	berth__record_drain__free_unpacked(p, NULL);
}

static void take_drain(struct records *r, Berth__RecordChange *c)
{
	if (c->drain->gone) {
		drain_free(map_remove(r->drains, c->drain->node));
		return;
	}
	c->what_case = BERTH__RECORD_CHANGE__WHAT__NOT_SET;
	drain_free(map_put(r->drains, c->drain->node, c->drain));
}

/* ---- datasets ------------------------------------------------------------ */

static void dataset_free(void *p)
{
	berth__record_dataset__free_unpacked(p, NULL);
}

static void put_copy(struct records *r, const Berth__RecordDataset *of,
		     const char *node)
{
	char *key = mem_printf("%s/%s", of->dataset, node);
	Berth__RecordDataset *copy = NULL;

	if (!of->gone) {
		copy = mem_alloc(sizeof(*copy));
		berth__record_dataset__init(copy);
		copy->dataset = mem_strdup(of->dataset);
		copy->nodes = mem_array(1, sizeof(*copy->nodes));
		copy->nodes[0] = mem_strdup(node);
		copy->n_nodes = 1;
		copy->mib = of->mib;
		copy->job = of->job;
		copy->at_us = of->at_us;
	}
	dataset_free(copy != NULL ? map_put(r->datasets, key, copy)
				  : map_remove(r->datasets, key));
	free(key);
}

static void drop_copies(struct records *r, const char *dataset)
{
	const Berth__RecordDataset *d;
	const char *key;
	size_t pos = 0;

	while ((void)(d = map_next(r->datasets, &pos, &key)), d != NULL)
		if (strcmp(d->dataset, dataset) == 0)
			dataset_free(map_remove(r->datasets, key));
}

static void take_dataset(struct records *r, Berth__RecordChange *c)
{
	const Berth__RecordDataset *d = c->dataset;

	if (d->gone && d->n_nodes == 0)
		drop_copies(r, d->dataset);
	for (size_t i = 0; i < d->n_nodes; i++)
		put_copy(r, d, d->nodes[i]);
}

/* ---- records ------------------------------------------------------------- */

typedef void (*take_f)(struct records *r, Berth__RecordChange *c);

static const struct {
	Berth__RecordChange__WhatCase what;
	take_f take;
} table[] = {
	{BERTH__RECORD_CHANGE__WHAT_JOB, take_job},
	{BERTH__RECORD_CHANGE__WHAT_CANCELLED, take_cancel},
	{BERTH__RECORD_CHANGE__WHAT_STARTED, take_start},
	{BERTH__RECORD_CHANGE__WHAT_TASK, take_task},
	{BERTH__RECORD_CHANGE__WHAT_ENDED, take_end},
	{BERTH__RECORD_CHANGE__WHAT_COLLAPSED, take_collapse},
	{BERTH__RECORD_CHANGE__WHAT_FORGOTTEN, take_forget},
	{BERTH__RECORD_CHANGE__WHAT_SHARE, take_share},
	{BERTH__RECORD_CHANGE__WHAT_FRAMEWORK, take_framework},
	{BERTH__RECORD_CHANGE__WHAT_NODE, take_node},
	{BERTH__RECORD_CHANGE__WHAT_DRAIN, take_drain},
	{BERTH__RECORD_CHANGE__WHAT_DATASET, take_dataset},
};

static void take(struct records *r, Berth__RecordChange *c)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].what == c->what_case) {
			table[i].take(r, c);
			return;
		}
	}
}

int records_apply(struct records *r, const void *data, size_t len,
		  struct berth_error *err)
{
	Berth__Record *rec = berth__record__unpack(NULL, len, data);

	if (rec == NULL)
		return error_set(err, BERTH_EPROTO,
				 "a record of %zu bytes can't be read", len);
	if (rec->next_job > r->next_job && rec->next_job <= ID_MAX)
		r->next_job = rec->next_job;
	for (size_t i = 0; i < rec->n_changes; i++)
		take(r, rec->changes[i]);
	berth__record__free_unpacked(rec, NULL);
	return 0;
}

static void pack(struct buf *out, const Berth__Record *rec)
{
	size_t len = berth__record__get_packed_size(rec);

	berth__record__pack(rec, (uint8_t *)buf_reserve(out, len));
	out->len += len;
	out->data[out->len] = '\0';
}

void records_pack(struct buf *out, Berth__RecordChange *const *changes,
		  size_t n)
{
	Berth__Record rec = BERTH__RECORD__INIT;

	rec.changes = (Berth__RecordChange **)changes;
	rec.n_changes = n;
	pack(out, &rec);
}

/* ---- snapshots ----------------------------------------------------------- */

static void put_record(struct buf *out, const Berth__Record *rec)
{
	size_t len = berth__record__get_packed_size(rec);
	unsigned char head[4] = {len & 255, len >> 8 & 255, len >> 16 & 255,
				 len >> 24 & 255};

	buf_add(out, head, sizeof(head));
	pack(out, rec);
}

static void put_change(struct buf *out, Berth__RecordChange *c)
{
	Berth__Record rec = BERTH__RECORD__INIT;

	rec.changes = &c;
	rec.n_changes = 1;
	put_record(out, &rec);
}

static int by_index(const void *a, const void *b)
{
	const Berth__RecordTask *x = *(Berth__RecordTask *const *)a;
	const Berth__RecordTask *y = *(Berth__RecordTask *const *)b;

	return (x->index > y->index) - (x->index < y->index);
}

static void put_tasks(struct buf *out, const struct record_job *j)
{
	Berth__RecordTask **all = mem_array(j->tasks.count + 1, sizeof(*all));
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	size_t pos = 0;

	c.what_case = BERTH__RECORD_CHANGE__WHAT_TASK;
	for (size_t i = 0; i < j->tasks.count; i++)
		all[i] = idmap_next(&j->tasks, &pos);
	if (j->tasks.count > 0)
		qsort(all, j->tasks.count, sizeof(*all), by_index);
	for (size_t i = 0; i < j->tasks.count; i++) {
		c.task = all[i];
		put_change(out, &c);
	}
	free(all);
}

static void put_job(struct buf *out, const struct record_job *j)
{
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;

	c.what_case = BERTH__RECORD_CHANGE__WHAT_JOB;
	c.job = j->is;
	put_change(out, &c);
	put_tasks(out, j);
	if (j->end == NULL)
		return;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_ENDED;
	c.ended = j->end;
	put_change(out, &c);
}

void records_snapshot(const struct records *r, struct buf *out)
{
	Berth__Record first = BERTH__RECORD__INIT;
	Berth__RecordChange c = BERTH__RECORD_CHANGE__INIT;
	Berth__RecordFramework *framework;
	Berth__RecordShare *share;
	Berth__RecordDrain *drain;
	Berth__RecordDataset *dataset;
	const struct record_job *j;
	const uint64_t *life;
	const char *name;
	size_t pos = 0;

	first.next_job = r->next_job;
	put_record(out, &first);
	c.what_case = BERTH__RECORD_CHANGE__WHAT_NODE;
	while ((void)(life = map_next(r->nodes, &pos, &name)), life != NULL) {
		c.node = (char *)name;
		c.life = *life;
		put_change(out, &c);
	}
	c.life = 0;
	c.what_case = BERTH__RECORD_CHANGE__WHAT_SHARE;
	map_foreach(r->shares, share) {
		c.share = share;
		put_change(out, &c);
	}
	c.what_case = BERTH__RECORD_CHANGE__WHAT_FRAMEWORK;
	map_foreach(r->frameworks, framework) {
		c.framework = framework;
		put_change(out, &c);
	}
	c.what_case = BERTH__RECORD_CHANGE__WHAT_DRAIN;
	map_foreach(r->drains, drain) {
		c.drain = drain;
		put_change(out, &c);
	}
	c.what_case = BERTH__RECORD_CHANGE__WHAT_DATASET;
	map_foreach(r->datasets, dataset) {
		c.dataset = dataset;
		put_change(out, &c);
	}
	TAILQ_FOREACH(j, &r->all, of_all)
		put_job(out, j);
}

static void forget_all(struct records *r)
{
	while (!TAILQ_EMPTY(&r->all))
		job_free(r, TAILQ_FIRST(&r->all));
	idmap_finish(&r->jobs);
	map_destroy(r->keys, NULL);
	map_destroy(r->shares, share_free);
	map_destroy(r->frameworks, framework_free);
	map_destroy(r->nodes, free);
	map_destroy(r->drains, drain_free);
	map_destroy(r->datasets, dataset_free);
}

static void init(struct records *r)
{
	idmap_init(&r->jobs);
	TAILQ_INIT(&r->all);
	r->keys = map_create();
	r->shares = map_create();
	r->frameworks = map_create();
	r->nodes = map_create();
	r->drains = map_create();
	r->datasets = map_create();
	r->next_job = 1;
}

static int read_all(struct records *r, const unsigned char *p, size_t len,
		    struct berth_error *err)
{
	size_t at = 0;

	while (at < len) {
		size_t left = len - at, n;

		if (left < 4)
			return error_set(err, BERTH_EPROTO,
					 "a snapshot of records ends at byte "
					 "%zu, in a length", len);
		n = p[at] | (size_t)p[at + 1] << 8 | (size_t)p[at + 2] << 16 |
		    (size_t)p[at + 3] << 24;
		if (n > left - 4)
			return error_set(err, BERTH_EPROTO,
					 "a snapshot of records ends at byte "
					 "%zu, in a record", len);
		if (records_apply(r, p + at + 4, n, err) != 0)
			return error_prefix(err, "snapshot, byte %zu", at);
		at += 4 + n;
	}
	return 0;
}

int records_restore(struct records *r, const void *data, size_t len,
		    struct berth_error *err)
{
	struct records *fresh = records_create();
	const struct record_job *j;

	if (read_all(fresh, data, len, err) != 0) {
		records_destroy(fresh);
		return -1;
	}
	forget_all(r);
	records_on_end(fresh, r->ended, r->arg);
	*r = *fresh;
	/* A list's head may not be moved. */
	TAILQ_INIT(&r->all);
	TAILQ_CONCAT(&r->all, &fresh->all, of_all);
	free(fresh);
	TAILQ_FOREACH(j, &r->all, of_all)
		if (j->end != NULL && r->ended != NULL)
			r->ended(r->arg, j);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

const struct record_job *records_job(const struct records *r, uint64_t id)
{
	return job_of(r, id);
}

uint64_t records_keyed(const struct records *r, const char *key)
{
	const struct record_job *j = map_get(r->keys, key);

	return j != NULL ? j->is->id : 0;
}

const struct record_job *records_first_job(const struct records *r)
{
	return TAILQ_FIRST(&r->all);
}

uint64_t records_next_job(const struct records *r)
{
	return r->next_job;
}

const Berth__RecordShare *records_next_share(const struct records *r,
					     size_t *pos)
{
	return map_next(r->shares, pos, NULL);
}

const Berth__RecordFramework *records_next_framework(const struct records *r,
						     size_t *pos)
{
	return map_next(r->frameworks, pos, NULL);
}

const Berth__RecordDataset *records_next_dataset(const struct records *r,
						 size_t *pos)
{
	return map_next(r->datasets, pos, NULL);
}

const Berth__RecordDrain *records_drain(const struct records *r,
					const char *node)
{
	return map_get(r->drains, node);
}

const Berth__RecordDataset *records_dataset(const struct records *r,
					    const char *dataset,
					    const char *node)
{
	char *key = mem_printf("%s/%s", dataset, node);
	const Berth__RecordDataset *d = map_get(r->datasets, key);

	free(key);
	return d;
}

uint64_t records_forgotten(const struct records *r)
{
	return r->next_job - 1 - r->jobs.count;
}

const char *records_next_node(const struct records *r, size_t *pos)
{
	const char *name = NULL;

	return map_next(r->nodes, pos, &name) != NULL ? name : NULL;
}

uint64_t records_node_life(const struct records *r, const char *node)
{
	const uint64_t *life = map_get(r->nodes, node);

	return life != NULL ? *life : 0;
}

void records_on_end(struct records *r, records_ended_f ended, void *arg)
{
	r->ended = ended;
	r->arg = arg;
}

/* ---- create, destroy ----------------------------------------------------- */

struct records *records_create(void)
{
	struct records *r = mem_alloc(sizeof(*r));

	init(r);
	return r;
}

void records_destroy(struct records *r)
{
	if (r == NULL)
		return;
	forget_all(r);
	free(r);
}
