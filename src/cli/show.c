/* show.c - `berth show JOB` and `berth status`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/table.h"

static char *task_state(const json_t *row, const json_t *state)
{
	const char *end = api_str(row, "end");

	if (strcmp(end, "exited") == 0 || strcmp(end, "aborted") == 0)
		return mem_printf("%s %lld", end, api_int(row, "exit_code"));
	if (strcmp(end, "signaled") == 0)
		return mem_printf("signal %lld", api_int(row, "signal"));
	return mem_strdup(end[0] ? end : json_string_value(state));
}

static const struct table_column task_columns[] = {
	{"TASK", "id", NULL},
	{"NODE", "node", NULL},
	{"STATE", "state", task_state},
	{"RANKS", "ranks", table_strings},
	{"STARTED", "started_at", table_time},
	{"ENDED", "ended_at", table_time},
	{"CPU_MS", "cpu_ms", NULL},
	{"RSS_KIB", "max_rss_kib", NULL},
	{"WHY", "text", NULL},
	{0},
};

static void row(const char *name, const char *value)
{
	if (value[0] != '\0')
		printf("%-10s %s\n", name, value);
}

static void row_time(const char *name, const json_t *job, const char *member)
{
	char *s = table_time(job, json_object_get(job, member));

	row(name, s);
	free(s);
}

static void print_job(const json_t *job)
{
	const json_t *spec = json_object_get(job, "spec");
	const json_t *tasks = json_object_get(job, "task_list");
	char *argv = table_strings(spec, json_object_get(spec, "argv"));
	bool ended = strcmp(api_str(job, "state"), "ended") == 0;

	printf("%-10s %lld\n", "job", api_int(job, "id"));
	row("name", api_str(job, "name"));
	row("framework", api_str(job, "framework"));
	row("role", api_str(job, "role"));
	row("user", api_str(job, "user"));
	row("state", api_str(job, "state"));
	row("outcome", api_str(job, "outcome"));
	if (ended)
		printf("%-10s %lld\n", "exit code", api_int(job, "exit_code"));
	row("why", api_str(job, "text"));
	row("program", argv);
	row("folder", api_str(spec, "cwd"));
	row_time("submitted", job, "submitted_at");
	row_time("started", job, "started_at");
	row_time("ended", job, "ended_at");
	if (json_array_size(tasks) > 0) {
		putchar('\n');
		table_print(stdout, tasks, task_columns);
	}
	free(argv);
}

int cmd_show(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth show [OPTIONS] JOB",
		"Show a job and its tasks.",
	};
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	json_t *job = NULL;
	long long id;
	char path[64];
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (rest + 1 != argc) {
		error_set(&err, BERTH_EINPUT,
			  "show wants one job's number; berth jobs lists them");
		goto out;
	}
	if (api_job_id(argv[rest], &id, NULL, &err) != 0 ||
	    api_open(&api, &err) != 0)
		goto out;
	snprintf(path, sizeof(path), "/v1/jobs/%lld", id);
	rc = api_get(&api, path, &job, &err);
	if (rc != 0)
		goto out;
	if (api.json) {
		api_print_json(job);
	} else {
		print_job(job);
		json_decref(job);
	}
out:
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}

int cmd_status(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth status [OPTIONS]",
		"Say which Berth answers, who leads it and how much it has.",
	};
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	json_t *s = NULL;
	char *up;
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0 || api_open(&api, &err) != 0)
		goto out;
	rc = api_get(&api, "/v1/status", &s, &err);
	if (rc != 0)
		goto out;
	if (api.json) {
		api_print_json(s);
		goto out;
	}
	up = table_span(api_int(s, "uptime_ms"));
	printf("Berth %s %s: %s leads %lld nodes, policy %s, up %s\n"
	       "%lld of %lld cores free, %lld tasks\n",
	       api_str(s, "berth"), api_str(s, "version"), api_str(s, "leader"),
	       api_int(s, "nodes"), api_str(s, "policy"), up,
	       api_int(json_object_get(s, "free"), "cores"),
	       api_int(json_object_get(s, "total"), "cores"),
	       api_int(s, "tasks"));
	free(up);
	json_decref(s);
out:
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
