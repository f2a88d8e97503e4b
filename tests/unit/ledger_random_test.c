/*
 * ledger_random_test.c - random calls on random small clusters.  After every
 * one the ledger's invariants are checked, and every event is held against a
 * model of its own: no offer breaks a hard constraint or a filter, no gang is
 * served by halves, nothing is offered to those who can't or won't have it.
 */
#include "ledger/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "model/event_text.h"
#include "unit.h"

enum {
	NODES = 9,
	FRAMEWORKS = 4,
	DEMANDS = 4,
	FILTERS = 4000,
	STEPS = 10000,
	SEEDS = 24,
};

struct model_filter {
	char framework[8], demand[8], node[8]; /* node "": all */
	uint64_t until;
};

struct world {
	struct ledger *l;
	struct rand_state rand, policy_rand;
	struct event_text *text; /* the log, as it is written … */
	struct buf log;		 /* … */
	const struct topology *topology[3];
	uint64_t now, hash;
	size_t offers; /* made */
	struct model_filter filter[FILTERS];
	size_t nfilters;
	/* Slices of open offers: (offer, slice, node). */
	struct {
		uint64_t offer, slice;
		char framework[8], demand[8], node[8];
	} open[4000];
	size_t nopen;
	char wrong[256];
};

static unsigned pick(struct world *w, unsigned n)
{
	return (unsigned)rand_below(&w->rand, n);
}

static const char *name_of(const char *prefix, unsigned i)
{
	static char names[8][8];
	static unsigned next;
	char *name = names[next++ % 8];

	snprintf(name, sizeof(names[0]), "%s%u", prefix, i);
	return name;
}

static void wrong(struct world *w, const char *what, uint64_t id)
{
	if (w->wrong[0] == '\0')
		snprintf(w->wrong, sizeof(w->wrong), "%s (%llu)", what,
			 (unsigned long long)id);
}

/* ---- the model ---- */

static void add_filter(struct world *w, const char *f, const char *d,
		       const char *n, uint64_t until)
{
	struct model_filter *m;

	if (w->nfilters == FILTERS)
		return;
	m = &w->filter[w->nfilters++];
	snprintf(m->framework, sizeof(m->framework), "%s", f);
	snprintf(m->demand, sizeof(m->demand), "%s", d);
	snprintf(m->node, sizeof(m->node), "%s", n);
	m->until = until;
}

/* demand NULL: all of the framework's. */
static void clear_filters(struct world *w, const char *f, const char *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->nfilters; i++) {
		struct model_filter *m = &w->filter[i];

		if (strcmp(m->framework, f) == 0 &&
		    (d == NULL || strcmp(m->demand, d) == 0))
			continue;
		if (m->until > w->now)
			w->filter[kept++] = *m;
	}
	w->nfilters = kept;
}

static bool filtered(const struct world *w, const char *f, const char *d,
		     const char *n, uint64_t now)
{
	for (size_t i = 0; i < w->nfilters; i++) {
		const struct model_filter *m = &w->filter[i];

		if (m->until > now && strcmp(m->framework, f) == 0 &&
		    strcmp(m->demand, d) == 0 &&
		    (m->node[0] == '\0' || strcmp(m->node, n) == 0))
			return true;
	}
	return false;
}

