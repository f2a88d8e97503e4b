/*
 * reclaim.c - what is guaranteed and taken: which slices are to be given back.
 *
 *  1. What is on its way back for the demand already counts, with what is free
 *     beside it.
 *  2. Role by role, the one furthest above its guarantee first, until there is
 *     enough: on each node where it has slices and the demand may go, those
 *     slices there that may be taken
 *     (revocable, of roles above their guarantees), those of the role that is
 *     furthest above first, then those with least work in them; as many as
 *     make room for what is wanted, without those that turn out not to be
 *     needed.
 *  3. Nodes in the order: whose role is furthest above, where least work is
 *     lost for a unit, where most units come together.  Until there is enough;
 *     a gang that would not have enough takes nothing.
 *  4. The slices are taken, and the nodes kept for the demand until they are
 *     there.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/mem.h"
#include "model/job.h"

struct victim {
	struct slice *slice;
	double excess; /* of its role, when this began */
	double lost;   /* core seconds */
};

/* A node and what would be taken there. */
struct site {
	struct node *node;
	unsigned has;	/* units without taking anything more */
	unsigned units; /* with it */
	unsigned gets;	/* of these, what was chosen */
	double excess, lost;
};

/* A role that may lose slices. */
struct loser {
	struct role *role;
	double excess;
};

struct reclaim {
	struct view *view;
	struct demand *demand;
	struct amount unit;
	unsigned need;
	struct node *const *within; /* no others come into question */
	size_t nwithin;
	struct idmap seen; /* nodes that were looked at, by id */
	struct site *site;
	size_t nsites, site_room;
	struct victim *victim; /* of one node */
	size_t nvictims, victim_room;
	struct slice **list; /* of one node: on their way back, then taken */
	size_t nback, nlist, list_room;
	struct slice **taken; /* of all sites that were chosen */
	size_t ntaken, taken_room;
	uint64_t *job; /* lost anyhow */
	size_t njobs, job_room;
};

#define ROOM(array, count, room)                                               \
	do {                                                                   \
		if ((count) == (room)) {                                       \
			(room) = (room) > 0 ? (room) * 2 : 16;                 \
			(array) = mem_resize((array), (room),                  \
					     sizeof(*(array)));                \
		}                                                              \
	} while (0)

/* ---- work that would be lost ---- */

static bool doomed(const struct reclaim *r, uint64_t job)
{
	for (size_t i = 0; i < r->njobs; i++) {
		if (r->job[i] == job)
			return true;
	}
	return false;
}

/* Those that live are the last ones, but for few: the job of one that was
 * started often has a long list. */
static double cores_of_job(const struct job *j)
{
	uint64_t left = (uint64_t)j->counts.starting + j->counts.running;
	const struct task *t;
	double cores = 0;

	TAILQ_FOREACH_REVERSE(t, &j->tasks, task_list, of_job) {
		if (left == 0)
			break;
		if (t->slice == NULL)
			continue;
		cores += (double)t->slice->amount.cores;
		left--;
	}
	return cores;
}

/* Of a task with ranks the whole job goes, of another its own work. */
static double work_lost(const struct reclaim *r, const struct slice *s)
{
	const struct task *t;
	double lost = 0;

	TAILQ_FOREACH(t, &s->tasks, of_slice) {
		uint64_t since = t->status.start_us;
		double cores = (double)s->amount.cores;

		if (t->status.state != TASK_RUNNING || since == 0 ||
		    since > r->view->now_us || doomed(r, t->job->id))
			continue;
		if (t->nranks > 0)
			cores = cores_of_job(t->job);
		lost += cores * (double)(r->view->now_us - since) / 1e6;
	}
	return lost;
}

/* ---- one node ---- */

static bool may_take(const struct reclaim *r, const struct slice *s)
{
	return s->state != SLICE_OFFERED && s->revocable && !s->revoking &&
	       role_may_lose(s->role, r->demand->charged, &r->unit);
}

static int by_worth(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	if (x->excess != y->excess)
		return x->excess > y->excess ? -1 : 1;
	if (x->lost != y->lost)
		return x->lost < y->lost ? -1 : 1;
	return (x->slice->id > y->slice->id) - (x->slice->id < y->slice->id);
}

