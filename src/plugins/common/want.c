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
	w->constraints = *c;
	w->constraints.size = sizeof(w->constraints);
	w->constraints.labels = copy_labels(c->labels, c->n_labels);
	w->constraints.nodes = copy_strings(c->nodes, c->n_nodes);
	w->constraints.exclude = copy_strings(c->exclude, c->n_exclude);
	w->constraints.fit = keep_string(c->fit);
	w->prefer = *p;
	w->prefer.size = sizeof(w->prefer);
	w->prefer.nodes = copy_strings(p->nodes, p->n_nodes);
	return w;
}

void want_destroy(struct want *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->constraints.n_labels; i++) {
		const struct berth_label *l = w->constraints.labels[i];

		free((char *)l->name);
		free((char *)l->value);
		free((struct berth_label *)l);
	}
	free((void *)w->constraints.labels);
	keep_strings_free((char **)w->constraints.nodes);
	keep_strings_free((char **)w->constraints.exclude);
	free((char *)w->constraints.fit);
	keep_strings_free((char **)w->prefer.nodes);
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

static bool same_constraints(const struct berth_constraints *a,
			     const struct berth_constraints *b)
{
	if (a->n_labels != b->n_labels || a->exclusive != b->exclusive ||
	    a->per_node != b->per_node || a->min_per_node != b->min_per_node)
		return false;
	for (size_t i = 0; i < a->n_labels; i++)
		if (!same(a->labels[i]->name, b->labels[i]->name) ||
		    !same(a->labels[i]->value, b->labels[i]->value))
			return false;
	return same_list(a->nodes, a->n_nodes, b->nodes, b->n_nodes) &&
	       same_list(a->exclude, a->n_exclude, b->exclude, b->n_exclude) &&
	       same(a->fit, b->fit);
}

bool want_equal(const struct want *a, const struct want *b)
{
	return a->priority == b->priority && same(a->role, b->role) &&
	       same_request(&a->request, &b->request) &&
	       same_constraints(&a->constraints, &b->constraints) &&
	       a->prefer.packing == b->prefer.packing &&
	       same_list(a->prefer.nodes, a->prefer.n_nodes, b->prefer.nodes,
			 b->prefer.n_nodes);
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
