/* lists.c - the commands that list something: a path of the API and the
 * columns to show. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "io/http.h"

struct list {
	struct opts_doc doc;
	const char *path;
	const char *member; /* of the answer: the array */
	const struct table_column *columns;
};

static char *job_state(const json_t *row, const json_t *state)
{
	const char *outcome = api_str(row, "outcome");

	return mem_strdup(outcome[0] ? outcome : json_string_value(state));
}

static char *job_span(const json_t *row, const json_t *started)
{
	long long from = json_integer_value(started);
	long long to = api_int(row, "ended_at");

	if (from == 0)
		return mem_strdup("-");
	return table_span((to ? to : (long long)time(NULL) * 1000) - from);
}

static char *exit_code(const json_t *row, const json_t *code)
{
	if (strcmp(api_str(row, "state"), "ended") != 0)
		return mem_strdup("-");
	return mem_printf("%lld", (long long)json_integer_value(code));
}

static char *node_state(const json_t *row, const json_t *state)
{
	return mem_printf("%s%s", json_string_value(state),
			  json_is_true(json_object_get(row, "leader"))
				  ? " (leads)"
				  : "");
}

static char *offer_slices(const json_t *row, const json_t *slices)
{
	struct buf b;
	const json_t *s;
	size_t i;

	buf_init(&b);
	buf_puts(&b, "");
	json_array_foreach(slices, i, s)
		buf_printf(&b, "%s%s:%lld", i > 0 ? " " : "",
			   api_str(s, "node"), api_int(s, "cores"));
	return buf_take(&b);
}

static const struct table_column job_columns[] = {
	{"JOB", "id", NULL},
	{"NAME", "name", NULL},
	{"FRAMEWORK", "framework", NULL},
	{"USER", "user", NULL},
	{"STATE", "state", job_state},
	{"EXIT", "exit_code", exit_code},
	{"TASKS", "tasks.total", NULL},
	{"RUNNING", "tasks.running", NULL},
	{"SUBMITTED", "submitted_at", table_time},
	{"TIME", "started_at", job_span},
	{"WHY", "text", NULL},
	{0},
};

static const struct table_column node_columns[] = {
	{"NODE", "name", NULL},
	{"STATE", "state", node_state},
	{"CORES", "cores", NULL},
	{"FREE", "free.cores", NULL},
	{"MEMORY", "memory_mib", NULL},
	{"FREE", "free.memory_mib", NULL},
	{"GPUS", "gpus", table_count},
	{"FREE", "free.gpus", NULL},
	{"DRIVES", "drives", table_count},
	{"FABRIC", "fabric_ports", table_count},
	{"TASKS", "tasks", NULL},
	{"WHY", "reason", NULL},
	{0},
};

static const struct table_column slice_columns[] = {
	{"SLICE", "id", NULL},
	{"NODE", "node", NULL},
	{"STATE", "state", NULL},
	{"FRAMEWORK", "framework", NULL},
	{"JOB", "job", NULL},
	{"CORES", "cores", NULL},
	{"PUS", "pus", NULL},
	{"MEMORY", "memory_mib", NULL},
	{"GPUS", "gpus", table_count},
	{"FIT", "fit", NULL},
	{"REVOCABLE", "revocable", NULL},
	{0},
};

static const struct table_column offer_columns[] = {
	{"OFFER", "offer", NULL},
	{"FRAMEWORK", "framework", NULL},
	{"DEMAND", "demand", NULL},
	{"EXPIRES_MS", "expires_ms", NULL},
	{"NODE:CORES", "slices", offer_slices},
	{0},
};

static const struct table_column demand_columns[] = {
	{"FRAMEWORK", "framework", NULL},
	{"DEMAND", "id", NULL},
	{"COUNT", "count", NULL},
	{"GANG", "gang", NULL},
	{"CORES", "slice.cores", NULL},
	{"MEMORY", "slice.memory_mib", NULL},
	{"GPUS", "slice.gpus", NULL},
	{"PRIORITY", "priority", NULL},
	{0},
};

static const struct table_column framework_columns[] = {
	{"FRAMEWORK", "name", NULL},
	{"ROLE", "role", NULL},
	{"CONNECTED", "connected", NULL},
	{"SUPPRESSED", "suppressed", NULL},
	{"CONDUCT", "conduct", NULL},
	{"JOBS", "jobs", NULL},
	{"DEMANDS", "demands", NULL},
	{"OFFERS", "offers", NULL},
	{"SLICES", "slices", NULL},
	{"CORES", "cores", NULL},
	{0},
};

static char *share_used(const json_t *row, const json_t *used)
{
	return mem_printf("%lld/%lld", api_int(used, "cores"),
			  api_int(used, "gpus"));
}

