/* wait.c - `berth wait JOB...`: until jobs have ended. */
#include <stdio.h>
#include <string.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "io/loop.h"

enum { POLL_MS = 30000 };

/* Wait for one job until deadline_us (0: none); *code is its exit code, *ended
 * false when the time was over first. */
static int wait_job(struct api *api, const char *text, uint64_t deadline_us,
		    int *code, bool *ended, struct berth_error *err)
{
	uint64_t now, ms = POLL_MS;
	json_t *job = NULL;
	char path[96];
	long long id;

	if (api_job_id(text, &id, NULL, err) != 0)
		return -1;
	do {
		now = loop_now_us();
		if (deadline_us != 0)
			ms = now < deadline_us ? (deadline_us - now) / 1000 : 0;
		if (ms > POLL_MS)
			ms = POLL_MS;
		snprintf(path, sizeof(path), "/v1/jobs/%lld?wait_ms=%u", id,
			 (unsigned)ms);
		if (api_call(api, "GET", path, NULL, &job, 2 * POLL_MS, err) !=
		    0)
			return -1;
		*ended = strcmp(api_str(job, "state"), "ended") == 0;
		*code = (int)api_int(job, "exit_code");
		if (*ended && api->json)
			api_print_json(json_incref(job));
		json_decref(job);
	} while (!*ended && (deadline_us == 0 || loop_now_us() < deadline_us));
	return 0;
}

int cmd_wait(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth wait [OPTIONS] JOB...",
		"Wait until the jobs have ended.  The exit status is that of "
		"the first job that did not end with 0; 124 when --timeout was "
		"over first.",
	};
	struct api api = {0};
	long long timeout_ms = 0;
	const struct opt table[] = {
		{"timeout,t", OPT_TIME, &timeout_ms, "TIME",
		 "do not wait longer"},
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	uint64_t deadline = 0;
	bool ended = true;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int code, first = 0, rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0)
		goto out;
	if (rest == argc) {
		error_set(&err, BERTH_EINPUT,
			  "wait wants a job's number; berth jobs lists them");
		goto out;
	}
	if (timeout_ms > 0)
		deadline = loop_now_us() + (uint64_t)timeout_ms * 1000;
	if (api_open(&api, &err) != 0)
		goto out;
	for (int i = rest; i < argc && ended; i++) {
		if (wait_job(&api, argv[i], deadline, &code, &ended, &err) != 0)
			goto out;
		if (first == 0)
			first = code;
	}
	rc = 0;
	if (!ended) {
		fprintf(stderr, "berth: the time is over and not all have "
				"ended\n");
		first = 124;
	}
out:
	api_close(&api);
	return rc == 0 ? first : cli_fail(&err);
}
