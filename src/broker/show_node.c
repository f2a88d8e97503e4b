/* show_node.c - see show_node.h. */
#include "broker/show_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "topo/topo.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Text of unknown origin: what is no UTF-8 is left out. */
static json_t *text(const char *s)
{
	json_t *j = json_string(s);

	return j != NULL ? j : json_string("");
}

static json_t *numa_number(const struct topology *t, int numa)
{
	return numa < 0 ? json_null() : number(t->numa[numa].os_index);
}

/* PUs of these cores, list form. */
static json_t *cpuset(const struct topology *t, const struct bitset *cores)
{
	struct bitset pus;
	json_t *j;
	char *s;

	bitset_init(&pus);
	topology_core_pus(t, cores, &pus);
	s = bitset_format(&pus);
	j = json_string(s);
	free(s);
	bitset_finish(&pus);
	return j;
}

static json_t *device(const struct topology *t, const struct topology_device *d)
{
	json_t *j = json_object();

	json_object_set_new(j, "pci",
			    *d->pci != '\0' ? text(d->pci) : json_null());
	json_object_set_new(j, "kind",
			    text(topology_device_kind_name(d->kind)));
	json_object_set_new(j, "name", text(d->name));
	json_object_set_new(j, "vendor", text(d->vendor));
	json_object_set_new(j, "model", text(d->model));
	if (d->kind == TOPOLOGY_GPU)
		json_object_set_new(j, "uuid", text(d->uuid));
	if (d->kind != TOPOLOGY_PORT)
		json_object_set_new(j, "mib", number(d->mib));
	json_object_set_new(j, "cpuset", cpuset(t, &d->cores));
	json_object_set_new(j, "numa_node", numa_number(t, d->numa));
	json_object_set_new(j, "package",
			    d->package < 0 ? json_null()
					   : number((uint64_t)d->package));
	return j;
}

static json_t *devices(const struct topology *t,
		       const struct topology_device *d, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, device(t, &d[i]));
	return list;
}

static json_t *memory(const struct topology *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nnumas; i++) {
		const struct topology_numa *n = &t->numa[i];
		json_t *j = json_object();

		json_object_set_new(j, "os_index", number(n->os_index));
		json_object_set_new(j, "mib", number(n->mib));
		json_object_set_new(j, "kind",
				    text(topology_memory_name(n->kind)));
		json_object_set_new(j, "offered", json_boolean(!n->cpuless));
		json_object_set_new(j, "cpuset", cpuset(t, &n->cores));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *show_node_json(const struct topology *t)
{
	json_t *j = json_object();

	json_object_set_new(j, "packages", number(t->npackages));
	json_object_set_new(j, "numa_nodes", number(t->nnumas));
	json_object_set_new(j, "l3_caches", number(t->nl3s));
	json_object_set_new(j, "cores", number(t->ncores));
	json_object_set_new(j, "pus", number(t->npus));
	json_object_set_new(j, "memory_mib", number(t->total_mib));
	json_object_set_new(j, "gpus", devices(t, t->gpu, t->ngpus));
	json_object_set_new(j, "drives", devices(t, t->drive, t->ndrives));
	json_object_set_new(j, "fabric_ports", devices(t, t->port, t->nports));
	return j;
}

int show_node(const char *topology, FILE *out, struct berth_error *err)
{
	struct topology *t = topo_load(topology, 0, NULL, err);
	char *s = NULL;
	json_t *j;
	int rc = 0;

	if (t == NULL)
		return -1;
	j = show_node_json(t);
	s = bitset_format(&t->pus);
	json_object_set_new(j, "cpuset", json_string(s));
	json_object_set_new(j, "memory", memory(t));
	json_object_set_new(j, "hash", json_string(t->hash));
	if (json_dumpf(j, out, JSON_INDENT(2)) < 0 || fputc('\n', out) == EOF ||
	    fflush(out) != 0)
		rc = error_sys(err, "standard output");
	free(s);
	json_decref(j);
	topology_unref(t);
	return rc;
}
