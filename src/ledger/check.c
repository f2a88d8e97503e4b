/* check.c - what must be true of a ledger after every event. */
#include "ledger/state.h"

#include <stdlib.h>

#include "base/mem.h"

#define WRONG(...)                                                             \
	do {                                                                   \
		rc = error_set(err, BERTH_ECONFLICT, __VA_ARGS__);             \
		goto out;                                                      \
	} while (0)

/* ---- nodes: free and slices together are the whole ---- */

struct sums {
	struct bitset cores;
	uint64_t gpus;
	uint64_t *mib, *drive;
};

static int add_slice(const struct node *n, const struct slice *s,
		     struct sums *sum, struct berth_error *err)
{
	struct amount a = {.cores = bitset_count(&s->cores)};
	int rc = 0;

	if (s->node != n)
		WRONG("slice %llu is in the list of another node",
		      (unsigned long long)s->id);
	if (bitset_intersects(&sum->cores, &s->cores))
		WRONG("node %s: cores given twice", n->name);
	bitset_or(&sum->cores, &s->cores);
	if ((sum->gpus & s->gpus) != 0)
		WRONG("node %s: a GPU given twice", n->name);
	sum->gpus |= s->gpus;
	a.gpus = (uint64_t)__builtin_popcountll(s->gpus);
	for (size_t i = 0; i < s->nmemory; i++) {
		sum->mib[s->memory[i].numa] += s->memory[i].mib;
		a.memory_mib += s->memory[i].mib;
	}
	for (size_t i = 0; i < s->ndrives; i++) {
		sum->drive[s->drives[i].drive] += s->drives[i].mib;
		a.drive_mib += s->drives[i].mib;
	}
	if (!amount_equal(&a, &s->amount))
		WRONG("slice %llu: its sums are wrong",
		      (unsigned long long)s->id);
out:
	return rc;
}

static int check_parts(const struct node *n, const struct sums *sum,
		       struct berth_error *err)
{
	const struct topology *t = n->topology;
	uint64_t mib = 0, drive = 0;
	int rc = 0;

	if (bitset_count(&sum->cores) != t->ncores)
		WRONG("node %s: a core is lost", n->name);
	if (sum->gpus != n->tree->part[n->tree->nparts - 1].gpus)
		WRONG("node %s: a GPU is lost", n->name);
	for (size_t i = 0; i < t->nnumas; i++) {
		uint64_t has = t->numa[i].cpuless ? 0 : t->numa[i].mib;

		if (sum->mib[i] + n->free_mib[i] != has)
			WRONG("node %s: memory of NUMA node %zu: free and given "
			      "are not the whole", n->name, i);
		mib += n->free_mib[i];
	}
	for (size_t i = 0; i < t->ndrives; i++) {
		if (sum->drive[i] + n->free_drive[i] != t->drive[i].mib)
			WRONG("node %s: drive %zu: free and given are not the "
			      "whole", n->name, i);
		drive += n->free_drive[i];
	}
	if (n->free.cores != bitset_count(&n->free_cores) ||
	    n->free.gpus != (uint64_t)__builtin_popcountll(n->free_gpus) ||
	    n->free.memory_mib != mib || n->free.drive_mib != drive)
		WRONG("node %s: the sums of what is free are wrong", n->name);
out:
	return rc;
}

static int check_node(const struct ledger *l, struct node *n,
		      struct berth_error *err)
{
	const struct topology *t = n->topology;
	struct sums sum = {.gpus = n->free_gpus};
	unsigned nslices = 0, ntasks = 0;
	struct slice *s;
	int rc = 0;

