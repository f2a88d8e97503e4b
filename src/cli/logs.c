/* logs.c - `berth logs`: what a job has printed. */
#include <stdlib.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "cli/follow.h"

int cmd_logs(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth logs [OPTIONS] JOB[.TASK]",
		"Print what a job has printed, standard error to standard "
		"error.",
	};
	struct api api = {0};
	bool wait = false, label = false, tag = false, out = false, errs = false;
	long long rank = -1;
	const struct opt table[] = {
		{"f,follow", OPT_FLAG, &wait, NULL, "go on until the job ends"},
		{"l,label", OPT_FLAG, &label, NULL,
		 "mark lines with their task or rank"},
		{"tag-output", OPT_FLAG, &tag, NULL,
		 "mark lines with [job,rank]<stream>"},
		{"r,rank", OPT_COUNT, &rank, "N", "of this rank alone"},
		{"out,stdout", OPT_FLAG, &out, NULL, "standard output alone"},
		{"err,stderr", OPT_FLAG, &errs, NULL, "standard error alone"},
		API_OPTS(&api),
		{0},
	};
	struct follow_options o = {.task = -1, .stream = "both"};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int status = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto done;
	if (rest + 1 != argc) {
		error_set(&err, BERTH_EINPUT, "logs: of which job? see berth "
					      "jobs");
		goto done;
	}
	if (api_job_id(argv[rest], &o.job, &o.task, &err) != 0 ||
	    api_open(&api, &err) != 0)
		goto done;
	if (out != errs)
		o.stream = out ? "out" : "err";
	o.rank = rank;
	o.follow = wait;
	o.tag = tag ? TAG_MPIRUN : label ? TAG_LABEL : TAG_NONE;
	o.json = api.json;
	status = follow(&api, &o, &err);
	/* Printing went well, however the job ended. */
	if (status >= 0 && status < 128)
		status = 0;
done:
	api_close(&api);
	return status >= 0 ? status : cli_fail(&err);
}
