/* turns.c - see turns.h. */
#include "policy/turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- parts of the cluster ---- */

static struct turns_parts parts_of(const struct amount *a,
				  const struct amount *total)
{
	struct turns_parts p;

	for (int k = 0; k < RESOURCES; k++) {
		uint64_t all = amount_get(total, k);

		p.of[k] = all > 0 ? (double)amount_get(a, k) / (double)all : 0;
	}
	return p;
}

static double largest(const struct turns_parts *p)
{
	double most = 0;

	for (int k = 0; k < RESOURCES; k++)
		most = p->of[k] > most ? p->of[k] : most;
	return most;
}

/* a += b * factor */
static void add_parts(struct turns_parts *a, const struct turns_parts *b,
		      double factor)
{
	for (int k = 0; k < RESOURCES; k++) {
		a->of[k] += b->of[k] * factor;
		if (a->of[k] < 0)
			a->of[k] = 0; /* what rounding left */
	}
}

/* ---- nodes ---- */

void turns_init(struct turns *t)
{
	memset(t, 0, sizeof(*t));
	idmap_init(&t->roles);
	idmap_init(&t->leaves);
}

static void clear(struct turns *t)
{
	for (size_t i = 0; i < t->nnodes; i++) {
		free(t->node[i]->idle);
		free(t->node[i]);
	}
	t->nnodes = 0;
	idmap_finish(&t->roles);
	idmap_finish(&t->leaves);
}

void turns_finish(struct turns *t)
{
	clear(t);
	free(t->node);
	free(t->heaps);
}

static struct turns_node *add_node(struct turns *t, struct turns_node *parent)
{
	struct turns_node *n = mem_alloc(sizeof(*n));

	if (t->nnodes == t->room) {
		t->room = t->room > 0 ? t->room * 2 : 64;
		t->node = mem_resize(t->node, t->room,
				     sizeof(struct turns_node *));
	}
	t->node[t->nnodes++] = n;
	n->parent = parent;
	n->weight = 1;
	if (parent != NULL)
		parent->nchildren++;
	return n;
}

static struct turns_node *role_node(struct turns *t, struct role *r)
{
	struct turns_node *n;

	if (r == NULL)
		return t->node[0];
	n = idmap_get(&t->roles, r->id);
	if (n != NULL)
		return n;
	n = add_node(t, role_node(t, r->parent));
	n->role = r;
	n->weight = r->weight;
	n->priority = r->priority;
	idmap_put(&t->roles, r->id, n);
	return n;
}

static struct turns_node *leaf_of(struct turns *t, const struct demand *d)
{
	uint64_t key = (uint64_t)d->charged->id << 32 | d->framework->id;
	struct turns_node *n = idmap_get(&t->leaves, key);

	if (n != NULL)
		return n;
	n = add_node(t, role_node(t, d->charged));
	n->role = d->charged;
	n->framework = d->framework;
	n->weight = d->framework->weight;
	idmap_put(&t->leaves, key, n);
	return n;
}

/* ---- shares ---- */

static bool is_owed(const struct turns_node *n)
{
	return n->role != NULL && n->framework == NULL &&
	       n->role->sum.cores + n->role->claimed.cores + n->given.cores <
		       n->role->floor.cores;
}

static void weigh_leaf(const struct turns *t, struct turns_node *n)
{
	const struct role_use *u = idmap_get(&n->role->uses, n->framework->id);
	struct amount has = n->given;

	if (u != NULL)
		amount_add(&has, &u->amount);
	n->has = parts_of(&has, &t->view->total);
	n->share = largest(&n->has) / n->weight;
}

/* Of a role: its children's, scaled to the least share of those who want
 * something. */
static void weigh_role(struct turns_node *n)
{
	double least = n->nheap > 0 ? n->heap[0]->share : 1e300;

	while (n->idle_at < n->nidle &&
	       n->idle[n->idle_at].share <= least) {
		const struct turns_idle *i = &n->idle[n->idle_at++];

		add_parts(&n->whole, &i->has, 1);
		if (i->share > 0)
			add_parts(&n->scaled, &i->has, -1 / i->share);
	}
	n->has = n->whole;
	if (n->nheap > 0)
		add_parts(&n->has, &n->scaled, least);
	n->share = largest(&n->has) / n->weight;
}

/* A child's part in its parent's sum. */
static void count_child(struct turns_node *c, double sign)
{
	if (c->share > 0)
		add_parts(&c->parent->scaled, &c->has, sign / c->share);
}

/* ---- heaps ---- */

static uint64_t age(const struct turns_node *n)
{
	while (n->framework == NULL)
		n = n->heap[0];
	return n->first->demand->seq;
}

static bool before(const struct turns_node *a, const struct turns_node *b)
{
	if (a->owed != b->owed)
		return a->owed;
	if (a->priority != b->priority)
		return a->priority > b->priority;
	if (a->share != b->share)
		return a->share < b->share;
	return age(a) < age(b);
}