	bitset_init(&sum.cores);
	bitset_copy(&sum.cores, &n->free_cores);
	sum.mib = mem_array(t->nnumas, sizeof(*sum.mib));
	sum.drive = mem_array(t->ndrives, sizeof(*sum.drive));
	TAILQ_FOREACH(s, &n->slices, of_node) {
		if (add_slice(n, s, &sum, err) != 0) {
			rc = -1;
			goto out;
		}
		if (s->exclusive != n->exclusive)
			WRONG("node %s: shared against a slice's wish",
			      n->name);
		nslices++;
		ntasks += s->ntasks;
	}
	if (check_parts(n, &sum, err) != 0) {
		rc = -1;
		goto out;
	}
	if (nslices != n->nslices || ntasks != n->ntasks)
		WRONG("node %s: %u slices and %u tasks, counted as %u and %u",
		      n->name, nslices, ntasks, n->nslices, n->ntasks);
	if (n->state == NODE_DOWN && nslices > 0)
		WRONG("node %s is down and has slices", n->name);
	if (n->index.indexed != (n->state == NODE_UP && !n->exclusive))
		WRONG("node %s: in the index or not against its state",
		      n->name);
	if (n->index.indexed && n->index.column != n->free.cores)
		WRONG("node %s: in the wrong bucket", n->name);
	if (n->index.dirty && !n->index.indexed)
		WRONG("node %s: marked, but nothing of it is offered", n->name);
	if (n->index.wired != (n->index.indexed && l->wiring != NULL) ||
	    (n->index.wired && n->index.wired_cores != n->free.cores))
		WRONG("node %s: its switch counts it wrongly", n->name);
out:
	bitset_finish(&sum.cores);
	free(sum.mib);
	free(sum.drive);
	return rc;
}

/* ---- slices: one owner each, in the state of their lists ---- */

static int check_slice(const struct slice *s, const struct offer *o,
		       const struct framework *f, struct berth_error *err)
{
	unsigned ntasks = 0;
	struct task *t;
	int rc = 0;

	if (s->framework != f || s->offer != o)
		WRONG("slice %llu: its owner and its list differ",
		      (unsigned long long)s->id);
	TAILQ_FOREACH(t, &s->tasks, of_slice) {
		ntasks++;
		if (t->slice != s || t->node != s->node ||
		    t->status.state == TASK_ENDED)
			WRONG("slice %llu: a task that is not in it",
			      (unsigned long long)s->id);
	}
	if (ntasks != s->ntasks)
		WRONG("slice %llu: %u tasks, counted as %u",
		      (unsigned long long)s->id, ntasks, s->ntasks);
	if ((s->state == SLICE_OFFERED) != (o != NULL) ||
	    (s->state == SLICE_BUSY) != (ntasks > 0))
		WRONG("slice %llu: it is %s with %u tasks",
		      (unsigned long long)s->id, slice_state_name(s->state),
		      ntasks);
out:
	return rc;
}

static int check_offer(const struct offer *o, struct amount *used,
		       size_t *count, struct berth_error *err)
{
	unsigned units = 0;
	size_t n = 0;
	struct slice *s;
	int rc = 0;

	TAILQ_FOREACH(s, &o->slices, of_owner) {
		if (check_slice(s, o, o->framework, err) != 0)
			return -1;
		if (s->node->state != NODE_UP)
			WRONG("offer %llu: node %s is not up",
			      (unsigned long long)o->id, s->node->name);
		amount_add(used, &s->amount);
		units += s->units;
		n++;
	}
	if (n == 0 || n != o->nslices || units != o->units || o->due.pos == 0)
		WRONG("offer %llu: wrong counts or no end",
		      (unsigned long long)o->id);
	*count += n;
out:
	return rc;
}

static int check_demands(const struct framework *f, size_t *nactive,
			 size_t *ndirty, struct berth_error *err)
{
	const struct demand *d, *before = NULL;
	size_t n = 0;
	int rc = 0;

	TAILQ_FOREACH(d, &f->demands, of_framework) {
		const struct offer *o;
		unsigned offered = 0;
		bool wants = f->connected && !f->suppressed && !f->gone &&
			     d->blocked == NULL && demand_open(d) > 0;

		TAILQ_FOREACH(o, &f->offers, of_framework)
			offered += o->demand == d ? o->units : 0;
		if (offered != d->offered)
			WRONG("demand %s: %u units offered, counted as %u",
			      d->id, offered, d->offered);
		if (d->active != wants)
			WRONG("demand %s: active or not against its state",
			      d->id);
		if ((d->patience == PATIENCE_RUNS) != (d->wait_due.pos > 0))
			WRONG("demand %s: it waits without an end, or not",
			      d->id);
		if (before != NULL && (before->priority < d->priority ||
				       (before->priority == d->priority &&
					before->seq >= d->seq)))
			WRONG("demand %s: out of order", d->id);
		if (map_get(f->by_id, d->id) != d || d->max == 0)
			WRONG("demand %s: met, or not found by its name",
			      d->id);
		*nactive += d->active;
		*ndirty += d->active && d->dirty;
		before = d;
		n++;
	}
	if (n != f->ndemands || n != map_count(f->by_id))
		WRONG("framework %s: wrong count of demands", f->name);
out:
	return rc;
}