static bool listed(char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static void check_slice(struct world *w, const struct event *ev,
			const struct demand *d, const struct slice *s)
{
	uint64_t cores = (uint64_t)s->units * d->unit.cores;
	const struct node *n = s->node;

	if (d->nodes != NULL && !listed(d->nodes, n->name))
		wrong(w, "a node that was not named", s->id);
	if (listed(d->exclude, n->name))
		wrong(w, "an excluded node", s->id);
	for (size_t i = 0; i < d->nlabels; i++) {
		const char *v = node_label(n, d->label[i].name);

		if (v == NULL || strcmp(v, d->label[i].value) != 0)
			wrong(w, "a node without the label", s->id);
	}
	if (s->amount.cores != cores ||
	    s->amount.memory_mib != s->units * d->unit.memory_mib ||
	    s->amount.gpus != (uint64_t)s->units * d->unit.gpus ||
	    s->amount.drive_mib != s->units * d->unit.drive_mib)
		wrong(w, "a slice of the wrong size", s->id);
	if (s->fit > d->fit && !(d->fit == FIT_L3 && n->topology->nl3s == 0))
		wrong(w, "a slice that is too wide", s->id);
	if (d->separate && s->units != 1)
		wrong(w, "units that are not separate", s->id);
	if (s->exclusive != d->exclusive)
		wrong(w, "not exclusive, or against its wish", s->id);
	if (d->unit.gpu_vendor != NULL && *d->unit.gpu_vendor != '\0') {
		for (size_t i = 0; i < n->topology->ngpus; i++) {
			if ((s->gpus >> i & 1) != 0 &&
			    strcmp(n->topology->gpu[i].vendor,
				   d->unit.gpu_vendor) != 0)
				wrong(w, "a GPU of another vendor", s->id);
		}
	}
	if (filtered(w, ev->offer_made.framework, d->id, n->name, ev->at_us))
		wrong(w, "a filtered node", s->id);
}

static void check_per_node(struct world *w, const struct event *ev,
			   const struct demand *d)
{
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct node *n = ev->offer_made.slices[i]->node;
		unsigned units = 0;

		for (size_t j = 0; j < ev->offer_made.nslices; j++) {
			if (ev->offer_made.slices[j]->node == n)
				units += ev->offer_made.slices[j]->units;
		}
		if (d->per_node > 0 && units != d->per_node)
			wrong(w, "not per_node units on a node", units);
		if (units < d->min_per_node)
			wrong(w, "fewer than min_per_node", units);
	}
}

static void check_offer(struct world *w, const struct event *ev)
{
	const struct demand *d;
	const struct framework *f;
	unsigned units = 0, due;

	f = ledger_framework(w->l, ev->offer_made.framework);
	if (f == NULL || !f->connected || f->suppressed)
		wrong(w, "an offer to one who is away", ev->offer_made.offer);
	w->offers++;
	for (size_t i = 0; i < ev->offer_made.nslices; i++) {
		const struct slice *s = ev->offer_made.slices[i];

		if (w->nopen == 4000)
			abort();
		w->open[w->nopen].offer = ev->offer_made.offer;
		w->open[w->nopen].slice = s->id;
		snprintf(w->open[w->nopen].framework, 8, "%s",
			 ev->offer_made.framework);
		snprintf(w->open[w->nopen].demand, 8, "%s",
			 ev->offer_made.demand);
		snprintf(w->open[w->nopen++].node, 8, "%s", s->node->name);
		units += s->units;
	}
	if (ev->offer_made.asked)
		return;
	d = ledger_find_demand(w->l, ev->offer_made.framework,
			       ev->offer_made.demand);
	if (d == NULL) {
		wrong(w, "an offer for no demand", ev->offer_made.offer);
		return;
	}
	for (size_t i = 0; i < ev->offer_made.nslices; i++)
		check_slice(w, ev, d, ev->offer_made.slices[i]);
	check_per_node(w, ev, d);
	if (d->offered > d->max)
		wrong(w, "more offered than wanted", ev->offer_made.offer);
	due = d->count > d->offered - units ? d->count - (d->offered - units) :
					      0;
	if (d->gang && units < due)
		wrong(w, "half a gang", ev->offer_made.offer);
}

static void end_offer(struct world *w, const struct event *ev)
{
	uint64_t until = ev->offer.filter_us;
	size_t kept = 0;

	for (size_t i = 0; i < w->nopen; i++) {
		bool held = false;

		if (w->open[i].offer != ev->offer.offer) {
			w->open[kept++] = w->open[i];
			continue;
		}
		for (size_t j = 0; j < ev->offer.nslices; j++)
			held |= ev->offer.slices[j] == w->open[i].slice;
		if (until == 0 || held || ev->offer.all ||
		    ev->offer.nnodes > 0)
			continue;
		add_filter(w, w->open[i].framework, w->open[i].demand,
			   w->open[i].node, until);
	}
	w->nopen = kept;
	/* A demand that is met takes its filters with it. */
	if (ledger_find_demand(w->l, ev->offer.framework, ev->offer.demand) ==
	    NULL) {
		clear_filters(w, ev->offer.framework, ev->offer.demand);
		return;
	}
	if (until > 0 && ev->offer.all)
		add_filter(w, ev->offer.framework, ev->offer.demand, "", until);
	for (size_t j = 0; until > 0 && j < ev->offer.nnodes; j++)
		add_filter(w, ev->offer.framework, ev->offer.demand,
			   ev->offer.nodes[j], until);
}

