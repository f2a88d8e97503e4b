/* Event logs of a Berth, replayed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct berth_error err = {0};
	struct scenario *s = NULL;
	struct outcome *o = NULL;
	char *text = mem_alloc(size + 1); /* reads beyond are seen */
	int rc;

	memcpy(text, data, size);
	rc = replay_text("r", text, size, true, &s, &o, &err);
	/* Whatever is let through leaves a sound ledger. */
	if (rc != 0 && (strncmp(err.text, "r:", 2) != 0 ||
			strchr(err.text, '\n') != NULL ||
			strstr(err.text, "not sound") != NULL))
		abort();
	if (rc == 0 && (s == NULL || o == NULL || o->scenario != s))
		abort();
	outcome_destroy(o);
	scenario_destroy(s);
	free(text);
	return 0;
}