static int check_framework(const struct framework *f, size_t *nslices,
			   struct berth_error *err)
{
	struct amount used = {0, 0, 0, 0};
	const struct offer *o;
	size_t n = 0, noffers = 0;
	struct slice *s;
	int rc = 0;

	TAILQ_FOREACH(s, &f->slices, of_owner) {
		if (check_slice(s, NULL, f, err) != 0)
			return -1;
		amount_add(&used, &s->amount);
		n++;
	}
	*nslices += n;
	TAILQ_FOREACH(o, &f->offers, of_framework) {
		if (o->framework != f)
			WRONG("framework %s: another's offer", f->name);
		if (check_offer(o, &used, nslices, err) != 0)
			return -1;
		noffers++;
	}
	if (n != f->nslices || noffers != f->noffers)
		WRONG("framework %s: wrong counts", f->name);
	if (!amount_equal(&used, &f->used))
		WRONG("framework %s: what it uses is counted wrongly",
		      f->name);
	if (noffers > 0 && (!f->connected || f->gone))
		WRONG("framework %s is away and has offers", f->name);
out:
	return rc;
}

/* ---- roles: what they use is the sum of their slices ---- */

static int check_role(const struct ledger *l, const struct role *r,
		      struct berth_error *err)
{
	struct amount used = {0, 0, 0, 0}, firm = {0, 0, 0, 0}, sum;
	struct amount leaving = {0, 0, 0, 0}, revocable = {0, 0, 0, 0};
	const struct slice *s;
	const struct role *c;
	size_t pos = 0;
	int rc = 0;

	for (s = idmap_next(&l->slices, &pos); s != NULL;
	     s = idmap_next(&l->slices, &pos)) {
		if (s->role != r)
			continue;
		amount_add(&used, &s->amount);
		if (!s->revocable)
			amount_add(&firm, &s->amount);
		else
			amount_add(&revocable, &s->amount);
		if (s->revoking)
			amount_add(&leaving, &s->amount);
		if (s->revoking && !s->revocable && s->revoked_for != 0)
			WRONG("slice %llu: it is taken back and was firm",
			      (unsigned long long)s->id);
	}
	TAILQ_FOREACH(s, &r->revocable, of_role) {
		if (s->role != r || !s->revocable)
			WRONG("slice %llu: in the list of another role",
			      (unsigned long long)s->id);
		amount_sub(&revocable, &s->amount);
	}
	if (!amount_zero(&revocable))
		WRONG("role %s: not all of its revocable slices are listed",
		      r->name);
	sum = used;
	TAILQ_FOREACH(c, &r->children, sibling) {
		if (c->parent != r)
			WRONG("role %s: in the list of another parent",
			      c->name);
		amount_add(&sum, &c->sum);
		amount_add(&leaving, &c->leaving);
	}
	if (!amount_equal(&used, &r->used) || !amount_equal(&firm, &r->firm) ||
	    !amount_equal(&sum, &r->sum) ||
	    !amount_equal(&leaving, &r->leaving))
		WRONG("role %s: what it uses is counted wrongly", r->name);
out:
	return rc;
}

static int check_roles(const struct ledger *l, struct berth_error *err)
{
	for (size_t i = 0; i < l->nroles; i++) {
		if (check_role(l, l->role[i], err) != 0)
			return -1;
	}
	return 0;
}

/* ---- jobs ---- */

static int check_job(const struct job *j, size_t *tasks,
		     struct berth_error *err)
{
	struct job_counts c = {0};
	const struct task *t;
	size_t n = 0;
	int rc = 0;

