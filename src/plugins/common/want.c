#include "plugins/common/want.h"

#include <stdlib.h>
#include <string.h>

#include "plugins/common/keep.h"

static const struct berth_label *const *
copy_labels(const struct berth_label *const *labels, size_t n)
{
	struct berth_label **copy = keep_array(n + 1, sizeof(*copy));

	for (size_t i = 0; i < n; i++) {
		copy[i] = keep_alloc(sizeof(**copy));
		copy[i]->size = sizeof(**copy);
		copy[i]->name = keep_string(labels[i]->name);
		copy[i]->value = keep_string(labels[i]->value);
	}
	return (const struct berth_label *const *)copy;
}

static const char *const *copy_strings(const char *const *list, size_t n)
{
	return (const char *const *)keep_strings(list, n);
}

/* What the maker of from knew; the rest stays 0. */
static void copy_known(void *to, size_t room, const void *from)
{
	size_t size;

	memcpy(&size, from, sizeof(size));
	memcpy(to, from, size < room ? size : room);
	memcpy(to, &room, sizeof(room));
}

static void free_labels(const struct berth_label *const *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)labels[i]->name);
		free((char *)labels[i]->value);
		free((struct berth_label *)labels[i]);
	}
	free((void *)labels);
}

struct want *want_create(const struct berth_job *job)
{
	struct want *w = keep_alloc(sizeof(*w));
	const struct berth_constraints *c = job->constraints;
	const struct berth_preferences *p = job->prefer;

	w->role = keep_string(job->role);
	w->priority = job->priority;
	w->request = *job->request;
	w->request.size = sizeof(w->request);
	w->request.gpu_vendor = keep_string(job->request->gpu_vendor);
	if (!w->request.cores)
		w->request.cores = 1;
	copy_known(&w->constraints, sizeof(w->constraints), c);
	w->constraints.labels = copy_labels(c->labels, c->n_labels);
	w->constraints.nodes = copy_strings(c->nodes, c->n_nodes);
	w->constraints.exclude = copy_strings(c->exclude, c->n_exclude);
	w->constraints.fit = keep_string(c->fit);
	w->constraints.datasets = copy_strings(w->constraints.datasets,
					       w->constraints.n_datasets);
	copy_known(&w->prefer, sizeof(w->prefer), p);
	w->prefer.nodes = copy_strings(p->nodes, p->n_nodes);
	w->prefer.datasets = copy_strings(w->prefer.datasets,
					  w->prefer.n_datasets);
	w->prefer.labels = copy_labels(w->prefer.labels, w->prefer.n_labels);
	return w;
}

void want_destroy(struct want *w)
{
	if (!w)
		return;
	free_labels(w->constraints.labels, w->constraints.n_labels);
	keep_strings_free((char **)w->constraints.nodes);
	keep_strings_free((char **)w->constraints.exclude);
	free((char *)w->constraints.fit);
	keep_strings_free((char **)w->constraints.datasets);
	keep_strings_free((char **)w->prefer.nodes);
	keep_strings_free((char **)w->prefer.datasets);
	free_labels(w->prefer.labels, w->prefer.n_labels);
	free((char *)w->request.gpu_vendor);
	free(w->role);
	free(w);
}

static bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_list(const char *const *a, size_t n, const char *const *b,
		      size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same(a[i], b[i]))
			return false;
	return true;
}

static bool same_request(const struct berth_request *a,
			 const struct berth_request *b)
{
	return a->cores == b->cores && a->memory_mib == b->memory_mib &&
	       a->gpus == b->gpus && a->drive_mib == b->drive_mib &&
	       same(a->gpu_vendor, b->gpu_vendor);
}

static bool same_labels(const struct berth_label *const *a, size_t n,
			const struct berth_label *const *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same(a[i]->name, b[i]->name) ||
		    !same(a[i]->value, b[i]->value))
			return false;
	return true;
}

static bool same_constraints(const struct berth_constraints *a,
			     const struct berth_constraints *b)
{
	if (a->exclusive != b->exclusive || a->per_node != b->per_node ||
	    a->min_per_node != b->min_per_node)
		return false;
	return same_labels(a->labels, a->n_labels, b->labels, b->n_labels) &&
	       same_list(a->datasets, a->n_datasets, b->datasets,
			 b->n_datasets) &&
	       same_list(a->nodes, a->n_nodes, b->nodes, b->n_nodes) &&
	       same_list(a->exclude, a->n_exclude, b->exclude, b->n_exclude) &&
	       same(a->fit, b->fit);
}

static bool same_prefer(const struct berth_preferences *a,
			const struct berth_preferences *b)
{
	return a->packing == b->packing && a->wait_ms == b->wait_ms &&
	       a->layout == b->layout &&
	       same_list(a->nodes, a->n_nodes, b->nodes, b->n_nodes) &&
	       same_list(a->datasets, a->n_datasets, b->datasets,
			 b->n_datasets) &&
	       same_labels(a->labels, a->n_labels, b->labels, b->n_labels);
}

bool want_equal(const struct want *a, const struct want *b)
{
	return a->priority == b->priority && same(a->role, b->role) &&
	       same_request(&a->request, &b->request) &&
	       same_constraints(&a->constraints, &b->constraints) &&
	       same_prefer(&a->prefer, &b->prefer);
}

struct berth_demand want_demand(const struct want *w, const char *id)
{
	struct berth_demand d = BERTH_INIT(d);

	d.id = id;
	d.request = &w->request;
	d.constraints = &w->constraints;
	d.prefer = &w->prefer;
	d.role = w->role;
	d.priority = w->priority;
	return d;
}
