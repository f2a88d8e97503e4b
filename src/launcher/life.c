#include "launcher/life.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/loop.h"
#include "launcher/nodedir.h"

#define NAME "life"

static uint64_t on_file(const char *dir)
{
	char *text = nodedir_read(dir, NAME, NULL);
	uint64_t life = text != NULL ? strtoull(text, NULL, 10) : 0;

	free(text);
	return life;
}

uint64_t life_of(const char *dir, bool all_known, struct berth_error *err)
{
	uint64_t old = on_file(dir), life = loop_wall_us();
	char text[32];
	int n;

	if (all_known && old != 0)
		return old;
	/* A clock that was set back must not give the same one. */
	if (life <= old)
		life = old + 1;
	n = snprintf(text, sizeof(text), "%" PRIu64 "\n", life);
	return nodedir_write(dir, NAME, text, (size_t)n, err) == 0 ? life : 0;
}