static void mix(struct world *w, uint64_t value)
{
	w->hash = (w->hash ^ value) * UINT64_C(0x100000001b3);
}

static void listen(void *arg, const struct event *ev)
{
	struct world *w = arg;

	if (w->text != NULL)
		event_text_write(w->text, ev, &w->log);
	mix(w, ev->type);
	mix(w, ev->at_us);
	switch (ev->type) {
	case EVENT_OFFER_MADE:
		for (size_t i = 0; i < ev->offer_made.nslices; i++) {
			mix(w, ev->offer_made.slices[i]->node->id);
			bitset_foreach (&ev->offer_made.slices[i]->cores, c)
				mix(w, (uint64_t)c);
		}
		check_offer(w, ev);
		break;
	case EVENT_OFFER_ACCEPTED:
	case EVENT_OFFER_DECLINED:
	case EVENT_OFFER_EXPIRED:
	case EVENT_OFFER_RESCINDED:
		end_offer(w, ev);
		break;
	case EVENT_DEMAND_SET:
		clear_filters(w, ev->demand_set.framework,
			      ev->demand_set.demand->id);
		break;
	case EVENT_DEMAND_WITHDRAWN:
		clear_filters(w, ev->demand.framework, ev->demand.demand);
		break;
	case EVENT_FRAMEWORK_REVIVED:
		clear_filters(w, ev->framework.framework, NULL);
		break;
	default:
		break;
	}
}

/* ---- random calls ---- */

static const char *a_node(struct world *w)
{
	return name_of("n", pick(w, NODES));
}

static const char *a_framework(struct world *w)
{
	return name_of("f", pick(w, FRAMEWORKS));
}

static void do_node_up(struct world *w)
{
	unsigned i = pick(w, NODES);
	struct label label = {"kind", i % 2 ? "odd" : "even"};

	ledger_node_up(w->l, name_of("n", i),
		       w->topology[pick(w, 20) == 0 ? pick(w, 3) : i % 3],
		       &label, 1, false, w->now, NULL);
}

static void do_node_change(struct world *w)
{
	unsigned what = pick(w, 4);

	if (what == 0)
		ledger_node_lost(w->l, a_node(w), "a test", w->now, NULL);
	else
		ledger_node_drain(w->l, a_node(w), what == 1, w->now, NULL);
}

static void do_framework(struct world *w)
{
	const char *f = a_framework(w);

	switch (pick(w, 6)) {
	case 0:
		ledger_register(w->l, f, name_of("r", pick(w, 2)), "s",
				3000000, w->now, NULL);
		break;
	case 1:
		ledger_away(w->l, f, w->now, NULL);
		break;
	case 2:
		ledger_suppress(w->l, f, w->now, NULL);
		break;
	case 3:
		ledger_ask(w->l, f, "ask", w->now, NULL);
		break;
	default:
		ledger_revive(w->l, f, w->now, NULL);
		break;
	}
}

static char **some_nodes(struct world *w)
{
	char *names[3];

	for (int i = 0; i < 3; i++)
		names[i] = (char *)name_of("n", pick(w, NODES));
	return mem_strv_dup(names, 3);
}

static void random_shape(struct world *w, struct demand *d)
{
	d->unit.cores = 1 + pick(w, pick(w, 3) == 0 ? 12 : 3);
	d->unit.memory_mib = pick(w, 2) ? 0 : pick(w, 3000);
	d->unit.gpus = pick(w, 4) ? 0 : 1 + pick(w, 2);
	d->unit.drive_mib = pick(w, 6) ? 0 : 1 + pick(w, 500);
	if (d->unit.gpus > 0 && pick(w, 2))
		d->unit.gpu_vendor = mem_strdup("amd");
	d->fit = pick(w, 4) ? FIT_NODE : (enum fit_level)pick(w, FIT_LEVELS);
	d->separate = pick(w, 4) == 0;
	d->exclusive = pick(w, 8) == 0;
	d->packing = (enum packing)pick(w, 3);
	d->layout = (enum layout)pick(w, 4);
}