static void list_add(struct reclaim *r, struct slice *s)
{
	ROOM(r->list, r->nlist, r->list_room);
	r->list[r->nlist++] = s;
}

/* The first on its way back for the demand, on n or (NULL) anywhere. */
static size_t first_back(const struct reclaim *r, const struct node *n)
{
	size_t low = 0, high = r->view->nrevoking;
	uint64_t seq = r->demand->seq;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct slice *s = r->view->revoking[mid];

		if (s->revoked_for < seq ||
		    (s->revoked_for == seq && n != NULL && s->node->id < n->id))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_back(const struct reclaim *r, size_t i)
{
	return i < r->view->nrevoking &&
	       r->view->revoking[i]->revoked_for == r->demand->seq;
}

/* What is on its way back on n for the demand. */
static void find_back(struct reclaim *r, const struct node *n)
{
	r->nlist = 0;
	for (size_t i = first_back(r, n);
	     is_back(r, i) && r->view->revoking[i]->node == n; i++)
		list_add(r, r->view->revoking[i]);
	r->nback = r->nlist;
}

static void find_victims(struct reclaim *r, const struct node *n)
{
	struct slice *s;

	r->nvictims = 0;
	TAILQ_FOREACH(s, &n->slices, of_node) {
		if (!may_take(r, s))
			continue;
		ROOM(r->victim, r->nvictims, r->victim_room);
		r->victim[r->nvictims++] = (struct victim){
			.slice = s,
			.excess = role_excess(s->role, &r->view->total),
			.lost = work_lost(r, s),
		};
	}
	if (r->nvictims > 0)
		qsort(r->victim, r->nvictims, sizeof(*r->victim), by_worth);
}

static unsigned units_now(struct reclaim *r, struct node *n, unsigned want)
{
	return r->view->ops->units_with(r->view, r->demand, n, r->list,
					r->nlist, want);
}

/* Victims that are not needed for the units that the list makes room for. */
static void leave_out(struct reclaim *r, struct node *n, unsigned units)
{
	for (size_t i = r->nback; i < r->nlist;) {
		struct slice *s = r->list[i];

		memmove(r->list + i, r->list + i + 1,
			(r->nlist - i - 1) * sizeof(struct slice *));
		r->nlist--;
		if (units_now(r, n, units) >= units)
			continue;
		memmove(r->list + i + 1, r->list + i,
			(r->nlist - i) * sizeof(struct slice *));
		r->list[i++] = s;
		r->nlist++;
	}
}

/*
 * Up to want units on n, with victims; the list is what is taken.  Roles are
 * marked as losing it, so that nobody falls below his guarantee by several of
 * his slices; whoever calls takes that back.
 */
static unsigned make_room(struct reclaim *r, struct node *n, unsigned want,
			  unsigned has)
{
	unsigned units = has;

	find_victims(r, n);
	for (size_t i = 0; i < r->nvictims && units < want; i++) {
		struct slice *s = r->victim[i].slice;

		if (!role_may_lose(s->role, r->demand->charged, &r->unit))
			continue;
		role_leave(s->role, &s->amount, true);
		list_add(r, s);
		units = units_now(r, n, want);
	}
	for (size_t i = r->nback; i < r->nlist; i++)
		role_leave(r->list[i]->role, &r->list[i]->amount, false);
	if (units > has)
		leave_out(r, n, units);
	else
		r->nlist = r->nback;
	return units;
}

static double excess_in(const struct reclaim *r)
{
	double most = 0;

	for (size_t i = r->nback; i < r->nlist; i++) {
		double e = role_excess(r->list[i]->role, &r->view->total);

		most = e > most ? e : most;
	}
	return most;
}

static double lost_in(const struct reclaim *r)
{
	double sum = 0;

	for (size_t i = r->nback; i < r->nlist; i++)
		sum += work_lost(r, r->list[i]);
	return sum;
}

/* ---- all nodes ---- */

static void look_at(struct reclaim *r, struct node *n)
{
	struct site *s;
	unsigned has, units;

	if (idmap_put(&r->seen, n->id, n) != NULL)
		return;
	find_back(r, n);
	has = units_now(r, n, r->need);
	units = has >= r->need ? has : make_room(r, n, r->need, has);
	if (units == 0)
		return;
	ROOM(r->site, r->nsites, r->site_room);
	s = &r->site[r->nsites++];
	*s = (struct site){
		.node = n,
		.has = has,
		.units = units,
		.excess = excess_in(r),
		.lost = lost_in(r),
	};
}

static bool look_if_free(void *arg, struct node *n)
{
	struct reclaim *r = arg;

	if (n->free.cores >= r->unit.cores)
		look_at(r, n);
	return true;
}

static bool loses_at(const struct role *role, const struct node *n)
{
	const struct slice *s;

	TAILQ_FOREACH(s, &n->slices, of_node) {
		if (s->revocable && s->role == role)
			return true;
	}
	return false;
}

/* Where the role has what could be taken. */
static void look_at_role(struct reclaim *r, struct role *role)
{
	struct slice *s;

	if (r->within == NULL) {
		TAILQ_FOREACH(s, &role->revocable, of_role)
			look_at(r, s->node);
	}
	for (size_t i = 0; r->within != NULL && i < r->nwithin; i++) {
		if (loses_at(role, r->within[i]))
			look_at(r, r->within[i]);
	}
}

static void look_at_free(struct reclaim *r)
{
	if (r->within == NULL)
		r->view->ops->nodes_free(r->view, look_if_free, r);
	for (size_t i = 0; r->within != NULL && i < r->nwithin; i++)
		look_if_free(r, r->within[i]);
}

static int by_cost(const void *a, const void *b)
{
	const struct site *x = a, *y = b;
	double lx = x->units > x->has ? x->lost / (x->units - x->has) : 0;
	double ly = y->units > y->has ? y->lost / (y->units - y->has) : 0;

	if (x->excess != y->excess)
		return x->excess > y->excess ? -1 : 1;
	if (lx != ly)
		return lx < ly ? -1 : 1;
	if (x->units != y->units)
		return x->units > y->units ? -1 : 1;
	return (x->node->id > y->node->id) - (x->node->id < y->node->id);
}

/* What is there without taking anything. */
static unsigned has_all(const struct reclaim *r)
{
	unsigned sum = 0;

	for (size_t i = 0; i < r->nsites; i++)
		sum += r->site[i].has;
	return sum;
}

static void note_jobs(struct reclaim *r, const struct slice *s)
{
	const struct task *t;

	TAILQ_FOREACH(t, &s->tasks, of_slice) {
		if (t->nranks == 0 || doomed(r, t->job->id))
			continue;
		ROOM(r->job, r->njobs, r->job_room);
		r->job[r->njobs++] = t->job->id;
	}
}

/* Take at the site what is needed still, by what is left of roles now; it is
 * marked as leaving. */
static unsigned take_at(struct reclaim *r, struct site *s, unsigned want)
{
	unsigned units;

	find_back(r, s->node);
	units = make_room(r, s->node, s->has + want, s->has);
	for (size_t i = r->nback; i < r->nlist; i++) {
		ROOM(r->taken, r->ntaken, r->taken_room);
		r->taken[r->ntaken++] = r->list[i];
		role_leave(r->list[i]->role, &r->list[i]->amount, true);
		note_jobs(r, r->list[i]);
	}
	s->gets = units;
	return units - s->has;
}

/* At the sites that were found.  Returns the units there will be. */
static unsigned choose(struct reclaim *r)
{
	unsigned sum = has_all(r);

	r->ntaken = 0;
	r->njobs = 0;
	if (r->nsites > 0)
		qsort(r->site, r->nsites, sizeof(*r->site), by_cost);
	for (size_t i = 0; i < r->nsites; i++) {
		struct site *s = &r->site[i];

		if (sum < r->need && s->units > s->has)
			sum += take_at(r, s, r->need - sum);
		else
			s->gets = s->has;
	}
	for (size_t i = 0; i < r->ntaken; i++)
		role_leave(r->taken[i]->role, &r->taken[i]->amount, false);
	return sum;
}

static int by_excess(const void *a, const void *b)
{
	const struct loser *x = a, *y = b;

	if (x->excess != y->excess)
		return x->excess > y->excess ? -1 : 1;
	return (x->role->id > y->role->id) - (x->role->id < y->role->id);
}

/* Roles that may lose something for the demand, furthest above first. */
static struct loser *find_losers(const struct reclaim *r, size_t *n)
{
	const struct view *v = r->view;
	struct loser *list = mem_array(v->nroles + 1, sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < v->nroles; i++) {
		struct role *role = v->role[i];

		if (TAILQ_EMPTY(&role->revocable) ||
		    !role_may_lose(role, r->demand->charged, &r->unit))
			continue;
		list[*n].role = role;
		list[(*n)++].excess = role_excess(role, &v->total);
	}
	if (*n > 0)
		qsort(list, *n, sizeof(*list), by_excess);
	return list;
}

/* Could the sites that were found make up what is needed, without roles that
 * are less far above? */
static bool could_do(const struct reclaim *r, double excess)
{
	unsigned sum = 0;

	for (size_t i = 0; i < r->nsites && sum < r->need; i++) {
		const struct site *s = &r->site[i];

		sum += s->excess >= excess ? s->units : s->has;
	}
	return sum >= r->need;
}

/* Returns the units there will be. */
static unsigned search(struct reclaim *r)
{
	struct loser *loser;
	unsigned sum;
	size_t n;

	for (size_t i = first_back(r, NULL); is_back(r, i); i++)
		look_at(r, r->view->revoking[i]->node);
	if (has_all(r) < r->need)
		look_at_free(r);
	sum = has_all(r);
	if (sum >= r->need)
		return choose(r);
	loser = find_losers(r, &n);
	for (size_t i = 0; i < n && sum < r->need; i++) {
		look_at_role(r, loser[i].role);
		if (i + 1 == n || could_do(r, loser[i].excess))
			sum = choose(r);
	}
	if (n == 0)
		sum = choose(r);
	free(loser);
	return sum;
}

static void keep_sites(struct reclaim *r)
{
	unsigned left = r->need;

	for (size_t i = 0; i < r->nsites && left > 0; i++) {
		unsigned n = r->site[i].gets;

		n = n < left ? n : left;
		r->view->ops->keep(r->view, r->demand, r->site[i].node, n);
		left -= n;
	}
}

bool policy_reclaim(struct view *v, struct demand *d)
{
	unsigned least = demand_least(d), sum;
	struct reclaim r = {
		.view = v,
		.demand = d,
		.unit = request_amount(&d->unit),
		.need = policy_claim(v, d),
	};

	if (r.need == 0)
		return false;
	if (d->gang && demand_gathers(d))
		r.need = least;
	r.within = v->ops->within(v, d, &r.nwithin);
	idmap_init(&r.seen);
	sum = search(&r);
	if (sum >= least) {
		struct amount all;

		if (r.ntaken > 0)
			v->ops->revoke(v, d, r.taken, r.ntaken);
		keep_sites(&r);
		all = amount_times(&r.unit, sum < r.need ? sum : r.need);
		role_expect(d->charged, &all);
	}
	idmap_finish(&r.seen);
	free(r.site);
	free(r.victim);
	free(r.list);
	free(r.taken);
	free(r.job);
	return sum >= least;
}

void policy_keep(struct view *v)
{
	struct reclaim r = {.view = v};

	for (size_t i = 0; i < v->nroles; i++)
		memset(&v->role[i]->claimed, 0, sizeof(v->role[i]->claimed));
	for (size_t i = 0; i < v->ndemands && v->nrevoking > 0; i++) {
		r.demand = v->demand[i];
		for (size_t k = first_back(&r, NULL); is_back(&r, k);
		     k += r.nback) {
			struct node *n = v->revoking[k]->node;

			find_back(&r, n);
			v->ops->keep(v, r.demand, n,
				     units_now(&r, n, demand_open(r.demand)));
		}
	}
	free(r.list);
}
