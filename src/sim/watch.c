/* watch.c - see watch.h. */
#include "sim/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

/* A slice that somebody has or is offered. */
struct taken {
	uint64_t id, offer; /* offer 0: held */
	unsigned app, units, ntasks;
	struct amount amount;
	struct request unit; /* of its demand */
	bool gang;
	struct taken *next; /* of its offer */
};

/* A job of the log, beside its work. */
struct seen {
	size_t work; /* index */
	uint32_t room;
};

struct watch {
	const struct ledger *l;
	struct scenario *s;
	struct outcome *o; /* its jobs are all there are, also unended ones */
	uint64_t start_us, now_us, last_end_us;
	struct map *apps;  /* of frameworks: index + 1 */
	struct map *nodes; /* the same */
	struct idmap slices, offers, jobs;
};

struct watch *watch_create(const struct ledger *l, const char *name,
			   const char *policy, uint64_t bin_us)
{
	struct watch *w = mem_alloc(sizeof(*w));

	w->l = l;
	w->s = mem_alloc(sizeof(*w->s));
	w->s->name = mem_strdup(name);
	w->s->policy = mem_strdup(policy);
	w->s->seed = 1;
	w->s->latency_us = 500;
	w->s->start_us = 20000;
	w->s->round_us = 1000;
	w->s->stop_us = 20000;
	w->s->bin_us = bin_us;
	worklist_init(&w->s->work);
	buf_init(&w->s->made_up);
	w->o = mem_alloc(sizeof(*w->o));
	w->o->policy = mem_strdup("recorded");
	w->o->scenario = w->s;
	worklist_init(&w->o->work);
	w->apps = map_create();
	w->nodes = map_create();
	idmap_init(&w->slices);
	idmap_init(&w->offers);
	idmap_init(&w->jobs);
	return w;
}

static void free_all(struct idmap *m)
{
	size_t pos = 0;
	void *p;

	while ((p = idmap_next(m, &pos)) != NULL)
		free(p);
	idmap_finish(m);
}

void watch_destroy(struct watch *w)
{
	if (w == NULL)
		return;
	outcome_destroy(w->o);
	scenario_destroy(w->s);
	map_destroy(w->apps, NULL);
	map_destroy(w->nodes, NULL);
	free_all(&w->slices);
	idmap_finish(&w->offers); /* of slices */
	free_all(&w->jobs);
	free(w);
}

/* ---- nodes ---- */

static void node_up(struct watch *w, const struct event *ev)
{
	struct scenario *s = w->s;
	size_t at = (size_t)(uintptr_t)map_get(w->nodes, ev->node_up.node);

	if (at == 0) {
		at = ++s->nodes;
		map_put(w->nodes, ev->node_up.node, (void *)(uintptr_t)at);
		s->topologies = mem_resize(s->topologies, at,
					   sizeof(struct topology *));
		s->topologies[at - 1] = NULL;
	}
	topology_unref(s->topologies[at - 1]);
	s->topologies[at - 1] = topology_ref(ev->node_up.topology);
	for (size_t i = 0; i < s->nfailures; i++) {
		struct failure *f = &s->failure[i];

		if (f->node == at - 1 && f->for_us == 0)
			f->for_us = w->now_us > f->at_us
					    ? w->now_us - f->at_us
					    : 1;
	}
}

static void node_down(struct watch *w, const struct event *ev)
{
	struct scenario *s = w->s;
	size_t at = (size_t)(uintptr_t)map_get(w->nodes, ev->node.node);

	if (at == 0)
		return;
	s->failure = mem_resize(s->failure, s->nfailures + 1,
				sizeof(*s->failure));
	s->failure[s->nfailures++] = (struct failure){
		.at_us = w->now_us,
		.node = (unsigned)at - 1,
	};
	w->o->failures++;
}

/* ---- roles ---- */

static void forget_role(struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->nroles; i++) {
		if (strcmp(s->role[i].name, name) != 0)
			continue;
		free((char *)s->role[i].name);
		free((char *)s->role[i].parent);
		s->nroles--;
		for (; i < s->nroles; i++)
			s->role[i] = s->role[i + 1];
	}
}