/* Now and then the nodes are connected in another way, or nobody knows how. */
static void do_switches(struct world *w)
{
	static const char *const files[] = {
		"SwitchName=a Nodes=n[0-3]\nSwitchName=b Nodes=n[4-7]\n"
		"SwitchName=c Switches=a,b\nSwitchName=d Nodes=n[8-9]\n"
		"SwitchName=e Switches=[c-d]\n",
		"SwitchName=a Nodes=n[1,3,5,7]\nSwitchName=b Nodes=n[2,9]\n",
		"",
	};
	unsigned i = pick(w, 4);

	if (pick(w, 50) == 0)
		ledger_switches(w->l, i == 3 ? NULL : switches_parse(
			files[i], "t", NULL));
}

static void do_demand(struct world *w)
{
	struct demand *d = demand_create(name_of("d", pick(w, DEMANDS)));
	struct berth_error err;

	do_switches(w);
	d->gang = pick(w, 2);
	d->count = pick(w, 12);
	d->max = d->count + (pick(w, 3) ? 0 : pick(w, 20));
	random_shape(w, d);
	if (pick(w, 5) == 0) {
		d->per_node = 1 + pick(w, 3);
		d->count -= d->count % d->per_node;
	}
	if (pick(w, 6) == 0)
		d->min_per_node = pick(w, 3);
	if (pick(w, 6) == 0) {
		struct label label = {"kind", "odd"};

		d->label = label_copy(&label, 1);
		d->nlabels = 1;
	}
	if (pick(w, 6) == 0)
		d->nodes = some_nodes(w);
	if (pick(w, 6) == 0)
		d->exclude = some_nodes(w);
	if (pick(w, 6) == 0)
		d->prefer_nodes = some_nodes(w);
	d->priority = (int)pick(w, 3) - 1;
	if (pick(w, 3) == 0)
		d->role = mem_strdup(name_of("r", pick(w, 3)));
	if (ledger_demand_possible(w->l, d, &err) == 0 || pick(w, 2))
		ledger_demand(w->l, a_framework(w), d, w->now, NULL);
	demand_destroy(d);
}

static const struct offer *an_offer(struct world *w)
{
	const struct offer *o = ledger_first_offer(w->l);

	for (unsigned i = pick(w, 4); i > 0 && o != NULL; i--) {
		const struct offer *next = TAILQ_NEXT(o, of_ledger);

		o = next != NULL ? next : o;
	}
	return o;
}

static void do_offer(struct world *w)
{
	const struct offer *o = an_offer(w);
	uint64_t ids[300];
	const char *nodes[2] = {a_node(w), a_node(w)};
	const struct slice *s;
	size_t n = 0;
	bool all = pick(w, 2);

	if (o == NULL)
		return;
	TAILQ_FOREACH(s, &o->slices, of_owner) {
		if ((all || pick(w, 2)) && n < 300)
			ids[n++] = s->id;
	}
	switch (pick(w, 8)) {
	case 0:
		ledger_decline(w->l, o->framework->name, o->id,
			       pick(w, 3) * 1000000, nodes, pick(w, 3), w->now,
			       NULL);
		break;
	case 1:
		ledger_rescind(w->l, o->id, "a test", w->now, NULL);
		break;
	case 2: /* nonsense */
		ids[0] = pick(w, 100);
		ledger_accept(w->l, a_framework(w), o->id + pick(w, 2), ids, 1,
			      w->now, NULL);
		break;
	default:
		ledger_accept(w->l, o->framework->name, o->id, ids, n, w->now,
			      NULL);
		break;
	}
}

static const struct slice *a_slice(struct world *w)
{
	const struct framework *f = ledger_framework(w->l, a_framework(w));
	const struct slice *s;

	if (f == NULL)
		return NULL;
	s = TAILQ_FIRST(&f->slices);
	for (unsigned i = pick(w, 6); i > 0 && s != NULL; i--) {
		const struct slice *next = TAILQ_NEXT(s, of_owner);

		s = next != NULL ? next : s;
	}
	return s;
}

static void do_release(struct world *w)
{
	const struct slice *s = a_slice(w);
	uint64_t ids[2];

	if (s == NULL)
		return;
	ids[0] = s->id;
	ids[1] = pick(w, 3) ? s->id : pick(w, 1000);
	ledger_release(w->l, s->framework->name, ids, 1 + pick(w, 2), w->now,
		       NULL);
}

