#include "broker/surroundings.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static bool inherited(const char *var)
{
	static const char *const not[] = {
		"OMPI_",       "PMIX_",	       "PRTE_",		 "ORTE_",
		"PMI_",	       "OPAL_",	       "BERTH_URI=",	 "BERTH_TOKEN=",
		"BERTH_SHEPHERD=", "BERTH_NODE=", "BERTH_NODE_DIR=",
		"BERTH_SECRET", "SLURM_STEP",
	};

	for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++)
		if (strncmp(var, not[i], strlen(not[i])) == 0)
			return false;
	return true;
}

char **surroundings_create(size_t more, size_t *n)
{
	size_t count = 0;
	char **env;

	while (environ[count] != NULL)
		count++;
	env = mem_array(count + more + 1, sizeof(env[0]));
	*n = 0;
	for (char **e = environ; *e != NULL; e++)
		if (inherited(*e))
			env[(*n)++] = mem_strdup(*e);
	return env;
}