/* The last word counts; its place is that after its parent. */
static void role_set(struct watch *w, const struct role_setting *set)
{
	struct scenario *s = w->s;
	struct role_setting *r;

	for (r = s->role; s->nroles > 0 && r < s->role + s->nroles; r++) {
		if (strcmp(r->name, set->name) == 0)
			break;
	}
	if (s->nroles == 0 || r == s->role + s->nroles) {
		s->role = mem_resize(s->role, s->nroles + 1, sizeof(*s->role));
		r = &s->role[s->nroles++];
		r->name = mem_strdup(set->name);
	} else {
		free((char *)r->parent);
	}
	r->parent = mem_strdup(set->parent);
	r->guarantee = set->guarantee;
	r->limit = set->limit;
	r->weight = set->weight;
	r->priority = set->priority;
}

/* ---- frameworks ---- */

static void init_tallies(struct watch *w, struct app *a)
{
	struct tally *all[] = {&a->busy_cores, &a->busy_mib, &a->used_cores,
			       &a->used_mib,   &a->taken,    &a->lost_work};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		tally_init(all[i], w->s->bin_us, 0);
}

static void framework(struct watch *w, const struct event *ev)
{
	const char *name = ev->registered.framework;
	struct scenario *s = w->s;
	struct outcome *o = w->o;
	size_t i = s->napps;

	if (map_get(w->apps, name) != NULL)
		return;
	s->app = mem_resize(s->app, i + 1, sizeof(*s->app));
	memset(&s->app[i], 0, sizeof(s->app[i]));
	s->app[i].name = mem_strdup(name);
	s->app[i].role = mem_strdup(ev->registered.role);
	s->app[i].ops = &app_recorded;
	s->app[i].unit.cores = 1;
	s->app[i].remote = 1;
	o->app = mem_resize(o->app, i + 1, sizeof(*o->app));
	memset(&o->app[i], 0, sizeof(o->app[i]));
	init_tallies(w, &o->app[i]);
	o->nodes = mem_resize(o->nodes, i + 1, sizeof(*o->nodes));
	s->napps = i + 1;
	map_put(w->apps, name, (void *)(uintptr_t)s->napps);
}

/* NULL: not known. */
static struct app *find_app(struct watch *w, const char *name)
{
	size_t at = name != NULL ? (size_t)(uintptr_t)map_get(w->apps, name)
				 : 0;

	return at > 0 ? &w->o->app[at - 1] : NULL;
}

static void tally_used(struct watch *w, const char *name)
{
	struct app *a = find_app(w, name);
	const struct framework *f =
		a != NULL ? ledger_framework(w->l, name) : NULL;

	if (f == NULL)
		return;
	tally_set(&a->used_cores, f->used.cores, w->now_us);
	tally_set(&a->used_mib, f->used.memory_mib, w->now_us);
}

static void tally_busy(struct watch *w, struct taken *t, bool busy)
{
	struct app *a = &w->o->app[t->app];

	if (busy)
		amount_add(&a->busy, &t->amount);
	else
		amount_sub(&a->busy, &t->amount);
	tally_set(&a->busy_cores, a->busy.cores, w->now_us);
	tally_set(&a->busy_mib, a->busy.memory_mib, w->now_us);
}

/* ---- offers and slices ---- */

static void offer_made(struct watch *w, const struct event *ev)
{
	const struct demand *d = ledger_find_demand(
		w->l, ev->offer_made.framework, ev->offer_made.demand);
	struct app *a = find_app(w, ev->offer_made.framework);
	struct taken *first = NULL;

	a->offers++;
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct slice *s = ev->offer_made.slices[i];
		struct taken *t = mem_alloc(sizeof(*t));

		t->id = s->id;
		t->offer = ev->offer_made.offer;
		t->app = (unsigned)(a - w->o->app);
		t->units = s->units;
		t->amount = s->amount;
		t->unit.cores = (unsigned)s->amount.cores;
		t->unit.memory_mib = s->amount.memory_mib;
		t->unit.gpus = (unsigned)s->amount.gpus;
		if (d != NULL && !ev->offer_made.asked) {
			t->unit = d->unit;
			t->unit.gpu_vendor = NULL;
			t->gang = d->gang;
		}
		t->next = first;
		first = t;
		free(idmap_put(&w->slices, t->id, t));
		a->units_offered += s->units;
	}
	idmap_put(&w->offers, ev->offer_made.offer, first);
	tally_used(w, ev->offer_made.framework);
}

