/* run.c - `berth run`: submit a job and follow it. */
#include "cli/run.h"

#include <stdio.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "cli/follow.h"

int run_job(enum spec_command command, int argc, char **argv)
{
	struct api api = {0};
	struct spec spec;
	struct berth_error err;
	struct follow_options o = {
		.task = -1,
		.rank = -1,
		.stream = "both",
		.follow = true,
		.submitted = true,
		.cancel_on_int = true,
		.cancel_on_term = true,
	};
	int status = -1;
	int rc = spec_parse(command, argc, argv, &api, &spec, &err);

	if (rc == -2)
		return 0;
	if (rc != 0 || api_open(&api, &err) != 0)
		goto out;
	o.job = spec_submit(&spec, &api, &err);
	if (o.job < 0)
		goto out;
	o.tag = spec.tag;
	o.want_stdin = spec.want_stdin;
	o.json = spec.json;
	o.tell = !spec.quiet;
	status = follow(&api, &o, &err);
out:
	spec_finish(&spec);
	api_close(&api);
	return status >= 0 ? status : cli_fail(&err);
}

int cmd_run(int argc, char **argv)
{
	return run_job(SPEC_RUN, argc, argv);
}
