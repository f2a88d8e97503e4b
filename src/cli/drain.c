/* drain.c - `berth drain` and `berth undrain`: nodes out of use and back. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "io/http.h"

static int call_each(struct api *api, const char *method, const json_t *body,
		     char **nodes, int n, struct berth_error *err)
{
	if (api_open(api, err) != 0)
		return -1;
	for (int i = 0; i < n; i++) {
		char *coded = http_encode(nodes[i]);
		char *path = mem_printf("/v1/nodes/%s/drain", coded);
		json_t *answer = NULL;
		int rc = api_call(api, method, path, body, &answer, 0, err);

		free(path);
		free(coded);
		if (rc != 0)
			return -1;
		if (api->json)
			api_print_json(answer);
		else
			json_decref(answer);
	}
	return 0;
}

int cmd_drain(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth drain [OPTIONS] NODE...",
		"Start nothing new on these nodes, not even when they come "
		"back after a reboot, until berth undrain.  What runs there "
		"may end by itself; with --deadline it is told to end in time "
		"and goes back to the queue.",
	};
	const char *reason = NULL;
	long long deadline_ms = -1;
	struct api api = {0};
	const struct opt table[] = {
		{"deadline,d", OPT_TIME, &deadline_ms, "TIME",
		 "what runs there has to be gone by then (10m)"},
		{"reason,r", OPT_STRING, &reason, "TEXT",
		 "shown by berth nodes"},
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	json_t *body = json_object();
	int rc = -1;

	if (rest >= 0 && rest == argc) {
		error_set(&err, BERTH_EINPUT,
			  "drain wants a node, as in: berth drain n3 "
			  "--deadline 10m --reason 'new disk'");
	} else if (rest >= 0) {
		if (deadline_ms >= 0)
			json_object_set_new(body, "deadline_ms",
					    json_integer(deadline_ms));
		if (reason != NULL)
			json_object_set_new(body, "reason",
					    json_string(reason));
		rc = call_each(&api, "POST", body, argv + rest, argc - rest,
			       &err);
	}
	json_decref(body);
	api_close(&api);
	if (rest == -2)
		return 0;
	return rc == 0 ? 0 : cli_fail(&err);
}

int cmd_undrain(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth undrain [OPTIONS] NODE...",
		"Use nodes again that berth drain took out of use.",
	};
	struct api api = {0};
	const struct opt table[] = {
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	int rest = opts_parse(table, &doc, OPTS_MIXED, argc, argv, &err);
	int rc = -1;

	if (rest >= 0 && rest == argc)
		error_set(&err, BERTH_EINPUT,
			  "undrain wants a node, as in: berth undrain n3");
	else if (rest >= 0)
		rc = call_each(&api, "DELETE", NULL, argv + rest, argc - rest,
			       &err);
	api_close(&api);
	if (rest == -2)
		return 0;
	return rc == 0 ? 0 : cli_fail(&err);
}
