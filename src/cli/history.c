/* history.c - `berth history`: the accounting of ended jobs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/parse.h"
#include "cli/table.h"
#include "io/http.h"

#define PAGE 1000

struct wish {
	const char *user, *role, *framework, *name, *state, *since, *until;
	long long limit;
	bool csv;
};

static char *outcome(const json_t *row, const json_t *value)
{
	long long signal = api_int(row, "signal");

	if (signal > 0)
		return mem_printf("%s (signal %lld)", json_string_value(value),
				  signal);
	return mem_strdup(json_string_value(value));
}

static char *span(const json_t *row, const json_t *started)
{
	long long from = json_integer_value(started);

	return from == 0 ? mem_strdup("-")
			 : table_span(api_int(row, "ended_at") - from);
}

static char *seconds(const json_t *row, const json_t *ms)
{
	return mem_printf("%.1f", (double)json_integer_value(ms) / 1000);
}

static const struct table_column columns[] = {
	{"JOB", "id", NULL},
	{"NAME", "name", NULL},
	{"FRAMEWORK", "framework", NULL},
	{"USER", "user", NULL},
	{"ROLE", "role", NULL},
	{"STATE", "outcome", outcome},
	{"EXIT", "exit_code", NULL},
	{"NODES", "node_count", NULL},
	{"CORES", "cores", NULL},
	{"GPUS", "gpus", NULL},
	{"TASKS", "tasks", NULL},
	{"CORE_S", "core_ms", seconds},
	{"CPU_S", "cpu_ms", seconds},
	{"REQUEUED", "requeues", NULL},
	{"REVOKED", "revocations", NULL},
	{"ENDED", "ended_at", table_time},
	{"TIME", "started_at", span},
	{"WHY", "text", NULL},
	{0},
};

/* ---- CSV ----------------------------------------------------------------- */

/* All members, in an order that stays; new ones come at the end. */
static const char *const fields[] = {
	"id", "name", "user", "role", "framework", "outcome", "exit_code",
	"signal", "submitted_at", "started_at", "ended_at", "nodes",
	"node_count", "slices", "cores", "memory_mib", "gpus", "tasks",
	"failed", "core_ms", "gpu_ms", "cpu_ms", "max_rss_kib", "requeues",
	"revocations", "text",
};
#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static void csv_text(const char *s)
{
	if (strpbrk(s, ",\"\r\n") == NULL) {
		fputs(s, stdout);
		return;
	}
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			putchar('"');
		putchar(*s);
	}
	putchar('"');
}

static void print_csv(const json_t *jobs)
{
	const json_t *row;
	size_t i;

	for (size_t f = 0; f < NFIELDS; f++)
		printf("%s%s", f > 0 ? "," : "", fields[f]);
	putchar('\n');
	json_array_foreach(jobs, i, row) {
		for (size_t f = 0; f < NFIELDS; f++) {
			const json_t *v = json_object_get(row, fields[f]);

			if (f > 0)
				putchar(',');
			if (json_is_string(v))
				csv_text(json_string_value(v));
			else
				printf("%lld",
				       (long long)json_integer_value(v));
		}
		putchar('\n');
	}
}

/* ---- the query ----------------------------------------------------------- */

static void add(struct buf *path, const char *name, const char *value)
{
	char *coded;

	if (value == NULL)
		return;
	coded = http_encode(value);
	buf_printf(path, "&%s=%s", name, coded);
	free(coded);
}

/* "2h" before now, or a date: 2024-12-31, with or without 23:59[:59]. */
static int add_time(struct buf *path, const char *name, const char *text,
		    struct berth_error *err)
{
	static const char *const formats[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S",
		"%Y-%m-%d %H:%M", "%Y-%m-%d",
	};
	struct berth_error why;
	long long ago, now = (long long)time(NULL) * 1000;

	if (text == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, formats[i], &tm);

