/* down.c - `berth down`: end a Berth. */
#include "cli/api.h"
#include "cli/cli.h"

int cmd_down(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth down [OPTIONS]",
		"End this Berth and the tasks that it runs.",
	};
	struct api api = {0};
	bool keep = false;
	const struct opt table[] = {
		{"keep-tasks", OPT_FLAG, &keep, NULL, "let tasks run on"},
		API_OPTS(&api),
		{0},
	};
	struct berth_error err;
	json_t *body = NULL;
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);
	int rc = -1;

	if (rest == -2)
		return 0;
	if (rest < 0 || api_open(&api, &err) != 0)
		goto out;
	body = json_pack("{s:b}", "kill_tasks", !keep);
	rc = api_call(&api, "POST", "/v1/shutdown", body, NULL, 0, &err);
out:
	json_decref(body);
	api_close(&api);
	return rc == 0 ? 0 : cli_fail(&err);
}