static const struct job *a_job(struct world *w)
{
	const struct job *j = ledger_first_job(w->l);

	for (unsigned i = pick(w, 8); i > 0 && j != NULL; i--) {
		const struct job *next = TAILQ_NEXT(j, of_ledger);

		j = next != NULL ? next : j;
	}
	return j;
}

static void do_submit(struct world *w)
{
	struct ledger_stats stats;
	struct ledger_job job = {
		.name = "job",
		.framework = a_framework(w),
		.user = "ada",
		.spec = "{}",
	};
	uint64_t id;

	ledger_stats(w->l, &stats);
	if (stats.jobs < 20)
		ledger_submit(w->l, &job, w->now, &id, NULL);
}

static void do_launch(struct world *w)
{
	const struct slice *s = a_slice(w);
	const struct job *j = a_job(w);
	static const uint32_t ranks[3] = {1, 2, 3};
	struct ledger_launch t[3];

	if (s == NULL || j == NULL || j->counts.total > 200)
		return;
	for (unsigned i = 0; i < 3; i++) {
		t[i].index = pick(w, 10) ? j->next_index + i : pick(w, 4);
		t[i].slice = pick(w, 20) ? s->id : pick(w, 100);
		t[i].array_index = -1;
		t[i].ranks = ranks;
		t[i].nranks = pick(w, 4);
	}
	ledger_launch(w->l, pick(w, 20) ? j->framework : a_framework(w),
		      j->id, t, 1 + pick(w, 3), w->now, NULL);
}

static struct ledger_report random_report(struct world *w, uint64_t job,
					  uint32_t index)
{
	struct ledger_report r = {
		.job = job,
		.index = index,
		.status = {
			.state = (enum task_state)pick(w, 3),
			.end = (enum task_end)pick(w, TASK_ENDS + 1),
			.exit_code = (int32_t)pick(w, 2),
			.rank = -1,
			.text = pick(w, 4) ? NULL : "text",
		},
	};

	return r;
}

static void do_report(struct world *w)
{
	const struct job *j = a_job(w);
	const struct task *t;
	struct ledger_report r;

	if (j == NULL)
		return;
	r = random_report(w, j->id, pick(w, j->next_index + 2));
	t = TAILQ_FIRST(&j->tasks);
	while (t != NULL && t->status.state == TASK_ENDED)
		t = TAILQ_NEXT(t, of_job);
	if (t != NULL && pick(w, 2))
		r.index = t->index;
	t = ledger_task(w->l, r.job, r.index);
	ledger_task_report(w->l,
			   t != NULL && pick(w, 30) ? t->node->name : a_node(w),
			   &r, w->now, NULL);
}

static void count_stray(void *arg, const struct ledger_report *r)
{
	struct world *w = arg;
	const struct task *t = ledger_task(w->l, r->job, r->index);

	if (t != NULL && t->status.state != TASK_ENDED && t->slice == NULL)
		wrong(w, "a stray that is none", r->job);
}

static void do_node_report(struct world *w)
{
	const char *node = a_node(w);
	const struct node *n = ledger_node(w->l, node);
	struct ledger_report r[40];
	const struct slice *s;
	const struct task *t;
	size_t count = 0;

	if (n == NULL)
		return;
	TAILQ_FOREACH(s, &n->slices, of_node) {
		TAILQ_FOREACH(t, &s->tasks, of_slice) {
			if (count < 38 && pick(w, 10))
				r[count++] = random_report(w, t->job->id,
							   t->index);
		}
	}
	r[count++] = random_report(w, pick(w, 50), pick(w, 4));
	ledger_node_report(w->l, node, count % 2, r, count, count_stray, w, w->now, NULL);
}

static void do_job(struct world *w)
{
	const struct job *j = a_job(w);

	if (j == NULL)
		return;
	if (pick(w, 3) == 0) {
		ledger_cancel(w->l, j->id, w->now, NULL);
		return;
	}
	ledger_job_finished(w->l, pick(w, 2) ? j->framework : NULL, j->id,
			    (enum job_outcome)pick(w, JOB_LOST + 1), 1, 0,
			    "over", w->now, NULL);
}

