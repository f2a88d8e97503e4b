/* ledger.c - the ledger's tables: their making, their end, how they are
 * read, and the notes of what changed. */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- making and ending ---- */

#define DEFAULT(field, value)                                                  \
	do {                                                                   \
		if ((field) == 0)                                              \
			(field) = (value);                                     \
	} while (0)

struct ledger *ledger_create(const struct ledger_options *options)
{
	struct ledger *l = mem_alloc(sizeof(*l));
	struct ledger_options *o = &l->options;

	if (options != NULL)
		*o = *options;
	if (o->policy == NULL)
		o->policy = &policy_fifo;
	DEFAULT(o->offer_us, 5000000);
	DEFAULT(o->refuse_us, 1000000);
	DEFAULT(o->grace_us, 5000000);
	DEFAULT(o->lend_us, 5000000);
	DEFAULT(o->keep_jobs, 10000);
	DEFAULT(o->keep_tasks_us, 60000000);
	DEFAULT(o->keep_tasks, 20000);
	DEFAULT(o->keep_failed, 100);
	DEFAULT(o->max_offers, 1000);
	if (o->policy->create != NULL)
		l->scratch = o->policy->create();
	l->nodes = map_create();
	l->trees = map_create();
	l->roles = map_create();
	l->frameworks = map_create();
	l->names = map_create();
	l->datasets = map_create();
	idmap_init(&l->slices);
	TAILQ_INIT(&l->recalled);
	idmap_init(&l->offers);
	idmap_init(&l->jobs);
	TAILQ_INIT(&l->open);
	TAILQ_INIT(&l->live);
	TAILQ_INIT(&l->ended);
	TAILQ_INIT(&l->dirty);
	heap_init(&l->due);
	index_init(&l->index);
	l->lend_at_us = UINT64_MAX;
	l->next_seq = 1;
	l->next_offer = l->options.first_id + 1;
	l->next_slice = l->options.first_id + 1;
	l->search = 1;
	l->next_job = 1;
	l->count.jobs_submitted = l->options.forgotten;
	l->count.jobs_ended = l->options.forgotten;
	return l;
}

static void free_filters(struct demand *d)
{
	size_t pos = 0;
	struct filter *f = idmap_next(&d->filters, &pos);

	for (; f != NULL; f = idmap_next(&d->filters, &pos))
		free(f);
	free(d->blocked);
}

static void free_framework(void *value)
{
	struct framework *f = value;

	while (!TAILQ_EMPTY(&f->demands)) {
		struct demand *d = TAILQ_FIRST(&f->demands);

		TAILQ_REMOVE(&f->demands, d, of_framework);
		free_filters(d);
		demand_destroy(d);
	}
	framework_destroy(f);
}

static void free_jobs(struct job_list *list)
{
	while (!TAILQ_EMPTY(list)) {
		struct job *j = TAILQ_FIRST(list);

		TAILQ_REMOVE(list, j, of_ledger);
		job_destroy(j);
	}
}

static void free_role(void *role)
{
	role_destroy(role);
}

static void free_dataset(void *dataset)
{
	dataset_destroy(dataset);
}

static void free_tree(void *tree)
{
	tree_unref(tree);
}

void ledger_destroy(struct ledger *l)
{
	struct slice *s;
	struct offer *o;
	size_t pos = 0;

	if (l == NULL)
		return;
	free_jobs(&l->live);
	free_jobs(&l->ended);
	for (s = idmap_next(&l->slices, &pos); s != NULL;
	     s = idmap_next(&l->slices, &pos))
		slice_destroy(s);
	pos = 0;
	for (o = idmap_next(&l->offers, &pos); o != NULL;
	     o = idmap_next(&l->offers, &pos))
		offer_destroy(o);
	demand_destroy(l->dead_demand);
	offer_destroy(l->dead_offer);
	framework_destroy(l->dead_framework);
	map_destroy(l->frameworks, free_framework);
	map_destroy(l->roles, free_role);
	free(l->role);
	map_destroy(l->nodes, NULL);
	for (size_t i = 0; i < l->nnodes; i++)
		node_destroy(l->node[i]);
	free(l->node);
	map_destroy(l->trees, free_tree);
	map_destroy(l->names, free);
	map_destroy(l->datasets, free_dataset);
	idmap_finish(&l->slices);
	idmap_finish(&l->offers);
	idmap_finish(&l->jobs);
	heap_finish(&l->due);
	index_finish(&l->index);
	wiring_destroy(l->wiring);
	free(l->active);
	free(l->revoking);
	free(l->lent);
	free(l->borrower);
	free(l->held);
	free(l->before);
	if (l->options.policy->destroy != NULL)
		l->options.policy->destroy(l->scratch);
	free(l);
}

/* ---- tables ---- */

static int unknown(struct berth_error *err, const char *what, const char *name)
{
	return error_set(err, BERTH_ENOTFOUND, "no %s \"%.64s\"", what,
			 name != NULL ? name : "");
}