static void drop_slice(struct watch *w, uint64_t id)
{
	struct taken *t = idmap_remove(&w->slices, id);

	if (t != NULL && t->ntasks > 0)
		tally_busy(w, t, false);
	free(t);
}

static void offer_over(struct watch *w, const struct event *ev)
{
	struct taken *t = idmap_remove(&w->offers, ev->offer.offer), *next;
	struct app *a = t != NULL ? &w->o->app[t->app] : NULL;

	if (a != NULL && ev->type == EVENT_OFFER_DECLINED)
		a->declined++;
	for (; t != NULL; t = next) {
		const struct slice *s = ledger_slice(w->l, t->id);

		next = t->next;
		t->next = NULL;
		t->offer = 0;
		if (s == NULL) {
			drop_slice(w, t->id);
			continue;
		}
		a->units_taken += t->units;
	}
	tally_used(w, ev->offer.framework);
}

/* ---- jobs ---- */

static struct work *find_work(struct watch *w, uint64_t job)
{
	const struct seen *j = idmap_get(&w->jobs, job);

	return j != NULL ? &w->o->work.at[j->work] : NULL;
}

static void job_submitted(struct watch *w, const struct event *ev)
{
	struct app *a = find_app(w, ev->job_submitted.framework);
	const struct event *e = ev;
	struct seen *j = mem_alloc(sizeof(*j));
	char *name = mem_printf("%llu",
				(unsigned long long)e->job_submitted.job);
	struct work *work =
		worklist_add(&w->o->work, name, e->job_submitted.name);

	free(name);
	work->app = (unsigned)(a - w->o->app);
	work->role = mem_strdup(e->job_submitted.role);
	work->submit_us = w->now_us;
	work->began_us = w->now_us;
	work->submitted = true;
	j->work = w->o->work.count - 1;
	idmap_put(&w->jobs, e->job_submitted.job, j);
}

static void runs_in(struct watch *w, struct work *work, uint64_t slice)
{
	struct taken *t = idmap_get(&w->slices, slice);

	if (t == NULL)
		return;
	if (t->ntasks++ == 0)
		tally_busy(w, t, true);
	if (work == NULL || work->unit.cores > 0)
		return;
	work->unit = t->unit;
	work->gang = t->gang;
}

static void count_launch(struct watch *w, struct work *work)
{
	if (work == NULL)
		return;
	work->launched++;
	if (work->first_us == 0)
		work->first_us = w->now_us;
}

static void task_launched(struct watch *w, const struct event *ev)
{
	struct work *work = find_work(w, ev->task_launched.job);

	count_launch(w, work);
	runs_in(w, work, ev->task_launched.slice);
}

/* What it did is part of its job: so often as it has units. */
static void add_lengths(struct seen *j, struct work *work, uint32_t n,
			uint64_t us)
{
	for (uint32_t i = 0; i < n; i++) {
		if (work->nlengths == j->room) {
			j->room = j->room > 0 ? 2 * j->room : 4;
			work->length_us = mem_resize(work->length_us, j->room,
						     sizeof(uint64_t));
		}
		work->length_us[work->nlengths++] = us > 0 ? us : 1000;
	}
}

/* units: of its slice. */
static void count_end(struct watch *w, struct seen *j,
		      const struct task_status *st, uint32_t units)
{
	struct work *work = &w->o->work.at[j->work];
	uint64_t ran = 0;

	if (st->start_us > 0 && st->end_us > st->start_us)
		ran = st->end_us - st->start_us;
	if (st->end != TASK_END_REVOKED && st->end != TASK_END_LOST) {
		add_lengths(j, work, units, ran);
		return;
	}
	work->revoked += st->end == TASK_END_REVOKED;
	work->again += st->end == TASK_END_LOST;
	work->lost_us += ran;
}

