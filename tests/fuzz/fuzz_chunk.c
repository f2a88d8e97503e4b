/* Lines of a job's output stream, as the command line reads them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = mem_strndup((const char *)data, size);
	struct berth_error err = {0};
	struct chunk c;
	struct buf out;
	char key[64];

	buf_init(&out);
	if (chunk_parse(&c, line, &err) != 0) {
		if (err.text[0] == '\0')
			abort();
	} else {
		chunk_key(&c, key, sizeof(key));
		chunk_show(&c, TAG_MPIRUN, c.data.data, c.data.len, &out);
		if (out.len < c.data.len)
			abort();
	}
	chunk_finish(&c);
	buf_finish(&out);
	free(line);
	return 0;
}