static void do_round(struct world *w)
{
	size_t before;
	unsigned turns = 0;

	while (ledger_round(w->l, w->now, &w->policy_rand) == 1) {
		if (++turns == 1000) {
			wrong(w, "rounds without end", turns);
			return;
		}
	}
	/* Whatever a round by changes leaves, a full one leaves as well.  (With
	 * drf the turns change with every share, also while nothing is free:
	 * a full round may find what a hold was in the way of.) */
	if (pick(w, 4) > 0 ||
	    strcmp(ledger_policy_name(w->l), "fifo") != 0)
		return;
	before = w->offers;
	ledger_touch(w->l);
	ledger_round(w->l, w->now, &w->policy_rand);
	if (w->offers != before)
		wrong(w, "a full round finds more", w->offers - before);
}

static void step(struct world *w)
{
	static void (*const calls[])(struct world *) = {
		do_node_up, do_node_change, do_framework, do_demand, do_demand,
		do_offer, do_offer, do_offer, do_release, do_release,
		do_submit, do_launch, do_launch, do_report, do_report,
		do_report, do_node_report, do_job, do_round, do_round,
		do_round, do_round, do_report, do_release, do_offer,
	};
	unsigned i = pick(w, sizeof(calls) / sizeof(*calls));

	/* Much happens to work, less to what it runs on. */
	if ((i == 1 || i == 2 || i == 16) && pick(w, 5))
		i = 18;
	w->now += pick(w, 20000);
	if (pick(w, 500) == 0)
		w->now += 6000000;
	calls[i](w);
}

static void start(struct world *w, uint64_t seed, const struct policy *p,
		  bool record)
{
	struct topology_shape shape[3] = {
		{.packages = 2, .numas = 2, .l3s = 2, .cores = 2, .mib = 4000,
		 .gpus = 1, .gpu_vendor = "amd", .drives = 2,
		 .drive_mib = 1000},
		{.packages = 1, .cores = 6, .pus = 2, .mib = 8000, .gpus = 2,
		 .gpu_vendor = "nvidia"},
		{.packages = 2, .l3s = 1, .cores = 4, .mib = 2000,
		 .drives = 1, .drive_mib = 700},
	};
	struct ledger_options o = {
		.policy = p,
		.keep_jobs = 30,
		.keep_tasks = 200,
		.keep_tasks_us = 2000000,
		.keep_failed = 5,
		.max_offers = 5,
		.offer_us = 1000000,
		.listen = listen,
		.arg = w,
	};

	memset(w, 0, sizeof(*w));
	rand_seed(&w->rand, seed);
	rand_seed(&w->policy_rand, seed + 1);
	w->now = 1000000;
	w->text = record ? event_text_create(NULL, NULL) : NULL;
	for (int i = 0; i < 3; i++)
		w->topology[i] = topology_create_regular(&shape[i]);
	w->l = ledger_create(&o);
	for (unsigned i = 0; i < FRAMEWORKS; i++)
		ledger_register(w->l, name_of("f", i), name_of("r", i % 2),
				"s", 3000000, w->now, NULL);
	for (unsigned i = 0; i < NODES; i++)
		do_node_up(w);
}

static uint64_t run(uint64_t seed, const struct policy *p, unsigned steps,
		    struct ledger_stats *stats)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct berth_error err;
	uint64_t hash;

	start(w, seed, p, false);
	for (unsigned i = 0; i < steps && w->wrong[0] == '\0'; i++) {
		step(w);
		if (ledger_check(w->l, &err) != 0)
			snprintf(w->wrong, sizeof(w->wrong), "%.200s",
				 err.text);
		if (w->wrong[0] != '\0')
			printf("%s, seed %llu, step %u: %s\n", p->name,
			       (unsigned long long)seed, i, w->wrong);
	}
	CU_ASSERT_EQUAL(w->wrong[0], '\0');
	ledger_stats(w->l, stats);
	hash = w->hash;
	ledger_destroy(w->l);
	for (int i = 0; i < 3; i++)
		topology_unref(w->topology[i]);
	free(w);
	return hash;
}

