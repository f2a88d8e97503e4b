/* submit.c - `berth submit`: queue a job. */
#include <stdio.h>

#include "cli/api.h"
#include "cli/cli.h"
#include "cli/spec.h"

int cmd_submit(int argc, char **argv)
{
	struct api api = {0};
	struct spec spec;
	struct berth_error err;
	long long id = -1;
	int rc = spec_parse(SPEC_SUBMIT, argc, argv, &api, &spec, &err);

	if (rc == -2)
		return 0;
	if (rc == 0 && api_open(&api, &err) == 0)
		id = spec_submit(&spec, &api, &err);
	if (id > 0 && spec.json)
		api_print_json(json_pack("{s:I}", "id", (json_int_t)id));
	else if (id > 0)
		printf("Submitted job %lld\n", id);
	spec_finish(&spec);
	api_close(&api);
	return id > 0 ? 0 : cli_fail(&err);
}
