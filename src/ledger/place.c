/*
 * place.c - where units of a demand could go.
 *
 * Candidates come from where the demand's own words point first (preferred
 * nodes, the nodes it is limited to), else from the index.  A demand that has
 * looked at every node before and found no more looks only at those that have
 * got more since, as long as these are few.
 */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/fit.h"

/* More nodes than this that changed, and the index is the quicker way. */
#define FEW_NODES 64

/* ---- one node ---- */

bool place_allows(const struct demand *d, const struct node *n)
{
	if (d->named != NULL && map_get(d->named, n->name) == NULL)
		return false;
	if (d->excluded != NULL && map_get(d->excluded, n->name) != NULL)
		return false;
	for (size_t i = 0; i < d->nlabels; i++) {
		const char *value = node_label(n, d->label[i].name);

		if (value == NULL || strcmp(value, d->label[i].value) != 0)
			return false;
	}
	return true;
}

static uint64_t times(uint64_t have, uint64_t unit)
{
	return unit > 0 ? have / unit : UINT64_MAX;
}

/* Units beside what is held on n for somebody else. */
static unsigned beside_hold(const struct demand *d, const struct node *n,
			    unsigned units)
{
	struct amount spare = n->free;
	uint64_t most = units, k;

	amount_sub(&spare, &n->index.hold);
	k = times(spare.cores, d->unit.cores);
	most = k < most ? k : most;
	k = times(spare.memory_mib, d->unit.memory_mib);
	most = k < most ? k : most;
	k = times(spare.gpus, d->unit.gpus);
	most = k < most ? k : most;
	k = times(spare.drive_mib, d->unit.drive_mib);
	return (unsigned)(k < most ? k : most);
}

static bool held_for_another(const struct ledger *l, const struct demand *d,
			     const struct node *n)
{
	return !l->lending && n->index.hold_round == l->round &&
	       n->index.holder != NULL &&
	       n->index.holder != d;
}

/* Has d its per_node units there already? */
static bool has_units(const struct demand *d, const struct node *n)
{
	const struct slice *s;

	TAILQ_FOREACH(s, &n->slices, of_node) {
		if (s->demand_seq == d->seq)
			return true;
	}
	return false;
}

unsigned place_fits(const struct demand *d, const struct node *n,
		    unsigned units)
{
	if (units == 0 || units < d->per_node || units < d->min_per_node)
		return 0;
	if (d->per_node > 0 && has_units(d, n))
		return 0;
	if (d->filters.count > 0 && idmap_get(&d->filters, n->id) != NULL)
		return 0;
	return place_allows(d, n) && prefer_allows(d, n) ? units : 0;
}

unsigned place_units(struct ledger *l, struct demand *d, struct node *n,
		     unsigned limit)
{
	unsigned units;

	if (!n->index.indexed || (d->exclusive && n->nslices > 0))
		return 0;
	if (l->lending && !lend_from(l, n))
		return 0;
	if (d->per_node > 0 && limit > d->per_node)
		limit = d->per_node;
	units = fit_count(n, &d->unit, d->fit, limit);
	if (units == 0)
		return 0;
	if (held_for_another(l, d, n))
		units = d->exclusive ? 0 : beside_hold(d, n, units);
	return place_fits(d, n, units);
}

unsigned place_with(struct ledger *l, struct demand *d, struct node *n,
		    struct slice *const *slices, size_t count, unsigned limit)
{
	unsigned units = 0;
	bool alone = n->exclusive && n->nslices == count;

	if (n->state != NODE_UP || (n->exclusive && !alone) ||
	    (d->exclusive && n->nslices > count))
		return 0;
	if (d->per_node > 0 && limit > d->per_node)
		limit = d->per_node;
	for (size_t i = 0; i < count; i++)
		node_give(n, slices[i], NULL);
	units = fit_count(n, &d->unit, d->fit, limit);
	for (size_t i = count; i-- > 0;)
		node_take(n, slices[i], NULL);
	/* What could be taken back here counts as let pass, too. */
	if (units > 0 && d->waiting && !prefer_likes(d, n))
		prefer_passed(l, d);
	if (units > 0 && held_for_another(l, d, n))
		return 0;
	return place_fits(d, n, units);
}

/* ---- taking nodes ---- */

static bool seen(struct place_search *s, struct node *n)
{
	bool before = n->index.seen == s->l->search;

	n->index.seen = s->l->search;
	return before;
}

/* A rest smaller than min_per_node could go nowhere: leave more for it. */
static unsigned leave_enough(const struct place_search *s, unsigned units)
{
	unsigned least = s->d->min_per_node;
	unsigned rest = s->left - units;

	if (rest > 0 && rest < least && s->left >= 2 * least &&
	    s->left - least < units)
		return s->left - least;
	return units;
}

