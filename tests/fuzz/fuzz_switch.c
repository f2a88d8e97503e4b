/* topology.conf: any text is a tree of switches or one clear line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/switch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct berth_error err = {0};
	struct switches *s = switches_parse(text, "fuzz", &err);

	free(text);
	if (s == NULL && (strncmp(err.text, "fuzz:", 5) != 0 ||
			  strchr(err.text, '\n') != NULL))
		abort();
	for (size_t i = 0; s != NULL && i < switches_count(s); i++) {
		size_t depth = 0;
		int up = (int)i;

		for (; up >= 0; up = switches_above(s, up)) {
			if (depth++ > switches_count(s))
				abort(); /* a circle */
		}
	}
	switches_destroy(s);
	return 0;
}
