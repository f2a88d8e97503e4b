/* Topology input as it comes from a file or by wire, and synthetic
 * descriptions (the first byte says which). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/topo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct berth_error err = {0};
	struct topology *t;
	char *text;

	if (size == 0)
		return 0;
	text = mem_strndup((const char *)data + 1, size - 1);
	if (data[0] == 's')
		t = topo_load_synthetic(text, NULL, &err);
	else
		t = topo_load_xml(text, strlen(text), &err);
	/* one or the other, and the words for it */
	if (t == NULL && (err.text[0] == '\0' || strchr(err.text, '\n')))
		abort();
	if (t != NULL && (t->ncores == 0 || t->hash[0] == '\0'))
		abort();
	topology_unref(t);
	free(text);
	return 0;
}