static void take(struct place_search *s, struct node *n, unsigned units)
{
	units = leave_enough(s, units);
	decision_add(s->out, n, units);
	s->left -= units;
}

/* Does the search go on after n? */
static bool visit(struct place_search *s, struct node *n)
{
	unsigned units;

	if (seen(s, n))
		return true;
	units = place_units(s->l, s->d, n, s->left);
	if (units == 0)
		return true;
	if (!s->spread) {
		take(s, n, units);
		return s->left > 0;
	}
	/* As many nodes as there are units to spread. */
	decision_add(s->out, n, units);
	return s->out->nshares <
	       s->left / (s->d->min_per_node > 0 ? s->d->min_per_node : 1);
}

/* ---- where nodes come from ---- */

static bool visit_bucket(struct place_search *s, unsigned row, int column)
{
	struct node *n;

	TAILQ_FOREACH(n, index_bucket_nodes(&s->l->index, row, column),
		      index.bucket) {
		if (!visit(s, n))
			return false;
	}
	return true;
}

/* From the fullest node that has room to the emptiest. */
static void from_full(struct place_search *s)
{
	const struct index *x = &s->l->index;

	for (unsigned r = index_row_of(s->d->unit.gpus); r < INDEX_ROWS; r++) {
		int c = index_up(x, r, s->d->unit.cores);

		for (; c >= 0; c = index_up(x, r, (size_t)c + 1)) {
			if (!visit_bucket(s, r, c))
				return;
		}
	}
}

/* The fullest node that has room for all that is left. */
static struct node *just_right(struct place_search *s)
{
	const struct index *x = &s->l->index;
	unsigned want = s->left;
	uint64_t cores = (uint64_t)want * s->d->unit.cores;
	uint64_t gpus = (uint64_t)want * s->d->unit.gpus;

	if (want == s->tried)
		return NULL;
	s->tried = want;
	for (unsigned r = index_row_of(gpus); r < INDEX_ROWS; r++) {
		int c = index_up(x, r, cores);

		for (; c >= 0; c = index_up(x, r, (size_t)c + 1)) {
			struct node *n;

			TAILQ_FOREACH(n, index_bucket_nodes(x, r, c),
				      index.bucket) {
				if (n->index.seen != s->l->search &&
				    place_units(s->l, s->d, n, want) == want)
					return n;
			}
		}
	}
	return NULL;
}

/* From the emptiest node on; where the rest fits on one node, on the fullest
 * of those. */
static void from_empty(struct place_search *s)
{
	const struct index *x = &s->l->index;

	for (unsigned r = index_row_of(s->d->unit.gpus); r < INDEX_ROWS; r++) {
		int c = index_down(x, r, SIZE_MAX);

		for (; c >= (int)s->d->unit.cores && s->left > 0;
		     c = c > 0 ? index_down(x, r, (size_t)c - 1) : -1) {
			struct node *n = NULL;

			if (!s->spread && s->d->per_node == 0 &&
			    (uint64_t)s->left * s->d->unit.cores <=
				    (uint64_t)c)
				n = just_right(s);
			if (n != NULL) {
				take(s, n, s->left);
				return;
			}
			if (!visit_bucket(s, r, c))
				return;
		}
	}
}

static void from_names(struct place_search *s, char *const *names)
{
	for (; *names != NULL && s->left > 0; names++) {
		struct node *n = map_get(s->l->nodes, *names);

		if (n != NULL && !visit(s, n))
			return;
	}
}

static void from_dirty(struct place_search *s)
{
	struct node *n;

	TAILQ_FOREACH(n, &s->l->dirty, index.dirty_link) {
		if (!visit(s, n))
			return;
	}
	/* What the last round held may be d's now, if its turn is sooner. */
	if (s->l->nbefore > FEW_NODES)
		return;
	for (size_t i = 0; i < s->l->nbefore; i++) {
		if (!visit(s, s->l->before[i].node))
			return;
	}
}

/* While it is lent. */
static void from_held(struct place_search *s)
{
	for (size_t i = 0; i < s->l->nheld; i++) {
		if (!visit(s, s->l->held[i].node))
			return;
	}
}

/* ---- sharing out ---- */

/* The shares hold what each node could have: give to each the least that it
 * must have, then one to each in turn. */