static void task_finished(struct watch *w, const struct event *ev)
{
	const struct task *task = ledger_task(w->l, ev->task.job,
					      ev->task.index);
	struct seen *j = idmap_get(&w->jobs, ev->task.job);
	struct task_status st;
	struct taken *t = NULL;

	if (task == NULL || j == NULL)
		return;
	/* One that was recalled and never adopted ran in none. */
	if (task->node != NULL)
		t = idmap_get(&w->slices, task->slice_id);
	if (t != NULL && --t->ntasks == 0)
		tally_busy(w, t, false);
	st = task->status;
	st.end = ev->task.status.end;
	if (st.end_us > st.start_us && st.end_us - st.start_us > w->now_us)
		st.end_us = st.start_us + w->now_us;
	count_end(w, j, &st, t != NULL && task->nranks > 0 ? t->units : 1);
}

/* ---- what an earlier leader gave away ---- */

static void slice_adopted(struct watch *w, const struct event *ev)
{
	const struct slice *s = ev->slice_adopted.slice;
	struct app *a = find_app(w, ev->slice_adopted.framework);
	struct taken *t = mem_alloc(sizeof(*t));

	t->id = s->id;
	t->app = (unsigned)(a - w->o->app);
	t->units = s->units;
	t->amount = s->amount;
	t->unit.cores = (unsigned)s->amount.cores;
	t->unit.memory_mib = s->amount.memory_mib;
	t->unit.gpus = (unsigned)s->amount.gpus;
	free(idmap_put(&w->slices, t->id, t));
	tally_used(w, ev->slice_adopted.framework);
}

static void task_recalled(struct watch *w, const struct event *ev)
{
	struct seen *j = idmap_get(&w->jobs, ev->task_recalled.job);

	if (j == NULL)
		return;
	count_launch(w, find_work(w, ev->task_recalled.job));
	if (ev->task_recalled.status.state == TASK_ENDED)
		count_end(w, j, &ev->task_recalled.status, 1);
}

static void job_finished(struct watch *w, const struct event *ev)
{
	struct work *work = find_work(w, ev->job.job);

	if (work == NULL)
		return;
	work->ended = true;
	work->end_us = w->now_us;
	work->gathered_us = work->first_us;
	w->last_end_us = w->now_us;
}

/* ---- events ---- */

void watch_event(void *arg, const struct event *ev)
{
	struct watch *w = arg;

	if (w->start_us == 0)
		w->start_us = ev->at_us;
	if (ev->at_us > w->start_us && ev->at_us - w->start_us > w->now_us)
		w->now_us = ev->at_us - w->start_us;
	switch (ev->type) {
	case EVENT_NODE_UP:
		node_up(w, ev);
		break;
	case EVENT_NODE_DOWN:
		node_down(w, ev);
		break;
	case EVENT_ROLE_SET:
		role_set(w, ev->role_set.setting);
		break;
	case EVENT_ROLE_REMOVED:
		forget_role(w->s, ev->role.role);
		break;
	case EVENT_FRAMEWORK_REGISTERED:
		framework(w, ev);
		break;
	case EVENT_OFFER_MADE:
		offer_made(w, ev);
		break;
	case EVENT_OFFER_ACCEPTED:
	case EVENT_OFFER_DECLINED:
	case EVENT_OFFER_RESCINDED:
	case EVENT_OFFER_EXPIRED:
		offer_over(w, ev);
		break;
	case EVENT_SLICE_RELEASED:
	case EVENT_SLICE_LOST:
		drop_slice(w, ev->slice.slice);
		tally_used(w, ev->slice.framework);
		break;
	case EVENT_JOB_SUBMITTED:
		job_submitted(w, ev);
		break;
	case EVENT_JOB_FINISHED:
		job_finished(w, ev);
		break;
	case EVENT_TASK_LAUNCHED:
		task_launched(w, ev);
		break;
	case EVENT_SLICE_ADOPTED:
		slice_adopted(w, ev);
		break;
	case EVENT_TASK_RECALLED:
		task_recalled(w, ev);
		break;
	case EVENT_TASK_ADOPTED:
		runs_in(w, find_work(w, ev->task_adopted.job),
			ev->task_adopted.slice);
		break;
	case EVENT_TASK_FINISHED:
		task_finished(w, ev);
		break;
	default: /* changes nothing that is measured */
		break;
	}
}

/* ---- the end ---- */