static void test_invariants(void)
{
	struct ledger_stats sum = {0}, one;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		run(seed, policy_at(seed % 2), STEPS, &one);
		sum.offers_made += one.offers_made;
		sum.offers_accepted += one.offers_accepted;
		sum.offers_expired += one.offers_expired;
		sum.tasks_ended += one.tasks_ended;
		sum.jobs_ended += one.jobs_ended;
	}
	printf("%llu offers, %llu accepted, %llu expired, %llu tasks, "
	       "%llu jobs: ", (unsigned long long)sum.offers_made,
	       (unsigned long long)sum.offers_accepted,
	       (unsigned long long)sum.offers_expired,
	       (unsigned long long)sum.tasks_ended,
	       (unsigned long long)sum.jobs_ended);
	/* That something happened at all. */
	CU_ASSERT(sum.offers_accepted > 5000);
	CU_ASSERT(sum.tasks_ended > 4000);
	CU_ASSERT(sum.jobs_ended > 1000);
}

static void test_determinism(void)
{
	struct ledger_stats stats;

	for (size_t i = 0; policy_at(i) != NULL; i++) {
		uint64_t a = run(99, policy_at(i), 3000, &stats);
		uint64_t b = run(99, policy_at(i), 3000, &stats);

		CU_ASSERT_EQUAL(a, b);
		CU_ASSERT_NOT_EQUAL(a, run(100, policy_at(i), 3000, &stats));
	}
}

/* ---- the log of it, applied again ---- */

struct again {
	struct ledger *l;
	struct event_text *reads, *writes;
	struct buf log;
};

static void write_again(void *arg, const struct event *ev)
{
	struct again *a = arg;

	event_text_write(a->writes, ev, &a->log);
}

static const struct node *find_node(void *arg, const char *name)
{
	const struct again *a = arg;

	return ledger_node(a->l, name);
}

static bool same_objects(const struct ledger *a, const struct ledger *b)
{
	const struct node *m, *n;
	const struct job *j, *k;
	const struct offer *o;
	size_t i = 0, l = 0;

	for (m = ledger_next_node(a, &i); m != NULL;
	     m = ledger_next_node(a, &i)) {
		n = ledger_next_node(b, &l);
		if (n == NULL || strcmp(m->name, n->name) != 0 ||
		    m->state != n->state || m->nslices != n->nslices ||
		    m->ntasks != n->ntasks ||
		    !bitset_equal(&m->free_cores, &n->free_cores) ||
		    m->free_gpus != n->free_gpus ||
		    !amount_equal(&m->free, &n->free))
			return false;
	}
	for (j = ledger_first_job(a); j != NULL; j = TAILQ_NEXT(j, of_ledger)) {
		k = ledger_job(b, j->id);
		if (k == NULL || j->state != k->state ||
		    memcmp(&j->counts, &k->counts, sizeof(j->counts)) != 0)
			return false;
	}
	for (o = ledger_first_offer(a); o != NULL;
	     o = TAILQ_NEXT(o, of_ledger)) {
		const struct offer *p = ledger_offer(b, o->id);

		if (p == NULL || p->nslices != o->nslices ||
		    p->expires_us != o->expires_us)
			return false;
	}
	return true;
}

/* Every line is applied; the ledger that comes of it tells the same. */
static void replay(const struct world *w)
{
	struct again a = {0};
	const struct ledger_options o = {.listen = write_again, .arg = &a,
					 .keep_failed = 5};
	const char *line = w->log.data, *end;
	struct ledger_stats was, is;
	struct berth_error err = {0};
	struct event ev;
	int rc = 0;

	a.reads = event_text_create(find_node, &a);
	a.writes = event_text_create(NULL, NULL);
	buf_init(&a.log);
	a.l = ledger_create(&o);
	for (; rc == 0 && (end = strchr(line, '\n')) != NULL; line = end + 1) {
		rc = event_text_read(a.reads, line, (size_t)(end - line), &ev,
				     &err);
		if (rc == 0)
			rc = ledger_apply(a.l, &ev, &err);
		if (rc == 0)
			rc = ledger_check(a.l, &err);
	}
	CU_ASSERT_EQUAL(rc, 0);
	if (rc != 0)
		printf("%s: %.200s\n", err.text, line);
	CU_ASSERT_EQUAL(a.log.len, w->log.len);
	CU_ASSERT(a.log.len == w->log.len &&
		  memcmp(a.log.data, w->log.data, a.log.len) == 0);
	ledger_stats(w->l, &was);
	ledger_stats(a.l, &is);
	is.rounds = was.rounds; /* nobody decided here */
	CU_ASSERT_EQUAL(memcmp(&was, &is, sizeof(was)), 0);
	CU_ASSERT(same_objects(w->l, a.l));
	ledger_destroy(a.l);
	event_text_destroy(a.reads);
	event_text_destroy(a.writes);
	buf_finish(&a.log);
}