		if (end != NULL && *end == '\0') {
			buf_printf(path, "&%s=%lld", name,
				   (long long)mktime(&tm) * 1000);
			return 0;
		}
	}
	if (parse_time(name, text, 1000, &ago, &why) != 0)
		return error_set(err, BERTH_EINPUT,
				 "--%s: '%s' is neither a time ago (90m, 2h, "
				 "1d) nor a date (2024-12-31, "
				 "2024-12-31T23:59)", name, text);
	buf_printf(path, "&%s=%lld", name, ago < now ? now - ago : 0);
	return 0;
}

static int make_path(const struct wish *w, struct buf *path,
		     struct berth_error *err)
{
	buf_puts(path, "");
	add(path, "user", w->user);
	add(path, "role", w->role);
	add(path, "framework", w->framework);
	add(path, "name", w->name);
	add(path, "state", w->state);
	if (add_time(path, "since", w->since, err) != 0)
		return -1;
	return add_time(path, "until", w->until, err);
}

/* Page by page from the newest on; jobs are in the order of their ends.  With
 * a time to begin with there is no limit, else the newest are shown. */
static int fetch(struct api *api, const struct wish *w, const char *path,
		 json_t **jobs, struct berth_error *err)
{
	long long left = w->limit > 0 ? w->limit
			 : w->since != NULL ? INT64_MAX : PAGE;
	char *before = NULL;
	int rc = 0;

	*jobs = json_array();
	do {
		char *page = mem_printf("/v1/history?limit=%lld%s%s%s",
					left < PAGE ? left : PAGE, path,
					before != NULL ? "&before=" : "",
					before != NULL ? before : "");
		json_t *answer = NULL, *list;

		rc = api_get(api, page, &answer, err);
		free(page);
		free(before);
		if (rc != 0)
			return -1;
		before = mem_strdup(json_string_value(
			json_object_get(answer, "before")));
		list = json_incref(json_object_get(answer, "jobs"));
		left -= (long long)json_array_size(list);
		json_array_extend(list, *jobs);
		json_decref(*jobs);
		*jobs = list;
		json_decref(answer);
	} while (before != NULL && left > 0);
	free(before);
	return 0;
}

static int show(struct api *api, const struct wish *w, struct berth_error *err)
{
	json_t *jobs = NULL;
	struct buf path;
	int rc = -1;

	buf_init(&path);
	if (make_path(w, &path, err) == 0 && api_open(api, err) == 0)
		rc = fetch(api, w, path.data, &jobs, err);
	buf_finish(&path);
	if (rc == 0 && w->csv)
		print_csv(jobs);
	else if (rc == 0 && !api->json)
		table_print(stdout, jobs, columns);
	else if (rc == 0)
		api_print_json(json_pack("{s:O}", "jobs", jobs));
	json_decref(jobs);
	return rc;
}

int cmd_history(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth history [OPTIONS]",
		"Show what ended jobs used and how they ended, newest last: "
		"the newest 1000, or with --since all.",
	};
	struct wish w = {0};
	struct api api = {0};
	const struct opt table[] = {
		{"user,u", OPT_STRING, &w.user, "USER", "of this user"},
		{"role,r", OPT_STRING, &w.role, "ROLE", "under this role"},
		{"framework,f", OPT_STRING, &w.framework, "NAME",
		 "of this framework"},
		{"name,J", OPT_STRING, &w.name, "NAME", "with this name"},
		{"state,s", OPT_STRING, &w.state, "STATE",
		 "done, failed, cancelled, timeout or lost ones"},
		{"since,S", OPT_STRING, &w.since, "TIME",
		 "ended since: 2h (ago), 2024-12-31, 2024-12-31T08:00"},
		{"until,E", OPT_STRING, &w.until, "TIME", "ended before"},
		{"limit,n", OPT_COUNT, &w.limit, "N", "the newest N"},
		{"csv", OPT_FLAG, &w.csv, NULL,
		 "comma-separated, with a line of names; times in ms"},
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest >= 0 && rest < argc)
		error_set(&err, BERTH_EINPUT,
			  "history takes no argument, got '%s'", argv[rest]);
	else if (rest >= 0)
		rc = show(&api, &w, &err);
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