static int unknown_id(struct berth_error *err, const char *what, uint64_t id)
{
	return error_set(err, BERTH_ENOTFOUND, "no %s %llu (any more)", what,
			 (unsigned long long)id);
}

struct node *state_node(const struct ledger *l, const char *name,
			struct berth_error *err)
{
	struct node *n = name != NULL ? map_get(l->nodes, name) : NULL;

	if (n == NULL)
		unknown(err, "node", name);
	return n;
}

struct framework *state_framework(const struct ledger *l, const char *name,
				  struct berth_error *err)
{
	struct framework *f = NULL;

	if (name != NULL)
		f = map_get(l->frameworks, name);
	if (f == NULL)
		unknown(err, "framework", name);
	return f;
}

struct demand *state_demand(const struct ledger *l, const char *framework,
			    const char *id, struct berth_error *err)
{
	struct framework *f = state_framework(l, framework, err);
	struct demand *d;

	if (f == NULL)
		return NULL;
	d = id != NULL ? map_get(f->by_id, id) : NULL;
	if (d == NULL)
		error_set(err, BERTH_ENOTFOUND, "%s: no demand \"%.64s\"",
			  f->name, id != NULL ? id : "");
	return d;
}

struct offer *state_offer(const struct ledger *l, uint64_t id,
			  struct berth_error *err)
{
	struct offer *o = idmap_get(&l->offers, id);

	if (o == NULL)
		unknown_id(err, "offer", id);
	return o;
}

struct slice *state_slice(const struct ledger *l, uint64_t id,
			  struct berth_error *err)
{
	struct slice *s = idmap_get(&l->slices, id);

	if (s == NULL)
		unknown_id(err, "slice", id);
	return s;
}

struct job *state_job(const struct ledger *l, uint64_t id,
		      struct berth_error *err)
{
	struct job *j = idmap_get(&l->jobs, id);

	if (j == NULL)
		unknown_id(err, "job", id);
	return j;
}

struct task *state_task(const struct ledger *l, uint64_t job, uint32_t index,
			struct berth_error *err)
{
	struct job *j = state_job(l, job, err);
	struct task *t;

	if (j == NULL)
		return NULL;
	t = idmap_get(&j->by_index, index);
	if (t == NULL)
		error_set(err, BERTH_ENOTFOUND, "no task %llu.%u (any more)",
			  (unsigned long long)job, index);
	return t;
}

struct role *state_role(struct ledger *l, const char *name)
{
	struct role *r = map_get(l->roles, name);

	if (r == NULL) {
		r = role_create(name);
		r->id = (uint32_t)l->nroles;
		if (l->nroles == l->role_space) {
			l->role_space = l->role_space > 0 ?
					l->role_space * 2 : 16;
			l->role = mem_resize(l->role, l->role_space,
					     sizeof(*l->role));
		}
		l->role[l->nroles++] = r;
		map_put(l->roles, name, r);
	}
	return r;
}

const char *state_intern(struct ledger *l, const char *name)
{
	char *s;

	if (name == NULL)
		name = "";
	s = map_get(l->names, name);
	if (s == NULL) {
		s = mem_strdup(name);
		map_put(l->names, name, s);
	}
	return s;
}

/* ---- what changed ---- */

void state_dirty_node(struct ledger *l, struct node *n)
{
	if (n->index.dirty || !n->index.indexed)
		return;
	n->index.dirty = true;
	TAILQ_INSERT_TAIL(&l->dirty, n, index.dirty_link);
	l->ndirty++;
}

void state_clean_node(struct ledger *l, struct node *n)
{
	if (!n->index.dirty)
		return;
	n->index.dirty = false;
	TAILQ_REMOVE(&l->dirty, n, index.dirty_link);
	l->ndirty--;
}

void state_dirty_demand(struct ledger *l, struct demand *d)
{
	if (!d->dirty && d->active)
		l->ndirty_demands++;
	d->dirty = true;
}

void state_clean_demand(struct ledger *l, struct demand *d)
{
	if (d->dirty && d->active)
		l->ndirty_demands--;
	d->dirty = false;
}

void state_ask(struct ledger *l, struct framework *f, const char *demand)
{
	l->nasked -= f->asked != NULL;
	free(f->asked);
	f->asked = mem_strdup(demand);
	l->nasked += f->asked != NULL;
}

static bool wanting(const struct demand *d)
{
	const struct framework *f = d->framework;

	return f->connected && !f->suppressed && !f->gone &&
	       d->blocked == NULL && demand_open(d) > 0;
}