/* What a new leader finds: tasks that have ended, that run, that never came. */
static void take_over(struct world *w)
{
	struct event ev = {.type = EVENT_JOB_SUBMITTED, .at_us = w->now};
	struct slice *s = slice_create();
	struct berth_error err = {0};
	uint32_t ranks[] = {4, 5};
	const uint64_t job = 7;

	s->id = (UINT64_C(3) << 32) + 1;
	s->node = (struct node *)ledger_node(w->l, "n0");
	s->units = 1;
	s->exclusive = true;
	bitset_set(&s->cores, 1);
	bitset_set(&s->cores, 3);
	s->amount.cores = 2;
	ev.job_submitted.job = job;
	ev.job_submitted.name = ev.job_submitted.user = "a";
	ev.job_submitted.framework = "f0";
	ev.job_submitted.role = "r0";
	ev.job_submitted.spec = "";
	CU_ASSERT_EQUAL(ledger_apply(w->l, &ev, &err), 0);
	for (uint32_t i = 0; i < 4; i++) {
		ev = (struct event){.type = EVENT_TASK_RECALLED,
				    .at_us = w->now};
		ev.task_recalled.job = job;
		ev.task_recalled.index = i;
		ev.task_recalled.node = "n0";
		ev.task_recalled.slice = s->id;
		ev.task_recalled.array_index = (int64_t)i - 1;
		ev.task_recalled.ranks = ranks;
		ev.task_recalled.nranks = i == 1 ? 2 : 0;
		ev.task_recalled.status.rank = -1;
		if (i == 0) {
			ev.task_recalled.status.state = TASK_ENDED;
			ev.task_recalled.status.end = TASK_END_EXITED;
			ev.task_recalled.status.exit_code = 3;
			ev.task_recalled.status.start_us = 100;
			ev.task_recalled.status.end_us = 200;
			ev.task_recalled.status.text = "it ended";
		}
		CU_ASSERT_EQUAL(ledger_apply(w->l, &ev, &err), 0);
	}
	for (uint32_t i = 1; i < 3; i++)
		CU_ASSERT_EQUAL(ledger_adopt(w->l, "n0", s, "r0", job, i,
					     w->now, &err), 0);
	CU_ASSERT_EQUAL(err.text[0], '\0');
	slice_destroy(s);
	ledger_end_recalled(w->l, "n0", true, "it never came", w->now);
	CU_ASSERT_PTR_NULL(ledger_first_recalled(w->l));
}

static void test_replay_taken_over(void)
{
	struct world *w = mem_alloc(sizeof(*w));

	start(w, 1, policy_at(0), true);
	ledger_node_up(w->l, "n0", w->topology[0], NULL, 0, false, w->now,
		       NULL);
	take_over(w);
	CU_ASSERT_PTR_NOT_NULL(strstr(w->log.data, "\"slice_adopted\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(w->log.data, "\"task_recalled\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(w->log.data, "\"task_adopted\""));
	replay(w);
	for (unsigned i = 0; i < 500; i++)
		step(w);
	replay(w);
	ledger_destroy(w->l);
	event_text_destroy(w->text);
	buf_finish(&w->log);
	for (int i = 0; i < 3; i++)
		topology_unref(w->topology[i]);
	free(w);
}

static void test_replay(void)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct world *w = mem_alloc(sizeof(*w));

		start(w, seed, policy_at(seed % 2), true);
		for (unsigned i = 0; i < 4000; i++)
			step(w);
		replay(w);
		ledger_destroy(w->l);
		event_text_destroy(w->text);
		buf_finish(&w->log);
		for (int i = 0; i < 3; i++)
			topology_unref(w->topology[i]);
		free(w);
	}
}

static const struct unit_test tests[] = {
	{"invariants", test_invariants},
	{"determinism", test_determinism},
	{"replay", test_replay},
	{"replay, taken over", test_replay_taken_over},
};

UNIT_MAIN("ledger at random", tests)
