/* cancel.c - `berth cancel` and `berth signal`: jobs that are to hear
 * something. */
#include <stdio.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "cli/parse.h"

/* Each job in turn; the first error is the command's, the others are told. */
static int each_job(struct api *api, const char *method, const char *suffix,
		    const json_t *body, int n, char **job,
		    struct berth_error *err)
{
	struct berth_error one;
	char path[64];
	long long id;
	int rc = 0;

	for (int i = 0; i < n; i++) {
		if (api_job_id(job[i], &id, NULL, &one) == 0) {
			snprintf(path, sizeof(path), "/v1/jobs/%lld%s", id,
				 suffix);
			if (api_call(api, method, path, body, NULL, 0, &one) ==
			    0)
				continue;
		}
		if (rc == -1)
			cli_fail(&one);
		else
			*err = one;
		rc = -1;
	}
	return rc;
}

int cmd_cancel(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth cancel [OPTIONS] JOB...",
		"End jobs: queued ones at once, running ones by their stop "
		"signal and, after their grace, SIGKILL.",
	};
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (rest == argc) {
		error_set(&err, BERTH_EINPUT,
			  "cancel wants a job's number; berth jobs lists them");
		goto out;
	}
	if (api_open(&api, &err) == 0)
		rc = each_job(&api, "DELETE", "", NULL, argc - rest,
			      argv + rest, &err);
out:
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}

int cmd_signal(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth signal [OPTIONS] SIGNAL JOB...",
		"Send a signal (USR1, SIGUSR1 or 10) to all processes of jobs.",
	};
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	json_t *body = NULL;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1, signo;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (argc - rest < 2) {
		error_set(&err, BERTH_EINPUT,
			  "signal wants a signal and a job's number");
		goto out;
	}
	signo = parse_signal(argv[rest], &err);
	if (signo < 0 || api_open(&api, &err) != 0)
		goto out;
	body = json_pack("{s:i}", "signal", signo);
	rc = each_job(&api, "POST", "/signal", body, argc - rest - 1,
		      argv + rest + 1, &err);
out:
	json_decref(body);
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
