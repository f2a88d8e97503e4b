/* up.c - `berth up`: start a Berth. */
#include "cli/api.h"
#include "cli/cli.h"

int cmd_up(int argc, char **argv)
{
	static const struct opts_doc doc = {
		"berth up [OPTIONS]",
		"Start Berth on this machine or over an allocation.",
	};
	struct api api = {0};
	const struct opt table[] = {API_OPTS(&api), {0}};
	struct berth_error err;
	int rest = opts_parse(table, &doc, 0, argc, argv, &err);

	if (rest == -2)
		return 0;
	if (rest >= 0)
		error_set(&err, BERTH_EUNAVAIL,
			  "up: this build has no launcher yet; start the ranks "
			  "with mpirun -N 1 berthd");
	return cli_fail(&err);
}
