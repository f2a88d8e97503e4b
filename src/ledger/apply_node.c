/* apply_node.c - nodes come, go and rest. */
#include "ledger/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The tree of a topology; nodes with equal ones share it. */
static struct tree *intern_tree(struct ledger *l, const struct topology *t,
				struct berth_error *err)
{
	struct tree *tree = map_get(l->trees, t->hash);

	if (tree != NULL)
		return tree;
	tree = tree_create(t, err);
	if (tree != NULL)
		map_put(l->trees, t->hash, tree);
	return tree;
}

/* Count n among those that are up, or (sign < 0) no more. */
static void count_up(struct ledger *l, const struct node *n, int sign)
{
	if (sign > 0) {
		l->nodes_up++;
		amount_add(&l->total, &n->total);
		amount_add(&l->free, &n->free);
	} else {
		l->nodes_up--;
		amount_sub(&l->total, &n->total);
		amount_sub(&l->free, &n->free);
	}
	l->unresolved = true;
	/* A gang that is gathering may have to gather elsewhere. */
	l->changed = true;
}

static struct node *add_node(struct ledger *l, const char *name,
			     struct tree *tree, const struct label *labels,
			     size_t nlabels)
{
	struct node *n = node_create(name, tree, labels, nlabels);

	n->id = (uint32_t)l->nnodes;
	if ((l->nnodes & (l->nnodes + 1)) == 0)
		l->node = mem_resize(l->node, 2 * (l->nnodes + 1),
				     sizeof(*l->node));
	l->node[l->nnodes++] = n;
	map_put(l->nodes, name, n);
	return n;
}

int apply_node_up(struct ledger *l, const struct event *ev,
		  struct berth_error *err)
{
	const char *name = ev->node_up.node;
	struct node *n = map_get(l->nodes, name);
	struct tree *tree;

	if (n != NULL && n->nslices > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: it has %u slices", name, n->nslices);
	tree = intern_tree(l, ev->node_up.topology, err);
	if (tree == NULL)
		return error_prefix(err, "node %s", name);
	if (n == NULL) {
		n = add_node(l, name, tree, ev->node_up.labels,
			     ev->node_up.nlabels);
	} else {
		if (n->state == NODE_UP)
			count_up(l, n, -1);
		state_unindex(l, n);
		node_replace(n, tree, ev->node_up.labels, ev->node_up.nlabels);
	}
	l->nodes_at++;
	n->emulated = ev->node_up.emulated;
	n->state = NODE_UP;
	count_up(l, n, 1);
	state_index(l, n);
	state_dirty_node(l, n);
	return 0;
}

int apply_node_down(struct ledger *l, const struct event *ev,
		    struct berth_error *err)
{
	struct node *n = state_node(l, ev->node.node, err);

	if (n == NULL)
		return -1;
	if (n->nslices > 0)
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: it has %u slices", n->name,
				 n->nslices);
	if (n->state == NODE_DOWN)
		return error_set(err, BERTH_ECONFLICT, "node %s: it is down",
				 n->name);
	if (n->state == NODE_UP)
		count_up(l, n, -1);
	n->state = NODE_DOWN;
	state_index(l, n);
	return 0;
}

int apply_node_drained(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct node *n = state_node(l, ev->node.node, err);

	if (n == NULL)
		return -1;
	if (n->state != NODE_UP)
		return error_set(err, BERTH_ECONFLICT, "node %s: it is %s",
				 n->name, node_state_name(n->state));
	count_up(l, n, -1);
	n->state = NODE_DRAINED;
	state_index(l, n);
	return 0;
}

int apply_node_resumed(struct ledger *l, const struct event *ev,
		       struct berth_error *err)
{
	struct node *n = state_node(l, ev->node.node, err);

	if (n == NULL)
		return -1;
	if (n->state != NODE_DRAINED)
		return error_set(err, BERTH_ECONFLICT, "node %s: it is %s",
				 n->name, node_state_name(n->state));
	n->state = NODE_UP;
	count_up(l, n, 1);
	state_index(l, n);
	state_dirty_node(l, n);
	return 0;
}