/* All it ran, side by side. */
static void complete_work(struct work *work)
{
	struct stage s = {.tasks = work->nlengths};
	double sum = 0;

	for (uint32_t i = 0; i < work->nlengths; i++)
		sum += (double)work->length_us[i];
	if (s.tasks > 0)
		s.mean_us = (uint64_t)(sum / s.tasks);
	if (s.tasks > 0)
		work_add_stage(work, &s);
	work->workers = s.tasks;
	work->least = work->gang ? s.tasks : 1;
}

/* A job as it was submitted, before anything came of it. */
static void add_fresh(struct scenario *s, const struct work *from)
{
	struct work *w = worklist_add(&s->work, from->name, from->group);

	w->app = from->app;
	w->role = mem_strdup(from->role);
	w->submit_us = from->submit_us;
	w->unit = from->unit;
	w->gang = from->gang;
	w->nlengths = from->nlengths;
	w->length_us = mem_dup(from->length_us,
			       from->nlengths * sizeof(uint64_t));
	complete_work(w);
}

/* Those that ended, to the outcome; those that ran, to the scenario. */
static void sort_jobs(struct watch *w)
{
	struct worklist *all = &w->o->work;
	size_t kept = 0, idle = 0, open = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct work *work = &all->at[i], swap = all->at[kept];

		if (work->ended && work->nlengths > 0)
			add_fresh(w->s, work);
		idle += work->ended && work->nlengths == 0;
		open += !work->ended;
		if (!work->ended)
			continue;
		complete_work(work);
		all->at[kept] = *work;
		if (kept++ != i)
			*work = swap;
	}
	worklist_cut(all, kept);
	worklist_sort(&w->s->work);
	if (idle > 0)
		buf_printf(&w->s->made_up,
			   "%zu jobs ended without a task; other policies are "
			   "not given them\n", idle);
	if (open > 0)
		buf_printf(&w->s->made_up,
			   "%zu jobs had not ended where the log ends; they "
			   "are left out\n", open);
}

static void collect(struct watch *w)
{
	struct outcome *o = w->o;
	struct ledger_stats st;

	ledger_stats(w->l, &st);
	o->events = st.events;
	o->offers_made = st.offers_made;
	o->offers_accepted = st.offers_accepted;
	o->offers_declined = st.offers_declined;
	o->offers_expired = st.offers_expired;
	o->offers_rescinded = st.offers_rescinded;
	o->slices_revoked = st.slices_revoked;
	o->end_us = w->last_end_us > 0 ? w->last_end_us : w->now_us;
	for (size_t i = 0; i < w->s->napps; i++) {
		struct app *a = &o->app[i];

		tally_set(&a->busy_cores, 0, w->now_us);
		tally_set(&a->busy_mib, 0, w->now_us);
		tally_set(&a->used_cores, 0, w->now_us);
		tally_set(&a->used_mib, 0, w->now_us);
		o->nodes[i] = w->s->nodes;
		a->conf = &w->s->app[i];
		a->index = (unsigned)i;
	}
}

/* What the nodes have together; those of a regular cluster on the mean. */
static void sum_nodes(struct watch *w)
{
	struct scenario *s = w->s;
	size_t kept = 0;

	for (unsigned i = 0; i < s->nodes; i++) {
		s->all_cores += s->topologies[i]->ncores;
		s->all_mib += s->topologies[i]->total_mib;
	}
	s->file_nodes = s->nodes;
	if (s->nodes > 0) {
		s->cores = (unsigned)(s->all_cores / s->nodes);
		s->memory_mib = s->all_mib / s->nodes;
	}
	/* Those that went when all was over failed nobody. */
	for (size_t i = 0; i < s->nfailures; i++) {
		struct failure f = s->failure[i];

		if (f.at_us >= w->last_end_us)
			continue;
		if (f.for_us == 0)
			f.for_us = w->last_end_us - f.at_us + 1;
		s->failure[kept++] = f;
	}
	s->nfailures = kept;
	w->o->failures = kept;
}

void watch_take(struct watch *w, struct scenario **s, struct outcome **o)
{
	sort_jobs(w);
	sum_nodes(w);
	collect(w);
	*s = w->s;
	*o = w->o;
	w->s = NULL;
	w->o = NULL;
}