/* Where d stands or belongs among the active ones. */
static size_t active_place(const struct ledger *l, const struct demand *d)
{
	size_t low = 0, high = l->nactive;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct demand *m = l->active[mid];

		if (m->priority > d->priority ||
		    (m->priority == d->priority && m->seq < d->seq))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void activate(struct ledger *l, struct demand *d)
{
	size_t i = active_place(l, d);

	if (l->nactive == l->active_room) {
		l->active_room = l->active_room > 0 ? l->active_room * 2 : 64;
		l->active = mem_resize(l->active, l->active_room,
				       sizeof(*l->active));
	}
	memmove(l->active + i + 1, l->active + i,
		(l->nactive - i) * sizeof(*l->active));
	l->active[i] = d;
	l->nactive++;
	d->active = true;
	if (d->dirty)
		l->ndirty_demands++;
}

static void deactivate(struct ledger *l, struct demand *d)
{
	size_t i = active_place(l, d);

	l->nactive--;
	memmove(l->active + i, l->active + i + 1,
		(l->nactive - i) * sizeof(*l->active));
	d->active = false;
	if (d->dirty)
		l->ndirty_demands--;
	/* It may have held nodes, or been in the way of those behind it. */
	l->changed = true;
}

void state_refresh(struct ledger *l, struct demand *d)
{
	bool wants = wanting(d);

	if (wants == d->active)
		return;
	if (wants)
		activate(l, d);
	else if (l->deciding)
		l->stale = true;
	else
		deactivate(l, d);
}

void state_sweep(struct ledger *l)
{
	size_t kept = 0;

	if (!l->stale)
		return;
	l->stale = false;
	for (size_t i = 0; i < l->nactive; i++) {
		struct demand *d = l->active[i];

		if (wanting(d)) {
			l->active[kept++] = d;
			continue;
		}
		d->active = false;
		if (d->dirty)
			l->ndirty_demands--;
	}
	l->nactive = kept;
}

void state_index(struct ledger *l, struct node *n)
{
	if (n->state == NODE_UP && !n->exclusive) {
		index_put(&l->index, n);
		wiring_put(l->wiring, n);
		return;
	}
	state_unindex(l, n);
	state_clean_node(l, n);
}

void state_unindex(struct ledger *l, struct node *n)
{
	index_remove(&l->index, n);
	wiring_remove(l->wiring, n);
}

void ledger_switches(struct ledger *l, struct switches *s)
{
	for (size_t i = 0; i < l->nnodes; i++)
		wiring_remove(l->wiring, l->node[i]);
	wiring_destroy(l->wiring);
	l->wiring = s != NULL ? wiring_create(s) : NULL;
	for (size_t i = 0; i < l->nnodes; i++) {
		if (l->node[i]->index.indexed)
			wiring_put(l->wiring, l->node[i]);
	}
}

/* ---- reading ---- */

const struct node *ledger_node(const struct ledger *l, const char *name)
{
	return state_node(l, name, NULL);
}

const struct framework *ledger_framework(const struct ledger *l,
					 const char *name)
{
	return state_framework(l, name, NULL);
}

const struct demand *ledger_find_demand(const struct ledger *l,
					const char *framework, const char *id)
{
	return state_demand(l, framework, id, NULL);
}

const struct offer *ledger_offer(const struct ledger *l, uint64_t id)
{
	return idmap_get(&l->offers, id);
}

const struct slice *ledger_slice(const struct ledger *l, uint64_t id)
{
	return idmap_get(&l->slices, id);
}

const struct task *ledger_first_recalled(const struct ledger *l)
{
	return TAILQ_FIRST(&l->recalled);
}

const struct job *ledger_job(const struct ledger *l, uint64_t id)
{
	return idmap_get(&l->jobs, id);
}

const struct task *ledger_task(const struct ledger *l, uint64_t job,
			       uint32_t index)
{
	return state_task(l, job, index, NULL);
}

const struct node *ledger_next_node(const struct ledger *l, size_t *pos)
{
	return *pos < l->nnodes ? l->node[(*pos)++] : NULL;
}

const struct framework *ledger_next_framework(const struct ledger *l,
					      size_t *pos)
{
	return map_next(l->frameworks, pos, NULL);
}

const struct offer *ledger_first_offer(const struct ledger *l)
{
	return TAILQ_FIRST(&l->open);
}

const struct job *ledger_first_job(const struct ledger *l)
{
	return TAILQ_FIRST(&l->live);
}

const struct job *ledger_first_ended(const struct ledger *l)
{
	return TAILQ_FIRST(&l->ended);
}

const char *ledger_policy_name(const struct ledger *l)
{
	return l->options.policy->name;
}

void ledger_stats(const struct ledger *l, struct ledger_stats *out)
{
	const struct framework *f;

	*out = l->count;
	out->nodes = l->nnodes;
	out->nodes_up = l->nodes_up;
	out->frameworks = map_count(l->frameworks);
	map_foreach (l->frameworks, f)
		out->demands += f->ndemands;
	out->offers = l->offers.count;
	out->slices = l->slices.count;
	out->jobs = l->jobs.count - l->nended;
	out->ended_jobs = l->nended;
	out->tasks = (size_t)(l->count.tasks_launched - l->count.tasks_ended);
	out->total = l->total;
	out->free = l->free;
}