	TAILQ_FOREACH(t, &j->tasks, of_job) {
		bool ended = t->status.state == TASK_ENDED;

		c.starting += t->status.state == TASK_STARTING;
		c.running += t->status.state == TASK_RUNNING;
		if (ended != (t->slice == NULL) && !state_recalled(t))
			WRONG("task %llu.%u: ended and in a slice, or not",
			      (unsigned long long)j->id, t->index);
		n++;
	}
	if (c.starting != j->counts.starting || c.running != j->counts.running)
		WRONG("job %llu: wrong counts of tasks",
		      (unsigned long long)j->id);
	if (n != j->by_index.count)
		WRONG("job %llu: tasks without an index",
		      (unsigned long long)j->id);
	if (!j->collapsed &&
	    j->counts.total != n)
		WRONG("job %llu: a task is lost", (unsigned long long)j->id);
	if (j->counts.total != j->counts.starting + j->counts.running +
				       j->counts.done + j->counts.failed)
		WRONG("job %llu: counts that do not add up",
		      (unsigned long long)j->id);
	if (j->state == JOB_ENDED && c.starting + c.running > 0)
		WRONG("job %llu is ended and has tasks",
		      (unsigned long long)j->id);
	*tasks += n;
out:
	return rc;
}

static int check_jobs(const struct ledger *l, struct berth_error *err)
{
	size_t live = 0, ended = 0, live_tasks = 0, ended_tasks = 0;
	const struct job *j;
	int rc = 0;

	TAILQ_FOREACH(j, &l->live, of_ledger) {
		live++;
		if (j->state == JOB_ENDED)
			WRONG("job %llu: ended in the wrong list",
			      (unsigned long long)j->id);
		if (check_job(j, &live_tasks, err) != 0)
			return -1;
	}
	TAILQ_FOREACH(j, &l->ended, of_ledger) {
		ended++;
		if (check_job(j, &ended_tasks, err) != 0)
			return -1;
	}
	if (ended != l->nended || live + ended != l->jobs.count ||
	    ended_tasks != l->ended_tasks)
		WRONG("wrong counts of jobs or of their tasks");
out:
	return rc;
}

/* ---- all ---- */

static int check_frameworks(const struct ledger *l, struct berth_error *err)
{
	size_t nslices = 0, nactive = 0, ndirty = 0, noffers = 0;
	struct framework *f;
	int rc = 0;

	map_foreach (l->frameworks, f) {
		if (check_framework(f, &nslices, err) != 0 ||
		    check_demands(f, &nactive, &ndirty, err) != 0)
			return -1;
		noffers += f->noffers;
	}
	for (size_t i = 0; i < l->nlent; i++) {
		if (!l->lent[i]->revocable || l->lent[i]->lent_for == 0)
			WRONG("slice %llu: it is lent for nobody or for good",
			      (unsigned long long)l->lent[i]->id);
	}
	if (nslices != l->slices.count || noffers != l->offers.count)
		WRONG("slices or offers without an owner");
	if (nactive != l->nactive || ndirty != l->ndirty_demands)
		WRONG("%zu demands active, %zu marked; counted as %zu and %zu",
		      nactive, ndirty, l->nactive, l->ndirty_demands);
out:
	return rc;
}

int ledger_check(const struct ledger *l, struct berth_error *err)
{
	struct amount total = {0, 0, 0, 0}, free = {0, 0, 0, 0};
	size_t up = 0, dirty = 0;
	int rc = 0;

	for (size_t i = 0; i < l->nnodes; i++) {
		struct node *n = l->node[i];

		if (check_node(l, n, err) != 0)
			return -1;
		dirty += n->index.dirty;
		if (n->state != NODE_UP)
			continue;
		up++;
		amount_add(&total, &n->total);
		amount_add(&free, &n->free);
	}
	if (up != l->nodes_up || !amount_equal(&total, &l->total) ||
	    !amount_equal(&free, &l->free))
		WRONG("the cluster's sums are wrong");
	if (dirty != l->ndirty)
		WRONG("%zu nodes are marked, counted as %zu", dirty,
		      l->ndirty);
	if (check_frameworks(l, err) != 0 || check_roles(l, err) != 0 || check_jobs(l, err) != 0)
		rc = -1;
out:
	return rc;
}
