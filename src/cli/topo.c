/* topo.c - `berth topo NODE`: a picture of a node's tree and who has which
 * part of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/mark.h"
#include "io/http.h"

/* The legend: jobs met so far, in the order met. */
struct legend {
	long long job[64];
	size_t n;
};

static void legend_add(struct legend *l, long long job)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->job[i] == job)
			return;
	if (job > 0 && l->n < sizeof(l->job) / sizeof(*l->job))
		l->job[l->n++] = job;
}

static void draw_devices(struct buf *out, const json_t *node, const char *list,
			 const char *title, const char *detail)
{
	const json_t *d;
	size_t i;

	json_array_foreach(json_object_get(node, list), i, d) {
		const char *name = api_str(d, "name"), *pci = api_str(d, "pci");

		if (i == 0)
			buf_printf(out, "  %-8s", title);
		else
			buf_printf(out, "  %-8s", "");
		buf_printf(out, "%s%s%s %s\n", name, name[0] ? " " : "",
			   detail ? api_str(d, detail) : "", pci);
	}
}

/* One line a NUMA node, its L3 caches in brackets. */
static void draw_cores(struct buf *out, const json_t *tree, bool colour,
		       struct legend *legend)
{
	long long package = -2, numa = -2, l3 = -2;
	const json_t *core;
	size_t i;

	json_array_foreach(tree, i, core) {
		long long p = api_int(core, "package"),
			  n = api_int(core, "numa"), c = api_int(core, "l3");
		bool line = p != package || n != numa;

		if ((line || c != l3) && l3 != -2)
			buf_puts(out, "]");
		if (line && l3 != -2)
			buf_puts(out, "\n");
		if (p != package)
			buf_printf(out, "  package %lld\n", p);
		if (line)
			buf_printf(out, "    numa %-3lld [", n);
		else if (c != l3)
			buf_puts(out, " [");
		package = p;
		numa = n;
		l3 = c;
		legend_add(legend, api_int(core, "job"));
		mark_cores(out, api_int(core, "job"), api_str(core, "state"), 1,
			   colour);
	}
	if (l3 != -2)
		buf_puts(out, "]\n");
}

static void draw_node(struct buf *out, const json_t *node, bool colour)
{
	const json_t *free_part = json_object_get(node, "free");
	struct legend legend = {.n = 0};

	buf_printf(out,
		   "%s: %s%s, %lld packages, %lld NUMA nodes, %lld L3 caches, "
		   "%lld cores, %lld PUs, %lld MiB\n",
		   api_str(node, "name"), api_str(node, "state"),
		   json_is_true(json_object_get(node, "emulated"))
			   ? " (emulated)"
			   : "",
		   api_int(node, "packages"), api_int(node, "numa_nodes"),
		   api_int(node, "l3_caches"), api_int(node, "cores"),
		   api_int(node, "pus"), api_int(node, "memory_mib"));
	draw_cores(out, json_object_get(node, "tree"), colour, &legend);
	draw_devices(out, node, "gpus", "gpus", "vendor");
	draw_devices(out, node, "drives", "drives", NULL);
	draw_devices(out, node, "fabric_ports", "fabric", NULL);
	buf_printf(out, "  free: %lld cores, %lld MiB, %lld GPUs\n",
		   api_int(free_part, "cores"),
		   api_int(free_part, "memory_mib"),
		   api_int(free_part, "gpus"));
	buf_printf(out, "  %s free   ? offered   # held for no job", MARK_FREE);
	for (size_t i = 0; i < legend.n; i++) {
		buf_puts(out, "   ");
		mark_job(out, legend.job[i], colour);
		buf_printf(out, " job %lld", legend.job[i]);
	}
	buf_puts(out, "\n");
}

/* The node's name: the argument, or the only node there is. */
static char *node_name(struct api *api, const char *arg,
		       struct berth_error *err)
{
	json_t *answer = NULL, *nodes;
	char *name = NULL;

	if (arg != NULL)
		return mem_strdup(arg);
	if (api_get(api, "/v1/nodes", &answer, err) != 0)
		return NULL;
	nodes = json_object_get(answer, "nodes");
	if (json_array_size(nodes) == 1)
		name = mem_strdup(api_str(json_array_get(nodes, 0), "name"));
	else
		error_set(err, BERTH_EINPUT,
			  "which node? berth nodes lists %zu of them",
			  json_array_size(nodes));
	json_decref(answer);
	return name;
}

int cmd_topo(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth topo [OPTIONS] [NODE]",
		"Draw a node: packages, NUMA nodes, L3 caches, cores, and the "
		"job that has each core.",
	};
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	json_t *node = NULL;
	char *name = NULL, *coded = NULL, *path = NULL;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0 || api_open(&api, &err) != 0)
		goto out;
	name = node_name(&api, rest < argc ? argv[rest] : NULL, &err);
	if (name == NULL)
		goto out;
	coded = http_encode(name);
	path = mem_printf("/v1/nodes/%s", coded);
	rc = api_get(&api, path, &node, &err);
	if (rc != 0)
		goto out;
	if (api.json) {
		api_print_json(node);
		node = NULL;
	} else {
		struct buf out;

		buf_init(&out);
		draw_node(&out, node, isatty(STDOUT_FILENO));
		fwrite(out.data, 1, out.len, stdout);
		buf_finish(&out);
	}
out:
	json_decref(node);
	free(path);
	free(coded);
	free(name);
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
