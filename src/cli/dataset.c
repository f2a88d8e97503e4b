/* dataset.c - `berth dataset list|add|remove`: which nodes hold which data. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "io/http.h"

struct dataset {
	struct api api;
	struct opt_list nodes;
	long long mib;
};

static const struct table_column columns[] = {
	{"DATASET", "dataset", NULL},
	{"NODE", "node", NULL},
	{"MIB", "mib", NULL},
	{"JOB", "job", NULL},
	{"STORED", "stored_at", table_time},
	{0},
};

static char *path_of(const char *name, const char *node)
{
	char *coded = http_encode(name);
	char *at = node != NULL ? http_encode(node) : NULL;
	char *path = mem_printf("/v1/datasets/%s%s%s", coded,
				at != NULL ? "?node=" : "",
				at != NULL ? at : "");

	free(coded);
	free(at);
	return path;
}

static int list(struct dataset *s, struct berth_error *err)
{
	json_t *answer = NULL;

	if (api_open(&s->api, err) != 0 ||
	    api_get(&s->api, "/v1/datasets", &answer, err) != 0)
		return -1;
	if (s->api.json) {
		api_print_json(answer);
		return 0;
	}
	table_print(stdout, json_object_get(answer, "datasets"), columns);
	json_decref(answer);
	return 0;
}

/* Of "n1,n2" and several of these; without any: the node that this runs on,
 * when a task calls it.  NULL: there is none. */
static json_t *names_of(const struct dataset *s)
{
	const char *here = getenv("BERTH_NODE");
	json_t *names = json_array();

	for (size_t i = 0; i < s->nodes.count; i++) {
		const char *p = s->nodes.items[i];

		while (*p != '\0') {
			size_t n = strcspn(p, ",");

			json_array_append_new(names, json_stringn(p, n));
			p += n + (p[n] == ',');
		}
	}
	if (json_array_size(names) == 0 && here != NULL)
		json_array_append_new(names, json_string(here));
	if (json_array_size(names) > 0)
		return names;
	json_decref(names);
	return NULL;
}

static int add(struct dataset *s, const char *name, struct berth_error *err)
{
	json_t *nodes = names_of(s), *body;
	char *path;
	int rc = -1;

	if (nodes == NULL)
		return error_set(err, BERTH_EINPUT,
				 "dataset add: on which node? --node NODES "
				 "says it");
	body = json_pack("{s:o}", "nodes", nodes);
	if (s->mib > 0)
		json_object_set_new(body, "mib", json_integer(s->mib));
	path = path_of(name, NULL);
	if (api_open(&s->api, err) == 0)
		rc = api_call(&s->api, "PUT", path, body, NULL, 0, err);
	free(path);
	json_decref(body);
	return rc;
}

static int drop(struct dataset *s, const char *name, struct berth_error *err)
{
	json_t *nodes = s->nodes.count > 0 ? names_of(s) : NULL, *node;
	int rc = api_open(&s->api, err);
	size_t i;

	json_array_foreach(nodes, i, node) {
		char *path = path_of(name, json_string_value(node));

		if (rc == 0)
			rc = api_call(&s->api, "DELETE", path, NULL, NULL, 0,
				      err);
		free(path);
	}
	if (nodes == NULL && rc == 0) {
		char *path = path_of(name, NULL);

		rc = api_call(&s->api, "DELETE", path, NULL, NULL, 0, err);
		free(path);
	}
	json_decref(nodes);
	return rc;
}

int cmd_dataset(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth dataset list|add|remove [OPTIONS] [NAME]",
		"Which nodes hold which datasets on storage of their own.  Jobs "
		"leave them (--dataset-out) and are run where they lie "
		"(--dataset-in).  add declares one by hand, from within a task "
		"on its own node; remove says that it is gone, from these "
		"nodes or from all.",
	};
	struct dataset s = {.mib = 0};
	const struct opt table[] = {
		{"node,n", OPT_LIST, &s.nodes, "NODES", "on these nodes"},
		{"size", OPT_SIZE, &s.mib, "SIZE",
		 "how much each of them holds: 512 (MiB), 4G"},
		API_OPTS(&s.api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int n = argc - rest, rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (n == 1 && strcmp(argv[rest], "list") == 0)
		rc = list(&s, &err);
	else if (n == 2 && strcmp(argv[rest], "add") == 0)
		rc = add(&s, argv[rest + 1], &err);
	else if (n == 2 && strcmp(argv[rest], "remove") == 0)
		rc = drop(&s, argv[rest + 1], &err);
	else
		error_set(&err, BERTH_EINPUT,
			  "dataset wants list, add NAME or remove NAME");
out:
	api_close(&s.api);
	free(s.nodes.items);
	return rc == 0 ? 0 : cli_fail(&err);
}
