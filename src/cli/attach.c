/* attach.c - `berth attach`: follow a job that runs. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/follow.h"

/* A job that was submitted without standard input has none. */
static bool takes_stdin(struct api *api, long long job)
{
	char *path = NULL;
	json_t *answer = NULL;
	bool takes = false;

	path = mem_printf("/v1/jobs/%lld", job);
	if (api_get(api, path, &answer, NULL) == 0)
		takes = json_is_true(json_object_get(
			json_object_get(answer, "spec"), "stdin"));
	json_decref(answer);
	free(path);
	return takes;
}

int cmd_attach(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth attach [OPTIONS] JOB",
		"Follow a job: its output from the beginning, and our standard "
		"input into it\nif it was submitted with one.  Ctrl-C cancels "
		"the job, SIGTERM only ends attach.\nThe exit code is the "
		"job's.",
	};
	struct api api = {0};
	bool label = false, no_stdin = false, quiet = false;
	const struct opt table[] = {
		{"l,label", OPT_FLAG, &label, NULL,
		 "mark lines with their task or rank"},
		{"no-stdin", OPT_FLAG, &no_stdin, NULL,
		 "leave standard input alone"},
		{"q,quiet", OPT_FLAG, &quiet, NULL,
		 "no messages of berth's own"},
		API_OPTS(&api),
		{0},
	};
	struct follow_options o = {
		.task = -1,
		.rank = -1,
		.stream = "both",
		.follow = true,
		.cancel_on_int = true,
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int status = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (rest + 1 != argc) {
		error_set(&err, BERTH_EINPUT, "attach: to which job? see berth "
					      "jobs");
		goto out;
	}
	if (api_job_id(argv[rest], &o.job, NULL, &err) != 0 ||
	    api_open(&api, &err) != 0)
		goto out;
	o.want_stdin = !no_stdin && takes_stdin(&api, o.job);
	o.tag = label ? TAG_LABEL : TAG_NONE;
	o.json = api.json;
	o.tell = !quiet;
	status = follow(&api, &o, &err);
out:
	api_close(&api);
	return status >= 0 ? status : cli_fail(&err);
}