static void share_out(struct place_search *s)
{
	struct decision *out = s->out;
	const struct demand *d = s->d;
	unsigned least = d->min_per_node > 0 ? d->min_per_node : 1;
	unsigned *given = mem_array(out->nshares, sizeof(*given));
	size_t kept = 0;
	bool more;

	if (d->per_node > 0)
		least = d->per_node;
	for (size_t i = 0; i < out->nshares && s->left >= least; i++) {
		given[i] = least;
		s->left -= least;
	}
	do {
		more = false;
		for (size_t i = 0; i < out->nshares && s->left > 0; i++) {
			if (given[i] == 0 || given[i] >= out->share[i].units)
				continue;
			given[i]++;
			s->left--;
			more = true;
		}
	} while (more);
	out->units = 0;
	for (size_t i = 0; i < out->nshares; i++) {
		if (given[i] == 0)
			continue;
		out->share[kept].node = out->share[i].node;
		out->share[kept++].units = given[i];
		out->units += given[i];
	}
	out->nshares = kept;
	free(given);
}

/* ---- the search ---- */

static bool look_at_all(const struct ledger *l, const struct demand *d)
{
	return d->dirty || d->clipped || demand_gathers(d) || l->ndirty > FEW_NODES;
}

static void walk(struct place_search *s)
{
	struct demand *d = s->d;

	if (d->nodes != NULL && d->nodes[0] != NULL)
		from_names(s, d->nodes);
	else if (s->l->lending)
		from_held(s);
	else if (!look_at_all(s->l, d))
		from_dirty(s);
	else if (d->packing == PACKING_ANY && !demand_gathers(d))
		from_full(s);
	else
		from_empty(s);
}

static bool visit_liked(void *arg, struct node *n)
{
	struct place_search *s = arg;

	return s->left > 0 && visit(s, n);
}

/* d waits and lacks something: are there other nodes that would serve it? */
static void look_beside(struct ledger *l, struct demand *d, unsigned least,
			unsigned has)
{
	unsigned need = has < least ? least - has : 1;
	struct decision beside;
	struct place_search s = {.l = l, .d = d, .out = &beside};

	if (d->patience != PATIENCE_FRESH)
		return;
	need = need < d->per_node ? d->per_node : need;
	s.left = need < d->min_per_node ? d->min_per_node : need;
	need = s.left;
	decision_init(&beside);
	d->waiting = false;
	walk(&s);
	d->waiting = true;
	if (beside.units >= need)
		prefer_passed(l, d);
	decision_finish(&beside);
}

void place_begin(struct place_search *s, struct ledger *l, struct demand *d,
		 unsigned want, struct decision *out)
{
	*s = (struct place_search){
		.l = l,
		.d = d,
		.left = want,
		.spread = d->packing == PACKING_SPREAD,
		.out = out,
	};
	decision_clear(out);
	out->demand = d;
	l->search++;
}

bool place_among(struct place_search *s, struct node *const *nodes, size_t n)
{
	for (size_t i = 0; i < n && s->left > 0; i++) {
		size_t last = n;

		if (!s->spread && s->d->per_node == 0 && s->left != s->tried &&
		    times(nodes[i]->free.cores, s->d->unit.cores) >= s->left) {
			s->tried = s->left;
			while (last > i && place_units(s->l, s->d,
						       nodes[last - 1],
						       s->left) < s->left)
				last--;
			if (last > i) {
				take(s, nodes[last - 1], s->left);
				return false;
			}
		}
		if (!visit(s, nodes[i]))
			return false;
	}
	/* A list of its own may have what this one has not. */
	s->tried = 0;
	return s->left > 0;
}

unsigned place_end(struct place_search *s)
{
	if (s->spread)
		share_out(s);
	if (s->left > 0)
		decision_clear(s->out);
	s->out->demand = s->d;
	return s->out->units;
}

unsigned place_search(struct ledger *l, struct demand *d, unsigned least,
		      unsigned most, struct decision *out)
{
	struct place_search s = {
		.l = l,
		.d = d,
		.left = most,
		.spread = d->packing == PACKING_SPREAD,
		.out = out,
	};

	decision_clear(out);
	out->demand = d;
	if (d->per_node > 0)
		s.left -= s.left % d->per_node;
	if (s.left < least || s.left == 0 ||
	    index_bound(&l->index, d->unit.cores, d->unit.gpus, least) < least)
		return 0;
	l->search++;
	if (!s.spread || d->waiting)
		prefer_each(l, d, visit_liked, &s);
	if (s.left > 0 && !d->waiting)
		walk(&s);
	if (s.spread)
		share_out(&s);
	if (s.left > 0 && d->waiting)
		look_beside(l, d, least, out->units);
	if (out->units < least) {
		decision_clear(out);
		out->demand = d;
	}
	if (out->nshares > 1 && !d->waiting && !l->lending &&
	    demand_gathers(d))
		layout_improve(l, d, out);
	return out->units;
}
