/* node.c - see node.h. */
#include "model/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct label *label_copy(const struct label *labels, size_t n)
{
	struct label *copy = n > 0 ? mem_array(n, sizeof(*copy)) : NULL;

	for (size_t i = 0; i < n; i++) {
		copy[i].name = mem_strdup(labels[i].name);
		copy[i].value = mem_strdup(labels[i].value);
	}
	return copy;
}

void label_free(struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(labels[i].name);
		free(labels[i].value);
	}
	free(labels);
}

/* Everything of the tree is free. */
static void fill(struct node *n, struct tree *tree)
{
	const struct topology *t = tree->topology;

	n->tree = tree_ref(tree);
	n->topology = t;
	bitset_init(&n->free_cores);
	bitset_copy(&n->free_cores, &tree->part[tree->nparts - 1].cores);
	n->free_mib = mem_array(t->nnumas, sizeof(*n->free_mib));
	for (size_t i = 0; i < t->nnumas; i++)
		n->free_mib[i] = t->numa[i].cpuless ? 0 : t->numa[i].mib;
	n->free_drive = mem_array(t->ndrives, sizeof(*n->free_drive));
	for (size_t i = 0; i < t->ndrives; i++)
		n->free_drive[i] = t->drive[i].mib;
	n->free_gpus = 0;
	for (size_t i = 0; i < t->ngpus; i++)
		n->free_gpus |= UINT64_C(1) << i;
	n->total = tree->total;
	n->free = tree->total;
}

static void empty(struct node *n)
{
	bitset_finish(&n->free_cores);
	free(n->free_mib);
	free(n->free_drive);
	label_free(n->label, n->nlabels);
	tree_unref(n->tree);
}

struct node *node_create(const char *name, struct tree *tree,
			 const struct label *labels, size_t nlabels)
{
	struct node *n = mem_alloc(sizeof(*n));

	n->name = mem_strdup(name);
	TAILQ_INIT(&n->slices);
	fill(n, tree);
	n->label = label_copy(labels, nlabels);
	n->nlabels = nlabels;
	return n;
}

void node_destroy(struct node *n)
{
	if (n == NULL)
		return;
	empty(n);
	free(n->name);
	free(n);
}

void node_replace(struct node *n, struct tree *tree,
		  const struct label *labels, size_t nlabels)
{
	struct label *copy = label_copy(labels, nlabels);

	tree_ref(tree);
	empty(n);
	fill(n, tree);
	tree_unref(tree);
	n->label = copy;
	n->nlabels = nlabels;
}

static int check_free(const struct node *n, const struct slice *s,
		      struct berth_error *err)
{
	const struct topology *t = n->topology;

	if (!bitset_contains(&n->free_cores, &s->cores))
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: cores of slice %llu are not free",
				 n->name, (unsigned long long)s->id);
	if ((s->gpus & ~n->free_gpus) != 0)
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: GPUs of slice %llu are not free",
				 n->name, (unsigned long long)s->id);
	for (size_t i = 0; i < s->nmemory; i++) {
		const struct slice_memory *m = &s->memory[i];

		if (m->numa >= t->nnumas || m->mib > n->free_mib[m->numa])
			return error_set(err, BERTH_ECONFLICT,
					 "node %s: memory of slice %llu is not "
					 "free", n->name,
					 (unsigned long long)s->id);
	}
	for (size_t i = 0; i < s->ndrives; i++) {
		const struct slice_drive *d = &s->drives[i];

		if (d->drive >= t->ndrives || d->mib > n->free_drive[d->drive])
			return error_set(err, BERTH_ECONFLICT,
					 "node %s: drive space of slice %llu is "
					 "not free", n->name,
					 (unsigned long long)s->id);
	}
	return 0;
}

int node_take(struct node *n, const struct slice *s, struct berth_error *err)
{
	if (check_free(n, s, err) != 0)
		return -1;
	bitset_andnot(&n->free_cores, &s->cores);
	n->free_gpus &= ~s->gpus;
	for (size_t i = 0; i < s->nmemory; i++)
		n->free_mib[s->memory[i].numa] -= s->memory[i].mib;
	for (size_t i = 0; i < s->ndrives; i++)
		n->free_drive[s->drives[i].drive] -= s->drives[i].mib;
	amount_sub(&n->free, &s->amount);
	return 0;
}

static bool is_taken(const struct node *n, const struct slice *s)
{
	const struct topology *t = n->topology;

	if (bitset_intersects(&n->free_cores, &s->cores) ||
	    (s->gpus & n->free_gpus) != 0)
		return false;
	for (size_t i = 0; i < s->nmemory; i++) {
		const struct slice_memory *m = &s->memory[i];

		if (m->numa >= t->nnumas ||
		    n->free_mib[m->numa] + m->mib > t->numa[m->numa].mib)
			return false;
	}
	for (size_t i = 0; i < s->ndrives; i++) {
		const struct slice_drive *d = &s->drives[i];

		if (d->drive >= t->ndrives ||
		    n->free_drive[d->drive] + d->mib > t->drive[d->drive].mib)
			return false;
	}
	return true;
}

int node_give(struct node *n, const struct slice *s, struct berth_error *err)
{
	if (!is_taken(n, s))
		return error_set(err, BERTH_ECONFLICT,
				 "node %s: slice %llu is free already", n->name,
				 (unsigned long long)s->id);
	bitset_or(&n->free_cores, &s->cores);
	n->free_gpus |= s->gpus;
	for (size_t i = 0; i < s->nmemory; i++)
		n->free_mib[s->memory[i].numa] += s->memory[i].mib;
	for (size_t i = 0; i < s->ndrives; i++)
		n->free_drive[s->drives[i].drive] += s->drives[i].mib;
	amount_add(&n->free, &s->amount);
	return 0;
}

const char *node_label(const struct node *n, const char *name)
{
	for (size_t i = 0; i < n->nlabels; i++) {
		if (strcmp(n->label[i].name, name) == 0)
			return n->label[i].value;
	}
	return NULL;
}

const char *node_state_name(enum node_state state)
{
	static const char *const names[] = {
		[NODE_UP] = "up",
		[NODE_DOWN] = "down",
		[NODE_DRAINED] = "drained",
	};

	return names[state];
}