static const struct table_column share_columns[] = {
	{"ROLE", "role", NULL},
	{"PARENT", "parent", NULL},
	{"GUARANTEE", "guarantee", NULL},
	{"LIMIT", "limit", NULL},
	{"WEIGHT", "weight", NULL},
	{"PRIORITY", "priority", NULL},
	{"GUARANTEED", "guaranteed", share_used},
	{"USED (CORES/GPUS)", "used", share_used},
	{0},
};

/* Fetch path, print it as JSON or as a table. */
static int list_show(struct api *api, const struct list *list,
		     const char *path, struct berth_error *err)
{
	json_t *answer = NULL;

	if (api_open(api, err) != 0 ||
	    api_get(api, path, &answer, err) != 0)
		return -1;
	if (api->json) {
		api_print_json(answer);
		return 0;
	}
	table_print(stdout, json_object_get(answer, list->member),
		    list->columns);
	json_decref(answer);
	return 0;
}

static int list_run(const struct list *list, int argc, char **argv)
{
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &list->doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest >= 0 && rest < argc)
		error_set(&err, BERTH_EINPUT, "%s takes no argument, got '%s'",
			  argv[0], argv[rest]);
	else if (rest >= 0)
		rc = list_show(&api, list, list->path, &err);
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}

int cmd_nodes(int argc, char **argv)
{
	static const struct list list = {
		{"berth nodes [OPTIONS]", "List the nodes and what is free."},
		"/v1/nodes", "nodes", node_columns,
	};

	return list_run(&list, argc, argv);
}

int cmd_slices(int argc, char **argv)
{
	static const struct list list = {
		{"berth slices [OPTIONS]",
		 "List the slices that are offered, held or busy."},
		"/v1/slices", "slices", slice_columns,
	};

	return list_run(&list, argc, argv);
}

int cmd_offers(int argc, char **argv)
{
	static const struct list list = {
		{"berth offers [OPTIONS]",
		 "List the offers that frameworks have not answered yet."},
		"/v1/offers", "offers", offer_columns,
	};

	return list_run(&list, argc, argv);
}

int cmd_demands(int argc, char **argv)
{
	static const struct list list = {
		{"berth demands [OPTIONS]", "List what frameworks want."},
		"/v1/demands", "demands", demand_columns,
	};

	return list_run(&list, argc, argv);
}

int cmd_frameworks(int argc, char **argv)
{
	static const struct list list = {
		{"berth frameworks [OPTIONS]", "List the frameworks."},
		"/v1/frameworks", "frameworks", framework_columns,
	};

	return list_run(&list, argc, argv);
}

int cmd_shares(int argc, char **argv)
{
	static const struct list list = {
		{"berth shares [OPTIONS]",
		 "List the roles: what they are guaranteed and what they use, "
		 "with those below them."},
		"/v1/shares", "shares", share_columns,
	};

	return list_run(&list, argc, argv);
}

static void query_add(struct buf *path, const char *name, const char *value)
{
	char *coded;

	if (value == NULL)
		return;
	coded = http_encode(value);
	buf_printf(path, "%s%s=%s", strchr(path->data, '?') ? "&" : "?", name,
		   coded);
	free(coded);
}

int cmd_jobs(int argc, char **argv)
{
	static const struct list list = {
		{"berth jobs [OPTIONS]",
		 "List the jobs, newest last: those that have not ended and "
		 "the newest that have."},
		"/v1/jobs", "jobs", job_columns,
	};
	const char *state = NULL, *framework = NULL, *name = NULL;
	long long limit = 0;
	struct api api = {0};
	const struct opt table[] = {
		{"state,s", OPT_STRING, &state, "STATE",
		 "queued, running or ended ones"},
		{"framework,f", OPT_STRING, &framework, "NAME",
		 "of this framework"},
		{"name,J", OPT_STRING, &name, "NAME", "with this name"},
		{"limit,n", OPT_COUNT, &limit, "N", "the newest N"},
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	struct buf path;
	char number[32];
	int rest = opts_parse(table, &list.doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	buf_init(&path);
	buf_puts(&path, list.path);
	snprintf(number, sizeof(number), "%lld", limit);
	query_add(&path, "state", state);
	query_add(&path, "framework", framework);
	query_add(&path, "name", name);
	query_add(&path, "limit", limit > 0 ? number : NULL);
	if (rest >= 0 && rest < argc)
		error_set(&err, BERTH_EINPUT,
			  "jobs takes no argument, got '%s'; berth show JOB "
			  "shows one", argv[rest]);
	else if (rest >= 0)
		rc = list_show(&api, &list, path.data, &err);
	buf_finish(&path);
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