static void sink(struct turns_node *p, size_t pos)
{
	struct turns_node **heap = p->heap, *n = heap[pos];

	for (size_t c = 2 * pos + 1; c < p->nheap; c = 2 * pos + 1) {
		if (c + 1 < p->nheap && before(heap[c + 1], heap[c]))
			c++;
		if (!before(heap[c], n))
			break;
		heap[pos] = heap[c];
		pos = c;
	}
	heap[pos] = n;
}

/* ---- making ---- */

static int by_share(const void *a, const void *b)
{
	const struct turns_idle *x = a, *y = b;

	return (x->share > y->share) - (x->share < y->share);
}

static void add_idle(struct turns *t, struct turns_node *n,
		     const struct amount *has, double weight)
{
	struct turns_idle *i = &n->idle[n->nidle++];

	i->has = parts_of(has, &t->view->total);
	i->share = largest(&i->has) / weight;
	if (i->share > 0)
		add_parts(&n->scaled, &i->has, 1 / i->share);
}

/* Roles and frameworks right below n that have something and want nothing.
 * What roles below those have is simply their sum. */
static void find_idle(struct turns *t, struct turns_node *n)
{
	const struct role_use *u;
	const struct role *c;
	size_t pos = 0, most = n->role->uses.count;

	TAILQ_FOREACH(c, &n->role->children, sibling)
		most++;
	n->idle = mem_array(most + 1, sizeof(*n->idle));
	for (u = idmap_next(&n->role->uses, &pos); u != NULL;
	     u = idmap_next(&n->role->uses, &pos)) {
		uint64_t key = (uint64_t)n->role->id << 32 | u->framework;

		if (idmap_get(&t->leaves, key) == NULL)
			add_idle(t, n, &u->amount, u->weight);
	}
	TAILQ_FOREACH(c, &n->role->children, sibling) {
		if (idmap_get(&t->roles, c->id) == NULL)
			add_idle(t, n, &c->sum, c->weight);
	}
	qsort(n->idle, n->nidle, sizeof(*n->idle), by_share);
}

static void make_heaps(struct turns *t)
{
	struct turns_node **heap;

	t->heaps = mem_resize(t->heaps, t->nnodes + 1,
			      sizeof(struct turns_node *));
	heap = t->heaps;
	for (size_t i = 0; i < t->nnodes; i++) {
		t->node[i]->heap = heap;
		heap += t->node[i]->nchildren;
	}
	/* Children come after their parents. */
	for (size_t i = t->nnodes; i-- > 0;) {
		struct turns_node *n = t->node[i];

		if (n->framework != NULL) {
			weigh_leaf(t, n);
		} else {
			for (size_t k = n->nheap / 2; k-- > 0;)
				sink(n, k);
			if (n->parent == NULL)
				continue;
			find_idle(t, n);
			weigh_role(n);
			n->owed = is_owed(n);
		}
		n->parent->heap[n->parent->nheap++] = n;
		count_child(n, 1);
	}
}

void turns_make(struct turns *t, const struct view *v, struct claim *claim,
	       size_t n)
{
	clear(t);
	t->view = v;
	add_node(t, NULL);
	for (size_t i = 0; i < n; i++) {
		struct claim *c = &claim[i];
		struct turns_node *leaf;

		c->given = 0;
		c->next = NULL;
		if (c->stuck || demand_open(c->demand) == 0)
			continue;
		leaf = leaf_of(t, c->demand);
		if (leaf->last != NULL)
			leaf->last->next = c;
		else
			leaf->first = c;
		leaf->last = c;
	}
	make_heaps(t);
}

/* ---- turns ---- */

size_t turns_leaves(const struct turns *t)
{
	return t->leaves.count;
}

struct turns_node *turns_next(const struct turns *t)
{
	struct turns_node *n = t->node[0];

	while (n->framework == NULL) {
		if (n->nheap == 0)
			return NULL;
		n = n->heap[0];
	}
	return n;
}

bool turns_owed(const struct turns_node *leaf)
{
	const struct turns_node *n = leaf->parent;

	for (; n != NULL; n = n->parent) {
		if (n->owed)
			return true;
	}
	return false;
}

static bool wants(const struct turns_node *n)
{
	return n->framework != NULL ? n->first != NULL : n->nheap > 0;
}

void turns_gave(struct turns *t, struct turns_node *leaf,
	       const struct amount *given)
{
	/* Who was given nothing has what he had, though what he was given
	 * before may have become his meanwhile. */
	bool more = !amount_zero(given);

	for (struct turns_node *n = leaf; n->parent != NULL; n = n->parent) {
		struct turns_node *p = n->parent;

		/* It is the first of its parent's heap. */
		count_child(n, -1);
		amount_add(&n->given, given);
		if (n->framework == NULL)
			weigh_role(n);
		else if (more)
			weigh_leaf(t, n);
		if (n->framework == NULL && more)
			n->owed = is_owed(n);
		if (wants(n)) {
			count_child(n, 1);
		} else {
			add_parts(&p->whole, &n->has, 1);
			p->heap[0] = p->heap[--p->nheap];
		}
		if (p->nheap > 0)
			sink(p, 0);
	}
}
